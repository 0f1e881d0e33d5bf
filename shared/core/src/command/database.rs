//! What RDS is asked for.

use super::CommandKind;
use crate::config::Database;
use crate::database::CopyOrder;
use crate::id::SnapshotId;

/// What RDS is asked for, beside how a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseCommand {
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
    /// Have RDS remove a snapshot that this deployment took.
    RemoveSnapshot {
        /// Its identifier.
        snapshot: SnapshotId,
        /// Of what.
        database: Database,
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
    /// Have RDS make a copy of a database, and then whatever it still lacks.
    StartCopy(CopyOrder),
    /// See how the copy is.
    ReadCopy(CopyOrder),
    /// Have RDS remove the copy, and see whether it is gone.
    RemoveCopy(CopyOrder),
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

impl DatabaseCommand {
    /// Which of several of its kind it is.
    pub(super) fn about(&self) -> Option<&str> {
        match self {
            Self::RenameDatabase { to, .. } => Some(to),
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> CommandKind {
        match self {
            Self::StartSnapshot { .. } => CommandKind::StartSnapshot,
            Self::ReadSnapshot { .. } => CommandKind::ReadSnapshot,
            Self::RemoveSnapshot { .. } => CommandKind::RemoveSnapshot,
            Self::PruneSnapshots { .. } => CommandKind::PruneSnapshots,
            Self::StartCopy(_) => CommandKind::StartCopy,
            Self::ReadCopy(_) => CommandKind::ReadCopy,
            Self::RemoveCopy(_) => CommandKind::RemoveCopy,
            Self::FindDatabases(_) => CommandKind::FindDatabases,
            Self::RenameDatabase { .. } => CommandKind::RenameDatabase,
        }
    }

    pub(super) fn changes_the_world(&self) -> bool {
        match self {
            Self::StartSnapshot { .. }
            | Self::RemoveSnapshot { .. }
            | Self::PruneSnapshots { .. }
            | Self::StartCopy(_)
            | Self::RemoveCopy(_)
            | Self::RenameDatabase { .. } => true,
            Self::ReadSnapshot { .. } | Self::ReadCopy(_) | Self::FindDatabases(_) => false,
        }
    }
}
