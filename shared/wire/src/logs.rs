//! CloudWatch Logs: what one-off tasks wrote.

use serde_json::{Value, json};
use sluice_sim::cloud::Cloud;

use crate::caller::Caller;
use crate::json::require;
use crate::refusal::Refusal;

/// The most that GetLogEvents gives at once.
const AT_ONCE: usize = 10_000;

pub(crate) fn answer(
    cloud: &Cloud,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    match operation {
        "GetLogEvents" => get_log_events(cloud, caller, input),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

/// The awslogs driver names a stream `prefix/container/task`.
fn get_log_events(cloud: &Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let group = require(input, "logGroupName")?;
    let stream = require(input, "logStreamName")?;
    let task = stream
        .rsplit('/')
        .next()
        .and_then(|id| cloud.task_logged(&place, id));
    let task = task.filter(|task| {
        let definition = cloud.describe_task_definition(&place, task.task_definition.as_str());
        let containers = definition.map(|d| d.registration["containerDefinitions"].clone());
        let containers = containers.unwrap_or_default();
        containers.as_array().into_iter().flatten().any(|one| {
            let options = &one["logConfiguration"]["options"];
            let prefix = options["awslogs-stream-prefix"]
                .as_str()
                .unwrap_or_default();
            options["awslogs-group"] == group
                && stream.starts_with(&format!("{prefix}/{}/", task.container))
        })
    });
    let Some(task) = task.filter(|task| task.started_at.is_some()) else {
        return Err(Refusal::new(
            "ResourceNotFoundException",
            "The specified log stream does not exist.",
        ));
    };
    let at = task.started_at.unwrap_or(task.created_at).as_millisecond();
    let limit = input["limit"]
        .as_u64()
        .and_then(|n| usize::try_from(n).ok());
    let limit = limit.unwrap_or(AT_ONCE).min(AT_ONCE);
    let from_head = input["startFromHead"].as_bool().unwrap_or(false);
    let skipped = match input["nextToken"].as_str() {
        Some(token) => token
            .strip_prefix("f/")
            .and_then(|line| line.parse().ok())
            .ok_or_else(|| {
                let said = "The specified nextToken is invalid.";
                Refusal::new("InvalidParameterException", said)
            })?,
        None if from_head => 0,
        None => task.log.len().saturating_sub(limit),
    };
    let next = task.log.len().min(skipped + limit);
    let lines = task.log.iter().skip(skipped).take(limit);
    let events: Vec<Value> = lines
        .map(|line| json!({"timestamp": at, "ingestionTime": at, "message": line}))
        .collect();
    Ok(json!({
        "events": events,
        // At the end it is the token that was asked with.
        "nextForwardToken": format!("f/{next}"),
        "nextBackwardToken": format!("b/{skipped}"),
    }))
}
