//! Grafana: one region annotation for each deployment that changes something.
//!
//! `POST /api/annotations`, `PATCH /api/annotations/:id`, and `GET /api/annotations` to find one by its
//! tags: <https://grafana.com/docs/grafana/latest/developers/http_api/annotations/>. Without a
//! dashboard it is an organisation's annotation, which every dashboard may show. An annotation has no
//! key that refuses a second one, so the tag with the deployment's id is looked for where it may be
//! there already.

use form_urlencoded::Serializer;
use serde_json::{Value, json};
use sluice_app::ports::MonitorError;
use sluice_core::config::Monitor;
use sluice_words::monitoring::{Outcome, State, StateChange};

use crate::answer::Asked;
use crate::http::{Answer, Request};
use crate::web::WebMonitors;

/// What every annotation of Sluice is tagged with.
const SLUICE: &str = "sluice";

impl WebMonitors {
    /// Creates the deployment's annotation, or updates it; what it keeps is its id.
    pub(crate) async fn annotate(
        &self,
        monitor: &Monitor,
        url: &str,
        change: &StateChange,
        keeps: Option<&str>,
        may_be_there: bool,
    ) -> Result<Option<String>, MonitorError> {
        let ends = change.state == State::Ended;
        let mut known = keeps.map(str::to_owned);
        if known.is_none() && (may_be_there || ends) {
            let request = find(url, change);
            let answer = self.ask(monitor, "GET /api/annotations", request).await?;
            known = found(&answer);
        }
        if let Some(id) = known {
            let call = "PATCH /api/annotations";
            let request = update(url, &id, change);
            let answer = self.send(monitor, call, &request).await?;
            // Somebody deleted it: it is created again.
            if answer.status != 404 {
                self.taken(monitor, call, &request, answer)?;
                return Ok(Some(id));
            }
        }
        let call = "POST /api/annotations";
        let request = create(url, change);
        let host = request.host().to_owned();
        let answer = self.ask(monitor, call, request).await?;
        let asked = Asked {
            monitor,
            call,
            host: &host,
        };
        let id = created(&answer).ok_or_else(|| asked.unreadable("id"))?;
        Ok(Some(id))
    }
}

/// The request that finds the deployment's annotation.
fn find(url: &str, change: &StateChange) -> Request {
    let query = Serializer::new(String::new())
        .append_pair("type", "annotation")
        .append_pair("tags", SLUICE)
        .append_pair("tags", &own_tag(change))
        .append_pair("limit", "1")
        .finish();
    Request::get(format!("{url}/api/annotations?{query}"))
}

/// The id of the annotation that was found.
fn found(answer: &Answer) -> Option<String> {
    id_of(&answer.json()[0]["id"])
}

/// The request that creates the annotation.
fn create(url: &str, change: &StateChange) -> Request {
    Request::json("POST", format!("{url}/api/annotations"), &body(change))
}

/// The id of the annotation that was created.
fn created(answer: &Answer) -> Option<String> {
    id_of(&answer.json()["id"])
}

/// The request that makes the annotation say this.
fn update(url: &str, id: &str, change: &StateChange) -> Request {
    Request::json(
        "PATCH",
        format!("{url}/api/annotations/{id}"),
        &body(change),
    )
}

fn id_of(id: &Value) -> Option<String> {
    id.as_i64().map(|id| id.to_string())
}

fn own_tag(change: &StateChange) -> String {
    format!("deployment:{}", change.deployment)
}

/// The annotation. A region once the deployment has ended; a line before that.
fn body(change: &StateChange) -> Value {
    let started_at = change.started_at.unwrap_or(change.at);
    let outcome = match (change.state, change.outcome) {
        (State::Ended, Some(outcome)) => Outcome::name(outcome),
        _ => "in-progress",
    };
    let mut body = json!({
        "time": started_at.as_millisecond(),
        "text": text(change),
        "tags": [
            SLUICE,
            format!("application:{}", change.application),
            format!("environment:{}", change.environment),
            format!("version:{}", change.version),
            format!("outcome:{outcome}"),
            own_tag(change),
        ],
    });
    if let Some(ended_at) = change.ended_at {
        body["timeEnd"] = json!(ended_at.as_millisecond());
    }
    body
}

/// Grafana shows HTML.
fn text(change: &StateChange) -> String {
    let StateChange {
        application,
        environment,
        version,
        summary,
        ..
    } = change;
    let mut text = escaped(&format!(
        "{application} {version} to {environment}: {summary}"
    ));
    let links = [
        ("Slack", &change.message_url),
        ("commit", &change.commit_url),
    ];
    for (name, url) in links {
        if let Some(url) = url {
            text = format!("{text}\n<a href=\"{}\">{name}</a>", escaped(url));
        }
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
