//! The port to monitors: Grafana, Sentry and whatever else is told of deployments.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sluice_core::config::Monitor;
use sluice_words::monitoring::News;

/// What the monitors of a deployment have heard, by their names.
pub type AllMonitored = BTreeMap<String, Monitored>;

/// What one monitor has heard of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitored {
    /// Counts the changes, for conditional writes; 0 before the first.
    pub version: u64,
    /// How many entries of the story it has heard of.
    pub told: usize,
    /// What it calls what it keeps of this deployment, such as the id of an annotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeps: Option<String>,
    /// Until when a function is telling it. If that is past, the function was interrupted, or had no
    /// answer: it may have heard more than `told` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telling: Option<Timestamp>,
    /// Since when it cannot be told, and when that is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// Whether nothing more is sent to it about this deployment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given_up: bool,
    /// What people are told of its trouble: once for a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
}

/// A monitor that cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Since when.
    pub since: Timestamp,
    /// When it is tried again.
    pub next: Timestamp,
}

/// What people are told of a monitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// In words.
    pub text: String,
    /// Since when it is to be told.
    pub since: Timestamp,
    /// Whether it has been told.
    #[serde(default)]
    pub is_told: bool,
}

/// What can be done about a monitor that did not take what it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// It never will: this is left out, and what comes after it is sent.
    ForGood,
    /// A person must change a setting or a secret, here or there.
    Setting,
    /// It passes by itself: busy, down, or too many requests.
    Busy {
        /// When it wants to be asked again.
        retry_after: Option<SignedDuration>,
    },
}

/// Something that a monitor did not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MonitorError {
    /// What can be done about it.
    pub not_taken: NotTaken,
    /// Whether it may have been taken all the same: the answer is missing.
    pub may_be_there: bool,
    /// What happened and what can be done about it; never a secret, and never the body.
    pub message: String,
}

/// Whatever is told of deployments beside the chat.
#[async_trait]
pub trait Monitors: Send + Sync {
    /// Tells it, within a few seconds or not at all. `keeps` is what it calls what it keeps of this
    /// deployment, and comes back if that is new. `may_be_there` says that it may have been told
    /// already: then it is asked first, if it does not know a second time by the ids.
    async fn tell(
        &self,
        monitor: &Monitor,
        news: &News,
        keeps: Option<&str>,
        may_be_there: bool,
    ) -> Result<Option<String>, MonitorError>;
}
