//! RegisterTaskDefinition and DescribeTaskDefinition: what is registered comes back whole.

use serde_json::{Value, json};
use sluice_sim::cloud::{Cloud, Place, TaskDefinitionDescription};

use crate::caller::Caller;
use crate::json::{require, seconds, texts};
use crate::refusal::Refusal;

pub(super) fn register(
    cloud: &mut Cloud,
    caller: &Caller,
    input: &Value,
) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let registered = cloud.register_task_definition(&place, input.clone())?;
    Ok(written(registered, true))
}

pub(super) fn describe(cloud: &Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let name = require(input, "taskDefinition")?;
    let found = cloud.describe_task_definition(&place, name);
    let found = found
        .ok_or_else(|| Refusal::new("ClientException", "Unable to describe task definition."))?;
    Ok(written(found, texts(input, "include").contains(&"TAGS")))
}

/// Tags stand beside the definition, and only where they are asked for.
fn written(described: TaskDefinitionDescription, with_tags: bool) -> Value {
    let mut definition = described.registration;
    let tags = definition
        .as_object_mut()
        .and_then(|members| members.remove("tags"));
    definition["taskDefinitionArn"] = json!(described.arn);
    definition["revision"] = json!(described.revision);
    definition["status"] = json!("ACTIVE");
    definition["registeredAt"] = seconds(described.registered_at);
    let required = definition["requiresCompatibilities"].clone();
    definition["compatibilities"] = match required.as_array() {
        Some(required) if !required.is_empty() => json!(required),
        _ => json!(["EC2", "FARGATE"]),
    };
    match tags.filter(|_| with_tags) {
        Some(tags) => json!({"taskDefinition": definition, "tags": tags}),
        None => json!({"taskDefinition": definition}),
    }
}

/// The images of a revision's containers.
pub(super) fn images(cloud: &Cloud, place: &Place, task_definition: &str) -> Value {
    let found = cloud.describe_task_definition(place, task_definition);
    let containers = found.map(|found| found.registration["containerDefinitions"].clone());
    let containers = containers.unwrap_or_default();
    let containers = containers.as_array().into_iter().flatten();
    containers
        .map(|one| json!({"containerName": one["name"], "image": one["image"]}))
        .collect()
}
