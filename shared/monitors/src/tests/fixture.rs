//! A deployment's changes, tokens, and a bus, as these tests have them.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::ports::Clock;
use sluice_core::config::Monitor;
use sluice_core::failure::PortError;
use sluice_words::monitoring::{Line, News, Page, StateChange};

use crate::{EventBus, LogLines, Reached, Tokens, TopicMessage, Topics, WebMonitors};

pub(super) const TOKEN: &str = "hunter2-token";

/// A change of a deployment that was approved and began at noon.
pub(super) fn change(state: &str, more: Value) -> StateChange {
    let mut change = json!({
        "id": "dep-0123456789abcdef.7",
        "deployment": "dep-0123456789abcdef",
        "application": "erp",
        "environment": "production",
        "account": "222222222222",
        "region": "eu-central-1",
        "cluster": "erp-production",
        "kind": "release",
        "state": state,
        "summary": "v1.4.0 <is> on its way",
        "at": "2026-01-05T12:00:00Z",
        "version": "v1.4.0",
        "image": format!("222222222222.dkr.ecr.eu-central-1.amazonaws.com/erp@sha256:{}", "a".repeat(64)),
        "digest": format!("sha256:{}", "a".repeat(64)),
        "commit": "1f2e3d4c5b6a",
        "commitUrl": "https://github.com/acme/erp/commit/1f2e3d4c5b6a",
        "requestedAt": "2026-01-05T11:30:00Z",
        "startedAt": "2026-01-05T12:00:00Z",
        "messageUrl": "https://slack.com/archives/C1/p17",
    });
    for (key, value) in more.as_object().unwrap() {
        change[key] = value.clone();
    }
    serde_json::from_value(change).unwrap()
}

pub(super) fn started() -> News {
    News::Change(Box::new(change("started", json!({}))))
}

pub(super) fn ended() -> News {
    let end = json!({
        "outcome": "succeeded",
        "isLive": true,
        "at": "2026-01-05T12:20:00Z",
        "endedAt": "2026-01-05T12:20:00Z",
        "durationSeconds": 1200,
        "id": "dep-0123456789abcdef.19",
    });
    News::Change(Box::new(change("ended", end)))
}

/// A page about that change.
pub(super) fn page(state: &str, more: Value) -> News {
    News::Page(Box::new(Page {
        change: change(state, more),
        subject: "erp v1.4.0 in production".to_owned(),
        effect: vec!["Users are served by v1.3.0.".to_owned()],
        todo: vec!["Decide in Slack.".to_owned()],
    }))
}

/// A person is needed.
pub(super) fn needed() -> News {
    page("needs-person", json!({}))
}

/// No person is needed any more.
pub(super) fn settled() -> News {
    page("ended", json!({"outcome": "succeeded", "isLive": true}))
}

/// The deployment is over and needs one.
pub(super) fn bad_end() -> News {
    page(
        "ended",
        json!({"outcome": "rollback-failed", "isLive": false}),
    )
}

pub(super) fn line(number: u32, at: &str) -> Line {
    serde_json::from_value(json!({
        "id": format!("dep-0123456789abcdef.{number}"),
        "at": at,
        "deployment": "dep-0123456789abcdef",
        "application": "erp",
        "environment": "production",
        "version": "v1.4.0",
        "message": format!("line {number}"),
    }))
    .unwrap()
}

pub(super) fn grafana(url: &str) -> Monitor {
    Monitor::Grafana {
        url: url.to_owned(),
        token: "sluice/grafana".to_owned(),
    }
}

/// A clock that a test sets.
pub(super) struct SetClock(pub(super) Mutex<Timestamp>);

#[async_trait]
impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn pass(&self, time: SignedDuration) {
        *self.0.lock().unwrap() += time;
    }
}

/// Tokens that are given out in this order; the last again and again.
pub(super) struct GivenTokens(pub(super) Mutex<Vec<&'static str>>);

#[async_trait]
impl Tokens for GivenTokens {
    async fn token(&self, _: &str) -> Result<SecretString, PortError> {
        let mut left = self.0.lock().unwrap();
        let token = match left.len() {
            1 => left[0],
            _ => left.remove(0),
        };
        Ok(SecretString::from(token))
    }
}

/// A bus, topics and a log that remember. A topic whose name says so refuses.
#[derive(Default)]
pub(super) struct Bus(
    pub(super) Mutex<Vec<(String, Value)>>,
    pub(super) Mutex<Vec<TopicMessage>>,
    pub(super) Mutex<Vec<String>>,
);

impl LogLines for Bus {
    fn write(&self, line: &str) -> std::io::Result<()> {
        self.2.lock().unwrap().push(line.to_owned());
        Ok(())
    }
}

#[async_trait]
impl Topics for Bus {
    async fn publish(&self, message: TopicMessage) -> Result<(), PortError> {
        match message.topic.rsplit(':').next().unwrap_or_default() {
            "denied" => return Err(PortError::needs_person("sns:Publish is not allowed")),
            "lost" => return Err(PortError::retryable("no answer")),
            _ => {}
        }
        self.1.lock().unwrap().push(message);
        Ok(())
    }
}

#[async_trait]
impl EventBus for Bus {
    async fn put(&self, bus: &str, detail: String, _: Timestamp) -> Result<(), PortError> {
        let detail = serde_json::from_str(&detail).unwrap();
        self.0.lock().unwrap().push((bus.to_owned(), detail));
        Ok(())
    }
}

/// The port, with these tokens, at a quarter past twelve.
pub(super) fn port(tokens: Vec<&'static str>) -> (WebMonitors, Arc<SetClock>, Arc<Bus>) {
    let noon = "2026-01-05T12:15:00Z".parse().unwrap();
    let clock = Arc::new(SetClock(Mutex::new(noon)));
    let bus = Arc::new(Bus::default());
    let tokens = Arc::new(GivenTokens(Mutex::new(tokens)));
    (
        WebMonitors::new(Reached {
            tokens,
            bus: bus.clone(),
            topics: bus.clone(),
            log: bus.clone(),
            clock: clock.clone(),
        }),
        clock,
        bus,
    )
}
