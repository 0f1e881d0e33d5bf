//! The application's HTTP endpoints: which revision answers is the load balancer's doing, what it
//! answers is its image's.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_core::observation::HttpObservation;

use super::Cloud;
use super::behaviour::{Answer, ImageBehaviour};
use super::elb::Group;

const LATENCY_MS: u32 = 35;

/// Which listener an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listener {
    Production,
    Test,
}

#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) base: String,
    pub(super) service: usize,
    pub(super) listener: Listener,
}

/// What a path answers when all is well.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) answer: Answer,
    /// Set for the service's health paths, which smoke tests may ask too.
    pub(super) health: Option<Health>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Live,
    Ready,
}

/// The application as its users see it.
#[derive(Debug, Default)]
pub(super) struct Application {
    pub(super) endpoints: Vec<Endpoint>,
    /// Of each service.
    pub(super) expected: BTreeMap<usize, Vec<Expected>>,
    requests: u64,
    /// Whether Sluice cannot reach it, although its users can.
    cut_off: bool,
}

impl Cloud {
    /// Whether an address is one of the application's.
    pub fn is_application(&self, url: &str) -> bool {
        let mut bases = self.app.endpoints.iter().map(|endpoint| &endpoint.base);
        bases.any(|base| path_at(base, url).is_some())
    }

    /// The network between Sluice and the application is cut, or whole again. Its users still reach
    /// it.
    pub fn cut_off(&mut self, cut_off: bool) {
        self.app.cut_off = cut_off;
    }

    /// A request to one of the application's addresses.
    pub fn answer(&mut self, method: &str, url: &str, timeout: SignedDuration) -> HttpObservation {
        let found = self
            .app
            .endpoints
            .iter()
            .find_map(|e| Some((e, path_at(&e.base, url)?)));
        let Some((endpoint, path)) = found else {
            return HttpObservation::Unreachable("no such host".into());
        };
        if self.app.cut_off {
            return HttpObservation::Unreachable("no connection came about in time".into());
        }
        let (service, listener) = (endpoint.service, endpoint.listener);
        self.app.requests += 1;
        let answer = match self.who_answers(service, listener) {
            None => plain(503, "no healthy target"),
            Some(revision) => self.answer_of(service, revision, method, path),
        };
        if i128::from(answer.latency_ms) > timeout.as_millis() {
            let text = format!("no answer within {} ms", timeout.as_millis());
            return HttpObservation::NoAnswer(text);
        }
        let Answer {
            status,
            body,
            latency_ms,
        } = answer;
        HttpObservation::Answered {
            status,
            latency_ms,
            body,
        }
    }

    fn who_answers(&self, service: usize, listener: Listener) -> Option<usize> {
        let n = self.app.requests;
        let service = &self.ecs.services[service];
        let group: Group = match (&service.traffic, listener) {
            (None, _) => 0,
            (Some(traffic), Listener::Production) => traffic.route(n)?,
            // Outside a test stage the test listener shows what production shows.
            (Some(traffic), Listener::Test) => traffic.test.unwrap_or(traffic.live()),
        };
        let running: u32 = service
            .revisions
            .iter()
            .filter(|r| r.group == group)
            .map(|r| r.running)
            .sum();
        // Of the tasks behind a group each gets its turn.
        let mut turn = u32::try_from(n.checked_rem(u64::from(running))?).ok()?;
        service.revisions.iter().position(|revision| {
            if revision.group != group {
                return false;
            }
            let chosen = turn < revision.running;
            turn = turn.saturating_sub(revision.running);
            chosen
        })
    }

    fn answer_of(&self, service: usize, revision: usize, method: &str, path: &str) -> Answer {
        let revision = &self.ecs.services[service].revisions[revision];
        let well = ImageBehaviour::default();
        // An image that was deleted while it runs keeps running.
        let behaviour = revision.behaviour.as_deref().unwrap_or(&well);
        if let (Some(trouble), Some(since)) = (&behaviour.under_traffic, revision.traffic_since)
            && self.now >= since + trouble.after
        {
            return plain(trouble.status, "internal server error");
        }
        if let Some(answer) = behaviour.answers.get(path) {
            return answer.clone();
        }
        let mut expected = self.app.expected.get(&service).into_iter().flatten();
        let is_asked = |one: &&Expected| one.method == method && one.path == path;
        let Some(expected) = expected.find(is_asked) else {
            return plain(404, r#"{"detail":"Not Found"}"#);
        };
        let sick = match expected.health {
            Some(Health::Live) => behaviour.live,
            Some(Health::Ready) => behaviour.ready,
            None => None,
        };
        match sick.filter(|status| *status != 200) {
            Some(status) => plain(status, r#"{"status":"unavailable"}"#),
            None => expected.answer.clone(),
        }
    }
}

fn path_at<'a>(base: &str, url: &'a str) -> Option<&'a str> {
    let path = url.strip_prefix(base)?;
    path.starts_with('/').then_some(path)
}

pub(super) fn plain(status: u16, body: &str) -> Answer {
    Answer {
        status,
        body: body.to_owned(),
        latency_ms: LATENCY_MS,
    }
}
