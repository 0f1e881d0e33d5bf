//! Whether a file is as it was written.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead};

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::event::Event;
use sluice_core::history::{Checkpoint, RecordedEntry};
use sluice_core::id::{DeploymentId, Hash, UserId};

use super::file::{End, FORM, Head, Line, Version};
use super::sha256;
use crate::replay::{Exported, Folding, exported};

/// The longest line that is read, in bytes: a history of ten thousand records has 12 MB.
const LONGEST_LINE: usize = 64 << 20;

/// What a file says, and what is wrong with it.
#[derive(Debug)]
pub struct Evidence {
    /// What it is evidence of.
    pub head: Head,
    /// The deployments, in the file's order.
    pub deployments: Vec<Deployed>,
    /// The versions of `sluice.toml`.
    pub versions: Vec<Version>,
    /// How many lines the file has.
    pub lines: usize,
    /// The SHA-256 of all lines but the last.
    pub sha256: String,
    /// What is not as it was written, in the order of the lines.
    pub problems: Vec<Problem>,
}

/// A deployment, for an auditor.
#[derive(Debug)]
pub struct Deployed {
    /// As it was stored.
    pub state: Deployment,
    /// Each yes to its plans, in order.
    pub approvals: Vec<Approval>,
    /// Whether the code of this build decides otherwise: then another version of Sluice decided.
    pub differs: bool,
}

/// A yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// To which plan.
    pub plan: Hash,
}

/// What is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What the line is about.
    pub place: Where,
    /// What is wrong.
    pub what: String,
}

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// A deployment, and the first record of it that cannot be believed, if it is one.
    Deployment(DeploymentId, Option<u32>),
    /// A version of a `sluice.toml`.
    Version(String, u32),
    /// The first or the last line, or one that cannot be read.
    Line,
}

/// Why a file is not evidence at all.
#[derive(Debug)]
pub enum NoEvidence {
    /// It could not be read.
    Unreadable(io::Error),
    /// It begins otherwise.
    AnotherFile,
    /// It is of another version of the form, or of what is stored.
    OtherForm(u8),
}

impl fmt::Display for NoEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "it cannot be read: {error}"),
            Self::AnotherFile => f.write_str(
                "its first line is not that of evidence: `sluice export --since 90d --output FILE` \
                 writes such a file",
            ),
            Self::OtherForm(form) => write!(
                f,
                "it has form {form}, and this build of sluice reads form {FORM}: verify it with a \
                 build of the version that wrote it"
            ),
        }
    }
}

/// Reads a file and verifies all of it, and each of the checkpoints that were posted.
///
/// # Errors
/// It is no evidence. What is wrong inside is in [`Evidence::problems`].
pub fn verify(mut file: impl BufRead, checkpoints: &[Checkpoint]) -> Result<Evidence, NoEvidence> {
    let mut reading = Reading {
        checkpoints,
        ..Reading::default()
    };
    let first = line(&mut file)?.ok_or(NoEvidence::AnotherFile)?;
    let head = match serde_json::from_slice(&first) {
        Ok(Line::Evidence(head)) if head.form == FORM => head,
        Ok(Line::Evidence(head)) => return Err(NoEvidence::OtherForm(head.form)),
        _ => return Err(NoEvidence::AnotherFile),
    };
    reading.take(&first, Where::Line);
    while let Some(bytes) = line(&mut file)? {
        reading.read(&bytes);
    }
    Ok(reading.end(head))
}

/// The next line with its line break.
fn line(file: &mut impl BufRead) -> Result<Option<Vec<u8>>, NoEvidence> {
    let mut bytes = Vec::new();
    let most = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
    let read = io::Read::take(&mut *file, most).read_until(b'\n', &mut bytes);
    match read {
        Ok(0) => Ok(None),
        Ok(LONGEST_LINE) => Err(NoEvidence::Unreadable(io::Error::other(format!(
            "a line is longer than {LONGEST_LINE} bytes"
        )))),
        Ok(_) => Ok(Some(bytes)),
        Err(error) => Err(NoEvidence::Unreadable(error)),
    }
}

#[derive(Default)]
struct Reading<'a> {
    checkpoints: &'a [Checkpoint],
    deployments: Vec<Deployed>,
    versions: Vec<Version>,
    problems: Vec<Problem>,
    /// Of the lines before the last: what they are about, and their SHA-256.
    lines: Vec<(Where, String)>,
    all: Sha256,
    end: Option<End>,
    /// Of each deployment, its line.
    known: BTreeMap<DeploymentId, usize>,
}

impl Reading<'_> {
    fn read(&mut self, bytes: &[u8]) {
        if self.end.is_some() {
            self.problem(Where::Line, "it stands behind the last line");
            self.take(bytes, Where::Line);
            return;
        }
        let place = match serde_json::from_slice(bytes) {
            Ok(Line::End(end)) => {
                self.end = Some(end);
                return;
            }
            Ok(Line::Deployment(value)) => self.deployment(value),
            Ok(Line::Configuration(version)) => self.version(version),
            Ok(Line::Evidence(_)) => {
                self.problem(
                    Where::Line,
                    "a file has one first line, and this is another",
                );
                Where::Line
            }
            Err(error) => {
                let column = error.column();
                self.problem(
                    Where::Line,
                    format!("it cannot be read from character {column} on"),
                );
                Where::Line
            }
        };
        self.take(bytes, place);
    }

    fn take(&mut self, bytes: &[u8], place: Where) {
        self.all.update(bytes);
        self.lines.push((place, sha256(bytes)));
    }

    /// About the line that is being read.
    fn problem(&mut self, place: Where, what: impl Into<String>) {
        let (line, what) = (self.lines.len() + 1, what.into());
        self.problems.push(Problem { line, place, what });
    }

    fn deployment(&mut self, value: Value) -> Where {
        let exported = match exported(value) {
            Ok(exported) => exported,
            Err(why) => {
                self.problem(Where::Line, format!("its deployment cannot be read: {why}"));
                return Where::Line;
            }
        };
        let (state, folding) = (exported.state.clone(), Folding::of(&exported));
        let state: Deployment = match state.map(serde_json::from_value) {
            Some(Ok(state)) => state,
            _ => {
                self.problem(Where::Line, "the state of its deployment cannot be read");
                return Where::Line;
            }
        };
        let place = |record| Where::Deployment(state.id.clone(), record);
        let is_its_own = |id: &DeploymentId| *id == state.id;
        if !exported
            .records
            .iter()
            .all(|record| is_its_own(&record.deployment))
        {
            self.problem(place(None), "it has records of another deployment");
        }
        if exported.chain.is_none() {
            self.problem(place(None), "it does not say where its history ends");
        }
        if let Some(broken) = &folding.broken {
            self.problem(place(Some(broken.seq)), broken.why.clone());
        }
        for posted in self
            .checkpoints
            .iter()
            .filter(|it| it.deployment == state.id)
        {
            if !posted.holds(&exported.records) {
                let what = format!(
                    "its history is not the one that was posted as {posted}: records up to {} were \
                     written again or removed",
                    posted.records - 1
                );
                self.problem(place(None), what);
            }
        }
        let differs = !folding.decisions.is_empty();
        // Where other code decided, today's gives another state, and nothing follows from that.
        if let (false, Some(first)) = (differs, folding.state.first()) {
            let what = format!("its state is not what its history led to: {}", first.at);
            self.problem(place(None), what);
        }
        let here = self.lines.len() + 1;
        if let Some(before) = self.known.insert(state.id.clone(), here) {
            self.problem(place(None), format!("it stands on line {before} too"));
        }
        let place = place(None);
        self.deployments.push(Deployed {
            approvals: approvals(&exported),
            state,
            differs,
        });
        place
    }

    fn version(&mut self, version: Version) -> Where {
        let place = Where::Version(version.app.to_string(), version.number);
        let app = Config::parse(&version.text).map(|config| config.app);
        if app.is_ok_and(|app| app != version.app) {
            self.problem(place.clone(), "the file is that of another application");
        }
        self.versions.push(version);
        place
    }

    fn end(mut self, head: Head) -> Evidence {
        let sha256 = hex::encode(self.all.clone().finalize());
        let last = self.lines.len() + 1;
        let lines = self.lines.len() + usize::from(self.end.is_some());
        match self.end.take() {
            None => self.problems.push(Problem {
                line: last,
                place: Where::Line,
                what: "the last line is missing: the file was cut off here".to_owned(),
            }),
            Some(end) => self.hold_against(&end, &sha256),
        }
        let is_known = |posted: &&Checkpoint| self.known.contains_key(&posted.deployment);
        for posted in self.checkpoints.iter().filter(|posted| !is_known(posted)) {
            self.problems.push(Problem {
                line: last,
                place: Where::Deployment(posted.deployment.clone(), None),
                what: format!("the file does not have it, and {posted} was posted of its history"),
            });
        }
        self.problems.sort_by_key(|problem| problem.line);
        Evidence {
            head,
            deployments: self.deployments,
            versions: self.versions,
            lines,
            sha256,
            problems: self.problems,
        }
    }

    /// Each line against what the last one says of it.
    fn hold_against(&mut self, end: &End, sha256: &str) {
        let last = self.lines.len() + 1;
        let mut problems = Vec::new();
        let mut problem = |line, place: &Where, what: String| {
            let place = place.clone();
            problems.push(Problem { line, place, what });
        };
        let are_whole = end.sha256 == sha256;
        for (number, (place, hash)) in self.lines.iter().enumerate() {
            let line = number + 1;
            match end.lines.get(number) {
                Some(written) if written == hash => {}
                // All lines together are as they were: so it is the last line that is not.
                _ if are_whole => problem(
                    last,
                    &Where::Line,
                    format!("it was changed: the hash of line {line} in it is another"),
                ),
                Some(_) => problem(
                    line,
                    place,
                    "it was changed after it was written".to_owned(),
                ),
                None => {
                    let what = "it was added: the last line does not know it";
                    problem(line, place, what.to_owned());
                }
            }
        }
        if let Some(missing) = end.lines.len().checked_sub(last).map(|more| more + 1) {
            let what = format!("lines are missing before it: {missing}");
            problem(last, &Where::Line, what);
        }
        if problems.is_empty() && !are_whole {
            let what = "it was changed: its hash of all lines is another, and each line is as it was written";
            problems.push(Problem {
                line: last,
                place: Where::Line,
                what: what.to_owned(),
            });
        }
        self.problems.extend(problems);
    }
}

fn approvals(exported: &Exported) -> Vec<Approval> {
    let records = exported.records.iter();
    let yes = records.filter_map(|record| match &record.entry {
        RecordedEntry::Event(Event::Approve { by, plan, .. }) => Some(Approval {
            by: by.clone(),
            at: record.at,
            plan: plan.clone(),
        }),
        _ => None,
    });
    yes.collect()
}
