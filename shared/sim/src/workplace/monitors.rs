//! Monitors: Grafana, Sentry, Loki and the receivers of events and pages, with what each keeps. They are down,
//! refuse, and want fewer requests when a story says so; answers are lost by the cloud's fault plan.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sluice_app::ports::{MonitorError, Monitors, NotTaken};
use sluice_core::config::Monitor;
use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;
use sluice_words::monitoring::{Line, News, StateChange};

use super::gate::Gate;
use crate::cloud::Operation;

/// An annotation as Grafana keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Annotation {
    /// Its id.
    pub id: String,
    /// Everything that it said, oldest first.
    pub said: Vec<StateChange>,
}

/// What a monitor was sent and took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// When.
    pub at: Timestamp,
    /// What.
    pub news: News,
}

/// A request that takes longer is not waited for.
const WITHIN: SignedDuration = SignedDuration::from_secs(5);

#[derive(Debug, Default)]
struct Receiver {
    outages: Vec<(Timestamp, Timestamp)>,
    refuses: Option<NotTaken>,
    /// No two requests are taken within this.
    rest: SignedDuration,
    last: Option<Timestamp>,
    /// How often it was asked, taken or not.
    asked: usize,
    taken: Vec<Taken>,
}

impl Receiver {
    fn is_up(&mut self, now: Timestamp) -> Result<(), MonitorError> {
        self.asked += 1;
        if self
            .outages
            .iter()
            .any(|(from, until)| *from <= now && now < *until)
        {
            let busy = NotTaken::Busy { retry_after: None };
            return Err(refusal(busy, "it does not answer (503)"));
        }
        if let Some(not_taken) = self.refuses {
            return Err(refusal(not_taken, "it refuses (4xx)"));
        }
        let rests_until = self.last.map(|last| last + self.rest);
        if let Some(until) = rests_until.filter(|until| now < *until) {
            let busy = NotTaken::Busy {
                retry_after: Some(until.duration_since(now)),
            };
            return Err(refusal(busy, "too many requests (429)"));
        }
        self.last = Some(now);
        Ok(())
    }
}

fn refusal(not_taken: NotTaken, message: &str) -> MonitorError {
    MonitorError {
        not_taken,
        may_be_there: false,
        message: message.to_owned(),
    }
}

#[derive(Debug, Default)]
struct Kept {
    receivers: BTreeMap<&'static str, Receiver>,
    annotations: Vec<Annotation>,
    deploys: Vec<StateChange>,
    lines: Vec<Line>,
    incidents: BTreeMap<&'static str, BTreeMap<DeploymentId, bool>>,
}

impl Kept {
    fn take(
        &mut self,
        monitor: &Monitor,
        news: &News,
        keeps: Option<&str>,
        may_be_there: bool,
    ) -> Option<String> {
        match (monitor, news) {
            (Monitor::Grafana { .. }, News::Change(change)) => {
                return Some(self.annotate(change, keeps, may_be_there));
            }
            // Sentry does not know a deploy a second time.
            (Monitor::Sentry { .. }, News::Change(change)) => {
                let is_there = self.deploys.iter().any(|one| one.id == change.id);
                if !(may_be_there && is_there) {
                    self.deploys.push(change.as_ref().clone());
                }
            }
            // Both know the deployment as a key: what is open is opened once.
            (Monitor::PagerDuty { .. } | Monitor::Opsgenie { .. }, News::Page(page)) => {
                let incidents = self.incidents.entry(monitor.name()).or_default();
                incidents.insert(page.change.deployment.clone(), page.needs_person());
            }
            // The same line at the same time is one.
            (Monitor::Loki { .. }, News::Lines(lines)) => {
                let new = lines.iter().filter(|line| !self.lines.contains(line));
                let new: Vec<Line> = new.cloned().collect();
                self.lines.extend(new);
            }
            _ => {}
        }
        None
    }

    /// Grafana keeps as many as it is sent; a function that may have sent one before finds it by its tags.
    fn annotate(
        &mut self,
        change: &StateChange,
        keeps: Option<&str>,
        may_be_there: bool,
    ) -> String {
        let is_it = |one: &&mut Annotation| match keeps {
            Some(id) => one.id == id,
            None => may_be_there && one.said[0].deployment == change.deployment,
        };
        let found = self.annotations.iter_mut().find(is_it);
        match found {
            Some(found) => {
                if found.said.last() != Some(change) {
                    found.said.push(change.clone());
                }
                found.id.clone()
            }
            None => {
                let id = (self.annotations.len() + 1).to_string();
                self.annotations.push(Annotation {
                    id: id.clone(),
                    said: vec![change.clone()],
                });
                id
            }
        }
    }
}

/// All the monitors of a world, by their names in `sluice.toml`.
pub struct MonitorModel {
    kept: Mutex<Kept>,
    gate: Gate,
}

impl MonitorModel {
    /// Monitors that have heard nothing.
    pub fn new(gate: Gate) -> Self {
        Self {
            kept: Mutex::default(),
            gate,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept
            .lock()
            .expect("no function panics while it holds what is kept")
    }

    fn change(&self, monitor: &'static str, act: impl FnOnce(&mut Receiver)) {
        act(self.kept().receivers.entry(monitor).or_default());
    }

    /// It is down from `from` until `until`.
    pub fn plan_outage(&self, monitor: &'static str, from: Timestamp, until: Timestamp) {
        self.change(monitor, |it| it.outages.push((from, until)));
    }

    /// From now on it refuses everything in this way; with `None` nothing any more.
    pub fn set_refusal(&self, monitor: &'static str, refuses: Option<NotTaken>) {
        self.change(monitor, |it| it.refuses = refuses);
    }

    /// It takes no two requests within this.
    pub fn set_rest(&self, monitor: &'static str, rest: SignedDuration) {
        self.change(monitor, |it| it.rest = rest);
    }

    /// How often it was asked, whether it took anything or not.
    pub fn asked(&self, monitor: &str) -> usize {
        let kept = self.kept();
        kept.receivers.get(monitor).map_or(0, |it| it.asked)
    }

    /// All that it took, in order; what came twice is here twice.
    pub fn taken(&self, monitor: &str) -> Vec<Taken> {
        let kept = self.kept();
        let receiver = kept.receivers.get(monitor);
        receiver.map(|it| it.taken.clone()).unwrap_or_default()
    }

    /// The same of every monitor, with its name.
    pub(crate) fn all_taken(&self) -> Vec<(&'static str, Taken)> {
        let kept = self.kept();
        let all = kept.receivers.iter();
        all.flat_map(|(name, it)| it.taken.iter().map(|taken| (*name, taken.clone())))
            .collect()
    }

    /// Grafana's annotations.
    pub fn annotations(&self) -> Vec<Annotation> {
        self.kept().annotations.clone()
    }

    /// Sentry's deploys.
    pub fn deploys(&self) -> Vec<StateChange> {
        self.kept().deploys.clone()
    }

    /// Loki's lines.
    pub fn lines(&self) -> Vec<Line> {
        self.kept().lines.clone()
    }

    /// The incidents of PagerDuty, or the alerts of Opsgenie, by the deployment that opened them, and
    /// whether each is open.
    pub fn incidents(&self, monitor: &str) -> BTreeMap<DeploymentId, bool> {
        let kept = self.kept();
        kept.incidents.get(monitor).cloned().unwrap_or_default()
    }
}

/// Whatever went wrong on the way: it may have arrived.
fn on_the_way(error: PortError) -> MonitorError {
    MonitorError {
        not_taken: NotTaken::Busy { retry_after: None },
        may_be_there: true,
        message: error.message,
    }
}

#[async_trait]
impl Monitors for MonitorModel {
    async fn tell(
        &self,
        monitor: &Monitor,
        news: &News,
        keeps: Option<&str>,
        may_be_there: bool,
    ) -> Result<Option<String>, MonitorError> {
        let began = self.gate.now();
        let told = self.gate.call(Operation::TellMonitor, || {
            let now = self.gate.now();
            if now.duration_since(began) > WITHIN {
                let late = PortError::retryable("no answer in time");
                return Err(on_the_way(late));
            }
            let mut kept = self.kept();
            let receiver = kept.receivers.entry(monitor.name()).or_default();
            receiver.is_up(now)?;
            receiver.taken.push(Taken {
                at: now,
                news: news.clone(),
            });
            Ok(kept.take(monitor, news, keeps, may_be_there))
        });
        told.await.map_err(on_the_way)?
    }
}
