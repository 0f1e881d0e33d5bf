//! GitHub: a deployment of the commit for each deployment that changes something, with its state.
//!
//! `POST /repos/{repository}/deployments`, `GET` on the same to find one
//! (<https://docs.github.com/en/rest/deployments/deployments>), and
//! `POST …/deployments/{id}/statuses` (<https://docs.github.com/en/rest/deployments/statuses>). A
//! deployment has no key that refuses a second one, so before one is created those of the commit are
//! looked through for ours: the payload has the deployment's id. The token needs the right to write
//! deployments, and no more.

use form_urlencoded::Serializer;
use serde_json::{Value, json};
use sluice_app::ports::MonitorError;
use sluice_core::config::Monitor;
use sluice_words::monitoring::{Outcome, State, StateChange};

use crate::answer::Asked;
use crate::http::{Answer, Request};
use crate::web::WebMonitors;

/// The API takes no longer description of a status.
const DESCRIPTION_CHARS: usize = 140;

/// The version of the API that is described above.
const VERSION: (&str, &str) = ("x-github-api-version", "2022-11-28");

/// Deployments of one commit in one environment that are looked through, the newest.
const LOOKED_THROUGH: &str = "10";

impl WebMonitors {
    /// Creates the commit's deployment, if it is not there, and says how it stands; what is kept is its id.
    pub(crate) async fn deployment(
        &self,
        monitor: &Monitor,
        change: &StateChange,
        keeps: Option<&str>,
    ) -> Result<Option<String>, MonitorError> {
        let Some(github) = GitHub::of(monitor, change) else {
            return Ok(None);
        };
        let mut known = keeps.map(str::to_owned);
        if known.is_none() {
            let answer = self.ask(monitor, "GET deployments", github.find()).await?;
            known = github.found(&answer);
        }
        let id = match known {
            Some(id) => id,
            None => {
                let (call, request) = ("POST deployments", github.create());
                let host = request.host().to_owned();
                let answer = self.ask(monitor, call, request).await?;
                let asked = Asked {
                    monitor,
                    call,
                    host: &host,
                };
                GitHub::created(&answer).ok_or_else(|| asked.unreadable("id"))?
            }
        };
        self.ask(monitor, "POST statuses", github.status(&id))
            .await?;
        Ok(Some(id))
    }
}

/// A repository, and a change of a deployment whose commit is known.
struct GitHub<'a> {
    deployments: String,
    commit: &'a str,
    change: &'a StateChange,
}

impl<'a> GitHub<'a> {
    /// `None` of an image that does not say its commit: GitHub deploys commits.
    fn of(monitor: &Monitor, change: &'a StateChange) -> Option<Self> {
        let Monitor::GitHub {
            url, repository, ..
        } = monitor
        else {
            return None;
        };
        Some(Self {
            deployments: format!("{url}/repos/{repository}/deployments"),
            commit: change.commit.as_deref()?,
            change,
        })
    }

    /// The request that lists the commit's deployments, the newest first.
    fn find(&self) -> Request {
        let query = Serializer::new(String::new())
            .append_pair("ref", self.commit)
            .append_pair("environment", &self.environment())
            .append_pair("per_page", LOOKED_THROUGH)
            .finish();
        versioned(Request::get(format!("{}?{query}", self.deployments)))
    }

    /// The id of ours among them.
    fn found(&self, answer: &Answer) -> Option<String> {
        let all = answer.json();
        let is_ours =
            |one: &&Value| payload(&one["payload"])["sluice"] == json!(self.change.deployment);
        id(all.as_array()?.iter().find(is_ours)?)
    }

    /// The request that creates it. What is checked before a deployment Sluice has checked, so GitHub
    /// is to check nothing and merge nothing.
    fn create(&self) -> Request {
        let change = self.change;
        let body = json!({
            "ref": self.commit,
            "environment": self.environment(),
            "description": format!("{} {}", change.application, change.version),
            "payload": { "sluice": change.deployment, "image": change.image },
            "auto_merge": false,
            "required_contexts": [],
        });
        versioned(Request::json("POST", self.deployments.clone(), &body))
    }

    /// The id of the one that was created.
    fn created(answer: &Answer) -> Option<String> {
        id(&answer.json())
    }

    /// The request that says how it stands.
    fn status(&self, id: &str) -> Request {
        let summary = self.change.summary.chars();
        let mut body = json!({
            "state": self.state(),
            "environment": self.environment(),
            "description": summary.take(DESCRIPTION_CHARS).collect::<String>(),
        });
        if let Some(url) = &self.change.message_url {
            body["log_url"] = json!(url);
        }
        let url = format!("{}/{id}/statuses", self.deployments);
        versioned(Request::json("POST", url, &body))
    }

    fn state(&self) -> &'static str {
        match (self.change.state, self.change.outcome) {
            (State::Ended, Some(outcome)) if Outcome::is_live(outcome) => "success",
            (State::Ended, Some(outcome)) if Outcome::needs_person(outcome) => "error",
            (State::Ended, _) => "failure",
            _ => "in_progress",
        }
    }

    /// Several applications may come from one repository.
    fn environment(&self) -> String {
        format!("{}/{}", self.change.application, self.change.environment)
    }
}

pub(crate) fn versioned(mut request: Request) -> Request {
    request.headers.push((VERSION.0, VERSION.1.to_owned()));
    request
}

/// It comes back as it was sent, or as text.
fn payload(sent: &Value) -> Value {
    let text = sent
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    text.unwrap_or_else(|| sent.clone())
}

fn id(of: &Value) -> Option<String> {
    of["id"].as_i64().map(|id| id.to_string())
}
