//! IANA time zones, from the database that is built in: no file system is asked, and every function
//! of one version of Sluice has the same zones.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

/// Characters of a wrong name that are said back. The longest zone's name has 32.
const NAME_CHARS: usize = 64;

/// The name of an IANA time zone, such as `Europe/Berlin`. It is known to be one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(String);

/// A name that is not a time zone's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not an IANA time zone, such as Europe/Berlin or UTC")]
pub struct UnknownZone {
    name: String,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// The zone of that name, in any case.
    ///
    /// # Errors
    /// There is none.
    pub fn new(name: &str) -> Result<Self, UnknownZone> {
        let unknown = || UnknownZone {
            name: name.chars().take(NAME_CHARS).collect(),
        };
        let zone = TimeZoneDatabase::bundled()
            .get(name)
            .map_err(|_| unknown())?;
        let name = zone.iana_name().ok_or_else(unknown)?;
        Ok(Self(name.to_owned()))
    }

    /// All names there are.
    pub fn names() -> Vec<String> {
        let names = TimeZoneDatabase::bundled();
        names.available().map(|name| name.to_string()).collect()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its rules.
    pub fn rules(&self) -> TimeZone {
        TimeZoneDatabase::bundled()
            .get(&self.0)
            .expect("it was looked up when it was made")
    }

    /// What the clocks there show.
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.rules().to_datetime(at)
    }

    /// Such as `Mon 12 Jan 09:00 Europe/Berlin`: what people are told.
    pub fn says(&self, at: Timestamp) -> String {
        format!("{} {self}", self.local(at).strftime("%a %-d %b %H:%M"))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(name: String) -> Result<Self, UnknownZone> {
        Self::new(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0
    }
}

/// A time on the clocks of a place, such as `2026-12-19 18:00 Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What the clocks show.
    pub local: DateTime,
    /// Where.
    pub zone: Zone,
}

impl Moment {
    /// Reads `YYYY-MM-DD HH:MM ZONE`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, super::Unreadable> {
        let rule = "a moment is a date, a time and a time zone";
        let unreadable = |what: String, meant: Option<String>| super::Unreadable { what, meant };
        let words: Vec<&str> = text.split_whitespace().collect();
        let (date, time, zone) = match words.as_slice() {
            [date, time, zone] => (*date, *time, *zone),
            [date, zone] if super::date(date).is_some() && Zone::new(zone).is_ok() => {
                let meant = format!("{date} 00:00 {zone}");
                return Err(unreadable(format!("it has no time: {rule}"), Some(meant)));
            }
            [date, time] if super::date(date).is_some() && super::minutes(time).is_some() => {
                let meant = format!("{date} {time} UTC");
                return Err(unreadable(
                    format!("it has no time zone: {rule}"),
                    Some(meant),
                ));
            }
            _ => return Err(unreadable(format!("{rule} with a space between"), None)),
        };
        let zone = Zone::new(zone).map_err(|unknown| {
            let meant = super::near(&unknown.name, Zone::names());
            let meant = meant.map(|zone| format!("{date} {time} {zone}"));
            unreadable(unknown.to_string(), meant)
        })?;
        let day: Option<Date> = super::date(date);
        let clock: Option<Time> = super::minutes(time)
            .filter(|minutes| *minutes < super::DAY)
            .map(super::clock);
        match (day, clock) {
            (Some(day), Some(clock)) => Ok(Self {
                local: day.to_datetime(clock),
                zone,
            }),
            (None, _) => Err(unreadable(
                format!("`{date}` is not a date, such as 2026-12-19"),
                None,
            )),
            (_, None) => Err(unreadable(
                format!("`{time}` is not a time, from 00:00 to 23:59"),
                None,
            )),
        }
    }

    /// The first instant at which the clocks there show it: after a clock that was put forward, the
    /// instant before.
    pub fn first(&self) -> Timestamp {
        let at = self.zone.rules().to_ambiguous_timestamp(self.local);
        at.earlier().unwrap_or(Timestamp::MAX)
    }

    /// The last one: of an hour that comes twice, the second.
    pub fn last(&self) -> Timestamp {
        let at = self.zone.rules().to_ambiguous_timestamp(self.local);
        at.later().unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, Zone};

    #[test]
    fn a_zone_is_told_by_its_own_name_and_a_wrong_one_is_refused() {
        assert_eq!(
            Zone::new("europe/berlin").unwrap().as_str(),
            "Europe/Berlin"
        );
        assert_eq!(Zone::utc(), Zone::new("UTC").unwrap());
        assert!(Zone::new("Europe/Berlyn").is_err());
        assert!(Zone::new("+01:00").is_err());
    }

    #[test]
    fn a_moment_that_comes_twice_is_both() {
        let twice = Moment::parse("2026-10-25 02:30 Europe/Berlin").unwrap();
        let hours = twice.last().duration_since(twice.first()).as_hours();
        assert_eq!(hours, 1);
        let once = Moment::parse("2026-12-19 18:00 Europe/Berlin").unwrap();
        assert_eq!(once.first(), once.last());
        assert_eq!(once.first().to_string(), "2026-12-19T17:00:00Z");
    }

    #[test]
    fn a_moment_with_a_part_missing_is_mended() {
        for (text, meant) in [
            (
                "2026-12-19 Europe/Berlin",
                Some("2026-12-19 00:00 Europe/Berlin"),
            ),
            ("2026-12-19 18:00", Some("2026-12-19 18:00 UTC")),
            (
                "2026-12-19 18:00 Europe/Berlyn",
                Some("2026-12-19 18:00 Europe/Berlin"),
            ),
            ("2026-12-32 18:00 UTC", None),
            ("2026-12-19 24:00 UTC", None),
            ("tomorrow", None),
        ] {
            let wrong = Moment::parse(text).unwrap_err();
            assert_eq!(wrong.meant.as_deref(), meant, "{text}: {wrong:?}");
        }
    }
}
