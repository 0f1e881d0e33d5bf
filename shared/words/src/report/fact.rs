//! What people are told of the world. Each fact can be held against the world; none is prose.

use jiff::Timestamp;

use sluice_core::id::{ImageTag, ServiceName, SnapshotId, TaskArn, TaskDefinitionArn};

/// Something that is so when it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Neither a service nor the database was changed.
    NothingChanged,
    /// No service was changed.
    ServicesUnchanged,
    /// What a service runs.
    Runs {
        /// The service.
        service: ServiceName,
        /// What.
        revision: Revision,
    },
    /// A service was to be brought somewhere, and was not.
    NotBrought {
        /// The service.
        service: ServiceName,
        /// Why, as far as ECS or Sluice says.
        reason: String,
    },
    /// All traffic goes to the release.
    HasTheTraffic,
    /// Where the database's schema stands.
    Schema(Schema),
    /// Releases since what runs now ran a migration that it may not fit.
    MigratedSince(Vec<ImageTag>),
    /// How the environment's stack stands.
    Stack {
        /// Its name.
        name: String,
        /// How.
        stands: StackStands,
    },
    /// A snapshot holds the database as it was before the migration.
    Snapshot(SnapshotId),
    /// The copy of a rehearsal and its snapshot are gone.
    CopyRemoved,
    /// They are not.
    CopyLeft {
        /// The name of both.
        copy: String,
    },
    /// Automatic deployments are paused.
    Held,
    /// The failure says nothing about the release.
    NotTheRelease,
    /// Where there are no further steps of Sluice's own.
    StopsHere,
    /// The last line of the migration's log.
    LastLogLine(String),
    /// Something about the databases of a restore.
    Database(DatabaseFact),
}

/// How a stack stands that a deployment was to update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackStands {
    /// It is updated, and stays so.
    Updated,
    /// CloudFormation has taken back what it had changed.
    AsBefore,
    /// It is stuck between the two.
    Stuck,
    /// That is not known.
    Unknown,
}

/// What a service runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// The release of this deployment.
    Release,
    /// What it ran before.
    Before(TaskDefinitionArn),
    /// That is not known.
    Unknown,
}

/// Where the schema stands, as far as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schema {
    /// No migration was begun.
    Unchanged,
    /// The migration failed, and was one transaction.
    Undone,
    /// The migration is applied.
    New(Fits),
    /// The migration failed, and was not one transaction: a part of it may have stayed.
    Between,
    /// What the migration did is not known.
    Unknown,
    /// Nor whether it still runs.
    MayStillChange {
        /// Its task; `None` if ECS's answer to its start was not heard.
        task: Option<TaskArn>,
    },
}

/// Whether the version from before runs on the new schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fits {
    /// It does, as far as the migration's SQL was judged.
    Yes,
    /// That could not be judged.
    MayNot,
    /// It does not.
    No,
    /// The SQL was not looked at.
    NotJudged,
}

/// About the databases of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseFact {
    /// The name is that of the restored database.
    Restored {
        /// The name.
        name: String,
        /// What was written until then is in it.
        until: Timestamp,
    },
    /// The old database is kept.
    OldKept {
        /// Under this name.
        aside: String,
    },
    /// The name is that of the old database, and no data is lost.
    AsBefore {
        /// The name.
        name: String,
    },
    /// A copy that RDS may have made was not deleted.
    CopyMayBeThere {
        /// Its name.
        copy: String,
    },
    /// Every service is scaled to no tasks, and the name may be no database's.
    Down {
        /// The name.
        name: String,
    },
    /// Both databases are there.
    NothingDeleted,
    /// Which database had a name when RDS was asked last.
    Had {
        /// The name.
        name: String,
        /// Which it was.
        which: Which,
        /// RDS's word for its state.
        status: String,
    },
    /// A service could not be started.
    NotStarted {
        /// The service.
        service: ServiceName,
        /// Why.
        reason: String,
    },
    /// Services that did not exist with the version that came back.
    LeftStopped(Vec<ServiceName>),
    /// The checks of what users see failed.
    ChecksFailed,
}

/// One of the databases of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The old one.
    Old {
        /// Its resource id.
        id: String,
    },
    /// The restored one.
    Restored {
        /// Its resource id.
        id: String,
    },
    /// Neither.
    Other {
        /// Its resource id.
        id: String,
    },
    /// RDS does not say.
    Unknown,
}
