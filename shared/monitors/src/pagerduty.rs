//! PagerDuty: an incident where a person is needed, closed when the deployment has ended well.
//!
//! `POST /v2/enqueue` of the Events API v2
//! (<https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>). `dedup_key` is the
//! deployment's id: the same event sent twice is one. The integration key is a part of the body there.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sluice_words::monitoring::{Page, StateChange};

use crate::http::Request;

/// The API takes no longer summary.
const SUMMARY_CHARS: usize = 1_024;

/// The request that opens the deployment's incident, or closes it.
pub(crate) fn event(url: &str, page: &Page, key: &SecretString) -> Request {
    let change = &page.change;
    let opens = page.needs_person();
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
        let mut details = json!(change);
        details["effect"] = json!(page.effect);
        details["todo"] = json!(page.todo);
        body["client"] = json!("Sluice");
        body["payload"] = json!({
            "summary": summary,
            "source": format!("{application}/{environment}"),
            "severity": if page.is_critical() { "critical" } else { "error" },
            "timestamp": change.at,
            "component": application,
            "group": environment,
            "class": "deployment",
            "custom_details": details,
        });
        if let Some(href) = &change.message_url {
            body["links"] = json!([{"href": href, "text": "The deployment in Slack"}]);
        }
    }
    Request::json("POST", format!("{url}/v2/enqueue"), &body)
}
