//! Amazon CloudWatch: metrics of deployments, in lines of the function's own log.
//!
//! Each line is in the embedded metric format, from which CloudWatch Logs makes the metrics
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//! A log knows no line a second time: what is printed twice is counted twice.

use serde_json::{Map, Value, json};
use sluice_words::monitoring::{State, StateChange};

/// The dimensions that every metric has.
const DIMENSIONS: [&str; 2] = ["application", "environment"];

/// Where lines of the log go: standard output, in Lambda.
pub trait LogLines: Send + Sync {
    /// Writes the line, which has no line break in it.
    ///
    /// # Errors
    /// It could not be written.
    fn write(&self, line: &str) -> std::io::Result<()>;
}

/// The line about a change.
pub(crate) fn line(namespace: &str, change: &StateChange) -> String {
    let mut metrics = vec![(counted(change.state), "Count", 1)];
    metrics.extend(
        change
            .duration_seconds
            .map(|it| ("Duration", "Seconds", it)),
    );
    let wait = change.approval_wait_seconds;
    metrics.extend(wait.map(|it| ("ApprovalWait", "Seconds", it)));
    let mut dimensions = vec![DIMENSIONS.to_vec()];
    if change.outcome.is_some() {
        dimensions.push([&DIMENSIONS[..], &["outcome"]].concat());
    }
    let definition = |(name, unit, _): &(&str, &str, i64)| json!({ "Name": name, "Unit": unit });
    let definitions: Vec<Value> = metrics.iter().map(definition).collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": change.at.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": namespace,
                "Dimensions": dimensions,
                "Metrics": definitions,
            }],
        }),
    );
    for (name, _, value) in metrics {
        line.insert(name.to_owned(), json!(value));
    }
    // Lambda drops a line below the function's log level, and reads the level here.
    line.insert("level".to_owned(), json!("INFO"));
    line.insert("timestamp".to_owned(), json!(change.at));
    let members = [
        ("id", json!(change.id)),
        ("deployment", json!(change.deployment)),
        ("application", json!(change.application)),
        ("environment", json!(change.environment)),
        ("version", json!(change.version)),
        ("kind", json!(change.kind)),
        ("state", json!(change.state)),
        ("message", json!(change.summary)),
    ];
    line.extend(members.map(|(name, value)| (name.to_owned(), value)));
    if let Some(outcome) = change.outcome {
        line.insert("outcome".to_owned(), json!(outcome));
    }
    Value::Object(line).to_string()
}

/// The metric that counts changes to this state.
fn counted(state: State) -> &'static str {
    match state {
        State::Requested => "Requests",
        State::Approved => "Approvals",
        State::Started => "Starts",
        State::NeedsPerson => "PeopleNeeded",
        State::RollingBack => "Rollbacks",
        State::Ended => "Deployments",
    }
}
