//! Whether a history is whole, in words.

use sluice_core::history::{BrokenHistory, ChainEnd, Record, RecordedEntry, verify};
use sluice_core::quantity;

use crate::refusal;

/// A broken chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The first record that cannot be believed.
    pub seq: u32,
    /// Why.
    pub why: String,
}

/// Why a history cannot be believed.
pub fn broken(why: &BrokenHistory) -> String {
    match why {
        BrokenHistory::NoOpening => {
            "the history is empty or does not begin with the opening of a deployment".to_owned()
        }
        BrokenHistory::Changed { seq } => {
            format!("record {seq} was changed: its hash is not the hash of what it says")
        }
        BrokenHistory::Missing { seq, found } => {
            format!("record {seq} is missing: record {found} is in its place")
        }
        BrokenHistory::Unlinked { seq } => format!(
            "record {seq} does not follow from the record before it: one of the two was replaced \
             after it was written"
        ),
        BrokenHistory::Foreign { seq } => {
            format!("record {seq} does not belong to this deployment's history")
        }
        BrokenHistory::Replay { seq, why } => {
            let why = refusal::rejected(why);
            format!("record {seq} cannot be replayed by this version: {why}")
        }
        BrokenHistory::Phase {
            seq,
            recorded,
            replayed,
        } => format!("record {seq} says {recorded}, but replaying it gives {replayed}"),
    }
}

/// Why a history is not the whole one of its deployment, whose chain ended with `end` if that is known.
///
/// # Errors
/// It is not; the first record that cannot be believed, and why.
pub fn check(records: &[Record], end: Option<&ChainEnd>) -> Result<(), Broken> {
    let told = |why: BrokenHistory| Broken {
        seq: why.seq(),
        why: broken(&why),
    };
    let last = verify(records).map_err(told)?;
    let is_opening = |first: &Record| matches!(first.entry, RecordedEntry::Opened(_));
    if !records.first().is_some_and(is_opening) {
        return Err(told(BrokenHistory::NoOpening));
    }
    let Some(end) = end.filter(|end| **end != last) else {
        return Ok(());
    };
    let ends_with = format!(
        "the deployment's chain ends with record {}",
        end.next_seq.saturating_sub(1)
    );
    let (seq, why) = if end.next_seq > last.next_seq {
        let why = format!(
            "record {} is missing, and all after it: {ends_with}",
            last.next_seq
        );
        (last.next_seq, why)
    } else if end.next_seq < last.next_seq {
        let why = format!("record {} was inserted: {ends_with}", end.next_seq);
        (end.next_seq, why)
    } else {
        let seq = last.next_seq.saturating_sub(1);
        let why = format!(
            "record {seq} was replaced: its hash is not the one with which the deployment's chain \
             ends"
        );
        (seq, why)
    };
    Err(Broken { seq, why })
}

/// What was found, in a sentence.
pub fn verdict(records: &[Record], found: Result<(), &Broken>) -> String {
    let last = records.last().map_or("", |record| record.hash.short());
    match found {
        Err(broken) => format!(
            "The hash chain is BROKEN: {}. Do not trust record {} or any after it; the table that \
             the history was exported from has the original.",
            broken.why, broken.seq
        ),
        Ok(()) => format!(
            "The hash chain is whole: {}, the last one {last}.",
            quantity::count(records.len(), "record"),
        ),
    }
}
