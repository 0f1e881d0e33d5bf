//! Where a deployment is, with just the data that is valid there.

mod kind;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::controls::ControlsObservation;
use crate::failure::Cause;
use crate::health::Sample;
use crate::id::{
    DeploymentId, ServiceDeploymentArn, ServiceName, TaskArn, TaskDefinitionArn, UserId,
};
use crate::metrics::Watched;
use crate::plan::survey::Survey;
use crate::restore::{RestoreStep, Stands};
use crate::stack::StackUpdate;

pub use kind::PhaseKind;

/// Where a deployment is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name")]
pub enum Phase {
    /// Another deployment holds the environment.
    Queued,
    /// The world is being read and the plan drawn. Nothing is touched.
    Planning {
        /// What has been read so far.
        survey: Box<Survey>,
        /// Whether an approved plan is being read again, to see that it still holds.
        confirming: bool,
    },
    /// The migration runs on a copy of the database, made for it.
    Rehearsing(Box<Rehearsing>),
    /// People are asked.
    AwaitingApproval,
    /// The environment must be open: not frozen, inside a window, and not held if a push asked.
    AwaitingWindow {
        /// What closes it; `None` before the first look.
        closed: Option<Box<ControlsObservation>>,
    },
    /// CloudFormation changes the environment's stack.
    Provisioning(Provisioning),
    /// The snapshot is taken and verified.
    BackingUp(BackingUp),
    /// The migration runs.
    Migrating,
    /// The web services come up, without production traffic where the strategy allows it.
    RollingOut,
    /// Workers and singletons are replaced.
    UpdatingWorkers,
    /// Smoke tests run against the new version.
    Verifying {
        /// Failed rounds so far.
        failed_rounds: u8,
        /// No round before this.
        not_before: Timestamp,
    },
    /// Traffic moves.
    Shifting {
        /// What was seen while a part of the traffic is on the new version, oldest first.
        samples: Vec<Sample>,
        /// Per cent of the traffic at which that was; 0 before the first step.
        step: u8,
        /// When ECS was last seen held before a step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held: Option<Timestamp>,
        /// The requests to both versions.
        #[serde(default, skip_serializing_if = "Watched::is_empty")]
        watched: Watched,
    },
    /// The new version has the traffic and is watched.
    Baking {
        /// What was seen, oldest first; the oldest fall out.
        samples: Vec<Sample>,
        /// Since when people are asked whether it is well, because the samples do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_at: Option<Timestamp>,
        /// The requests to both versions.
        #[serde(default, skip_serializing_if = "Watched::is_empty")]
        watched: Watched,
    },
    /// ECS takes the old version down; old snapshots go.
    CleaningUp {
        /// Whether the backup rule has been applied.
        pruned: bool,
    },
    /// It is over, and its change set is removed before that is said: no one executes it.
    Withdrawing {
        /// How it ends.
        ends: Box<Phase>,
    },
    /// The release is verified here.
    Succeeded,
    /// The new version has the traffic, and neither the samples nor anybody said whether it is well.
    /// It stays, and is not verified.
    Unverified {
        /// What was seen and what was not.
        reason: String,
    },
    /// A newer release, or a rollback, took its place before it touched anything.
    Superseded {
        /// The newer one.
        by: DeploymentId,
    },
    /// Somebody said no.
    Rejected {
        /// Who.
        by: UserId,
        /// Why, in their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Nobody decided in time, or its turn never came.
    Expired,
    /// Somebody called it off before it touched anything.
    Cancelled {
        /// Who.
        by: UserId,
    },
    /// It ended before any service was changed: there is nothing to take back.
    Failed {
        /// The phase it ended in.
        during: String,
        /// Why.
        cause: Cause,
    },
    /// Something failed that the code alone cannot go back from: a person must say what becomes of
    /// the database.
    AwaitingRestoreDecision {
        /// What failed.
        cause: Cause,
    },
    /// It failed, and stays as it is: somebody mends it with a newer release.
    RolledForward {
        /// Who said so.
        by: UserId,
        /// What failed.
        cause: Cause,
    },
    /// Services go back to what they ran before.
    RollingBack {
        /// Why.
        cause: Cause,
        /// How far each service is.
        services: BTreeMap<ServiceName, Return>,
    },
    /// Every service runs what it ran before.
    RolledBack {
        /// Why.
        cause: Cause,
    },
    /// Some services could not be taken back: somebody must.
    RollbackFailed {
        /// Why it was to go back.
        cause: Cause,
        /// The services that are stuck, and why.
        stuck: BTreeMap<ServiceName, String>,
    },
    /// The database is brought back, and with it the code that fits. The application stands still.
    Restoring {
        /// How far it is.
        step: Box<RestoreStep>,
    },
    /// The database is as it was at the point that was asked for, and the code with it.
    Restored,
    /// It is not: how things stand says how far it came.
    RestoreFailed {
        /// Why.
        cause: Cause,
        /// How things stand.
        stands: Stands,
    },
}

/// A rehearsal under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsing {
    /// The revision with the new image that rehearses.
    pub inspector: TaskDefinitionArn,
    /// Tasks that never started, so that another was asked for.
    #[serde(default)]
    pub never_started: u8,
    /// How far it is.
    pub step: RehearsalStep,
    /// How the deployment ends once what was made is removed; `None` goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<RehearsalEnd>,
}

/// How far a rehearsal is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum RehearsalStep {
    /// The snapshot that the copy is made from.
    Snapshotting {
        /// Whether RDS has taken the request.
        asked: bool,
    },
    /// RDS makes the copy.
    Copying {
        /// Since when.
        since: Timestamp,
    },
    /// The migration runs there.
    Migrating {
        /// How long the copy took, in seconds.
        copied_s: u64,
        /// Where the copy answers.
        host: String,
        /// And on which port.
        port: u16,
        /// The task, once ECS has taken it.
        task: Option<TaskArn>,
    },
    /// RDS removes the copy.
    RemovingCopy,
    /// And the snapshot.
    RemovingSnapshot,
}

/// How a deployment ends that is stopped while it rehearses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RehearsalEnd {
    /// The rehearsal went wrong.
    Failed(Cause),
    /// Somebody called it off.
    Cancelled {
        /// Who.
        by: UserId,
    },
    /// A newer release takes its place.
    Superseded {
        /// The newer one.
        by: DeploymentId,
    },
}

/// How far the change of the stack is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioning {
    /// Whether CloudFormation has taken the request.
    pub asked: bool,
    /// What was seen of the update last.
    pub update: StackUpdate,
}

/// How far the backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "backup", rename_all = "kebab-case")]
pub enum BackingUp {
    /// RDS is to be asked for the snapshot.
    Starting,
    /// RDS has taken the request. From here on a snapshot that is not there has vanished.
    Waiting {
        /// Per cent done.
        progress: u8,
    },
}

/// How far a service is on its way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Return {
    /// Finding out what became of our service deployment.
    Looking,
    /// ECS is to stop our service deployment and go back by itself.
    Stopping {
        /// Ours.
        arn: ServiceDeploymentArn,
        /// Whether ECS has taken the request, or had begun by itself.
        asked: bool,
    },
    /// Ours was stopped, or replaced by another: finding out what the service runs.
    Checking {
        /// Since when.
        since: Timestamp,
    },
    /// Ours is over, so the revision from before is deployed anew.
    Redeploying {
        /// Whether ECS has taken the request.
        asked: bool,
    },
    /// ECS says that it is back, or that it was never asked for ours. What it runs, a look at the service
    /// shows: somebody may have deployed it by hand meanwhile, or before, and ECS goes back to that.
    SaidBack,
    /// It runs what it ran before.
    Returned,
    /// It does not, and Sluice knows no further way.
    Stuck(String),
}

impl Return {
    /// Whether there is nothing more to do about the service.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Returned | Self::Stuck(_))
    }
}

impl Phase {
    /// Its name: one word in the state, in logs and in JSON. People read [`Self::in_words`].
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// The phase in words, as in `waiting for approval`.
    pub fn in_words(&self) -> &'static str {
        self.kind().in_words()
    }

    /// Whether the deployment is over.
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Succeeded
            | Self::Unverified { .. }
            | Self::Superseded { .. }
            | Self::Rejected { .. }
            | Self::Expired
            | Self::Cancelled { .. }
            | Self::Failed { .. }
            | Self::RolledForward { .. }
            | Self::RolledBack { .. }
            | Self::RollbackFailed { .. }
            | Self::Restored
            | Self::RestoreFailed { .. } => true,
            Self::Queued
            | Self::Planning { .. }
            | Self::Rehearsing(_)
            | Self::AwaitingApproval
            | Self::AwaitingWindow { .. }
            | Self::Provisioning(_)
            | Self::Withdrawing { .. }
            | Self::BackingUp(_)
            | Self::Migrating
            | Self::RollingOut
            | Self::UpdatingWorkers
            | Self::Verifying { .. }
            | Self::Shifting { .. }
            | Self::Baking { .. }
            | Self::CleaningUp { .. }
            | Self::AwaitingRestoreDecision { .. }
            | Self::RollingBack { .. }
            | Self::Restoring { .. } => false,
        }
    }

    /// Whether it can still be called off, or give way to a newer release: nothing is touched yet.
    pub fn is_untouched(&self) -> bool {
        matches!(
            self,
            Self::Queued
                | Self::Planning { .. }
                | Self::AwaitingApproval
                | Self::AwaitingWindow { .. }
        )
    }

    /// Whether it can be called off. While the stack is changed or the migration runs that is carried
    /// out once it has ended.
    pub fn can_cancel(&self) -> bool {
        self.is_untouched()
            || matches!(
                self,
                Self::Rehearsing(_) | Self::Provisioning(_) | Self::BackingUp(_) | Self::Migrating
            )
    }

    /// Whether it can be paused. From the shift of traffic on ECS goes its way by itself: it shifts,
    /// bakes and cleans up without asking. The way back is not paused.
    pub fn can_pause(&self) -> bool {
        match self {
            Self::Queued
            | Self::Planning { .. }
            | Self::AwaitingApproval
            | Self::AwaitingWindow { .. }
            | Self::BackingUp(_)
            | Self::Migrating
            | Self::RollingOut
            | Self::UpdatingWorkers
            | Self::Verifying { .. } => true,
            // It costs by the hour, and is over soon.
            Self::Rehearsing(_)
            // CloudFormation goes its way by itself.
            | Self::Provisioning(_)
            | Self::Withdrawing { .. }
            | Self::Shifting { .. }
            | Self::Baking { .. }
            | Self::CleaningUp { .. }
            | Self::AwaitingRestoreDecision { .. }
            | Self::RolledForward { .. }
            | Self::RollingBack { .. }
            | Self::Succeeded
            | Self::Unverified { .. }
            | Self::Superseded { .. }
            | Self::Rejected { .. }
            | Self::Expired
            | Self::Cancelled { .. }
            | Self::Failed { .. }
            | Self::RolledBack { .. }
            | Self::RollbackFailed { .. }
            | Self::Restoring { .. }
            | Self::Restored
            | Self::RestoreFailed { .. } => false,
        }
    }
}
