//! The plan: everything a deployment will do, settled before anything is touched.
//!
//! Its hash is what people approve. It holds what will be done and nothing that moves by itself
//! (times, states, sizes, counts): that stands beside it, in [`Seen`].

pub mod demands;
mod diff;
mod remark;
mod render;
mod render_restore;
mod seen;
pub mod survey;
pub mod way_back;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::{Database, Metrics, ServiceKind, Strategy};
use crate::database::RestorePoint;
use crate::id::{
    AlarmName, AppName, CommitId, ContainerName, DeploymentId, EcsServiceName, EnvironmentName,
    ImageTag, ServiceName, SnapshotId, TaskDefinitionArn, TaskFamily, UserId,
};
use crate::migration::{Inspection, Judgement};
use crate::observation::PinnedSecret;
use crate::release::Release;
use crate::request::Hotfix;
use crate::signature::KeyId;
use crate::source::Doubt;
use crate::stack::StackChanges;
use crate::task_definition::RevisionOrder;

pub use diff::changes;
pub use remark::{Remark, split};
pub use seen::{SealedPlan, Seen};

/// The version of a secret that is not pinned: whichever is current when a task starts.
pub const CURRENT: &str = "current";

/// Everything a deployment will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The deployment it is for.
    pub deployment: DeploymentId,
    /// The application.
    pub app: AppName,
    /// Where to.
    pub environment: EnvironmentName,
    /// What.
    pub release: Release,
    /// The key that has signed the image, where signatures are verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<KeyId>,
    /// The commit it was built from, where that decides anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<PlannedSource>,
    /// Who pushed the image, where people are asked and it is known: they may not be one of those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_by: Option<UserId>,
    /// What is brought back, if it is a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<PlannedRollback>,
    /// What becomes of the database, if it is a restore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<PlannedRestore>,
    /// Which environment it skips, and why, if it is a hotfix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<Hotfix>,
    /// What becomes of the environment's stack, before anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<PlannedStack>,
    /// The backup.
    pub backup: Option<PlannedBackup>,
    /// The migration.
    pub migration: Option<PlannedMigration>,
    /// The revision at which the database stands already, so that there is nothing to migrate and
    /// nothing to back up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_head: Option<String>,
    /// Every service, in the order of the configuration.
    pub services: Vec<PlannedService>,
    /// Plain variables to set.
    pub variables: BTreeMap<String, String>,
    /// Secrets to inject, pinned to a version where they can be; otherwise the version is
    /// [`CURRENT`].
    pub secrets: Vec<PinnedSecret>,
    /// The names of the smoke tests.
    pub smoke_tests: Vec<String>,
    /// How long the new version is watched.
    pub bake: SignedDuration,
    /// How the requests to both versions are compared; `None` does not compare them.
    #[serde(
        default = "Metrics::by_default",
        skip_serializing_if = "Metrics::is_default"
    )]
    pub metrics: Option<Metrics>,
    /// Alarms that must stay quiet. Those that ring already do not count: [`SealedPlan::alarms`].
    pub alarms: Vec<AlarmName>,
}

/// The commit that the image says it was built from, and what is in doubt of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSource {
    /// It; `None` where the image does not name it in full.
    pub commit: Option<CommitId>,
    /// Why it may be none that is to be released.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
}

impl PlannedSource {
    /// Whether anything is in doubt.
    pub fn is_in_doubt(&self) -> bool {
        !self.doubts.is_empty()
    }
}

/// What becomes of the environment's stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStack {
    /// Its name.
    pub name: String,
    /// Where the new template is; `None` leaves the one that the stack has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Parameters with a value; the others keep theirs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// What CloudFormation says will change; `None` in a preview, which makes no change set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<StackChanges>,
}

/// The backup that will be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedBackup {
    /// Of what.
    pub database: Database,
    /// Under which name.
    pub snapshot: SnapshotId,
}

/// The migration that will run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedMigration {
    /// What is run.
    pub command: Vec<String>,
    /// The service whose task definition and network the task has.
    pub service: ServiceName,
    /// After this it counts as failed.
    pub timeout: SignedDuration,
    /// Whether the team promises that the running code runs on the new schema, where nobody looked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub additive: bool,
    /// What looking at it showed; `None` where it cannot be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<Inspection>,
}

/// What will become of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedService {
    /// Which.
    pub service: ServiceName,
    /// What it does.
    pub kind: ServiceKind,
    /// Its name in ECS.
    pub ecs_service: EcsServiceName,
    /// The container that gets the image.
    pub container: ContainerName,
    /// How it is replaced.
    pub strategy: Strategy,
    /// The revision it runs now: the way back, and what the new one is made from, unless that is
    /// `base`.
    pub from: TaskDefinitionArn,
    /// The revision of infrastructure code that the new one is made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<PlannedBase>,
    /// The family that the new one gets into, where it is not made from one of that family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<TaskFamily>,
    /// Variables and secrets that go: an earlier deployment set them, and the configuration has them
    /// no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removes: Vec<String>,
    /// From SIGTERM to SIGKILL; `None` leaves what is there.
    pub stop_timeout: Option<SignedDuration>,
    /// The revision that a rollback brings back, or registers anew where ECS has it no more;
    /// `None` makes a new one from `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<TaskDefinitionArn>,
    /// How many tasks it is started with: after a restore has stopped it, or where a rollback finds
    /// a number that it cannot go back with. `None` leaves the number to autoscaling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<u32>,
}

/// The revision of infrastructure code that a new one is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedBase {
    /// It.
    pub revision: TaskDefinitionArn,
    /// What is different in it from what runs, such as `cpu 512 → 1024`, apart from what Sluice sets.
    pub differs: Vec<String>,
}

impl PlannedService {
    /// The revision that is registered for it.
    pub fn order(&self) -> RevisionOrder {
        let base = self.base.as_ref().map(|base| &base.revision);
        RevisionOrder {
            from: self
                .revision
                .as_ref()
                .or(base)
                .unwrap_or(&self.from)
                .clone(),
            family: self.family.clone(),
            container: self.container.clone(),
            removes: self.removes.clone(),
            stop_timeout: self.stop_timeout,
        }
    }
}

/// That the plan is a rollback's, and what people should see of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRollback {
    /// The release that was verified last when it was asked for.
    pub from: Option<ImageTag>,
    /// Why, in the words of the one who asked.
    pub reason: String,
}

/// What becomes of the database in a restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRestore {
    /// The database: the name that is found by the application before and after.
    pub database: Database,
    /// Which one that is now: what is called so later is not touched unless it is this one.
    pub resource_id: String,
    /// What it is to hold.
    pub point: RestorePoint,
    /// The moment of that: what was written later is lost.
    pub until: Timestamp,
    /// The deployment whose migration is undone.
    pub before: DeploymentId,
    /// That deployment's release.
    pub undoes: ImageTag,
    /// The release that was verified last when it was asked for.
    pub from: Option<ImageTag>,
    /// Why, in the words of the one who asked.
    pub reason: String,
    /// The copy, until it takes the name.
    pub copy: Database,
    /// The old database, once it has given up the name.
    pub aside: Database,
}

impl Plan {
    /// What the migration would do, where that is known.
    pub fn judgement(&self) -> Option<&Judgement> {
        let inspection = self.migration.as_ref()?.inspection.as_ref()?;
        Some(&inspection.judgement)
    }

    /// Whether the code that runs now also runs on the schema that the migration leaves: by the
    /// judgement, or by the team's promise where there is none. What nobody knows is not believed to
    /// be harmless.
    pub fn is_additive(&self) -> bool {
        match (self.judgement(), &self.migration) {
            (Some(judgement), _) => judgement.is_additive(),
            (None, Some(migration)) => migration.additive,
            (None, None) => true,
        }
    }

    /// Whether its commit may be none that is to be released, where that decides anything.
    pub fn is_source_in_doubt(&self) -> bool {
        self.source.as_ref().is_some_and(PlannedSource::is_in_doubt)
    }

    /// What changes in the environment's stack; `None` where nothing does.
    pub fn stack_changes(&self) -> Option<&StackChanges> {
        let changes = self.stack.as_ref()?.changes.as_ref();
        changes.filter(|changes| !changes.is_empty())
    }

    /// The plan's line for a service. Planning made sure that every service has one.
    pub fn service(&self, name: &ServiceName) -> Option<&PlannedService> {
        self.services
            .iter()
            .find(|planned| planned.service == *name)
    }
}
