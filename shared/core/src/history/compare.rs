//! A recorded history through today's code: where would it decide otherwise?
//!
//! A record keeps what happened, the phase after it, what Sluice meant to do from then on and what
//! people were told. Folding the same events through [`step`](machine::step) gives all of these again,
//! and the state; each difference is a decision that another version of the code took.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::{BrokenHistory, Record, RecordedEntry, intended, verify};
use crate::command::CommandKey;
use crate::deployment::Deployment;
use crate::event::Event;
use crate::failure::RejectedEvent;
use crate::machine;

/// Where today's code differs from the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The record.
    pub seq: u32,
    /// In what, with both sides.
    #[serde(flatten)]
    pub differs: Differs,
}

/// In what today's code differs from a record, with both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Differs {
    /// The event was taken then; today it is refused.
    Event {
        /// The phase that it led to then.
        recorded: String,
        /// Why it is refused today.
        today: String,
    },
    /// The event changed something then; today it changes nothing.
    Effect {
        /// The phase that it led to then.
        recorded: String,
        /// The phase that stays today.
        today: String,
    },
    /// The phase after the record.
    Phase {
        /// Then.
        recorded: String,
        /// Today.
        today: String,
    },
    /// What Sluice meant to do from then on.
    Intends {
        /// Then.
        recorded: Vec<CommandKey>,
        /// Today.
        today: Vec<CommandKey>,
    },
    /// The answer to a command that today's code has asked for nowhere up to this record.
    Asked {
        /// The command.
        recorded: CommandKey,
    },
    /// The words that people were told: not a decision.
    Words {
        /// Then.
        recorded: Vec<String>,
        /// Today.
        today: Vec<String>,
    },
}

impl Differs {
    /// Whether Sluice would do something else, rather than only say it in other words.
    pub fn is_decision(&self) -> bool {
        !matches!(self, Self::Words { .. })
    }
}

/// What people are told that is new in the second deployment.
pub type Told = fn(Option<&Deployment>, &Deployment) -> Vec<String>;

/// Why a deployment did not take an event, in words.
pub type Refused = fn(&RejectedEvent) -> String;

/// A history that is folded record by record.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    rest: &'a [Record],
    state: Deployment,
    told: Told,
    refused: Refused,
    /// Every command that today's code has asked for.
    asked: BTreeSet<CommandKey>,
}

/// What folding one record gave.
#[derive(Clone, Debug)]
pub struct Folded<'a> {
    /// The record.
    pub record: &'a Record,
    /// Where today's code differs.
    pub differences: Vec<Difference>,
}

impl<'a> Replay<'a> {
    /// A history at its beginning: the first record is folded already. `told` is what people would be
    /// told today, `refused` what they would be told of an event that is not taken any more.
    ///
    /// # Errors
    /// The chain is broken, or the history does not begin with an opening.
    pub fn begin(
        history: &'a [Record],
        told: Told,
        refused: Refused,
    ) -> Result<(Self, Folded<'a>), BrokenHistory> {
        verify(history)?;
        let (first, rest) = history.split_first().ok_or(BrokenHistory::NoOpening)?;
        let RecordedEntry::Opened(opening) = &first.entry else {
            return Err(BrokenHistory::NoOpening);
        };
        let state = Deployment::open(opening, first.at);
        let mut differences = Vec::new();
        compare(first, told(None, &state), None, &state, &mut differences);
        let mut replay = Self {
            rest,
            state,
            told,
            refused,
            asked: BTreeSet::new(),
        };
        replay.ask(first);
        Ok((replay, folded(first, differences)))
    }

    /// The deployment after the last record that was folded, as today's code has it.
    pub fn state(&self) -> &Deployment {
        &self.state
    }

    /// Folds the next record; `None` after the last.
    pub fn fold_next(&mut self) -> Option<Folded<'a>> {
        let (record, rest) = self.rest.split_first()?;
        // `verify` lets no second opening through.
        let RecordedEntry::Event(event) = &record.entry else {
            return None;
        };
        self.rest = rest;
        let mut differences = Vec::new();
        self.ask(record);
        if let Event::Done { command, .. } | Event::CommandFailed { command, .. } = event
            && !self.asked.contains(command)
        {
            let recorded = command.clone();
            differences.push(Differs::Asked { recorded });
        }
        match machine::step(&self.state, event, record.at) {
            Ok(transition) => match transition.next {
                Some(next) => {
                    let (before, words) = (&self.state, (self.told)(Some(&self.state), &next));
                    compare(record, words, Some(before), &next, &mut differences);
                    self.state = next;
                }
                None => differences.push(Differs::Effect {
                    recorded: record.phase.clone(),
                    today: self.state.phase.name().to_owned(),
                }),
            },
            Err(why) => differences.push(Differs::Event {
                recorded: record.phase.clone(),
                today: (self.refused)(&why),
            }),
        }
        self.ask(record);
        Some(folded(record, differences))
    }

    /// What today's code asks for at the moment of a record. It is looked at before and after each:
    /// some commands come with time alone.
    fn ask(&mut self, record: &Record) {
        if let Ok(woken) = machine::step(&self.state, &Event::Wake, record.at) {
            let keys = woken.commands.iter().map(crate::command::Command::key);
            self.asked.extend(keys);
        }
    }
}

fn folded(record: &Record, differences: Vec<Differs>) -> Folded<'_> {
    let seq = record.seq;
    let differences = differences.into_iter();
    Folded {
        record,
        differences: differences
            .map(|differs| Difference { seq, differs })
            .collect(),
    }
}

fn compare(
    record: &Record,
    words: Vec<String>,
    before: Option<&Deployment>,
    after: &Deployment,
    differences: &mut Vec<Differs>,
) {
    if record.phase != after.phase.name() {
        differences.push(Differs::Phase {
            recorded: record.phase.clone(),
            today: after.phase.name().to_owned(),
        });
    }
    let today = intended(before, after);
    if record.intends != today {
        let recorded = record.intends.clone();
        differences.push(Differs::Intends { recorded, today });
    }
    if record.notes != words {
        let recorded = record.notes.clone();
        differences.push(Differs::Words {
            recorded,
            today: words,
        });
    }
}

/// Where two states differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateDifference {
    /// Where in the state, as a JSON pointer.
    pub at: String,
    /// What the exported state has there; `null` where it has nothing.
    pub recorded: Value,
    /// What replaying gives.
    pub today: Value,
}

/// Where the state that was stored after the last record differs from the one that replaying gives.
pub fn state_differences(recorded: &Value, today: &Deployment) -> Vec<StateDifference> {
    let today = serde_json::to_value(today).unwrap_or(Value::Null);
    let mut found = Vec::new();
    differ(String::new(), recorded, &today, &mut found);
    found
}

fn differ(at: String, recorded: &Value, today: &Value, found: &mut Vec<StateDifference>) {
    match (recorded, today) {
        (Value::Object(then), Value::Object(now)) => {
            let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
            for name in names {
                let of = |side: &serde_json::Map<String, Value>| {
                    side.get(name).cloned().unwrap_or(Value::Null)
                };
                differ(format!("{at}/{name}"), &of(then), &of(now), found);
            }
        }
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => {
            for (number, (then, now)) in then.iter().zip(now).enumerate() {
                differ(format!("{at}/{number}"), then, now, found);
            }
        }
        (then, now) if then == now => {}
        (then, now) => found.push(StateDifference {
            at,
            recorded: then.clone(),
            today: now.clone(),
        }),
    }
}
