//! What the wrapper tells in its task's log, read line by line.
//!
//! A report is lines `sluice-report N/M CHUNK` in their order, N from 1 to M. The chunks together are
//! the base64 of its JSON, deflated by zlib. Between them stands whatever else the task logs.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::read::ZlibDecoder;
use serde::{Deserialize, Serialize};

use crate::judge::Tables;

/// What every line of a report begins with.
pub const PREFIX: &str = "sluice-report ";

/// Characters of one chunk. Docker cuts lines of a log at 16 KB.
pub const CHUNK: usize = 8_000;

/// Bytes of JSON that are read of one report: a few may inflate to very many.
pub const JSON_MAX: usize = 4_000_000;

/// Chunks of one report: what does not deflate at all needs this many.
const CHUNKS_MAX: usize = JSON_MAX / CHUNK * 4 / 3 + 2;

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
    /// The tables that the SQL names, itself or by an index, as they are now.
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

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NoAlembic,
        Self::NoConfig,
        Self::SeveralHeads,
        Self::UnknownRevision,
        Self::NoDatabase,
        Self::Locked,
        Self::NotRedirected,
        Self::Other,
    ];
}

/// A report that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A line begins as one of a report does and is none.
    #[error("not a line of a report: it must be `sluice-report N/M CHUNK`, N from 1 to M")]
    Line,
    /// A report of more lines than any has.
    #[error("a report of {0} lines: {CHUNKS_MAX} are the most that a report has")]
    TooManyLines(usize),
    /// Its chunks are not base64.
    #[error("the chunks of a report are not base64")]
    Base64(#[source] base64::DecodeError),
    /// They are not what zlib made.
    #[error("a report does not inflate")]
    Zlib(#[source] std::io::Error),
    /// It is longer than [`JSON_MAX`].
    #[error("a report inflates to more than {JSON_MAX} bytes")]
    TooLong,
    /// Its JSON is none, or not that of a report.
    #[error("the JSON of a report is not as expected")]
    Json(#[source] serde_json::Error),
}

/// The last whole report among the lines of a log; `None` while there is none. Other lines are left
/// alone, and so is what a report that never became whole has told.
///
/// # Errors
///
/// What stands there as a report is none.
pub fn decode<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Option<Report>, ReportError> {
    let mut under_way = Chunks::default();
    let mut whole = None;
    for line in lines {
        let Some(rest) = line.strip_prefix(PREFIX) else {
            continue;
        };
        let (number, of, chunk) = numbered(rest.trim_end()).ok_or(ReportError::Line)?;
        if of > CHUNKS_MAX {
            return Err(ReportError::TooManyLines(of));
        }
        under_way.take(number, of, chunk);
        if under_way.is_whole() {
            whole = Some(std::mem::take(&mut under_way).text);
        }
    }
    whole.as_deref().map(unpack).transpose()
}

/// The lines that tell a report, as the wrapper prints them.
pub fn encode(report: &Report) -> Vec<String> {
    let json = serde_json::to_vec(report).expect("a report has only keys that are text");
    let text = BASE64.encode(fdeflate::compress_to_vec(&json));
    let of = text.len().div_ceil(CHUNK);
    let chunks = text.as_bytes().chunks(CHUNK).enumerate();
    chunks
        .map(|(at, chunk)| {
            let chunk = String::from_utf8_lossy(chunk);
            format!("{PREFIX}{}/{of} {chunk}", at + 1)
        })
        .collect()
}

/// The chunks of a report so far.
#[derive(Default)]
struct Chunks {
    seen: usize,
    of: usize,
    text: String,
}

impl Chunks {
    fn take(&mut self, number: usize, of: usize, chunk: &str) {
        if number == 1 {
            *self = Self {
                seen: 1,
                of,
                text: chunk.to_owned(),
            };
        } else if number == self.seen + 1 && of == self.of {
            self.seen = number;
            self.text.push_str(chunk);
        } else {
            // A piece is missing: the log was cut before it or within it.
            *self = Self::default();
        }
    }

    fn is_whole(&self) -> bool {
        self.seen > 0 && self.seen == self.of
    }
}

/// `N/M CHUNK`.
fn numbered(line: &str) -> Option<(usize, usize, &str)> {
    let (numbers, chunk) = line.split_once(' ')?;
    let (number, of) = numbers.split_once('/')?;
    let (number, of) = (number.parse().ok()?, of.parse().ok()?);
    (1..=of).contains(&number).then_some((number, of, chunk))
}

fn unpack(text: &str) -> Result<Report, ReportError> {
    let zlib = BASE64.decode(text).map_err(ReportError::Base64)?;
    let mut json = Vec::new();
    // One byte more than is allowed tells that there is more.
    ZlibDecoder::new(zlib.as_slice())
        .take(JSON_MAX as u64 + 1)
        .read_to_end(&mut json)
        .map_err(ReportError::Zlib)?;
    if json.len() > JSON_MAX {
        return Err(ReportError::TooLong);
    }
    serde_json::from_slice(&json).map_err(ReportError::Json)
}

#[cfg(test)]
mod tests;
