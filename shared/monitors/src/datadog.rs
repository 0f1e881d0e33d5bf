//! Datadog: an event when a deployment begins to change something, when it needs a person or goes
//! back, and when it is over.
//!
//! `POST /api/v1/events` (<https://docs.datadoghq.com/api/latest/events/post-an-event/>) with the API
//! key in the header `DD-API-KEY`. It has no key to recognise an event that comes twice; those of one
//! `aggregation_key` are shown together, and that is the deployment's id.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice_words::monitoring::{Outcome, State, StateChange};

use crate::http::Request;

/// The header with the API key.
pub(crate) const KEY: &str = "dd-api-key";

/// The API refuses what is older than 18 hours: such an event is sent as of now.
const OLDEST: SignedDuration = SignedDuration::from_hours(17);

/// The API takes no longer text.
const TEXT_CHARS: usize = 4_000;

/// The request that posts the event.
pub(crate) fn event(url: &str, change: &StateChange, now: Timestamp) -> Request {
    let StateChange {
        application,
        environment,
        version,
        ..
    } = change;
    let is_late = now.duration_since(change.at) > OLDEST;
    let happened = if is_late { now } else { change.at };
    let body = json!({
        "title": format!("{application} {version} to {environment}: {}", state(change)),
        "text": text(change, is_late),
        "date_happened": happened.as_second(),
        "alert_type": alert_type(change),
        "aggregation_key": change.deployment,
        "tags": tags(change),
    });
    Request::json("POST", format!("{url}/api/v1/events"), &body)
}

/// The outcome, or the state before there is one, as the JSON of a change names it.
fn state(change: &StateChange) -> String {
    let named = match change.outcome {
        Some(outcome) => json!(outcome),
        None => json!(change.state),
    };
    named.as_str().unwrap_or_default().to_owned()
}

fn text(change: &StateChange, is_late: bool) -> String {
    let mut lines = vec![change.summary.clone()];
    if is_late {
        lines.push(format!("It happened at {}.", change.at));
    }
    if let Some(commit) = &change.commit {
        let page = change.commit_url.as_deref().unwrap_or_default();
        lines.push(format!("Commit {commit} {page}").trim_end().to_owned());
    }
    lines.extend(
        change
            .message_url
            .as_ref()
            .map(|url| format!("In Slack: {url}")),
    );
    lines.join("\n").chars().take(TEXT_CHARS).collect()
}

fn alert_type(change: &StateChange) -> &'static str {
    match change.outcome {
        Some(outcome) if outcome.is_live() => "success",
        Some(Outcome::RolledBack | Outcome::Failed) => "error",
        Some(outcome) if outcome.needs_person() => "error",
        Some(_) => "info",
        None if change.state == State::Started => "info",
        None => "warning",
    }
}

/// `service`, `env` and `version` are Datadog's own names for these.
fn tags(change: &StateChange) -> Vec<Value> {
    let tags = [
        ("service", change.application.to_string()),
        ("env", change.environment.to_string()),
        ("version", change.version.to_string()),
        ("state", state(change)),
        ("deployment", change.deployment.to_string()),
    ];
    let tags = tags
        .iter()
        .map(|(name, value)| json!(format!("{name}:{value}")));
    std::iter::once(json!("sluice")).chain(tags).collect()
}
