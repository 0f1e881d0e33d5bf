//! Copies of databases: what a restore makes beside the database it is of.
//!
//! RDS restores nothing in place. A snapshot, or a moment within the backup window, becomes a new
//! instance or cluster, which is then either rehearsed with and deleted, or takes the old one's
//! name.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Database;
use crate::id::SnapshotId;

/// What a copy holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestorePoint {
    /// What the snapshot holds.
    Snapshot(SnapshotId),
    /// What was written until this moment, from RDS's automated backups: not before the earliest
    /// and not after the latest restorable time of the source. RDS takes whole seconds.
    Time(Timestamp),
}

impl fmt::Display for RestorePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(snapshot) => write!(f, "snapshot {snapshot}"),
            Self::Time(time) => write!(f, "{time}"),
        }
    }
}

/// What a copy is for. It stands in the copy's tag `sluice:purpose`, and decides whether Sluice may
/// ever delete it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyPurpose {
    /// To try something on, and to be deleted: of the source's class, but in a single zone, with
    /// one member, without deletion protection and never publicly accessible.
    Rehearsal,
    /// To take the source's place: as the source in everything. Sluice never deletes it.
    Replacement,
}

impl CopyPurpose {
    /// As it stands in the tag.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rehearsal => "rehearsal",
            Self::Replacement => "replacement",
        }
    }
}

/// A copy to be made. It belongs to the deployment that asks for it: one of that name that another
/// made, or somebody else, is never taken for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyOrder {
    /// Whose settings it has.
    pub source: Database,
    /// What it holds.
    pub from: RestorePoint,
    /// Of the source's kind, with an identifier of its own.
    pub copy: Database,
    /// What it is for.
    pub purpose: CopyPurpose,
}

/// A copy as RDS describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyObservation {
    /// Where RDS is with it.
    pub status: CopyStatus,
}

/// Where RDS is with a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyStatus {
    /// RDS has none of that name.
    Absent,
    /// It is being restored: RDS's word for its state.
    Creating(String),
    /// It is restored, and not yet in everything as the source is, or busy: what is missing.
    Settling(String),
    /// It can be used, and has everything that it is to have from the source.
    Available {
        /// The host that answers.
        endpoint: String,
        /// The port there.
        port: u16,
        /// `DbiResourceId` or `DbClusterResourceId`, which stays when the name changes.
        resource_id: String,
    },
    /// It will never be of use: RDS's word for its state.
    Failed(String),
}

/// Whether a database in this state of RDS's answers whoever uses it. What RDS does meanwhile it does
/// in the background, for hours: the first backup after a restore, or better-placed storage.
///
/// The states are those of "Viewing DB instance status" and "Viewing DB cluster status"
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>,
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html>) of which
/// the manual does not say that the database is down or may be: not `modifying`, `upgrading`,
/// `maintenance`. RDS may still refuse a change while it is not `available`; that passes.
pub fn is_usable(status: &str) -> bool {
    matches!(
        status,
        "available"
            | "backing-up"
            | "configuring-enhanced-monitoring"
            | "configuring-iam-database-auth"
            | "configuring-log-exports"
            | "update-iam-db-auth"
            | "storage-config-upgrade"
            | "storage-initialization"
            | "storage-optimization"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_in_the_background_keeps_nobody_out() {
        for status in [
            "available",
            "backing-up",
            "storage-optimization",
            "storage-config-upgrade",
            "configuring-enhanced-monitoring",
            "configuring-iam-database-auth",
        ] {
            assert!(is_usable(status), "{status}");
        }
        for status in [
            "creating",
            "modifying",
            "rebooting",
            "renaming",
            "upgrading",
            "maintenance",
            "storage-full",
            "stopped",
            "",
        ] {
            assert!(!is_usable(status), "{status}");
        }
    }
}
