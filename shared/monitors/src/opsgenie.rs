//! Opsgenie, or Jira Service Management in its place: an alert where a person is needed, closed when
//! the deployment has ended well.
//!
//! `POST /v2/alerts`, `POST /v2/alerts/{alias}/close?identifierType=alias` and
//! `GET /v2/alerts/requests/{id}` of the Alert API (<https://docs.opsgenie.com/docs/alert-api>), with
//! `Authorization: GenieKey …`. The alias is the deployment's id: while an alert with it is open, a
//! second one is counted to it. Each request is answered with 202 before it is processed, so a close
//! that follows soon waits until the alert is there; it would be lost otherwise.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice_app::ports::MonitorError;
use sluice_core::config::Monitor;
use sluice_words::monitoring::{Page, StateChange};

use crate::answer::busy;
use crate::http::{Answer, Request};
use crate::web::WebMonitors;

/// What comes before the key in the header.
pub(crate) const SCHEME: &str = "GenieKey";

/// The API takes no longer message, description, note and tag.
const MESSAGE_CHARS: usize = 130;
const DESCRIPTION_CHARS: usize = 15_000;
const TAG_CHARS: usize = 50;

/// After this a request counts as processed, also where its status cannot be asked for.
const PROCESSED_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// Before that it is asked again after this.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_secs(5);

impl WebMonitors {
    /// Creates the deployment's alert, or closes it. What is kept is the request that created it.
    pub(crate) async fn alert(
        &self,
        monitor: &Monitor,
        url: &str,
        page: &Page,
        keeps: Option<&str>,
    ) -> Result<Option<String>, MonitorError> {
        if page.needs_person() {
            let created = self
                .ask(monitor, "POST /v2/alerts", create(url, page))
                .await?;
            return Ok(accepted(&created, self.now()));
        }
        if let Some(request) = keeps.and_then(|keeps| pending(keeps, self.now())) {
            let call = "GET /v2/alerts/requests";
            let status = Request::get(format!("{url}/v2/alerts/requests/{request}"));
            if !self.send(monitor, call, &status).await?.is_ok() {
                return Err(MonitorError {
                    not_taken: busy(Some(ASKED_AGAIN)),
                    may_be_there: false,
                    message: "the alert is not there yet, and is closed when it is".to_owned(),
                });
            }
        }
        let (call, request) = ("POST /v2/alerts/{alias}/close", close(url, page));
        let answer = self.send(monitor, call, &request).await?;
        // There is none, or none any more.
        if answer.status != 404 {
            self.taken(monitor, call, &request, answer)?;
        }
        Ok(None)
    }
}

fn create(url: &str, page: &Page) -> Request {
    let change = &page.change;
    let tags = [change.application.as_str(), change.environment.as_str()];
    let tags = tags.map(|tag| cut(tag, TAG_CHARS));
    let body = json!({
        "message": cut(&page.heading(), MESSAGE_CHARS),
        "alias": change.deployment,
        "description": cut(&page.text(), DESCRIPTION_CHARS),
        "tags": ["sluice", tags[0], tags[1]],
        "details": details(change),
        "entity": format!("{}/{}", change.application, change.environment),
        "source": "Sluice",
        "user": "Sluice",
        "priority": if page.is_critical() { "P1" } else { "P2" },
    });
    Request::json("POST", format!("{url}/v2/alerts"), &body)
}

/// Texts by their names, as the API wants them.
fn details(change: &StateChange) -> Value {
    let mut details = json!({
        "application": change.application,
        "environment": change.environment,
        "version": change.version,
        "deployment": change.deployment,
        "state": change.state,
    });
    let optional = [
        ("outcome", change.outcome.map(|outcome| outcome.name())),
        ("commit", change.commit.as_deref()),
        ("slack", change.message_url.as_deref()),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            details[name] = json!(value);
        }
    }
    details
}

fn close(url: &str, page: &Page) -> Request {
    let alias = &page.change.deployment;
    let body = json!({
        "source": "Sluice",
        "user": "Sluice",
        "note": cut(&page.text(), DESCRIPTION_CHARS),
    });
    let url = format!("{url}/v2/alerts/{alias}/close?identifierType=alias");
    Request::json("POST", url, &body)
}

/// The request that was accepted, and when.
fn accepted(answer: &Answer, now: Timestamp) -> Option<String> {
    let answer = answer.json();
    let request = answer["requestId"].as_str()?;
    // It becomes a part of an address.
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_id = !request.is_empty() && request.bytes().all(is_id);
    is_id.then(|| format!("{request} {}", now.as_second()))
}

/// The request, if it may not have been processed yet.
fn pending(keeps: &str, now: Timestamp) -> Option<&str> {
    let (request, at) = keeps.split_once(' ')?;
    let at = Timestamp::from_second(at.parse().ok()?).ok()?;
    (now.duration_since(at) < PROCESSED_WITHIN).then_some(request)
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}
