//! What the wrapper tells in its task's log, read line by line.

use serde::{Deserialize, Serialize};

use crate::judge::Tables;

/// What every line of a report begins with.
pub const PREFIX: &str = "sluice-report ";

/// What a task of the wrapper told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "kebab-case")]
pub enum Report {
    /// It has looked at the database and at the image's migrations.
    Inspected(Box<Inspected>),
    /// It has run the migration on a copy of the database.
    Rehearsed(Rehearsed),
    /// It could not.
    Failed {
        /// What kind of trouble it is.
        trouble: Trouble,
        /// The details, without values that may be secret.
        detail: String,
    },
}

/// Where the database stands and what would run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspected {
    /// The revisions the database stands at.
    pub current: Vec<String>,
    /// The image's one head.
    pub head: String,
    /// What would run, in its order: id and message.
    pub pending: Vec<(String, String)>,
    /// The SQL that would run; `None` where it could not be rendered without a database.
    pub sql: Option<String>,
    /// Why there is no SQL.
    #[serde(default)]
    pub sql_error: Option<String>,
    /// The tables that the SQL names, as they are now.
    pub tables: Tables,
}

/// What a rehearsal showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsed {
    /// How long the migration ran, in milliseconds.
    pub took_ms: u64,
    /// The locks it held that make others wait: table, PostgreSQL's mode, and for how long at most,
    /// in milliseconds.
    pub locks: Vec<(String, String, u64)>,
    /// Where the copy stood afterwards.
    pub current: Vec<String>,
}

/// Why a task of the wrapper told nothing better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// Alembic is not installed in the image.
    NoAlembic,
    /// Alembic's configuration or scripts could not be read.
    NoConfig,
    /// The image's migrations have more than one head.
    SeveralHeads,
    /// The database stands at a revision that the image does not have.
    UnknownRevision,
    /// The database did not answer.
    NoDatabase,
    /// The advisory lock was not free in time: another migration runs.
    Locked,
    /// The connection could not be led to the copy of the database.
    NotRedirected,
    /// Anything else.
    Other,
}
