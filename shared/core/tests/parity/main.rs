//! Two environments held against each other: every kind of difference, what is accepted, and what is
//! not known.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod allowed;
mod differences;
mod readings;
mod unknown;
mod unlike;
