//! What a change set would do.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    ChangeAction, ChangeSetStatus, ExecutionStatus, PolicyAction, Replacement, RequiresRecreation,
    ResourceAttribute, ResourceChange, ResourceChangeDetail, TemplateStage,
};
use sluice_core::failure::PortError;
use sluice_core::id::Hash;
use sluice_core::stack::{ChangeSetReading, StackAction, StackCause, StackChange, StackChanges};

use super::{Sealed, failed};
use crate::clients::ClientSet;
use crate::error::incomplete;

const DESCRIBE: &str = "cloudformation:DescribeChangeSet";

/// Pages that are read of one change set: a stack has 500 resources at most.
const PAGES_MAX: usize = 40;

/// What CloudFormation says of a change set that would change nothing, in its own words.
const NOTHING: [&str; 2] = ["didn't contain changes", "No updates are to be performed"];

pub(super) async fn read(
    clients: &ClientSet,
    stack: &str,
    name: &str,
) -> Result<ChangeSetReading, PortError> {
    let Some(first) = page(clients, stack, name, None).await? else {
        return Ok(ChangeSetReading::Absent);
    };
    let reason = || {
        first
            .status_reason()
            .unwrap_or("without a reason")
            .to_owned()
    };
    let on = format!("the change set {name} of the stack {stack}");
    let status = first.status();
    let status = status.ok_or_else(|| incomplete(DESCRIBE, &on, "Status"))?;
    match status {
        ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress => {
            Ok(ChangeSetReading::UnderWay)
        }
        ChangeSetStatus::CreateComplete => match first.execution_status() {
            Some(ExecutionStatus::Available) => available(clients, stack, name, first).await,
            // It has just been made.
            Some(ExecutionStatus::Unavailable) | None => Ok(ChangeSetReading::UnderWay),
            Some(other) => Ok(ChangeSetReading::Void(other.as_str().to_owned())),
        },
        ChangeSetStatus::Failed if NOTHING.iter().any(|said| reason().contains(said)) => {
            Ok(ChangeSetReading::Unchanged)
        }
        ChangeSetStatus::Failed => Ok(ChangeSetReading::Failed(reason())),
        ChangeSetStatus::DeletePending
        | ChangeSetStatus::DeleteInProgress
        | ChangeSetStatus::DeleteComplete
        | ChangeSetStatus::DeleteFailed => Ok(ChangeSetReading::Absent),
        unknown => Err(PortError::needs_person(format!(
            "CloudFormation says that {on} is `{unknown}`, which this version of Sluice does not \
             know: upgrade Sluice"
        ))),
    }
}

/// One page of a change set; `None` where there is none of that name.
pub(super) async fn page(
    clients: &ClientSet,
    stack: &str,
    name: &str,
    token: Option<String>,
) -> Result<Option<DescribeChangeSetOutput>, PortError> {
    let described = clients
        .cloudformation()
        .describe_change_set()
        .stack_name(stack)
        .change_set_name(name)
        .include_property_values(true)
        .set_next_token(token)
        .send()
        .await;
    match described {
        Ok(page) => Ok(Some(page)),
        Err(error) if error.code() == Some("ChangeSetNotFound") => Ok(None),
        Err(error) => Err(failed(DESCRIBE, stack, error)),
    }
}

async fn available(
    clients: &ClientSet,
    stack: &str,
    name: &str,
    first: DescribeChangeSetOutput,
) -> Result<ChangeSetReading, PortError> {
    let mut pages = vec![first];
    while let Some(token) = pages.last().and_then(|page| page.next_token.clone()) {
        if pages.len() >= PAGES_MAX {
            return Err(PortError::permanent(format!(
                "the change set {name} of the stack {stack} has more pages than Sluice reads: change \
                 the stack in smaller steps"
            )));
        }
        match page(clients, stack, name, Some(token)).await? {
            Some(page) => pages.push(page),
            None => return Ok(ChangeSetReading::Absent),
        }
    }
    let changes = pages.iter().flat_map(DescribeChangeSetOutput::changes);
    let changes: Vec<&ResourceChange> = changes.filter_map(|one| one.resource_change()).collect();
    let template = template(clients, stack, Some(name)).await?;
    let hash = sealed(&template, &pages, &changes);
    let changes = changes.into_iter().map(change).collect();
    let changes = StackChanges::new(changes, hash);
    Ok(ChangeSetReading::Available(Box::new(changes)))
}

/// The template of the change set, or without one of the stack, as it was given to CloudFormation.
pub(super) async fn template(
    clients: &ClientSet,
    stack: &str,
    change_set: Option<&str>,
) -> Result<String, PortError> {
    const ACTION: &str = "cloudformation:GetTemplate";
    let found = clients
        .cloudformation()
        .get_template()
        .stack_name(stack)
        .set_change_set_name(change_set.map(str::to_owned))
        .template_stage(TemplateStage::Original)
        .send()
        .await
        .map_err(|error| failed(ACTION, stack, error))?;
    let on = match change_set {
        Some(name) => format!("the change set {name} of the stack {stack}"),
        None => format!("the stack {stack}"),
    };
    found
        .template_body
        .ok_or_else(|| incomplete(ACTION, &on, "TemplateBody"))
}

/// Everything that makes one change set another, values included. They go no further than into the
/// hash: they may hold what people must not read.
fn sealed(template: &str, pages: &[DescribeChangeSetOutput], changes: &[&ResourceChange]) -> Hash {
    let mut changes: Vec<[&str; 4]> = changes
        .iter()
        .map(|one| {
            [
                one.logical_resource_id().unwrap_or_default(),
                one.action().map_or("", ChangeAction::as_str),
                one.before_context().unwrap_or_default(),
                one.after_context().unwrap_or_default(),
            ]
        })
        .collect();
    changes.sort_unstable();
    let parameters = pages.iter().flat_map(DescribeChangeSetOutput::parameters);
    let parameters: BTreeMap<&str, &str> = parameters
        .filter_map(|one| {
            Some((
                one.parameter_key()?,
                one.parameter_value().unwrap_or_default(),
            ))
        })
        .collect();
    Hash::of_json(&Sealed {
        template,
        parameters,
        changes,
    })
}

fn change(one: &ResourceChange) -> StackChange {
    let action = match (one.action(), one.replacement()) {
        (Some(ChangeAction::Add), _) => StackAction::Add,
        (Some(ChangeAction::Remove), _) => StackAction::Remove,
        (_, Some(Replacement::True)) => StackAction::Replace,
        (
            Some(ChangeAction::Modify | ChangeAction::Import | ChangeAction::SyncWithActual),
            Some(Replacement::False) | None,
        ) => StackAction::Modify,
        // It depends, or this version does not know what it is.
        _ => StackAction::MayReplace,
    };
    let mut causes: BTreeMap<String, StackCause> = BTreeMap::new();
    for detail in one.details() {
        let Some(cause) = cause(detail) else { continue };
        // CloudFormation tells of a property once as it is written and once as it is worked out.
        match causes.get_mut(&cause.property) {
            Some(known) => {
                known.replaces |= cause.replaces;
                known.from = known.from.take().or(cause.from);
                known.to = known.to.take().or(cause.to);
            }
            None => drop(causes.insert(cause.property.clone(), cause)),
        }
    }
    let policy = one.policy_action();
    StackChange {
        resource: one.logical_resource_id().unwrap_or_default().to_owned(),
        kind: one.resource_type().unwrap_or_default().to_owned(),
        action,
        retained: matches!(
            policy,
            Some(PolicyAction::Retain | PolicyAction::ReplaceAndRetain)
        ),
        causes: causes.into_values().collect(),
        waiver: None,
    }
}

fn cause(detail: &ResourceChangeDetail) -> Option<StackCause> {
    let target = detail.target()?;
    let property = match (target.attribute()?, target.name()) {
        (ResourceAttribute::Properties, Some(name)) => name,
        (attribute, _) => attribute.as_str(),
    };
    let replaces = matches!(
        target.requires_recreation(),
        Some(RequiresRecreation::Always | RequiresRecreation::Conditionally)
    );
    let (from, to) = (target.before_value(), target.after_value());
    Some(StackCause::new(property, replaces, from, to))
}
