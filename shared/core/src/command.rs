//! What a deployment asks of the world.
//!
//! A command and the deployment's pinned settings leave no choice to whoever carries it out, and
//! each can be carried out twice: its [`CommandKey`] is the same every time.

mod database;
mod key;
mod stack;
mod task;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::{Database, Strategy};
use crate::id::{
    AlarmName, CommitId, DeploymentId, EcsServiceName, EnvironmentName, ServiceDeploymentArn,
    ServiceName, TaskDefinitionArn,
};
use crate::task_definition::RevisionOrder;

pub use database::DatabaseCommand;
pub use key::{CommandKey, CommandKind, UnknownCommand};
pub use stack::StackCommand;
pub use task::{TaskCommand, TaskOrder};

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
    /// Have CloudFormation change the stack.
    Stack(StackCommand),
    /// Have RDS take a snapshot, make a copy, change a name.
    Database(DatabaseCommand),
    /// Have ECS run a task once: to look at the migration, to rehearse it, to run it.
    Task(TaskCommand),
    /// Register a revision with the plan's image, secrets and variables, and nothing else changed.
    RegisterTaskDefinition {
        /// For which service.
        service: ServiceName,
        /// Made from what, and where to.
        revision: RevisionOrder,
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
    /// Have ECS run so many tasks of a service, of the revision that it has.
    ScaleService {
        /// Which service.
        service: ServiceName,
        /// Its name in ECS.
        ecs_service: EcsServiceName,
        /// How many.
        tasks: u32,
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
        let about = match self {
            Self::RegisterTaskDefinition { service, .. }
            | Self::ReadRollout { service, .. }
            | Self::ReadMetrics { service, .. }
            | Self::StopRollout { service, .. }
            | Self::ScaleService { service, .. } => Some(service.as_str()),
            Self::StartRollout(order) => {
                return match order.direction {
                    Direction::Forward => CommandKey::start_rollout(&order.service),
                    Direction::Back => CommandKey::start_rollout_back(&order.service),
                };
            }
            Self::Stack(command) => Some(command.about()),
            Self::Database(command) => command.about(),
            Self::Task(command) => command.about(),
            _ => None,
        };
        about.map_or_else(
            || CommandKey::of(kind),
            |about| CommandKey::about(kind, about),
        )
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
            Self::Stack(command) => command.kind(),
            Self::Database(command) => command.kind(),
            Self::Task(command) => command.kind(),
            Self::RegisterTaskDefinition { .. } => CommandKind::RegisterTaskDefinition,
            Self::StartRollout(_) => CommandKind::StartRollout,
            Self::ReadRollout { .. } => CommandKind::ReadRollout,
            Self::StopRollout { .. } => CommandKind::StopRollout,
            Self::RunSmokeTests => CommandKind::RunSmokeTests,
            Self::SampleHealth { .. } => CommandKind::SampleHealth,
            Self::ReadMetrics { .. } => CommandKind::ReadMetrics,
            Self::ScaleService { .. } => CommandKind::ScaleService,
        }
    }

    /// Whether it leaves something in the world, so that the intent is stored before it is carried
    /// out. Claiming an environment is not among them: that is a write under a condition, in the
    /// store itself.
    pub fn has_effect(&self) -> bool {
        match self {
            Self::ClaimEnvironment => false,
            // A change set that nothing executes, a revision that nothing runs, a task that only
            // looks: they leave something, and change nothing.
            Self::Stack(command) => command.has_effect(),
            Self::Task(command) => command.has_effect(),
            other => other.changes_the_world(),
        }
    }

    /// Whether it changes the world, rather than reading it.
    pub fn changes_the_world(&self) -> bool {
        match self {
            Self::ClaimEnvironment
            | Self::RegisterTaskDefinition { .. }
            | Self::StartRollout(_)
            | Self::StopRollout { .. }
            | Self::ScaleService { .. } => true,
            Self::Stack(command) => command.changes_the_world(),
            Self::Database(command) => command.changes_the_world(),
            Self::Task(command) => command.changes_the_world(),
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
            | Self::ReadApprovers
            | Self::ReadPrevious
            | Self::ReadControls
            | Self::ReadRollout { .. }
            | Self::RunSmokeTests
            | Self::SampleHealth { .. }
            | Self::ReadMetrics { .. } => false,
        }
    }
}
