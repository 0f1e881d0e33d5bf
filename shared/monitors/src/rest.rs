//! A monitor that is down or busy is left alone for a while by the whole function, so that hundreds of
//! deployments do not each wait for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{Clock, MonitorError, NotTaken};
use sluice_core::config::Monitor;

use crate::answer::busy;

/// So long after it did not answer.
const AFTER_NO_ANSWER: SignedDuration = SignedDuration::from_secs(20);

/// No monitor is left alone for longer because of what it said once.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

pub(crate) struct Rest {
    clock: Arc<dyn Clock>,
    until: Mutex<BTreeMap<String, Timestamp>>,
}

impl Rest {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            until: Mutex::default(),
        }
    }

    /// Whether it may be asked.
    pub(crate) fn is_over(&self, monitor: &Monitor) -> Result<(), MonitorError> {
        let now = self.clock.now();
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.retain(|_, until| *until > now);
        match until.get(&key(monitor)) {
            None => Ok(()),
            Some(until) => Err(MonitorError {
                not_taken: busy(Some(until.duration_since(now))),
                may_be_there: false,
                message: format!(
                    "{} was busy or did not answer a moment ago: it is left alone for a while",
                    monitor.title()
                ),
            }),
        }
    }

    /// Remembers that it wants to be left alone.
    pub(crate) fn begin(&self, monitor: &Monitor, error: &MonitorError) {
        let NotTaken::Busy { retry_after } = error.not_taken else {
            return;
        };
        let pause = retry_after.unwrap_or(AFTER_NO_ANSWER).min(LONGEST);
        let until = self.clock.now().saturating_add(pause);
        let mut all = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key(monitor), until.unwrap_or(Timestamp::MAX));
    }
}

/// The same monitor in two environments is one.
fn key(monitor: &Monitor) -> String {
    let at = match monitor {
        Monitor::Grafana { url, .. }
        | Monitor::Sentry { url, .. }
        | Monitor::Loki { url, .. }
        | Monitor::Webhook { url, .. }
        | Monitor::GitHub { url, .. }
        | Monitor::PagerDuty { url, .. }
        | Monitor::Opsgenie { url, .. }
        | Monitor::Datadog { url, .. } => url,
        Monitor::EventBridge { bus } => bus,
        Monitor::Sns { topic } => topic,
        Monitor::CloudWatch { namespace } => namespace,
    };
    format!("{} {at}", monitor.name())
}
