//! Back and forth through a history.

use sluice_core::history::Answer;

use super::Folding;
use super::timeline::state_after;
use crate::terminal::{DIM, paint};

/// What someone at a terminal can press.
const HELP: &str = "Enter, → or n: next · ← or p: back · g: first · G: last · d: next difference · \
                        i: next without an answer · a number and Enter: that record · q: quit";

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The next record; with a number before it, that record.
    Enter,
    /// The next record.
    Next,
    /// The one before.
    Back,
    /// The first record.
    First,
    /// The last record.
    Last,
    /// A letter or a digit.
    Char(char),
    /// No key that means anything here.
    Other,
    /// Leave.
    Quit,
}

/// Where in a history someone is.
pub struct Steps<'a, 'b> {
    folding: &'a Folding<'b>,
    at: usize,
    /// Digits that were typed since the last other key.
    digits: String,
}

impl<'a, 'b> Steps<'a, 'b> {
    /// At the first record.
    pub fn new(folding: &'a Folding<'b>) -> Self {
        Self {
            folding,
            at: 0,
            digits: String::new(),
        }
    }

    /// The record where it is and the state after it, with the keys below.
    pub fn shown(&self) -> String {
        let last = self.folding.records.len().saturating_sub(1);
        let place = format!("record {} of 0 to {last}", self.at);
        format!(
            "\n{}\n\n{}",
            state_after(self.folding, self.at),
            paint(DIM, format!("{place} · {HELP}"))
        )
    }

    /// Takes a key: what to show for it, `None` to leave. Nothing is shown for a digit.
    pub fn press(&mut self, key: Key) -> Option<String> {
        if let Key::Char(digit @ '0'..='9') = key {
            self.digits.push(digit);
            return Some(String::new());
        }
        let digits = std::mem::take(&mut self.digits);
        let moved = match key {
            Key::Quit | Key::Char('q') => return None,
            Key::Enter if !digits.is_empty() => self.jump(&digits),
            Key::Enter | Key::Next | Key::Char('n' | ' ') => self.go(self.at.checked_add(1)),
            Key::Back | Key::Char('p') => match self.at.checked_sub(1) {
                Some(before) => self.go(Some(before)),
                None => Err("This is the first record.".to_owned()),
            },
            Key::First | Key::Char('g') => self.go(Some(0)),
            Key::Last | Key::Char('G') => self.go(self.folding.records.len().checked_sub(1)),
            Key::Char('d') => self.next_of(self.differing(), "differs"),
            Key::Char('i') => self.next_of(self.unanswered(), "means to do what has no answer"),
            Key::Char(_) | Key::Other => Err(HELP.to_owned()),
        };
        Some(match moved {
            Ok(()) => self.shown(),
            Err(why) => paint(DIM, why),
        })
    }

    fn go(&mut self, to: Option<usize>) -> Result<(), String> {
        match to.filter(|to| *to < self.folding.records.len()) {
            Some(to) => {
                self.at = to;
                Ok(())
            }
            None => Err("This is the last record.".to_owned()),
        }
    }

    fn jump(&mut self, digits: &str) -> Result<(), String> {
        let last = self.folding.records.len().saturating_sub(1);
        let to = digits.parse().ok().filter(|to| *to <= last);
        match to {
            Some(to) => self.go(Some(to)),
            None => Err(format!(
                "There is no record {digits}: the last one is {last}."
            )),
        }
    }

    fn next_of(&mut self, seqs: Vec<u32>, what: &str) -> Result<(), String> {
        let after = |seq: &u32| usize::try_from(*seq).is_ok_and(|seq| seq > self.at);
        let next = seqs.into_iter().filter(after).min();
        match next.and_then(|seq| usize::try_from(seq).ok()) {
            Some(to) => self.go(Some(to)),
            None => Err(format!("No record after this one {what}.")),
        }
    }

    fn differing(&self) -> Vec<u32> {
        let decisions = self.folding.decisions.iter().map(|found| found.seq);
        let broken = self.folding.broken.iter().map(|broken| broken.seq);
        decisions.chain(broken).collect()
    }

    fn unanswered(&self) -> Vec<u32> {
        let intents = self.folding.intents.iter();
        let without = intents.filter(|intended| intended.answer == Answer::None);
        without.map(|intended| intended.seq).collect()
    }
}
