//! When an environment takes deployments by `sluice.toml`: windows of the week and dated freezes.

mod window;
mod zone;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::spelling::slips;

pub use window::Window;
pub use zone::{Moment, UnknownZone, Zone};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// When an environment takes deployments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// A deployment begins in one of these; in none of none, at any time.
    pub windows: Vec<Window>,
    /// And in none of these.
    pub freezes: Vec<DatedFreeze>,
}

/// A time in which no deployment begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatedFreeze {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
    /// On whose clocks people are told of it.
    pub zone: Zone,
    /// Why.
    pub reason: String,
}

impl Calendar {
    /// Whether a window is open. Without any the day is one.
    pub fn in_window(&self, at: Timestamp) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.is_open(at))
    }

    /// The freeze in force; of several the one that ends last.
    pub fn freeze(&self, at: Timestamp) -> Option<&DatedFreeze> {
        self.freezes
            .iter()
            .filter(|freeze| freeze.from <= at && at < freeze.until)
            .max_by_key(|freeze| freeze.until)
    }

    /// When a deployment may begin: `from`, or the first time after it. `None` if that is not soon.
    pub fn opens_at(&self, from: Timestamp) -> Option<Timestamp> {
        let mut at = from;
        // Each round leaves a freeze behind, or comes to a window.
        for _ in 0..=2 * self.freezes.len() + 1 {
            if let Some(freeze) = self.freeze(at) {
                at = freeze.until;
            } else if self.in_window(at) {
                return Some(at);
            } else {
                let windows = self.windows.iter();
                at = windows.filter_map(|window| window.opens_at(at)).min()?;
            }
        }
        None
    }

    /// The clocks that people are told times by.
    pub fn zone(&self) -> Zone {
        self.own_zone().cloned().unwrap_or_else(Zone::utc)
    }

    /// The zone that its windows or freezes name; `None` where there are none.
    pub fn own_zone(&self) -> Option<&Zone> {
        let of_window = self.windows.first().map(Window::zone);
        let of_freeze = self.freezes.first().map(|freeze| &freeze.zone);
        of_window.or(of_freeze)
    }
}

/// A text that is no window or no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unreadable {
    /// What is wrong.
    pub what: String,
    /// What may have been meant.
    pub meant: Option<String>,
}

/// `HH:MM` as minutes since midnight, up to 24:00.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
}

/// A time of day; `minutes` is less than a day.
fn clock(minutes: u16) -> Time {
    let part = |number: u16| i8::try_from(number).unwrap_or_default();
    Time::constant(part(minutes / 60), part(minutes % 60), 0, 0)
}

/// `YYYY-MM-DD`.
fn date(text: &str) -> Option<Date> {
    let right = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    right.then(|| text.parse().ok()).flatten()
}

/// The name that `word` was probably meant to be.
fn near(word: &str, names: Vec<String>) -> Option<String> {
    let lower = word.to_lowercase();
    names
        .into_iter()
        .filter_map(|name| Some((slips(&lower, &name.to_lowercase(), 2)?, name)))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::{Calendar, DatedFreeze, Window, Zone};

    #[test]
    fn after_a_freeze_it_opens_with_the_next_window() {
        let calendar = Calendar {
            windows: vec![Window::parse("Mon-Thu 09:00-17:00 Europe/Berlin").unwrap()],
            freezes: vec![
                freeze("2026-12-19T17:00:00Z", "2027-01-02T11:00:00Z"),
                freeze("2027-01-04T00:00:00Z", "2027-01-05T09:00:00Z"),
            ],
        };
        let opens = |from: &str| {
            calendar
                .opens_at(from.parse().unwrap())
                .unwrap()
                .to_string()
        };
        assert_eq!(opens("2026-12-17T10:00:00Z"), "2026-12-17T10:00:00Z");
        assert_eq!(opens("2026-12-20T10:00:00Z"), "2027-01-05T09:00:00Z");
        assert_eq!(calendar.zone().as_str(), "Europe/Berlin");
        assert_eq!(Calendar::default().zone(), Zone::utc());
    }

    fn freeze(from: &str, until: &str) -> DatedFreeze {
        DatedFreeze {
            from: from.parse().unwrap(),
            until: until.parse().unwrap(),
            zone: Zone::utc(),
            reason: "year's end".to_owned(),
        }
    }
}
