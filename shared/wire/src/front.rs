//! Whom a request is for: Slack, the application that runs in the cloud, or AWS.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::header::HOST;
use jiff::SignedDuration;
use sluice_core::observation::HttpObservation;
use sluice_sim::cloud::{Cloud, SharedCloud};
use sluice_sim::slack_web::{SlackWeb, WebReply};

use crate::dispatch::{self, Answer, Request};
use crate::{ecr, slack};

/// A load balancer gives up on its target after this.
const APPLICATION_WITHIN: SignedDuration = SignedDuration::from_secs(60);

/// Slack's Web API, shared between the endpoint and whoever watches it.
pub type SharedSlackWeb = Arc<Mutex<SlackWeb>>;

/// What an endpoint serves.
#[derive(Clone)]
pub struct Served {
    /// AWS, and the application in it.
    pub cloud: SharedCloud,
    /// Slack's Web API under `/slack/api`, if it is served too.
    pub slack: Option<SharedSlackWeb>,
}

impl From<SharedCloud> for Served {
    fn from(cloud: SharedCloud) -> Self {
        Self { cloud, slack: None }
    }
}

/// An answer, and how long to wait with it. `None` in place of one: it is lost.
pub(crate) struct Late {
    pub(crate) answer: Option<Answer>,
    pub(crate) after: Duration,
}

impl From<Option<Answer>> for Late {
    fn from(answer: Option<Answer>) -> Self {
        Self {
            answer,
            after: Duration::ZERO,
        }
    }
}

impl Served {
    pub(crate) fn answer(&self, request: &Request, request_id: &str) -> Late {
        if let Some(answer) = self.slack(request) {
            return answer;
        }
        let mut cloud = locked(&self.cloud);
        if let Some(layer) = ecr::layer(&cloud, &request.path) {
            return Some(layer).into();
        }
        match application(&mut cloud, request) {
            Some(answer) => answer,
            None => dispatch::answer(&mut cloud, request, request_id).into(),
        }
    }

    fn slack(&self, request: &Request) -> Option<Late> {
        let slack = self.slack.as_ref()?;
        let now = locked(&self.cloud).now();
        if let Some(click) = request.path.strip_prefix(slack::RESPONSES) {
            let said = serde_json::from_slice(&request.body).unwrap_or_default();
            return Some(late(&locked(slack).respond(click, said, now)));
        }
        Some(late(&locked(slack).call(&slack::call(request)?, now)))
    }
}

fn late(reply: &WebReply) -> Late {
    Late {
        answer: (!reply.lost).then(|| slack::answer(reply)),
        after: Duration::try_from(reply.after).unwrap_or_default(),
    }
}

/// The application's answer, if the address is one of its own.
fn application(cloud: &mut Cloud, request: &Request) -> Option<Late> {
    let host = request.headers.get(HOST)?.to_str().ok()?;
    let query = request.query.as_ref().map(|query| format!("?{query}"));
    let path = format!("{}{}", request.path, query.unwrap_or_default());
    let url = format!("http://{host}{path}");
    if !cloud.is_application(&url) {
        return None;
    }
    let (answer, latency_ms) = match cloud.answer(&request.method, &url, APPLICATION_WITHIN) {
        HttpObservation::NoAnswer(_) | HttpObservation::Unreachable(_) => (None, 0),
        HttpObservation::Answered {
            status,
            latency_ms,
            body,
        } => {
            let answer = Answer {
                status,
                content_type: "application/json",
                headers: Vec::new(),
                body: body.into(),
            };
            (Some(answer), latency_ms)
        }
    };
    Some(Late {
        answer,
        after: Duration::from_millis(latency_ms.into()),
    })
}

/// A panic while it was held is a bug of the model's, and is seen as one where it happened.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
