//! The port to the truth: deployments, environments, histories.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sluice_core::controls::{Controls, Freeze, Hold};
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::event::Claim;
use sluice_core::failure::PortError;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::id::{ChannelName, DeploymentId, Digest, Hash};
use sluice_core::release::VerifiedRelease;
use sluice_words::parts::Size;

use super::{AllMonitored, DeploymentSummary, MessageRef, Monitored};

/// Who is in an environment, and who comes next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentState {
    /// Counts the changes, for conditional writes; 0 before the first.
    pub version: u64,
    /// The one deployment that may touch it.
    pub active: Option<DeploymentId>,
    /// The newest deployment that claimed it, no matter how it ended. If it is not the active one
    /// and not over, it waits; every release older that waits has been superseded.
    pub newest: Option<Newest>,
    /// The rollback, or the restore of the database, that is not over. It goes before every
    /// release, and releases that are newer wait behind it.
    pub rollback: Option<DeploymentId>,
    /// The release verified last.
    pub verified: Option<VerifiedRelease>,
    /// The freeze that someone set last; it may be over.
    #[serde(default)]
    pub freeze: Option<Freeze>,
    /// The hold, while there is one.
    #[serde(default)]
    pub hold: Option<Hold>,
    /// When the last command was given that set or lifted either.
    #[serde(default)]
    pub controls_asked_at: Option<Timestamp>,
}

impl EnvironmentState {
    /// The deployments that show how it stands: the one that has it, the newest if that is another,
    /// and the one that verified what runs.
    pub fn glanced(&self) -> [Option<&DeploymentId>; 3] {
        let newest = self.newest.as_ref().map(|newest| &newest.deployment);
        let verified = self.verified.as_ref();
        [
            self.active.as_ref(),
            newest.filter(|newest| self.active.as_ref() != Some(newest)),
            verified.map(|verified| &verified.deployment),
        ]
    }

    /// What people have set on it.
    pub fn controls(&self) -> Controls {
        Controls {
            freeze: self.freeze.clone(),
            hold: self.hold.clone(),
            asked_at: self.controls_asked_at,
        }
    }
}

/// The newest deployment that claimed an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// Its deployment.
    pub deployment: DeploymentId,
    /// Its image.
    pub digest: Digest,
    /// When its image was pushed, or when the person asked: see
    /// [`Deployment::turn`](sluice_core::deployment::Deployment::turn).
    pub pushed_at: Timestamp,
}

/// A deployment as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The deployment.
    pub deployment: Arc<Deployment>,
    /// Counts its changes, for conditional writes.
    pub version: u64,
    /// The end of its history.
    pub chain: ChainEnd,
    /// When it must be looked at next, at the latest; `None` once it is over and posted.
    pub due_at: Option<Timestamp>,
}

/// A deployment, and since when it is due.
pub type Due = (DeploymentId, Timestamp);

/// The result of opening a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is there now.
    New,
    /// It was there before: the trigger came twice.
    AlreadyThere,
    /// The environment changed since it was read: read it again.
    Conflict,
}

/// A change of a deployment: all of it is stored, or nothing.
#[derive(Clone, Debug)]
pub struct Save {
    /// The deployment after the change.
    pub deployment: Arc<Deployment>,
    /// The version it was made from.
    pub expected_version: u64,
    /// What happened, fastened to the chain.
    pub records: Vec<Record>,
    /// The end of the chain after them.
    pub chain: ChainEnd,
    /// When it must be looked at next; `None` once it is over and posted.
    pub due_at: Option<Timestamp>,
    /// Whether the environment is given free, if this deployment holds it.
    pub frees_environment: bool,
    /// Sluice's own hold on the environment, from the moment that it is free: with it no push slips
    /// in between. One that is there already stays.
    pub holds_environment: Option<Hold>,
    /// What it proved, if it did.
    pub proves: Option<VerifiedRelease>,
}

/// Why a change was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// Someone else changed it since it was loaded: load again.
    #[error("the deployment was changed by someone else in the meantime")]
    Conflict,
    /// The store did not answer or refused. Whether it was stored is not known.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What people see of a deployment: how far its messages have come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The deployment's one message.
    pub message: Option<MessageRef>,
    /// The version of the deployment that it shows.
    pub version: u64,
    /// How many entries of the story are in its thread.
    pub told: usize,
    /// How far the message goes that is being posted there, if it holds several entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting: Option<usize>,
    /// How much of it the chat took last.
    #[serde(default, skip_serializing_if = "is_default")]
    pub size: Size,
    /// The message that says how things stand in its place, where it cannot be changed any more: the
    /// newest one in its thread, and its buttons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// How often the message was deleted and posted again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub replaced: u32,
    /// What the thread holds of the message that was too long to be shown whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continued: Option<Hash>,
    /// The channel it was posted in, as sluice.toml names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelName>,
    /// Since when Slack permanently refuses updates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undeliverable: Option<Undeliverable>,
}

/// Where the message went on that cannot be changed any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The reply that says what it should.
    pub to: MessageRef,
    /// The buttons that it was posted with.
    pub offers: Hash,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What cannot be posted to people, until someone fixes the cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undeliverable {
    /// Since when.
    pub since: Timestamp,
    /// When it is tried again; `None` once it is abandoned.
    pub next: Option<Timestamp>,
}

/// The truth.
#[async_trait]
pub trait Store: Send + Sync {
    /// Stores a new deployment with its first record, and makes it the environment's newest if it
    /// is. `environment_version` is the version the environment was read at.
    async fn open(
        &self,
        deployment: &Deployment,
        first: &Record,
        chain: &ChainEnd,
        due_at: Timestamp,
        environment_version: u64,
    ) -> Result<Opened, PortError>;

    /// The deployment; `None` if no deployment has that id.
    async fn load(&self, id: &DeploymentId) -> Result<Option<Stored>, PortError>;

    /// Stores a change.
    async fn save(&self, save: Save) -> Result<(), SaveError>;

    /// Says when a deployment that did not change must be looked at next; `None`: never again.
    /// Without effect if it changed since `version`.
    async fn set_due(
        &self,
        id: &DeploymentId,
        version: u64,
        due_at: Option<Timestamp>,
    ) -> Result<(), PortError>;

    /// Gives the environment to the deployment if no one holds it and it is a rollback and waits,
    /// or there is none and it is the newest. Asked again by its holder, it is granted again. A
    /// deployment that is over is refused: it would keep the environment for good.
    async fn claim(&self, key: &EnvironmentKey, id: &DeploymentId) -> Result<Claim, PortError>;

    /// The environment; an empty one where nothing was deployed yet.
    async fn environment(&self, key: &EnvironmentKey) -> Result<EnvironmentState, PortError>;

    /// Sets the controls of an environment, under the version it was read at: 0 where nothing was
    /// deployed yet. `false` if it changed since: read it again.
    async fn set_controls(
        &self,
        key: &EnvironmentKey,
        version: u64,
        controls: &Controls,
    ) -> Result<bool, PortError>;

    /// The last success of exactly this digest in the environment.
    async fn verified(
        &self,
        key: &EnvironmentKey,
        digest: &Digest,
    ) -> Result<Option<VerifiedRelease>, PortError>;

    /// What was verified in the environment, newest first, `limit` at most: the same image as often
    /// as it was deployed.
    async fn verified_releases(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<VerifiedRelease>, PortError>;

    /// The deployments of the environment, by when they were requested, newest first, `limit` at
    /// most.
    async fn deployments(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<DeploymentSummary>, PortError>;

    /// The deployments of the environment that were requested at `since` or later, in any order.
    /// Of one that is in progress it is not said how far it is.
    async fn deployments_since(
        &self,
        key: &EnvironmentKey,
        since: Timestamp,
    ) -> Result<Vec<DeploymentSummary>, PortError>;

    /// Deployments that were due before `before`, the longest due first, `limit` at most. `after`
    /// is the last one of the page before: what follows it comes.
    async fn due(
        &self,
        before: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, PortError>;

    /// The history, oldest first; empty if no deployment has that id.
    async fn history(&self, id: &DeploymentId) -> Result<Vec<Record>, PortError>;

    /// What people see of the deployment.
    async fn shown(&self, id: &DeploymentId) -> Result<Shown, PortError>;

    /// Remembers what people see.
    async fn set_shown(&self, id: &DeploymentId, shown: &Shown) -> Result<(), PortError>;

    /// What each monitor has heard of the deployment, as far as any has.
    async fn monitored(&self, id: &DeploymentId) -> Result<AllMonitored, PortError>;

    /// Remembers what the monitor has heard, under the version that was read: 0 where nothing was
    /// stored. What is stored has the next version. `false` if it changed since.
    async fn set_monitored(
        &self,
        id: &DeploymentId,
        monitor: &str,
        monitored: &Monitored,
    ) -> Result<bool, PortError>;
}
