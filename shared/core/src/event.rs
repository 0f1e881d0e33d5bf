//! What can happen to a deployment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::command::CommandKey;
use crate::controls::ControlsObservation;
use crate::database::CopyObservation;
use crate::deployment::Way;
use crate::failure::PortError;
use crate::health::Sample;
use crate::id::{
    AlarmName, DeploymentId, GroupId, Hash, ServiceName, SnapshotId, TaskArn, TaskDefinitionArn,
    UserId,
};
use crate::metrics::Measured;
use crate::migration::{InspectionReading, RehearsalReading};
use crate::observation::{
    AlarmState, ApproversObservation, DatabaseObservation, ImageObservation, PinnedSecret,
    ProofObservation, RolloutObservation, ScanObservation, SecretProblem, ServiceObservation,
    SmokeResult, SnapshotObservation, TaskObservation,
};
use crate::parity::Unlike;
use crate::release::VerifiedRelease;
use crate::restore::Found;
use crate::signature::SignatureObservation;
use crate::source::SourceObservation;
use crate::stack::{ChangeSetReading, Execution, StackUpdate};

/// What can happen to a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Look again: the only event that brings forth commands.
    Wake,
    /// Nobody looked although it was due: Sluice was away, or its table was.
    WasAway {
        /// When it was due.
        since: Timestamp,
    },
    /// Somebody says yes to a plan.
    Approve {
        /// Who.
        by: UserId,
        /// The approvers' groups they are in, read at the moment of the click.
        groups: BTreeSet<GroupId>,
        /// The plan they saw.
        plan: Hash,
        /// Other ids of the same person: where Slack has several workspaces, people have several.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        same: BTreeSet<UserId>,
    },
    /// Somebody says no.
    Reject {
        /// Who.
        by: UserId,
        /// The approvers' groups they are in.
        groups: BTreeSet<GroupId>,
        /// The plan they saw.
        plan: Hash,
        /// Why, in their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody calls it off.
    Cancel {
        /// Who.
        by: UserId,
        /// The environment's groups they are in, read at the moment of the click.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        groups: BTreeSet<GroupId>,
    },
    /// Somebody lets it begin while the environment is closed.
    Override {
        /// Who.
        by: UserId,
        /// The environment's groups they are in, read at the moment of the click.
        groups: BTreeSet<GroupId>,
        /// Why.
        reason: String,
    },
    /// Somebody pauses it.
    Pause {
        /// Who.
        by: UserId,
        /// The environment's groups they are in, read at the moment of the click.
        groups: BTreeSet<GroupId>,
        /// Why.
        reason: String,
    },
    /// Somebody lets it go on.
    Resume {
        /// Who.
        by: UserId,
        /// The environment's groups they are in, read at the moment of the click.
        groups: BTreeSet<GroupId>,
    },
    /// Somebody leaves things as they are after a failure, to mend them with a newer release.
    RollForward {
        /// Who.
        by: UserId,
        /// The environment's groups they are in, read at the moment of the click.
        groups: BTreeSet<GroupId>,
    },
    /// Somebody says that the new version is well, where the samples do not.
    Keep {
        /// Who.
        by: UserId,
        /// The environment's groups they are in, read at the moment of the click.
        groups: BTreeSet<GroupId>,
    },
    /// Somebody wants what ran before.
    GoBack {
        /// Who.
        by: UserId,
        /// Why, in their words.
        reason: String,
        /// The request's own id: the same when it is delivered again.
        request: String,
        /// Whether this deployment brings it, or a restore that waits.
        way: Way,
    },
    /// A newer release, or a rollback, wants the environment.
    SupersededBy {
        /// The newer one.
        deployment: DeploymentId,
    },
    /// A command was carried out.
    Done {
        /// Which.
        command: CommandKey,
        /// What came of it.
        outcome: Outcome,
    },
    /// A command could not be carried out, or its answer was lost.
    CommandFailed {
        /// Which.
        command: CommandKey,
        /// Why.
        error: PortError,
    },
}

impl Event {
    /// Its name, for logs and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Wake => "wake",
            Self::WasAway { .. } => "was-away",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Cancel { .. } => "cancel",
            Self::RollForward { .. } => "roll-forward",
            Self::Keep { .. } => "keep",
            Self::GoBack { .. } => "go-back",
            Self::Override { .. } => "override",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::SupersededBy { .. } => "superseded-by",
            Self::Done { outcome, .. } => outcome.name(),
            Self::CommandFailed { .. } => "command-failed",
        }
    }
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Of `ClaimEnvironment`.
    Claim(Claim),
    /// Of `ReadImage`.
    Image(ImageObservation),
    /// Of `ReadScan`.
    Scan(ScanObservation),
    /// Of `ReadSignature`.
    Signature(SignatureObservation),
    /// Of `ReadSource`.
    Source(SourceObservation),
    /// Of `ReadProof`.
    Proof(ProofObservation),
    /// Of `ReadParity`.
    Parity(Box<Unlike>),
    /// Of `PinSecrets`: each secret, or what is wrong with it.
    Secrets(Result<Vec<PinnedSecret>, Vec<SecretProblem>>),
    /// Of `ReadServices`: services ECS does not have are not among them.
    Services(Vec<ServiceObservation>),
    /// Of `ReadDatabase`; `None` where RDS has no such database.
    Database(Option<DatabaseObservation>),
    /// Of `ReadAlarms`: alarms that do not exist are not among them.
    Alarms(BTreeMap<AlarmName, AlarmState>),
    /// Of `ReadApprovers`.
    Approvers(ApproversObservation),
    /// Of `ReadPrevious`: the release verified last in this environment.
    Previous(Option<VerifiedRelease>),
    /// Of `ReadControls`.
    Controls(Box<ControlsObservation>),
    /// Of `StartSnapshot`: RDS has taken the request.
    SnapshotStarted(SnapshotId),
    /// Of `ReadSnapshot`; `None` where RDS has none of that name.
    Snapshot(Option<SnapshotObservation>),
    /// Of `RegisterTaskDefinition`.
    TaskDefinition {
        /// For which service.
        service: ServiceName,
        /// The revision.
        revision: TaskDefinitionArn,
    },
    /// Of `RegisterInspector`.
    InspectorRegistered(TaskDefinitionArn),
    /// Of `StartInspection`: ECS has taken the task.
    InspectionStarted(TaskArn),
    /// Of `ReadInspection`.
    Inspection(InspectionReading),
    /// Of `StartRehearsal`: ECS has taken the task.
    RehearsalStarted(TaskArn),
    /// Of `ReadRehearsal`.
    Rehearsal(RehearsalReading),
    /// Of `RemoveCopy`: whether it is gone.
    CopyRemoved(bool),
    /// Of `RemoveSnapshot`.
    SnapshotRemoved,
    /// Of `StartChangeSet`: CloudFormation has taken the request.
    ChangeSetStarted,
    /// Of `ReadChangeSet`.
    ChangeSet(ChangeSetReading),
    /// Of `RemoveChangeSet`: there is none of that name.
    ChangeSetRemoved,
    /// Of `ExecuteChangeSet`.
    ChangeSetExecuted(Execution),
    /// Of `ReadStackUpdate`.
    StackUpdate(StackUpdate),
    /// Of `StartMigration`: ECS has taken the task.
    MigrationStarted(TaskArn),
    /// Of `ReadMigration`; `None` where ECS does not show the task: not yet, or not any more.
    Migration(Option<TaskObservation>),
    /// Of `StopMigration`: ECS has taken the request.
    MigrationStopping,
    /// Of `StartRollout`: ECS has taken the request.
    RolloutStarted {
        /// Of which service.
        service: ServiceName,
    },
    /// Of `ReadRollout`; `None` where ECS has no such service deployment.
    Rollout {
        /// Of which service.
        service: ServiceName,
        /// What ECS says of it.
        rollout: Option<RolloutObservation>,
    },
    /// Of `StopRollout`: ECS has taken the request.
    RolloutStopping {
        /// Of which service.
        service: ServiceName,
    },
    /// Of `RunSmokeTests`.
    SmokeTests(Vec<SmokeResult>),
    /// Of `SampleHealth`.
    Health(Sample),
    /// Of `ReadMetrics`.
    Metrics {
        /// Of which service.
        service: ServiceName,
        /// What CloudWatch has.
        measured: Measured,
    },
    /// Of `PruneSnapshots`: those that were removed.
    SnapshotsPruned(Vec<SnapshotId>),
    /// Of `ScaleService`: ECS has taken the request.
    ServiceScaled {
        /// Of which service.
        service: ServiceName,
    },
    /// Of `StartCopy`: RDS has taken the request.
    CopyStarted,
    /// Of `ReadCopy`.
    Copy(CopyObservation),
    /// Of `FindDatabases`, by name: names that nobody has are not among them.
    DatabasesFound(BTreeMap<String, Found>),
    /// Of `RenameDatabase`: RDS has taken the request, or it is done.
    DatabaseRenaming {
        /// What it is to be called.
        to: String,
    },
}

/// What came of asking for the environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// It is ours.
    Granted,
    /// Another deployment holds it.
    HeldBy(DeploymentId),
    /// A newer release, or a rollback, wants it too, and goes before.
    SupersededBy(DeploymentId),
}

impl Outcome {
    /// Its name, for logs and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Claim(_) => "claim",
            Self::Image(_) => "image",
            Self::Scan(_) => "scan",
            Self::Signature(_) => "signature",
            Self::Source(_) => "source",
            Self::Proof(_) => "proof",
            Self::Parity(_) => "parity",
            Self::Secrets(_) => "secrets",
            Self::Services(_) => "services",
            Self::Database(_) => "database",
            Self::Alarms(_) => "alarms",
            Self::Approvers(_) => "approvers",
            Self::Previous(_) => "previous",
            Self::Controls(_) => "controls",
            Self::SnapshotStarted(_) => "snapshot-started",
            Self::Snapshot(_) => "snapshot",
            Self::TaskDefinition { .. } => "task-definition",
            Self::InspectorRegistered(_) => "inspector-registered",
            Self::InspectionStarted(_) => "inspection-started",
            Self::Inspection(_) => "inspection",
            Self::RehearsalStarted(_) => "rehearsal-started",
            Self::Rehearsal(_) => "rehearsal",
            Self::CopyRemoved(_) => "copy-removed",
            Self::SnapshotRemoved => "snapshot-removed",
            Self::ChangeSetStarted => "change-set-started",
            Self::ChangeSet(_) => "change-set",
            Self::ChangeSetRemoved => "change-set-removed",
            Self::ChangeSetExecuted(_) => "change-set-executed",
            Self::StackUpdate(_) => "stack-update",
            Self::MigrationStarted(_) => "migration-started",
            Self::Migration(_) => "migration",
            Self::MigrationStopping => "migration-stopping",
            Self::RolloutStarted { .. } => "rollout-started",
            Self::Rollout { .. } => "rollout",
            Self::RolloutStopping { .. } => "rollout-stopping",
            Self::SmokeTests(_) => "smoke-tests",
            Self::Health(_) => "health",
            Self::Metrics { .. } => "metrics",
            Self::SnapshotsPruned(_) => "snapshots-pruned",
            Self::ServiceScaled { .. } => "service-scaled",
            Self::CopyStarted => "copy-started",
            Self::Copy(_) => "copy",
            Self::DatabasesFound(_) => "databases-found",
            Self::DatabaseRenaming { .. } => "database-renaming",
        }
    }
}
