//! Collects problems by their place in the text, while the file is read and checked.

use std::collections::BTreeSet;
use std::ops::Range;

use super::problem::{Problem, Problems};
use crate::spelling::slips;

/// Where a value stands: its bytes in the text, and its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) span: Range<usize>,
    pub(super) key: String,
}

impl Place {
    /// The key without the tables it stands in.
    pub(super) fn name(&self) -> &str {
        self.key.rsplit('.').next().unwrap_or_default()
    }
}

/// Characters of each part of a problem. The longest list of keys has 500.
const TOLD_CHARS: usize = 1_000;

/// Problems that are told: whoever has more begins with these.
const MOST_TOLD: usize = 100;

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    found: Vec<(Place, String, String)>,
    /// Where the text is not TOML, though the lines around can be read.
    broken: Vec<usize>,
}

impl Report {
    /// A problem, and advice in words.
    pub(super) fn advise(
        &mut self,
        place: &Place,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.found
            .push((place.clone(), message.into(), advice.into()));
    }

    /// A problem, and the very text that mends it.
    pub(super) fn instead(
        &mut self,
        place: &Place,
        message: impl Into<String>,
        text: impl AsRef<str>,
    ) {
        self.advise(place, message, format!("write instead: {}", text.as_ref()));
    }

    /// Takes the parser's errors. Returns whether what it recovered is worth reading: after an
    /// unclosed bracket nothing is what it seems.
    pub(super) fn syntax(&mut self, mut errors: Vec<toml::de::Error>) -> bool {
        let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        errors.sort_by_key(start);
        for error in errors {
            let place = Place {
                span: error.span().unwrap_or_default(),
                key: String::new(),
            };
            let what = error.message();
            if what.starts_with("string values must be quoted") {
                self.broken.push(place.span.start);
                self.advise(
                    &place,
                    "text without quotes",
                    "write instead: the text in \"…\"",
                );
            } else if what == "duplicate key" {
                self.broken.push(place.span.start);
                self.advise(
                    &place,
                    "this key is there already",
                    "keep one of the two, and remove the other",
                );
            } else if what.starts_with("unexpected leading zero") {
                self.broken.push(place.span.start);
                self.advise(
                    &place,
                    "a number that begins with 0",
                    "write instead: it in \"…\"",
                );
            } else {
                self.advise(
                    &place,
                    format!("not TOML: {what}"),
                    "fix this first: what comes after it could not be read",
                );
                return false;
            }
        }
        true
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The problems with lines and columns, in the order of the text, [`MOST_TOLD`] at most.
    pub(super) fn finish(mut self, text: &str) -> Problems {
        self.found.sort_by_key(|(place, ..)| place.span.start);
        let lines = Lines::of(text);
        let broken: BTreeSet<usize> = self.broken.iter().map(|at| lines.line(*at)).collect();
        // What was recovered from a broken line is a guess: only the break itself is told.
        self.found.retain(|(place, ..)| {
            place.key.is_empty() || !broken.contains(&lines.line(place.span.start))
        });
        let left_out = self.found.len().saturating_sub(MOST_TOLD);
        let told = self.found.into_iter().take(MOST_TOLD);
        let told = told.map(|(place, message, help)| Problem {
            line: lines.line(place.span.start),
            column: lines.column(place.span.start),
            key: cut(place.key),
            message: cut(message),
            help: cut(help),
        });
        Problems::new(told.collect(), left_out)
    }
}

/// The beginning of a long text: a name of the file may have any length, and is said back.
fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(TOLD_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Where the lines of a text begin: a file with a mistake in each of its lines is not searched from
/// its beginning for each.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(newlines).collect();
        Self { text, starts }
    }

    /// From 1.
    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// From 1, in characters.
    fn column(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        let start = self.starts[self.line(at) - 1];
        let before = self.text.get(start..at);
        before.map_or(0, |before| before.chars().count()) + 1
    }
}

/// The known word that `word` was probably meant to be.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // One slip in a short word, up to three in a long one.
    let most = (1 + word.chars().count() / 4).min(3);
    known
        .into_iter()
        .filter_map(|candidate| Some((slips(word, candidate, most)?, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}

/// `a, b and c`, each in backticks.
pub(super) fn list<'a>(words: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}
