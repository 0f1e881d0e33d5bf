//! A story stays short enough to be stored with its deployment (DynamoDB holds 400 KB of it) and to
//! be read. It only ever grows at its end: what people were told of it already is counted. Every
//! event is in the history, whatever the story leaves out.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Entry, Note};

/// Trouble with one command that is told, at most. The message always shows the last error.
const TROUBLES: usize = 5;

/// Entries after which what can happen again and again is told no more. A release that nobody
/// disturbs has about forty.
const ENTRIES: usize = 200;

/// The same in bytes, for long entries.
const BYTES: usize = 96 * 1024;

/// No entry before these is weighed.
const NOT_WEIGHED: usize = 20;

/// Characters of an error that are told.
const ERROR_CHARS: usize = 1_000;

/// Adds a note, unless it says nothing new or the story is long enough.
pub(crate) fn add(story: &mut Vec<Arc<Entry>>, at: Timestamp, note: Note) {
    let note = shortened(note);
    if is_known(story, &note) {
        return;
    }
    if note.may_recur() && is_full(story) {
        let is_said = story.iter().any(|entry| entry.note == Note::LongEnough);
        if is_said {
            return;
        }
        story.push(Arc::new(Entry {
            at,
            note: Note::LongEnough,
        }));
        return;
    }
    story.push(Arc::new(Entry { at, note }));
}

fn is_full(story: &[Arc<Entry>]) -> bool {
    if story.len() >= ENTRIES {
        return true;
    }
    let bytes = |entry: &Arc<Entry>| serde_json::to_string(&**entry).map_or(0, |json| json.len());
    story.len() >= NOT_WEIGHED && story.iter().map(bytes).sum::<usize>() >= BYTES
}

/// Whether it is trouble that people know of: the last one with the same command was the same but
/// for request ids and the like, or there were enough.
fn is_known(story: &[Arc<Entry>], note: &Note) -> bool {
    let Note::NeedsPerson { doing, error } = note else {
        return false;
    };
    let told = story.iter().filter_map(|entry| match &entry.note {
        Note::NeedsPerson { doing: what, error } if what == doing => Some(error),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    let last = told.last();
    told.len() >= TROUBLES || last.is_some_and(|last| gist(&last.message) == gist(&error.message))
}

/// The text without what differs from one try to the next: every word with a digit in it.
fn gist(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '-');
    let kept = words.filter(|word| !word.chars().any(|c| c.is_ascii_digit()));
    kept.collect::<Vec<_>>().join(" ")
}

fn shortened(note: Note) -> Note {
    match note {
        Note::NeedsPerson { doing, mut error } if error.message.len() > ERROR_CHARS => {
            let kept: String = error.message.chars().take(ERROR_CHARS).collect();
            error.message = format!("{kept}…");
            Note::NeedsPerson { doing, error }
        }
        note => note,
    }
}

impl Note {
    /// Whether it can come any number of times: by people, or by a world that keeps changing.
    fn may_recur(&self) -> bool {
        matches!(
            self,
            Self::WaitingFor(_)
                | Self::PlanChanged { .. }
                | Self::PlanConfirmed { .. }
                | Self::Approved { .. }
                | Self::ApprovalsLapsed { .. }
                | Self::WindowClosed(_)
                | Self::WindowOpened
                | Self::Overridden { .. }
                | Self::Paused { .. }
                | Self::Resumed { .. }
                | Self::Inspecting(_)
                | Self::SmokeTestsFailedOnce { .. }
                | Self::CannotTell { .. }
                | Self::NeedsPerson { .. }
                | Self::TimeDoesNotCount { .. }
                | Self::NotWellYet { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::PortError;
    use crate::id::UserId;

    fn trouble(doing: &str, message: impl Into<String>) -> Note {
        Note::NeedsPerson {
            doing: doing.to_owned(),
            error: PortError::needs_person(message),
        }
    }

    fn told(notes: impl IntoIterator<Item = Note>) -> Vec<Arc<Entry>> {
        let mut story = Vec::new();
        for note in notes {
            add(&mut story, Timestamp::UNIX_EPOCH, note);
        }
        story
    }

    #[test]
    fn the_same_trouble_under_another_request_id_is_told_once() {
        let story = told((0..500).map(|n| {
            let id = format!("7d1c-{n:08x}-9e");
            trouble(
                "sample-health",
                format!("denied sts:AssumeRole (RequestId: {id}, try {n})"),
            )
        }));
        assert_eq!(story.len(), 1);
    }

    #[test]
    fn troubles_that_take_turns_are_told_a_few_times_each_command() {
        let story = told((0..500).flat_map(|n| {
            let what = if n % 2 == 0 { "denied" } else { "throttled" };
            [
                trouble("read-rollout/web", what),
                trouble("read-alarms", what),
            ]
        }));
        assert_eq!(story.len(), 2 * TROUBLES);
    }

    #[test]
    fn what_recurs_is_left_out_once_the_story_is_long_and_the_end_is_not() {
        let by = UserId::new("U024BE7LH");
        let pauses = (0..5_000).flat_map(|n| {
            let reason = format!("{n} {}", "because ".repeat(50));
            [
                Note::Paused {
                    by: by.clone(),
                    reason,
                },
                Note::Resumed { by: by.clone() },
            ]
        });
        let story = told(pauses.chain([Note::TrafficReleased, Note::Ended]));
        let json = serde_json::to_string(&story).unwrap();
        assert!(json.len() < 100 * 1024, "{} bytes", json.len());
        let last: Vec<&Note> = story
            .iter()
            .rev()
            .take(3)
            .map(|entry| &entry.note)
            .collect();
        assert_eq!(
            last,
            [&Note::Ended, &Note::TrafficReleased, &Note::LongEnough]
        );
    }

    #[test]
    fn an_error_of_any_length_is_told_in_part() {
        let story = told([trouble("start-migration", "é".repeat(100_000))]);
        assert!(serde_json::to_string(&story).unwrap().len() < 3_000);
    }
}
