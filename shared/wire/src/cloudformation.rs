//! CloudFormation: stacks and their change sets.

use std::collections::BTreeMap;

use sluice_core::stack::{ChangeSetOrder, StackAction, StackCause, StackChange};
use sluice_sim::cloud::{ChangeSetDescription, Cloud, Place, StackRow};

use crate::caller::Caller;
use crate::form::Form;
use crate::refusal::Refusal;
use crate::xml::Xml;

pub(crate) fn answer(
    cloud: &mut Cloud,
    caller: &Caller,
    operation: &str,
    form: &Form,
) -> Result<Xml, Refusal> {
    let place = caller.place(cloud)?;
    match operation {
        "DescribeStacks" => describe_stacks(cloud, &place, form),
        "GetTemplateSummary" => template_summary(cloud, &place, form),
        "CreateChangeSet" => create(cloud, &place, form),
        "DescribeChangeSet" => describe(cloud, &place, form),
        "GetTemplate" => template(cloud, &place, form),
        "DeleteChangeSet" => {
            let [stack, name] = named(form)?;
            cloud.delete_change_set(&place, stack, name)?;
            Ok(Xml::structure())
        }
        "ExecuteChangeSet" => {
            let [stack, name] = named(form)?;
            let token = form.require("ClientRequestToken")?;
            cloud.execute_change_set(&place, stack, name, token)?;
            Ok(Xml::structure())
        }
        "DescribeStackEvents" => events(cloud, &place, form),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

fn named(form: &Form) -> Result<[&str; 2], Refusal> {
    Ok([form.require("StackName")?, form.require("ChangeSetName")?])
}

fn member(entries: Vec<Xml>) -> Xml {
    Xml::List("member", entries)
}

fn describe_stacks(cloud: &Cloud, place: &Place, form: &Form) -> Result<Xml, Refusal> {
    let stack = cloud.stack_described(place, form.require("StackName")?)?;
    let parameters = stack.parameters.iter().map(|(key, value)| {
        let entry = Xml::structure().text("ParameterKey", key);
        entry.text("ParameterValue", value)
    });
    let one = Xml::structure()
        .text("StackId", &stack.id)
        .text("StackName", &stack.name)
        .text("StackStatus", stack.status)
        .text("CreationTime", stack.created_at)
        .with("Parameters", member(parameters.collect()));
    Ok(Xml::structure().with("Stacks", member(vec![one])))
}

/// The templates of this cloud take the parameters that the stacks have, wherever they are.
fn template_summary(cloud: &Cloud, place: &Place, form: &Form) -> Result<Xml, Refusal> {
    let Some(stack) = form.get("StackName") else {
        form.require("TemplateURL")?;
        return Ok(Xml::structure());
    };
    let stack = cloud.stack_described(place, stack)?;
    let parameters = stack.parameters.keys();
    let parameters = parameters.map(|key| Xml::structure().text("ParameterKey", key));
    Ok(Xml::structure().with("Parameters", member(parameters.collect())))
}

fn create(cloud: &mut Cloud, place: &Place, form: &Form) -> Result<Xml, Refusal> {
    let [stack, name] = named(form)?;
    let mut parameters = BTreeMap::new();
    for n in 1.. {
        let of = |field: &str| form.get(&format!("Parameters.member.{n}.{field}"));
        let Some(key) = of("ParameterKey") else { break };
        if let Some(value) = of("ParameterValue") {
            parameters.insert(key.to_owned(), value.to_owned());
        }
    }
    let order = ChangeSetOrder {
        stack: stack.to_owned(),
        name: name.to_owned(),
        template: form.get("TemplateURL").map(str::to_owned),
        parameters,
    };
    cloud.create_change_set(place, &order)?;
    Ok(Xml::structure().text("Id", name))
}

fn change_set(cloud: &Cloud, place: &Place, form: &Form) -> Result<ChangeSetDescription, Refusal> {
    let [stack, name] = named(form)?;
    cloud.change_set_seen(place, stack, name)?.ok_or_else(|| {
        let said = format!("ChangeSet [{name}] does not exist");
        Refusal::not_found("ChangeSetNotFound", said)
    })
}

fn describe(cloud: &Cloud, place: &Place, form: &Form) -> Result<Xml, Refusal> {
    let one = change_set(cloud, place, form)?;
    let parameters = one.order.parameters.iter().map(|(key, value)| {
        let entry = Xml::structure().text("ParameterKey", key);
        entry.text("ParameterValue", value)
    });
    let changes = one.changes.iter().map(change).collect();
    Ok(Xml::structure()
        .text("ChangeSetName", &one.order.name)
        .text("ChangeSetId", &one.id)
        .text("StackName", &one.order.stack)
        .text("Status", one.status)
        .maybe("StatusReason", one.reason.as_ref())
        .text("ExecutionStatus", one.execution)
        .with("Parameters", member(parameters.collect()))
        .with("Changes", member(changes)))
}

fn change(one: &StackChange) -> Xml {
    let (action, replacement) = match one.action {
        StackAction::Add => ("Add", None),
        StackAction::Modify => ("Modify", Some("False")),
        StackAction::MayReplace => ("Modify", Some("Conditional")),
        StackAction::Replace => ("Modify", Some("True")),
        StackAction::Remove => ("Remove", None),
    };
    let policy = match (one.retained, one.action) {
        (false, _) => None,
        (true, StackAction::Remove) => Some("Retain"),
        (true, _) => Some("ReplaceAndRetain"),
    };
    let details = one.causes.iter().map(detail).collect();
    let change = Xml::structure()
        .maybe("PolicyAction", policy)
        .text("Action", action)
        .text("LogicalResourceId", &one.resource)
        .text("ResourceType", &one.kind)
        .maybe("Replacement", replacement)
        .with("Details", member(details));
    Xml::structure()
        .text("Type", "Resource")
        .with("ResourceChange", change)
}

fn detail(cause: &StackCause) -> Xml {
    let recreation = if cause.replaces { "Always" } else { "Never" };
    let target = Xml::structure()
        .text("Attribute", "Properties")
        .text("Name", &cause.property)
        .text("RequiresRecreation", recreation)
        .maybe("BeforeValue", cause.from.as_ref())
        .maybe("AfterValue", cause.to.as_ref());
    Xml::structure()
        .with("Target", target)
        .text("Evaluation", "Static")
        .text("ChangeSource", "DirectModification")
}

fn template(cloud: &Cloud, place: &Place, form: &Form) -> Result<Xml, Refusal> {
    if form.get("ChangeSetName").is_none() {
        let stack = cloud.stack_described(place, form.require("StackName")?)?;
        return Ok(Xml::structure().text("TemplateBody", stack.template));
    }
    let one = change_set(cloud, place, form)?;
    let from = one.order.template.as_deref().unwrap_or("as it was");
    let body = format!("# the template {from}\nResources: {{}}\n");
    Ok(Xml::structure().text("TemplateBody", body))
}

fn events(cloud: &Cloud, place: &Place, form: &Form) -> Result<Xml, Refusal> {
    let stack = cloud.stack_described(place, form.require("StackName")?)?;
    let event = |row: &StackRow| {
        let physical = match row.is_of_the_stack() {
            true => stack.id.clone(),
            false => format!("{}-{}", stack.name, row.resource).to_lowercase(),
        };
        Xml::structure()
            .text("StackId", &stack.id)
            .text(
                "EventId",
                format!("{}-{}-{}", row.resource, row.status, row.at),
            )
            .text("StackName", &stack.name)
            .text("LogicalResourceId", &row.resource)
            .text("PhysicalResourceId", physical)
            .text("ResourceType", &row.kind)
            .text("Timestamp", row.at)
            .text("ResourceStatus", row.status)
            .maybe("ResourceStatusReason", row.reason.as_ref())
            .text("ClientRequestToken", &row.token)
    };
    let rows = cloud.stack_events(place, &stack.name)?;
    let events = rows.iter().map(event).collect();
    Ok(Xml::structure().with("StackEvents", member(events)))
}
