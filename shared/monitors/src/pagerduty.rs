//! PagerDuty: an incident where a person is needed, closed when the deployment has ended well.
//!
//! `POST /v2/enqueue` of the Events API v2
//! (<https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>). `dedup_key` is the
//! deployment's id: the same event sent twice is one. The integration key is a part of the body there.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sluice_words::monitoring::{Outcome, State, StateChange};

use crate::http::Request;

/// The API takes no longer summary.
const SUMMARY_CHARS: usize = 1_024;

/// The request that opens the deployment's incident, or closes it.
pub(crate) fn event(url: &str, change: &StateChange, key: &SecretString) -> Request {
    let is_bad_end = change.outcome.is_some_and(Outcome::needs_person);
    let opens = change.state != State::Ended || is_bad_end;
    let mut body = json!({
        "routing_key": key.expose_secret(),
        "event_action": if opens { "trigger" } else { "resolve" },
        "dedup_key": change.deployment,
    });
    if opens {
        let StateChange {
            application,
            environment,
            version,
            summary,
            ..
        } = change;
        let summary = format!("{application} {version} to {environment}: {summary}");
        let summary: String = summary.chars().take(SUMMARY_CHARS).collect();
        body["client"] = json!("Sluice");
        body["payload"] = json!({
            "summary": summary,
            "source": format!("{application}/{environment}"),
            "severity": if is_bad_end { "critical" } else { "error" },
            "timestamp": change.at,
            "component": application,
            "group": environment,
            "class": "deployment",
            "custom_details": change,
        });
        if let Some(href) = &change.message_url {
            body["links"] = json!([{"href": href, "text": "The deployment in Slack"}]);
        }
    }
    Request::json("POST", format!("{url}/v2/enqueue"), &body)
}
