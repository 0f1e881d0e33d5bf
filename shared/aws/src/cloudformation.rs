//! CloudFormation: stacks, changed by change set.

mod changes;
mod events;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, ExecutionStatus, Parameter, Stack};
use sluice_app::ports::{Stacks, Target};
use sluice_core::failure::PortError;
use sluice_core::id::Hash;
use sluice_core::stack::{ChangeSetOrder, ChangeSetReading, Execution, StackReading, StackUpdate};

use crate::clients::{ClientSet, Clients, bounded};
use crate::error::{incomplete, port_error};

/// What CloudFormation tells in the place of the value of a parameter with `NoEcho`.
const NO_ECHO: &str = "****";

/// The [`Stacks`] port.
#[derive(Clone, Debug)]
pub struct CloudFormationStacks {
    clients: Arc<Clients>,
}

impl CloudFormationStacks {
    /// CloudFormation, asked through these clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }
}

/// What an error means. CloudFormation tells in words only why a stack takes no update.
fn failed<E>(action: &str, stack: &str, error: SdkError<E>) -> PortError
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let said = error.message().unwrap_or_default();
    if said.contains("_IN_PROGRESS state") || said.contains("_IN_PROGRESS [") {
        return PortError::retryable(format!(
            "someone else updates the stack {stack}, and Sluice waits until that has ended \
             ({action}: {said})"
        ));
    }
    if said.contains("ROLLBACK_FAILED state") {
        return PortError::needs_person(format!(
            "the stack {stack} is stuck ({action}: {said}): fix what kept it from rolling back, then \
             `aws cloudformation continue-update-rollback --stack-name {stack}`"
        ));
    }
    port_error(action, &format!("the stack {stack}"), error)
}

#[async_trait]
impl Stacks for CloudFormationStacks {
    /// `cloudformation:DescribeStacks`, `cloudformation:GetTemplate`.
    async fn stack(&self, target: &Target, stack: &str) -> Result<StackReading, PortError> {
        let clients = self.clients.of(target).await?;
        let found = described(&clients, stack).await?;
        let Some(found) = found else {
            return Err(incomplete("cloudformation:DescribeStacks", stack, "stack"));
        };
        let template = changes::template(&clients, stack, None).await?;
        let parameters = found.parameters().iter().filter_map(|one| {
            let value = one.resolved_value().or(one.parameter_value());
            let value = value.filter(|value| *value != NO_ECHO).map(str::to_owned);
            Some((one.parameter_key()?.to_owned(), value))
        });
        Ok(StackReading {
            template: Hash::of_json(&template),
            parameters: parameters.collect(),
        })
    }

    /// `cloudformation:DescribeStacks`, `cloudformation:GetTemplateSummary`,
    /// `cloudformation:CreateChangeSet`.
    async fn ensure_change_set(
        &self,
        target: &Target,
        order: &ChangeSetOrder,
    ) -> Result<(), PortError> {
        const ACTION: &str = "cloudformation:CreateChangeSet";
        bounded(async {
            let clients = self.clients.of(target).await?;
            let parameters = parameters(&clients, order).await?;
            let made = clients
                .cloudformation()
                .create_change_set()
                .stack_name(&order.stack)
                .change_set_name(&order.name)
                .client_token(&order.name)
                .change_set_type(ChangeSetType::Update)
                .set_template_url(order.template.clone())
                .set_use_previous_template(order.template.is_none().then_some(true))
                .set_parameters(Some(parameters))
                // People see what becomes of roles before anything is executed.
                .capabilities(Capability::CapabilityNamedIam)
                .send()
                .await;
            match made {
                Err(error) if is_there_already(&error) => Ok(()),
                made => made
                    .map(drop)
                    .map_err(|error| failed(ACTION, &order.stack, error)),
            }
        })
        .await
    }

    /// `cloudformation:DescribeChangeSet`, `cloudformation:GetTemplate`.
    async fn change_set(
        &self,
        target: &Target,
        stack: &str,
        name: &str,
    ) -> Result<ChangeSetReading, PortError> {
        let clients = self.clients.of(target).await?;
        changes::read(&clients, stack, name).await
    }

    /// `cloudformation:DeleteChangeSet`.
    async fn ensure_no_change_set(
        &self,
        target: &Target,
        stack: &str,
        name: &str,
    ) -> Result<(), PortError> {
        const ACTION: &str = "cloudformation:DeleteChangeSet";
        bounded(async {
            let clients = self.clients.of(target).await?;
            let removed = clients
                .cloudformation()
                .delete_change_set()
                .stack_name(stack)
                .change_set_name(name)
                .send()
                .await;
            match removed {
                Ok(_) => Ok(()),
                Err(error) if error.code() == Some("ChangeSetNotFound") => Ok(()),
                // It is still being made.
                Err(error) if error.code() == Some("InvalidChangeSetStatus") => {
                    let said = error.message().unwrap_or_default();
                    Err(PortError::retryable(format!(
                        "the change set {name} of the stack {stack} cannot be removed yet \
                         ({ACTION}: {said})"
                    )))
                }
                Err(error) => Err(failed(ACTION, stack, error)),
            }
        })
        .await
    }

    /// `cloudformation:ExecuteChangeSet`; where that is refused, also
    /// `cloudformation:DescribeChangeSet`, `cloudformation:DescribeStackEvents` and
    /// `cloudformation:DescribeStacks`.
    async fn ensure_executed(
        &self,
        target: &Target,
        stack: &str,
        name: &str,
    ) -> Result<Execution, PortError> {
        const ACTION: &str = "cloudformation:ExecuteChangeSet";
        bounded(async {
            let clients = self.clients.of(target).await?;
            let executed = clients
                .cloudformation()
                .execute_change_set()
                .stack_name(stack)
                .change_set_name(name)
                .client_request_token(name)
                .send()
                .await;
            let error = match executed {
                Ok(_) => return Ok(Execution::Taken),
                Err(error) => error,
            };
            match error.code() {
                Some("TokenAlreadyExistsException") => Ok(Execution::Taken),
                Some("InvalidChangeSetStatus" | "ChangeSetNotFound") => {
                    let said = error.message().unwrap_or_default().to_owned();
                    executed_before(&clients, stack, name, said).await
                }
                _ => Err(failed(ACTION, stack, error)),
            }
        })
        .await
    }

    /// `cloudformation:DescribeStackEvents`.
    async fn update(
        &self,
        target: &Target,
        stack: &str,
        token: &str,
    ) -> Result<StackUpdate, PortError> {
        let clients = self.clients.of(target).await?;
        events::update(&clients, stack, token).await
    }
}

fn is_there_already<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code() == Some("AlreadyExistsException")
}

/// Whether a change set that is not executed now was executed before: the answer to that was lost.
/// A look that lags behind, and "not found" while the stack is updated, prove nothing.
async fn executed_before(
    clients: &ClientSet,
    stack: &str,
    name: &str,
    said: String,
) -> Result<Execution, PortError> {
    let update = events::update(clients, stack, name).await?;
    if !update.events.is_empty() {
        return Ok(Execution::Taken);
    }
    let change_set = changes::page(clients, stack, name, None).await?;
    let execution = change_set.as_ref().map(|it| it.execution_status());
    let is_unknown = match execution.map(|status| status.map(ExecutionStatus::as_str)) {
        Some(Some(status)) if status.starts_with("EXECUTE_") => return Ok(Execution::Taken),
        Some(Some("OBSOLETE")) => false,
        Some(_) => true,
        None => {
            let found = described(clients, stack).await?;
            let status = found.as_ref().and_then(|found| found.stack_status());
            status.is_none_or(|status| status.as_str().ends_with("_IN_PROGRESS"))
        }
    };
    if is_unknown {
        return Err(PortError::retryable(format!(
            "CloudFormation does not show yet whether the change set {name} of the stack {stack} was \
             executed ({said})"
        )));
    }
    Ok(Execution::Void(said))
}

/// The parameters of the change set: those with a new value, and for every other one that the stack
/// has and the template still takes, that it keeps its value. CloudFormation would take the template's
/// default for one that is not named.
async fn parameters(
    clients: &ClientSet,
    order: &ChangeSetOrder,
) -> Result<Vec<Parameter>, PortError> {
    let has = of_stack(clients, &order.stack).await?;
    let mut taken = of_template(clients, order).await?;
    let mut parameters = Vec::new();
    for (name, value) in &order.parameters {
        taken.remove(name);
        let set = Parameter::builder().parameter_key(name);
        parameters.push(set.parameter_value(value).build());
    }
    for name in taken.intersection(&has) {
        let kept = Parameter::builder().parameter_key(name);
        parameters.push(kept.use_previous_value(true).build());
    }
    Ok(parameters)
}

async fn of_stack(clients: &ClientSet, stack: &str) -> Result<BTreeSet<String>, PortError> {
    let found = described(clients, stack).await?;
    let found = found.as_ref();
    let found = found.map(|stack| stack.parameters()).unwrap_or_default();
    let names = found.iter().filter_map(|one| one.parameter_key());
    Ok(names.map(str::to_owned).collect())
}

async fn described(clients: &ClientSet, stack: &str) -> Result<Option<Stack>, PortError> {
    const ACTION: &str = "cloudformation:DescribeStacks";
    let described = clients
        .cloudformation()
        .describe_stacks()
        .stack_name(stack)
        .send()
        .await
        .map_err(|error| failed(ACTION, stack, error))?;
    Ok(described.stacks.unwrap_or_default().into_iter().next())
}

async fn of_template(
    clients: &ClientSet,
    order: &ChangeSetOrder,
) -> Result<BTreeSet<String>, PortError> {
    const ACTION: &str = "cloudformation:GetTemplateSummary";
    let summary = clients.cloudformation().get_template_summary();
    let summary = match &order.template {
        Some(template) => summary.template_url(template),
        None => summary.stack_name(&order.stack),
    };
    let summary = summary.send().await;
    let summary = summary.map_err(|error| failed(ACTION, &order.stack, error))?;
    let names = summary
        .parameters()
        .iter()
        .filter_map(|one| one.parameter_key());
    Ok(names.map(str::to_owned).collect())
}

/// What the hash of a change set is of, beside its changes.
#[derive(serde::Serialize)]
struct Sealed<'a> {
    template: &'a str,
    parameters: BTreeMap<&'a str, &'a str>,
    changes: Vec<[&'a str; 4]>,
}
