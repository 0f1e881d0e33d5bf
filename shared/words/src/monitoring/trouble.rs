//! What people are told where a monitor cannot be told.

use jiff::Timestamp;
use sluice_core::config::Monitor;

use crate::inline::moment_of_day;

/// It refused one thing for good.
pub fn left_out(monitor: &Monitor, why: &str) -> String {
    let title = monitor.title();
    format!(
        "{title} refused something about this deployment, and it is left out there: {why}. The \
         deployment itself is not affected."
    )
}

/// It needs a person's hand; it is tried until then.
pub fn needs_person(monitor: &Monitor, why: &str, until: Timestamp) -> String {
    let title = monitor.title();
    let until = moment_of_day(until);
    format!(
        "{title} cannot be told of this deployment: {why}. The deployment itself is not affected. \
         Sluice keeps trying until {until}, and then sends what is missing."
    )
}

/// It was down for too long.
pub fn given_up(monitor: &Monitor, why: &str) -> String {
    let title = monitor.title();
    format!(
        "{title} could not be told of this deployment for a day, and Sluice has stopped trying: \
         {why}. The deployment itself is not affected."
    )
}
