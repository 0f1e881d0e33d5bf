//! What Sluice cannot see or cannot do by itself.

use jiff::Timestamp;
use sluice_core::failure::PortError;
use sluice_core::quantity;

use crate::inline::moment_of_day;

pub(super) const LONG_ENOUGH: &str = "this thread is long: repeated events are not listed here any \
     more. The message above shows the current state";

pub(super) fn cannot_see(doing: &str, error: &PortError, until: Timestamp) -> String {
    let until = moment_of_day(until);
    format!(
        "this takes longer than it should, and Sluice cannot see why: {doing} failed: {error}. \
         Nothing is changed meanwhile. Sluice keeps trying until {until}"
    )
}

pub(super) fn time_does_not_count(gone_s: u64) -> String {
    let gone = quantity::duration_s(gone_s);
    format!(
        "Sluice, or AWS's API, could not be reached for {gone}. ECS was held meanwhile; that time \
         does not count against the release"
    )
}

pub(super) fn still_open(until: Timestamp) -> String {
    let until = moment_of_day(until);
    format!("no one has decided yet; this is open until {until}")
}

pub(super) fn needs_person(doing: &str, error: &PortError) -> String {
    format!("{doing} needs a person: {error}. Sluice keeps trying")
}
