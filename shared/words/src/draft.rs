//! What `sluice init` writes beside the keys of a drafted `sluice.toml`, and what it asks.

pub mod alarms;
pub mod application;
pub mod command;
pub mod database;
pub mod environment;
pub mod health;
pub mod migration;
pub mod services;
pub mod settings;
pub mod traffic;

use crate::doctor::NotSeen;

/// What is known of a line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// AWS says it.
    Seen(String),
    /// It follows from something, which may mislead.
    Guessed(String),
    /// Someone must say or do it.
    ToDo(String),
    /// It could not be read.
    Unknown(NotSeen),
}

impl Note {
    /// The note with what kind it is, as `HEAD` explains it.
    pub fn text(&self) -> String {
        match self {
            Self::Seen(text) => format!("Seen: {text}"),
            Self::Guessed(text) => format!("Guessed: {text}"),
            Self::ToDo(text) => format!("{TO_DO} {text}"),
            Self::Unknown(why) => {
                let needs = why.needs.as_ref();
                let needs =
                    needs.map_or_else(String::new, |right| format!(" Needs the right {right}."));
                format!("Unknown: {}{needs}", why.why)
            }
        }
    }
}

/// What begins a line that someone must see to.
pub const TO_DO: &str = "To do:";

/// Something that AWS does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// By what it is answered: `--answer KEY=VALUE`.
    pub key: String,
    /// What is asked.
    pub asks: String,
    /// What is in the file without an answer.
    pub default: String,
    /// Whether it was answered.
    pub is_answered: bool,
}

/// Names in a sentence: the first few, and how many more.
fn names(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>();
    match (shown.split_last(), names.len().saturating_sub(SHOWN)) {
        (None, _) => String::new(),
        (Some((only, [])), 0) => (*only).to_owned(),
        (Some((last, first)), 0) => format!("{} and {last}", first.join(", ")),
        (_, more) => format!("{} and {more} more", shown.join(", ")),
    }
}
