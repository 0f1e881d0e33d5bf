//! What ECS is asked for around the migration.

use super::CommandKind;
use crate::id::{ContainerName, EcsServiceName, TaskArn, TaskDefinitionArn};
use crate::observation::PinnedSecret;
use crate::task_definition::RevisionOrder;

/// Tasks that run once: to look at the migration, to rehearse it, to run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskCommand {
    /// Register a revision with the new image, to look at its migrations with: in a family of its
    /// own, since no one has approved the image yet.
    RegisterInspector {
        /// Made from what, and where to.
        revision: RevisionOrder,
        /// The secrets, as they were pinned.
        secrets: Vec<PinnedSecret>,
    },
    /// Run a task that looks at the database and at the image's migrations, and changes nothing.
    /// The order has the migration's own command: that is what is looked at.
    StartInspection(TaskOrder),
    /// See what that task found.
    ReadInspection {
        /// The task.
        task: TaskArn,
    },
    /// Run the migration on a copy of the database, once.
    StartRehearsal {
        /// With the migration's own command.
        task: TaskOrder,
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
    /// Run the migration task, once.
    StartMigration(TaskOrder),
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
}

/// A task to be run once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskOrder {
    /// `clientToken`, and `startedBy` besides: one task for one token, of at most 36 characters.
    pub token: String,
    /// The service whose network configuration and launch type it has.
    pub ecs_service: EcsServiceName,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// The container whose command is replaced.
    pub container: ContainerName,
    /// The command.
    pub command: Vec<String>,
}

impl TaskCommand {
    /// Of which task: there may be another one by the time that somebody answers.
    pub(super) fn about(&self) -> Option<&str> {
        match self {
            Self::ReadInspection { task }
            | Self::ReadRehearsal { task }
            | Self::ReadMigration { task } => Some(task.id()),
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> CommandKind {
        match self {
            Self::RegisterInspector { .. } => CommandKind::RegisterInspector,
            Self::StartInspection(_) => CommandKind::StartInspection,
            Self::ReadInspection { .. } => CommandKind::ReadInspection,
            Self::StartRehearsal { .. } => CommandKind::StartRehearsal,
            Self::ReadRehearsal { .. } => CommandKind::ReadRehearsal,
            Self::StartMigration(_) => CommandKind::StartMigration,
            Self::ReadMigration { .. } => CommandKind::ReadMigration,
            Self::StopMigration { .. } => CommandKind::StopMigration,
        }
    }

    pub(super) fn has_effect(&self) -> bool {
        match self {
            Self::RegisterInspector { .. } | Self::StartInspection(_) => true,
            other => other.changes_the_world(),
        }
    }

    /// A revision that nothing runs and a task that only looks change nothing.
    pub(super) fn changes_the_world(&self) -> bool {
        match self {
            Self::StartRehearsal { .. } | Self::StartMigration(_) | Self::StopMigration { .. } => {
                true
            }
            Self::RegisterInspector { .. }
            | Self::StartInspection(_)
            | Self::ReadInspection { .. }
            | Self::ReadRehearsal { .. }
            | Self::ReadMigration { .. } => false,
        }
    }
}
