//! The account of a deployment: every event it took, each record sealed with the hash of the one
//! before, so that nobody can quietly edit the past.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::command::CommandKey;
use crate::deployment::{Deployment, Opening};
use crate::event::Event;
use crate::failure::RejectedEvent;
use crate::id::{DeploymentId, Hash};
use crate::intent::Intent;
use crate::machine;

mod checkpoint;
mod compare;
mod intents;

pub use checkpoint::{Checkpoint, NoCheckpoint};
pub use compare::{
    Difference, Differs, Folded, Refused, Replay, StateDifference, Told, state_differences,
};
pub use intents::{Answer, Intended, intended_by};

/// One event that a deployment took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Whose.
    pub deployment: DeploymentId,
    /// From 0, without gaps.
    pub seq: u32,
    /// When it was taken.
    pub at: Timestamp,
    /// What happened.
    pub entry: RecordedEntry,
    /// The phase after it.
    pub phase: String,
    /// What it meant, in the words people were told.
    pub notes: Vec<String>,
    /// What Sluice was about to do from then on: stored before it was done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intends: Vec<CommandKey>,
    /// The hash of the record before; of no record, the hash of nothing.
    pub previous: Hash,
    /// The hash of this record with all of the above.
    pub hash: Hash,
}

/// What a record is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordedEntry {
    /// The beginning.
    Opened(Box<Opening>),
    /// An event the deployment took.
    Event(Event),
}

/// The end of a chain: what the next record is fastened to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainEnd {
    /// The next record's number.
    pub next_seq: u32,
    /// The last record's hash.
    pub hash: Hash,
}

impl ChainEnd {
    /// The end of an empty chain.
    pub fn start() -> Self {
        Self {
            next_seq: 0,
            hash: Hash::of_json(&()),
        }
    }

    /// Fastens what happened to the chain. `before` and `after` are the deployment around it, and `notes`
    /// what people are told that is new in `after`.
    pub fn append(
        &mut self,
        entry: RecordedEntry,
        at: Timestamp,
        before: Option<&Deployment>,
        after: &Deployment,
        notes: Vec<String>,
    ) -> Record {
        let mut record = Record {
            deployment: after.id.clone(),
            seq: self.next_seq,
            at,
            entry,
            phase: after.phase.name().to_owned(),
            notes,
            intends: intended(before, after),
            previous: self.hash.clone(),
            hash: self.hash.clone(),
        };
        record.hash = record.seal();
        self.next_seq += 1;
        self.hash = record.hash.clone();
        record
    }
}

/// The intents that are new in `after`.
fn intended(before: Option<&Deployment>, after: &Deployment) -> Vec<CommandKey> {
    let is_new = |(key, intent): &(&CommandKey, &Intent)| {
        let known = before.and_then(|before| before.intents.get(*key));
        intent.open && known != Some(*intent)
    };
    let new = after.intents.iter().filter(is_new);
    new.map(|(key, _)| key.clone()).collect()
}

impl Record {
    fn seal(&self) -> Hash {
        Hash::of_json(&(
            &self.deployment,
            self.seq,
            self.at,
            &self.entry,
            &self.phase,
            &self.notes,
            &self.intends,
            &self.previous,
        ))
    }
}

/// Why a history cannot be believed. `sluice_words::chain` puts it in words.
#[derive(Debug, PartialEq, Eq)]
pub enum BrokenHistory {
    /// It has no first record.
    NoOpening,
    /// A record does not say what it said when it was sealed.
    Changed {
        /// Which.
        seq: u32,
    },
    /// Another record is where this one should be: it was taken out, or records were moved or put in.
    Missing {
        /// Which should be there.
        seq: u32,
        /// Which is there.
        found: u32,
    },
    /// A record is whole and names another one as the one before it.
    Unlinked {
        /// Which.
        seq: u32,
    },
    /// A record of another deployment, or a second beginning.
    Foreign {
        /// Which.
        seq: u32,
    },
    /// A record whose event the machine does not take: another version of it wrote the history.
    Replay {
        /// Which.
        seq: u32,
        /// Why.
        why: RejectedEvent,
    },
    /// A record that says another phase than the replay comes to.
    Phase {
        /// Which.
        seq: u32,
        /// What it says.
        recorded: String,
        /// What replaying gives.
        replayed: &'static str,
    },
}

impl BrokenHistory {
    /// The first record that cannot be believed.
    pub fn seq(&self) -> u32 {
        match self {
            Self::NoOpening => 0,
            Self::Changed { seq }
            | Self::Missing { seq, .. }
            | Self::Unlinked { seq }
            | Self::Foreign { seq }
            | Self::Replay { seq, .. }
            | Self::Phase { seq, .. } => *seq,
        }
    }
}

/// Checks that no record was changed, taken out, put in or moved. What is missing at the end only the
/// [`ChainEnd`] tells that was kept elsewhere: [`verify`] returns the one of these records.
///
/// # Errors
/// The first record that is not as it was written, or not where it was.
pub fn verify(history: &[Record]) -> Result<ChainEnd, BrokenHistory> {
    let mut end = ChainEnd::start();
    for record in history {
        let seq = end.next_seq;
        if record.seq != seq {
            let found = record.seq;
            return Err(BrokenHistory::Missing { seq, found });
        }
        if record.hash != record.seal() {
            return Err(BrokenHistory::Changed { seq });
        }
        if record.previous != end.hash {
            return Err(BrokenHistory::Unlinked { seq });
        }
        let begins = matches!(record.entry, RecordedEntry::Opened(_));
        if record.deployment != history[0].deployment || (begins && seq > 0) {
            return Err(BrokenHistory::Foreign { seq });
        }
        end = ChainEnd {
            next_seq: seq.saturating_add(1),
            hash: record.hash.clone(),
        };
    }
    Ok(end)
}

/// Folds a history through [`step`](machine::step): the deployment as it was after the last record.
///
/// # Errors
/// The chain is broken, or a record cannot be replayed.
pub fn replay(history: &[Record]) -> Result<Deployment, BrokenHistory> {
    verify(history)?;
    let (first, rest) = history.split_first().ok_or(BrokenHistory::NoOpening)?;
    let RecordedEntry::Opened(opening) = &first.entry else {
        return Err(BrokenHistory::NoOpening);
    };
    let mut deployment = Deployment::open(opening, first.at);
    for record in rest {
        let RecordedEntry::Event(event) = &record.entry else {
            return Err(BrokenHistory::Foreign { seq: record.seq });
        };
        let transition =
            machine::step(&deployment, event, record.at).map_err(|why| BrokenHistory::Replay {
                seq: record.seq,
                why,
            })?;
        if let Some(next) = transition.next {
            deployment = next;
        }
        if record.phase != deployment.phase.name() {
            return Err(BrokenHistory::Phase {
                seq: record.seq,
                recorded: record.phase.clone(),
                replayed: deployment.phase.name(),
            });
        }
    }
    Ok(deployment)
}
