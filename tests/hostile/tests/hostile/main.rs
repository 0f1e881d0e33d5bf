//! Whatever faces the outside gets what nobody sends by accident: it neither panics nor overflows, it
//! answers with what is wrong, and what has a bound says the bound.
//!
//! A few seconds here; longer by command:
//!
//!     SLUICE_HOSTILE_CASES=100000 cargo test -p sluice-hostile-tests

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod functions;
mod migrations;
mod sizes;
mod slack;
mod stage;
mod texts;
mod toml;
