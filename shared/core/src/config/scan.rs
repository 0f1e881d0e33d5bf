//! Findings that somebody answers for: `scan.except`, one list for the stages of CI and for every
//! environment's gate. An exception holds until the end of its day, UTC; then the finding counts again.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::calendar::Unreadable;
use crate::id::FindingId;

/// A finding that somebody answers for, until a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanException {
    /// The finding, by the scanner's id.
    pub id: FindingId,
    /// Who answers for it.
    pub by: String,
    /// Why it does no harm.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Day,
}

impl fmt::Display for ScanException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            by,
            reason,
            until,
        } = self;
        write!(f, "{id} until {until}, by {by}: {reason}")
    }
}

/// A day, such as `2026-03-01`. It ends as UTC's does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(Date);

impl Day {
    /// Reads `YYYY-MM-DD`.
    ///
    /// # Errors
    /// It is no day.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        text.parse().map(Self).map_err(|_| Unreadable {
            what: "a day is a year, a month and a day of that month, with hyphens".to_owned(),
            meant: None,
        })
    }

    /// Whether it is over.
    pub fn is_over(self, now: Timestamp) -> bool {
        now.to_zoned(TimeZone::UTC).date() > self.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
