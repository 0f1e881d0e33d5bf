//! The ports: what Sluice needs of the outside world, in the domain's words and free of vendors.
//!
//! Whatever is named `ensure_*` may be called twice with the same arguments and does its work once.
//! Every error says whether to try again, give up, or ask a person ([`PortError`]).

mod chat;
mod cloud;
mod configuration;
mod monitors;
mod source;
mod stacks;
mod store;
mod task_definition;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;

pub use chat::{Chat, ChatError, MessageRef, Refusal, Thread, TriggerId};
pub use cloud::{
    Alarms, Databases, DescribedImage, FoundImage, Http, HttpRequest, ImageQuery, LOG_BYTES_MAX,
    LOG_LINES_MAX, Metrics, MetricsQuery, Registry, Secrets, ServiceQuery, Services, Target, Tasks,
};
pub use configuration::Configurations;
pub use monitors::{AllMonitored, MonitorError, Monitored, Monitors, NotTaken, Notice, Trouble};
pub use sluice_core::command::TaskOrder;
pub use sluice_core::environment_key::EnvironmentKey;
pub use sluice_core::summary::DeploymentSummary;
pub use source::{Builds, FoundCommit, Host, Repository, RepositoryAt, Sources, StoredSource};
pub use stacks::Stacks;
pub use store::{
    Due, EnvironmentState, Moved, Newest, Opened, Save, SaveError, Shown, Store, Stored,
    Undeliverable,
};
pub use task_definition::{DefinitionQuery, TaskDefinitionOrder};

/// All ports of one Sluice.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is its port, documented there")]
pub struct Ports {
    pub clock: Arc<dyn Clock>,
    pub store: Arc<dyn Store>,
    pub sources: Arc<dyn Sources>,
    pub configurations: Arc<dyn Configurations>,
    pub wakeups: Arc<dyn Wakeups>,
    pub registry: Arc<dyn Registry>,
    pub repository: Arc<dyn Repository>,
    pub builds: Arc<dyn Builds>,
    pub secrets: Arc<dyn Secrets>,
    pub services: Arc<dyn Services>,
    pub tasks: Arc<dyn Tasks>,
    pub databases: Arc<dyn Databases>,
    pub stacks: Arc<dyn Stacks>,
    pub alarms: Arc<dyn Alarms>,
    pub metrics: Arc<dyn Metrics>,
    pub http: Arc<dyn Http>,
    pub chat: Arc<dyn Chat>,
    pub monitors: Arc<dyn Monitors>,
}

/// The time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Ends after that time. Where time is simulated no call takes any, and it never ends.
    async fn pass(&self, time: SignedDuration);
}

/// A note to check a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WakeUp {
    /// Which.
    pub deployment: DeploymentId,
    /// `None` for a hint that something happened: check in any case. Otherwise the time the
    /// deployment was due when this was sent: if it has been seen to since, it is due at another
    /// time, another wake-up is under way, and this one is dropped.
    pub due: Option<Timestamp>,
}

/// No queue holds a wake-up back for longer: SQS's `DelaySeconds`.
pub const LONGEST_DELAY: SignedDuration = SignedDuration::from_mins(15);

/// The queue of wake-ups.
#[async_trait]
pub trait Wakeups: Send + Sync {
    /// Delivers the wake-up, at least once, after about `delay`: [`LONGEST_DELAY`] at most.
    /// Whatever is due later the minute finds.
    async fn send(&self, wake_up: WakeUp, delay: SignedDuration) -> Result<(), PortError>;
}
