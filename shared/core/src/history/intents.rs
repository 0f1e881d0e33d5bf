//! What Sluice meant to do, and what was heard of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Record, RecordedEntry};
use crate::command::CommandKey;
use crate::event::Event;

/// Something that Sluice meant to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Intended {
    /// The record that says so.
    pub seq: u32,
    /// What.
    pub command: CommandKey,
    /// What was heard of it.
    #[serde(flatten)]
    pub answer: Answer,
}

/// What was heard of something that Sluice meant to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", content = "record", rename_all = "kebab-case")]
pub enum Answer {
    /// It was done, as this record says.
    Done(u32),
    /// It failed, as this record says.
    Failed(u32),
    /// Nothing was heard, and this record means to do it again.
    Again(u32),
    /// Nothing is recorded: it may never have been asked for, or its answer was lost.
    None,
}

/// Everything that Sluice meant to do, in the order of the records.
pub fn intended_by(history: &[Record]) -> Vec<Intended> {
    let mut all: Vec<Intended> = Vec::new();
    let mut open: BTreeMap<&CommandKey, usize> = BTreeMap::new();
    for record in history {
        let heard = match &record.entry {
            RecordedEntry::Event(Event::Done { command, .. }) => {
                Some((command, Answer::Done(record.seq)))
            }
            RecordedEntry::Event(Event::CommandFailed { command, .. }) => {
                Some((command, Answer::Failed(record.seq)))
            }
            _ => None,
        };
        if let Some((command, answer)) = heard
            && let Some(at) = open.remove(command)
        {
            all[at].answer = answer;
        }
        for command in &record.intends {
            if let Some(before) = open.insert(command, all.len()) {
                all[before].answer = Answer::Again(record.seq);
            }
            all.push(Intended {
                seq: record.seq,
                command: command.clone(),
                answer: Answer::None,
            });
        }
    }
    all
}
