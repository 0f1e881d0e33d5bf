//! What a deployment asks of the world.
//!
//! A command and the deployment's pinned settings leave no choice to whoever carries it out, and
//! each can be carried out twice: its [`CommandKey`] is the same every time.

mod key;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::{Database, Strategy};
use crate::database::CopyOrder;
use crate::id::{
    AlarmName, CommitId, ContainerName, DeploymentId, EcsServiceName, EnvironmentName,
    ServiceDeploymentArn, ServiceName, SnapshotId, TaskArn, TaskDefinitionArn,
};
use crate::observation::PinnedSecret;
use crate::stack::ChangeSetOrder;
use crate::task_definition::RevisionOrder;

pub use key::{CommandKey, CommandKind, UnknownCommand};

/// What a deployment asks of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Take the environment, if nobody has it and nobody newer wants it.
    ClaimEnvironment,
    /// See whether the digest is there and what the tag names now.
    ReadImage,
    /// Read the image scan.
    ReadScan,
    /// Read which of the keys has signed the image.
    ReadSignature,
    /// Ask the source repository about the commit that the image names.
    ReadSource {
        /// The commit.
        commit: CommitId,
        /// The deployment that proved what runs.
        runs: Option<DeploymentId>,
    },
    /// See whether the digest has succeeded elsewhere.
    ReadProof {
        /// Where it must have.
        environment: EnvironmentName,
    },
    /// Read where that environment is unlike this one. What cannot be read is not known, and no error.
    ReadParity {
        /// The environment before.
        environment: EnvironmentName,
    },
    /// See that each secret exists and which version it has. A rollback keeps the versions that its
    /// release had, where they still are.
    PinSecrets,
    /// Read every service: revision, tasks, traffic.
    ReadServices,
    /// Read the database that will be backed up.
    ReadDatabase(Database),
    /// Read the alarms that are to stay quiet.
    ReadAlarms,
    /// Read who may approve.
    ReadApprovers,
    /// Read the release verified last here.
    ReadPrevious,
    /// Read what closes the environment: freezes, windows, holds.
    ReadControls,
    /// Ask RDS for the snapshot. One of that name that is there already is this one.
    StartSnapshot {
        /// Its identifier, made from the deployment's id.
        snapshot: SnapshotId,
        /// Of what.
        database: Database,
    },
    /// See how the snapshot is.
    ReadSnapshot {
        /// Its identifier.
        snapshot: SnapshotId,
        /// Of what.
        database: Database,
    },
    /// Register a revision with the plan's image, secrets and variables, and nothing else changed.
    RegisterTaskDefinition {
        /// For which service.
        service: ServiceName,
        /// Made from what, and where to.
        revision: RevisionOrder,
    },
    /// Register a revision with the new image, to look at its migrations with: in a family of its
    /// own, since no one has approved the image yet.
    RegisterInspector {
        /// Made from what, and where to.
        revision: RevisionOrder,
        /// The secrets, as they were pinned.
        secrets: Vec<PinnedSecret>,
    },
    /// Run a task that looks at the database and at the image's migrations, and changes nothing.
    StartInspection {
        /// ECS `clientToken`, and `startedBy` besides: at most 36 characters.
        token: String,
        /// The service whose network the task has.
        ecs_service: EcsServiceName,
        /// The revision with the new image.
        task_definition: TaskDefinitionArn,
        /// The container that runs it.
        container: ContainerName,
        /// The migration's command: what is looked at.
        command: Vec<String>,
    },
    /// See what that task found.
    ReadInspection {
        /// The task.
        task: TaskArn,
    },
    /// Run the migration on a copy of the database, once.
    StartRehearsal {
        /// ECS `clientToken`, and `startedBy` besides: at most 36 characters.
        token: String,
        /// The service whose network the task has.
        ecs_service: EcsServiceName,
        /// The revision with the new image.
        task_definition: TaskDefinitionArn,
        /// The container that runs it.
        container: ContainerName,
        /// The migration's command.
        command: Vec<String>,
        /// Where the copy answers.
        host: String,
        /// And on which port.
        port: u16,
    },
    /// See how that task is.
    ReadRehearsal {
        /// The task.
        task: TaskArn,
    },
    /// Have RDS remove the copy, and see whether it is gone.
    RemoveCopy(CopyOrder),
    /// Have RDS remove a snapshot that this deployment took.
    RemoveSnapshot {
        /// Its identifier.
        snapshot: SnapshotId,
        /// Of what.
        database: Database,
    },
    /// Have CloudFormation make a change set. One of that name that is there already is this one.
    StartChangeSet(ChangeSetOrder),
    /// See what the change set would do, and whether it can be executed.
    ReadChangeSet {
        /// Of which stack.
        stack: String,
        /// Its name.
        name: String,
    },
    /// Have CloudFormation remove a change set that nothing executes.
    RemoveChangeSet {
        /// Of which stack.
        stack: String,
        /// Its name.
        name: String,
    },
    /// Have CloudFormation execute the change set, once.
    ExecuteChangeSet {
        /// Of which stack.
        stack: String,
        /// Its name, and the token of the request: the events of the update carry it.
        name: String,
    },
    /// See how far the update of the stack is that has this token.
    ReadStackUpdate {
        /// Which stack.
        stack: String,
        /// The token.
        token: String,
    },
    /// Run the migration task, once.
    StartMigration {
        /// ECS `clientToken`, and `startedBy` besides: at most 36 characters.
        token: String,
        /// The service whose network the task has.
        ecs_service: EcsServiceName,
        /// The new revision.
        task_definition: TaskDefinitionArn,
        /// The container that runs the command.
        container: ContainerName,
        /// The command.
        command: Vec<String>,
    },
    /// See how the migration task is.
    ReadMigration {
        /// The task.
        task: TaskArn,
    },
    /// Have ECS stop the migration task. Its process gets SIGTERM, and SIGKILL two minutes later at
    /// most.
    StopMigration {
        /// The task.
        task: TaskArn,
    },
    /// Bring a service to a revision. A service deployment to it that is younger than
    /// `since` is this one.
    StartRollout(RolloutOrder),
    /// See how our service deployment is.
    ReadRollout {
        /// Of which service.
        service: ServiceName,
        /// Its name in ECS.
        ecs_service: EcsServiceName,
        /// The revision we asked for.
        task_definition: TaskDefinitionArn,
        /// Ours is not older than this.
        since: Timestamp,
    },
    /// Have ECS stop our service deployment and go back.
    StopRollout {
        /// Of which service.
        service: ServiceName,
        /// Ours.
        arn: ServiceDeploymentArn,
    },
    /// Run all smoke tests: against green where a service has one, else against what users see. A
    /// restore runs them and the health paths against what users see.
    RunSmokeTests,
    /// Probe the web services, read the alarms and look at the tasks.
    SampleHealth {
        /// Tasks that stopped after this count.
        tasks_since: Timestamp,
    },
    /// Read how many requests the two versions of a service had, how many of them failed, and how
    /// long they took.
    ReadMetrics {
        /// Of which service.
        service: ServiceName,
        /// Its name in ECS.
        ecs_service: EcsServiceName,
        /// The new version's revision.
        task_definition: TaskDefinitionArn,
        /// Its service deployment is not older than this.
        since: Timestamp,
        /// From this minute to now.
        from: Timestamp,
    },
    /// Remove our old snapshots of the database, all but the newest `keep`.
    PruneSnapshots {
        /// Of what.
        database: Database,
        /// How many stay.
        keep: u16,
        /// The one of this deployment, which stays in any case.
        spare: SnapshotId,
    },
    /// Have ECS run so many tasks of a service, of the revision that it has.
    ScaleService {
        /// Which service.
        service: ServiceName,
        /// Its name in ECS.
        ecs_service: EcsServiceName,
        /// How many.
        tasks: u32,
    },
    /// Have RDS make a copy of a database, and then whatever it still lacks.
    StartCopy(CopyOrder),
    /// See how the copy is.
    ReadCopy(CopyOrder),
    /// See who has these names.
    FindDatabases(Vec<Database>),
    /// Have RDS call a database otherwise.
    RenameDatabase {
        /// What it is called now.
        from: Database,
        /// Which it is, whatever it is called.
        resource_id: String,
        /// What it is to be called.
        to: String,
    },
}

/// What ECS is asked for. A desired count only where Sluice took the tasks away itself: it is
/// autoscaling's otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutOrder {
    /// The deployment, told to the lifecycle hook.
    pub deployment: DeploymentId,
    /// Of which service.
    pub service: ServiceName,
    /// Its name in ECS.
    pub ecs_service: EcsServiceName,
    /// The revision to run.
    pub task_definition: TaskDefinitionArn,
    /// How.
    pub strategy: Strategy,
    /// How long ECS keeps both versions after the shift, in whole minutes.
    pub bake: SignedDuration,
    /// Alarms that make ECS go back by itself.
    pub alarms: Vec<AlarmName>,
    /// Forward, held by the hook; or back, held by nobody.
    pub direction: Direction,
    /// A service deployment to this revision that is not older is this one.
    pub since: Timestamp,
    /// How many tasks are wanted from now on, of a service that was stopped for a database restore;
    /// `None` leaves their number as it is.
    pub desired: Option<u32>,
}

/// Which way a service goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// To the new release.
    Forward,
    /// To what ran before.
    Back,
}

impl Command {
    /// The same for the same command, every time.
    pub fn key(&self) -> CommandKey {
        let kind = self.kind();
        match self {
            Self::RegisterTaskDefinition { service, .. }
            | Self::ReadRollout { service, .. }
            | Self::ReadMetrics { service, .. }
            | Self::StopRollout { service, .. }
            | Self::ScaleService { service, .. } => CommandKey::about(kind, service.as_str()),
            Self::StartRollout(order) => match order.direction {
                Direction::Forward => CommandKey::start_rollout(&order.service),
                Direction::Back => CommandKey::start_rollout_back(&order.service),
            },
            // Of which task: there may be another one by the time that somebody answers.
            Self::ReadInspection { task }
            | Self::ReadMigration { task }
            | Self::ReadRehearsal { task } => CommandKey::about(kind, task.id()),
            Self::RenameDatabase { to, .. } => CommandKey::about(kind, to),
            // Of which one: each look makes one of its own.
            Self::StartChangeSet(ChangeSetOrder { name, .. })
            | Self::ReadChangeSet { name, .. }
            | Self::RemoveChangeSet { name, .. }
            | Self::ExecuteChangeSet { name, .. }
            | Self::ReadStackUpdate { token: name, .. } => CommandKey::about(kind, name),
            _ => CommandKey::of(kind),
        }
    }

    /// Of which kind it is.
    pub fn kind(&self) -> CommandKind {
        match self {
            Self::ClaimEnvironment => CommandKind::ClaimEnvironment,
            Self::ReadImage => CommandKind::ReadImage,
            Self::ReadScan => CommandKind::ReadScan,
            Self::ReadSignature => CommandKind::ReadSignature,
            Self::ReadSource { .. } => CommandKind::ReadSource,
            Self::ReadProof { .. } => CommandKind::ReadProof,
            Self::ReadParity { .. } => CommandKind::ReadParity,
            Self::PinSecrets => CommandKind::PinSecrets,
            Self::ReadServices => CommandKind::ReadServices,
            Self::ReadDatabase(_) => CommandKind::ReadDatabase,
            Self::ReadAlarms => CommandKind::ReadAlarms,
            Self::ReadApprovers => CommandKind::ReadApprovers,
            Self::ReadPrevious => CommandKind::ReadPrevious,
            Self::ReadControls => CommandKind::ReadControls,
            Self::StartSnapshot { .. } => CommandKind::StartSnapshot,
            Self::ReadSnapshot { .. } => CommandKind::ReadSnapshot,
            Self::RegisterTaskDefinition { .. } => CommandKind::RegisterTaskDefinition,
            Self::RegisterInspector { .. } => CommandKind::RegisterInspector,
            Self::StartInspection { .. } => CommandKind::StartInspection,
            Self::ReadInspection { .. } => CommandKind::ReadInspection,
            Self::StartRehearsal { .. } => CommandKind::StartRehearsal,
            Self::ReadRehearsal { .. } => CommandKind::ReadRehearsal,
            Self::RemoveCopy(_) => CommandKind::RemoveCopy,
            Self::RemoveSnapshot { .. } => CommandKind::RemoveSnapshot,
            Self::StartChangeSet(_) => CommandKind::StartChangeSet,
            Self::ReadChangeSet { .. } => CommandKind::ReadChangeSet,
            Self::RemoveChangeSet { .. } => CommandKind::RemoveChangeSet,
            Self::ExecuteChangeSet { .. } => CommandKind::ExecuteChangeSet,
            Self::ReadStackUpdate { .. } => CommandKind::ReadStackUpdate,
            Self::StartMigration { .. } => CommandKind::StartMigration,
            Self::ReadMigration { .. } => CommandKind::ReadMigration,
            Self::StopMigration { .. } => CommandKind::StopMigration,
            Self::StartRollout(_) => CommandKind::StartRollout,
            Self::ReadRollout { .. } => CommandKind::ReadRollout,
            Self::StopRollout { .. } => CommandKind::StopRollout,
            Self::RunSmokeTests => CommandKind::RunSmokeTests,
            Self::SampleHealth { .. } => CommandKind::SampleHealth,
            Self::ReadMetrics { .. } => CommandKind::ReadMetrics,
            Self::PruneSnapshots { .. } => CommandKind::PruneSnapshots,
            Self::ScaleService { .. } => CommandKind::ScaleService,
            Self::StartCopy(_) => CommandKind::StartCopy,
            Self::ReadCopy(_) => CommandKind::ReadCopy,
            Self::FindDatabases(_) => CommandKind::FindDatabases,
            Self::RenameDatabase { .. } => CommandKind::RenameDatabase,
        }
    }

    /// Whether it leaves something in the world, so that the intent is stored before it is carried
    /// out. Claiming an environment is not among them: that is a write under a condition, in the
    /// store itself.
    pub fn has_effect(&self) -> bool {
        match self {
            Self::ClaimEnvironment => false,
            Self::RegisterInspector { .. }
            | Self::StartInspection { .. }
            | Self::StartChangeSet(_)
            | Self::RemoveChangeSet { .. } => true,
            other => other.changes_the_world(),
        }
    }

    /// Whether it changes the world, rather than reading it.
    pub fn changes_the_world(&self) -> bool {
        match self {
            Self::ClaimEnvironment
            | Self::StartSnapshot { .. }
            | Self::RegisterTaskDefinition { .. }
            | Self::StartMigration { .. }
            | Self::StopMigration { .. }
            | Self::StartRollout(_)
            | Self::StopRollout { .. }
            | Self::PruneSnapshots { .. }
            | Self::ScaleService { .. }
            | Self::StartCopy(_)
            | Self::StartRehearsal { .. }
            | Self::RemoveCopy(_)
            | Self::RemoveSnapshot { .. }
            | Self::ExecuteChangeSet { .. }
            | Self::RenameDatabase { .. } => true,
            // A revision that nothing runs, a task that only looks, and a change set that nothing
            // executes.
            Self::RegisterInspector { .. }
            | Self::StartInspection { .. }
            | Self::StartChangeSet(_)
            | Self::RemoveChangeSet { .. } => false,
            Self::ReadImage
            | Self::ReadScan
            | Self::ReadSignature
            | Self::ReadSource { .. }
            | Self::ReadProof { .. }
            | Self::ReadParity { .. }
            | Self::PinSecrets
            | Self::ReadServices
            | Self::ReadDatabase(_)
            | Self::ReadAlarms
            | Self::ReadChangeSet { .. }
            | Self::ReadStackUpdate { .. }
            | Self::ReadApprovers
            | Self::ReadPrevious
            | Self::ReadControls
            | Self::ReadSnapshot { .. }
            | Self::ReadInspection { .. }
            | Self::ReadRehearsal { .. }
            | Self::ReadMigration { .. }
            | Self::ReadRollout { .. }
            | Self::RunSmokeTests
            | Self::SampleHealth { .. }
            | Self::ReadMetrics { .. }
            | Self::ReadCopy(_)
            | Self::FindDatabases(_) => false,
        }
    }
}
