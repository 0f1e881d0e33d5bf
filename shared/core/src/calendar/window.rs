//! A deployment window: days and times of the week on the clocks of a place.

use std::fmt;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{DAY, Unreadable, Zone, clock, minutes, near};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A window that is shut now opens within a week, unless a clock that is put forward jumps over it.
const SEARCHED: SignedDuration = SignedDuration::from_hours(24 * 16);

/// Days and times of the week in which deployments may begin, such as
/// `Mon-Thu 09:00-17:00 Europe/Berlin`.
///
/// It is open while the clocks there show such a day and time: from the first minute, up to and
/// without the last. So a clock that is put forward or back needs no rule of its own. A window that
/// ends before it begins goes on into the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    /// Monday first.
    days: [bool; 7],
    /// Minutes since midnight.
    opens: u16,
    /// Minutes since midnight; 1440 is midnight at the day's end.
    closes: u16,
    zone: Zone,
}

impl Window {
    /// Reads `DAYS HH:MM-HH:MM ZONE`; days are `Mon`, `Mon-Thu` or `Mon,Wed,Fri`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [days, times, zone] = words.as_slice() else {
            let meant = match words.as_slice() {
                [days, times] if read_days(days).is_ok() && read_times(times).is_ok() => {
                    Some(format!("{days} {times} UTC"))
                }
                _ => None,
            };
            return Err(Unreadable {
                what: "a window is days, times and a time zone, with a space between".to_owned(),
                meant,
            });
        };
        let wrong = |what: String, days: &str, times: &str, zone: Option<&str>| Unreadable {
            what,
            meant: zone
                .map(|zone| format!("{days} {times} {zone}"))
                .filter(|meant| meant != text && Self::parse(meant).is_ok()),
        };
        let read_zone = Zone::new(zone);
        let meant_zone = match &read_zone {
            Ok(zone) => Some(zone.to_string()),
            Err(_) => near(zone, Zone::names()),
        };
        let meant_zone = meant_zone.as_deref();
        let (found, opens, closes) = match (read_days(days), read_times(times)) {
            (Ok(found), Ok((opens, closes))) => (found, opens, closes),
            (Err(what), _) => return Err(wrong(what, &short_days(days), times, meant_zone)),
            (_, Err(what)) => return Err(wrong(what, days, &whole_times(times), meant_zone)),
        };
        match read_zone {
            Ok(zone) => Ok(Self {
                days: found,
                opens,
                closes,
                zone,
            }),
            Err(unknown) => Err(wrong(unknown.to_string(), days, times, meant_zone)),
        }
    }

    /// Where its clocks are.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whether a deployment may begin.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.is_open_by(&self.zone.rules(), at)
    }

    fn is_open_by(&self, rules: &TimeZone, at: Timestamp) -> bool {
        let local = rules.to_datetime(at);
        let minute =
            u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        let today = self.on(local.weekday());
        if self.opens < self.closes {
            return today && (self.opens..self.closes).contains(&minute);
        }
        let since_yesterday = self.on(local.weekday().previous()) && minute < self.closes;
        since_yesterday || (today && minute >= self.opens)
    }

    fn on(&self, day: Weekday) -> bool {
        self.days[usize::from(day.to_monday_zero_offset().unsigned_abs())]
    }

    /// When it is open again: `from` itself, if it is open then. `None` if that is not soon.
    pub fn opens_at(&self, from: Timestamp) -> Option<Timestamp> {
        let rules = self.zone.rules();
        if self.is_open_by(&rules, from) {
            return Some(from);
        }
        // It opens when the clocks come to its beginning, or are moved into it.
        let last = from.saturating_add(SEARCHED).ok()?;
        let moved = rules
            .following(from)
            .map(|transition| transition.timestamp())
            .take_while(|at| *at <= last);
        let [first_day, last_day] = [from, last].map(|at| rules.to_datetime(at).date());
        let begins = first_day
            .series(jiff::Span::new().days(1))
            .take_while(|day| *day <= last_day)
            .filter(|day| self.on(day.weekday()))
            .flat_map(|day| {
                let begin = day.to_datetime(clock(self.opens));
                let at = rules.to_ambiguous_timestamp(begin);
                // Of an hour that comes twice, both.
                [at.earlier(), at.later()]
            })
            .filter_map(Result::ok);
        moved
            .chain(begins)
            .filter(|at| *at > from && self.is_open_by(&rules, *at))
            .min()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let (opens, closes) = (time(self.opens), time(self.closes));
        write!(f, "{} {opens}-{closes} {}", self.said_days(), self.zone)
    }
}

impl Window {
    /// Runs of days, such as `Mon-Wed,Fri`.
    fn said_days(&self) -> String {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for day in (0..7).filter(|day| self.days[*day]) {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == day => *last = day,
                _ => runs.push((day, day)),
            }
        }
        let said: Vec<String> = runs
            .iter()
            .map(|(first, last)| match last - first {
                0 => DAYS[*first].to_owned(),
                _ => format!("{}-{}", DAYS[*first], DAYS[*last]),
            })
            .collect();
        said.join(",")
    }
}

impl TryFrom<String> for Window {
    type Error = Unreadable;

    fn try_from(text: String) -> Result<Self, Unreadable> {
        Self::parse(&text)
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

fn read_days(text: &str) -> Result<[bool; 7], String> {
    let day = |word: &str| {
        DAYS.iter()
            .position(|day| *day == word)
            .ok_or_else(|| format!("`{word}` is not a day: Mon, Tue, Wed, Thu, Fri, Sat or Sun"))
    };
    let mut days = [false; 7];
    for run in text.split(',') {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        let (mut at, last) = (day(first)?, day(last)?);
        days[at] = true;
        // `Sat-Mon` goes over the end of the week.
        while at != last {
            at = (at + 1) % 7;
            days[at] = true;
        }
    }
    Ok(days)
}

/// The same with each day in three letters.
fn short_days(text: &str) -> String {
    let short = |word: &str| {
        let lower = word.to_lowercase();
        let day = DAYS
            .iter()
            .find(|day| lower.starts_with(&day.to_lowercase()));
        day.map_or_else(|| word.to_owned(), |day| (*day).to_owned())
    };
    let run = |run: &str| run.split('-').map(short).collect::<Vec<_>>().join("-");
    text.split(',').map(run).collect::<Vec<_>>().join(",")
}

fn read_times(text: &str) -> Result<(u16, u16), String> {
    let wrong = || format!("`{text}` is not two times, such as 09:00-17:00");
    let (opens, closes) = text.split_once('-').ok_or_else(wrong)?;
    let opens = minutes(opens).filter(|minutes| *minutes < DAY);
    let (opens, closes) = opens.zip(minutes(closes)).ok_or_else(wrong)?;
    if opens == closes {
        return Err(format!(
            "`{text}` is no time at all: a whole day is 00:00-24:00"
        ));
    }
    Ok((opens, closes))
}

/// The same with each time as hours and minutes in two digits.
fn whole_times(text: &str) -> String {
    let whole = |time: &str| {
        let (hour, minute) = time.split_once([':', '.']).unwrap_or((time, "00"));
        format!("{hour:0>2}:{minute:0>2}")
    };
    text.split('-').map(whole).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::Window;

    fn open(window: &str, at: &str) -> bool {
        Window::parse(window).unwrap().is_open(at.parse().unwrap())
    }

    fn opens(window: &str, from: &str) -> String {
        let window = Window::parse(window).unwrap();
        let opens = window.opens_at(from.parse().unwrap());
        opens.map_or_else(|| "never".to_owned(), |at| at.to_string())
    }

    #[test]
    fn a_window_is_open_from_its_first_minute_and_not_in_its_last() {
        let week = "Mon-Thu 09:00-17:00 Europe/Berlin";
        assert!(!open(week, "2026-01-05T07:59:59Z"));
        assert!(open(week, "2026-01-05T08:00:00Z"));
        assert!(open(week, "2026-01-05T15:59:59Z"));
        assert!(!open(week, "2026-01-05T16:00:00Z"));
        assert!(!open(week, "2026-01-09T10:00:00Z"), "a Friday");
        assert_eq!(opens(week, "2026-01-08T16:00:00Z"), "2026-01-12T08:00:00Z");
        assert_eq!(opens(week, "2026-01-05T10:00:00Z"), "2026-01-05T10:00:00Z");
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_it_begins() {
        let night = "Fri 22:00-02:00 Europe/Berlin";
        assert!(open(night, "2026-01-09T21:00:00Z"));
        assert!(open(night, "2026-01-10T00:59:00Z"));
        assert!(!open(night, "2026-01-10T01:00:00Z"));
        assert!(!open(night, "2026-01-09T00:30:00Z"), "Thursday's night");
    }

    #[test]
    fn a_clock_that_is_put_forward_jumps_into_the_window() {
        // On 29 March 2026 02:00 becomes 03:00.
        let early = "Sun 02:30-04:00 Europe/Berlin";
        assert_eq!(opens(early, "2026-03-29T00:59:00Z"), "2026-03-29T01:00:00Z");
        let gone = "Sun 02:00-03:00 Europe/Berlin";
        assert_eq!(opens(gone, "2026-03-29T00:59:00Z"), "2026-04-05T00:00:00Z");
        let over_it = "Sun 01:00-05:00 Europe/Berlin";
        assert_eq!(
            opens(over_it, "2026-03-28T12:00:00Z"),
            "2026-03-29T00:00:00Z"
        );
    }

    #[test]
    fn a_clock_that_is_put_back_shows_the_window_twice() {
        // On 25 October 2026 03:00 becomes 02:00.
        let twice = "Sun 02:00-02:30 Europe/Berlin";
        assert_eq!(opens(twice, "2026-10-24T23:00:00Z"), "2026-10-25T00:00:00Z");
        assert!(!open(twice, "2026-10-25T00:30:00Z"));
        assert_eq!(opens(twice, "2026-10-25T00:30:00Z"), "2026-10-25T01:00:00Z");
    }

    #[test]
    fn what_is_read_is_written_the_same() {
        for text in [
            "Mon-Thu 09:00-17:00 Europe/Berlin",
            "Mon,Wed,Fri-Sun 00:00-24:00 UTC",
            "Sat 22:30-01:15 America/New_York",
        ] {
            assert_eq!(Window::parse(text).unwrap().to_string(), text);
        }
        let wrapped = Window::parse("Sat-Mon 09:00-17:00 UTC").unwrap();
        assert_eq!(wrapped.to_string(), "Mon,Sat-Sun 09:00-17:00 UTC");
    }

    #[test]
    fn what_cannot_be_read_is_mended_where_it_can_be() {
        for (text, meant) in [
            (
                "Monday-Thursday 09:00-17:00 UTC",
                Some("Mon-Thu 09:00-17:00 UTC"),
            ),
            ("mon 09:00-17:00 UTC", Some("Mon 09:00-17:00 UTC")),
            (
                "Mon 9-17 Europe/Berlin",
                Some("Mon 09:00-17:00 Europe/Berlin"),
            ),
            (
                "Mon 09:00-17:00 Europe/Berlyn",
                Some("Mon 09:00-17:00 Europe/Berlin"),
            ),
            ("Mon 09:00-17:00", Some("Mon 09:00-17:00 UTC")),
            ("Mon 09:00-09:00 UTC", None),
            ("Mon 09:00-25:00 UTC", None),
            ("Someday 09:00-17:00 UTC", None),
            ("", None),
        ] {
            let wrong = Window::parse(text).unwrap_err();
            assert_eq!(wrong.meant.as_deref(), meant, "{text}: {wrong:?}");
        }
    }
}
