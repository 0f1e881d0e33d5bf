//! Input that nobody sends by accident: a corpus of good input, changed at random, and a runner that
//! says how to play a failure again.
//!
//! `SLUICE_HOSTILE_CASES` is how many cases each property gets, `SLUICE_HOSTILE_SEED` where chance
//! comes from. Without them a property gets what fits into a few seconds, and another seed each time.

mod json;
mod runner;
mod text;

pub use json::json;
pub use runner::holds;
pub use text::{bytes, text};

/// A count of characters that is more than any bound, for input that is only long.
pub const VERY_LONG: usize = 20_000;

/// The parts of a committed file that are parted by lines of `---`, or else its lines.
pub fn parts(file: &str) -> Vec<String> {
    let parts: Vec<&str> = match file.contains("\n---\n") {
        true => file.split("\n---\n").collect(),
        false => file.lines().collect(),
    };
    let parts = parts.into_iter().map(str::to_owned);
    parts.filter(|part| !part.trim().is_empty()).collect()
}
