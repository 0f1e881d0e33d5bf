//! Collects problems by their place in the text, while the file is read and checked.

use std::ops::Range;

use super::problem::{Problem, Problems};

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
                    "mend this first: what comes after it could not be read",
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

    /// The problems with lines and columns, in the order of the text.
    pub(super) fn finish(mut self, text: &str) -> Problems {
        self.found.sort_by_key(|(place, ..)| place.span.start);
        let broken: Vec<usize> = self.broken.iter().map(|at| position(text, *at).0).collect();
        let problems = self.found.into_iter().filter_map(|(place, message, help)| {
            let (line, column) = position(text, place.span.start);
            // What was recovered from a broken line is a guess: only the break itself is told.
            let echo = broken.contains(&line) && !place.key.is_empty();
            (!echo).then_some(Problem {
                line,
                column,
                key: place.key,
                message,
                help,
            })
        });
        Problems::new(problems.collect())
    }
}

/// Line and column, from 1, the column in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

/// The known word that `word` was probably meant to be.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // One slip in a short word, up to three in a long one.
    let slips = 1 + word.chars().count() / 4;
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= slips.min(3))
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
