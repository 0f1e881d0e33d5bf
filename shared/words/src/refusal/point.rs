//! Why a point is none that a database can be restored to.

use jiff::Timestamp;
use sluice_core::id::ImageTag;

/// Why a point is not among those that people choose from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPoint {
    /// There is nothing to undo.
    #[error("no migration of the last deployments is in the database")]
    NoMigration,
    /// No one knows when the migration of this release began.
    #[error(
        "the moment before the migration of {0}: it is not known, because no backup was taken \
         before it"
    )]
    NotKnown(ImageTag),
    /// RDS does not reach the moment before the migration.
    #[error("right before the migration of {undoes} ({}): NOT POSSIBLE: {why}", said(.until))]
    NotPossible {
        /// Whose migration.
        undoes: ImageTag,
        /// When it began.
        until: Timestamp,
        /// What RDS reaches.
        why: OutOfReach,
    },
    /// No code is known that fits the schema before this release.
    #[error("before {0}: not available, no earlier verified release")]
    NoCode(ImageTag),
}

/// What RDS reaches.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfReach {
    /// Later moments only.
    #[error("RDS can restore only from {} to {}", said(.earliest), said(.latest))]
    Later {
        /// The first of them.
        earliest: Timestamp,
        /// The last.
        latest: Timestamp,
    },
    /// Earlier moments only, so far.
    #[error("RDS can restore up to {} so far; try again in a few minutes", said(.0))]
    Earlier(Timestamp),
    /// None.
    #[error("RDS keeps no automated backups of the database")]
    NoBackups,
}

fn said(at: &Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
