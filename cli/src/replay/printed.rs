//! A replay as JSON, for programs.

use jiff::Timestamp;
use serde::Serialize;
use sluice_core::command::CommandKey;
use sluice_core::deployment::{Deployment, SCHEMA};
use sluice_core::history::{Difference, Intended, Record, RecordedEntry, StateDifference};

use super::Folding;

/// What `sluice replay --json` prints.
#[derive(Serialize)]
pub struct Printed<'a> {
    schema: u16,
    same: bool,
    deployments: Vec<Replayed<'a>>,
}

#[derive(Serialize)]
struct Replayed<'a> {
    id: &'a str,
    same: bool,
    records: usize,
    replayed: usize,
    chain: Chain<'a>,
    decisions: &'a [Difference],
    words: &'a [Difference],
    state_differences: &'a [StateDifference],
    intents: &'a [Intended],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    timeline: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<At<'a>>,
}

#[derive(Serialize)]
struct Chain<'a> {
    whole: bool,
    broken_at: Option<u32>,
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct Entry<'a> {
    seq: u32,
    at: Timestamp,
    phase: &'a str,
    event: &'static str,
    notes: &'a [String],
    intends: &'a [CommandKey],
}

#[derive(Serialize)]
struct At<'a> {
    record: Entry<'a>,
    state: Option<Deployment>,
}

/// The replay of these histories; with `at`, the state after that record instead of the timeline.
pub fn printed<'a>(foldings: &'a [Folding<'a>], at: Option<usize>) -> Printed<'a> {
    Printed {
        schema: SCHEMA,
        same: foldings.iter().all(Folding::is_same),
        deployments: foldings.iter().map(|of| replayed(of, at)).collect(),
    }
}

fn replayed<'a>(folding: &'a Folding<'a>, at: Option<usize>) -> Replayed<'a> {
    let first = folding.records.first();
    let broken = folding.broken.as_ref();
    let timeline = match at {
        None => folding.records.iter().map(entry).collect(),
        Some(_) => Vec::new(),
    };
    let at = at.and_then(|index| {
        Some(At {
            record: entry(folding.records.get(index)?),
            state: folding.state(index),
        })
    });
    Replayed {
        id: first.map_or("", |record| record.deployment.as_str()),
        same: folding.is_same(),
        records: folding.records.len(),
        replayed: folding.folded(),
        chain: Chain {
            whole: broken.is_none(),
            broken_at: broken.map(|broken| broken.seq),
            why: broken.map(|broken| broken.why.as_str()),
        },
        decisions: &folding.decisions,
        words: &folding.words,
        state_differences: &folding.state,
        intents: &folding.intents,
        timeline,
        at,
    }
}

fn entry(record: &Record) -> Entry<'_> {
    Entry {
        seq: record.seq,
        at: record.at,
        phase: &record.phase,
        event: match &record.entry {
            RecordedEntry::Opened(_) => "opened",
            RecordedEntry::Event(event) => event.name(),
        },
        notes: &record.notes,
        intends: &record.intends,
    }
}
