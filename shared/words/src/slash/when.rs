//! Until when: times as people write them.
//!
//! A length of time (`2h`) and a time with its offset (RFC 3339) mean the same everywhere. A time
//! of day does not: it is read on the clocks that the environment's people live by, or must name its
//! zone. Nothing is guessed: a freeze that ends an hour early is worse than a question.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use sluice_core::quantity;

/// A freeze for longer than a year is a slip in the year.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Abbreviations that mean different zones to different people, or change with the season.
const ABBREVIATIONS: [&str; 16] = [
    "CET", "CEST", "MEZ", "MESZ", "WET", "EET", "BST", "IST", "EST", "EDT", "CST", "CDT", "MST",
    "PST", "PDT", "AEST",
];

/// Why a time cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhenError {
    /// `until`, and nothing after it.
    #[error("until when? Write `until 2h`, `until 18:00 UTC` or `until tomorrow 09:00 UTC`")]
    Missing,
    /// Nothing that is known as a time.
    #[error(
        "`{0}` is no time: write a length (`30m`, `2h`, `3d`), a time (`18:00 UTC`, `tomorrow \
         09:00 UTC`), a day (`2026-01-31 UTC`) or both (`2026-01-31T09:00Z`)"
    )]
    NotATime(String),
    /// A time of day, and nobody knows where.
    #[error("{0} on whose clock? Write `{0} UTC` or `{0} +01:00`, or a length such as `2h`")]
    NoZone(String),
    /// A zone that is not one for everybody.
    #[error(
        "`{0}` does not say for sure which clock is meant: write its offset, such as `+01:00`, or `UTC`"
    )]
    UnclearZone(String),
    /// A day that needs a time.
    #[error("{0} at what time? Write `{0} 09:00 UTC`")]
    NoTime(&'static str),
    /// The clocks are put forward over it.
    #[error("{0} does not exist there: the clocks are put forward over it. Name a time around it")]
    NoSuchTime(String),
    /// It is over.
    #[error("{written} was {ago} ago: name a time to come")]
    Past {
        /// What was written.
        written: String,
        /// How long ago it was.
        ago: String,
    },
    /// A slip in the year, or in the unit.
    #[error("{0} is more than a year away: name a time within a year, or leave `until` out")]
    TooFar(String),
}

/// Reads a time from the beginning of `words`: the time, and how many words it took.
pub(super) fn parse(
    words: &[&str],
    now: Timestamp,
    zone: Option<&TimeZone>,
) -> Result<(Timestamp, usize), WhenError> {
    let words: Vec<String> = words
        .iter()
        .take(4)
        .map(|word| {
            super::text::argument(word)
                .trim_matches([';', '(', ')'])
                .to_owned()
        })
        .collect();
    let first = words.first().ok_or(WhenError::Missing)?.as_str();
    let next = |number: usize| words.get(number).map(String::as_str);
    let written = |used: usize| words[..used].join(" ");
    if let Some((length, used)) = length(first, next(1)) {
        let at = length
            .and_then(|length| now.checked_add(length).ok())
            .ok_or_else(|| WhenError::TooFar(written(used)))?;
        return within_a_year(at, now, written(used)).map(|at| (at, used));
    }
    if let Ok(at) = first.to_uppercase().parse::<Timestamp>() {
        return within_a_year(at, now, first.to_owned()).map(|at| (at, 1));
    }
    let local = local(first, next(1))?;
    let mut used = local.used;
    let zone = match (&local.offset, next(used).map(named_zone)) {
        (Some(offset), _) => Some(TimeZone::fixed(*offset)),
        (None, Some(Ok(named))) => {
            used += 1;
            Some(named)
        }
        (None, Some(Err(Some(unclear)))) => return Err(unclear),
        (None, Some(Err(None)) | None) => zone.cloned(),
    };
    let said = written(local.used);
    let zone = zone.ok_or_else(|| WhenError::NoZone(said.clone()))?;
    let here = now.to_zoned(zone.clone()).date();
    let date = match local.day {
        Day::Today => Some(here),
        Day::Tomorrow => here.tomorrow().ok(),
        Day::Date(date) => Some(date),
    };
    let date = date.ok_or_else(|| WhenError::TooFar(said.clone()))?;
    let at = on_the_clock(date.to_datetime(local.time), &zone, &said)?;
    within_a_year(at, now, written(used)).map(|at| (at, used))
}

fn within_a_year(at: Timestamp, now: Timestamp, written: String) -> Result<Timestamp, WhenError> {
    let ahead = at.duration_since(now);
    if ahead <= SignedDuration::ZERO {
        let ago = quantity::duration(ahead.abs());
        return Err(WhenError::Past { written, ago });
    }
    if ahead > LONGEST {
        return Err(WhenError::TooFar(written));
    }
    Ok(at)
}

/// `2h`, `1h30m`, `2 hours`: the length, if it is not beyond all measure, and the words it took.
fn length(first: &str, second: Option<&str>) -> Option<(Option<SignedDuration>, usize)> {
    if first.bytes().all(|b| b.is_ascii_digit()) && !first.is_empty() {
        let unit_s = unit_s(second?)?;
        return Some((seconds(first, unit_s).map(SignedDuration::from_secs), 2));
    }
    let mut total_s = Some(0_i64);
    let mut rest = first;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        if number.is_empty() {
            return None;
        }
        let part_s = seconds(number, unit_s(unit)?);
        total_s = total_s
            .zip(part_s)
            .and_then(|(total, part)| total.checked_add(part));
        rest = after;
    }
    Some((total_s.map(SignedDuration::from_secs), 1))
}

fn seconds(number: &str, unit_s: i64) -> Option<i64> {
    number.parse::<i64>().ok()?.checked_mul(unit_s)
}

fn unit_s(unit: &str) -> Option<i64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    })
}

/// A time on some clock.
struct Local {
    day: Day,
    time: Time,
    /// Its offset, if it is written at the time.
    offset: Option<Offset>,
    /// The words it took.
    used: usize,
}

enum Day {
    Today,
    Tomorrow,
    Date(Date),
}

fn local(first: &str, second: Option<&str>) -> Result<Local, WhenError> {
    let of = |day: Day, (time, offset): (Time, Option<Offset>), used: usize| Local {
        day,
        time,
        offset,
        used,
    };
    let day = match first.to_ascii_lowercase().as_str() {
        "today" => Some((Day::Today, "today")),
        "tomorrow" => Some((Day::Tomorrow, "tomorrow")),
        _ => None,
    };
    if let Some((day, name)) = day {
        let time = second.and_then(time).ok_or(WhenError::NoTime(name))?;
        return Ok(of(day, time, 2));
    }
    if let Some(date) = date(first) {
        return Ok(match second.and_then(time) {
            Some(time) => of(Day::Date(date), time, 2),
            None => of(Day::Date(date), (Time::midnight(), None), 1),
        });
    }
    if let Some((date_part, time_part)) = first.split_once(['T', 't'])
        && let (Some(date), Some(time)) = (date(date_part), time(time_part))
    {
        return Ok(of(Day::Date(date), time, 1));
    }
    match time(first) {
        Some(time) => Ok(of(Day::Today, time, 1)),
        None => Err(WhenError::NotATime(super::error::shown(first))),
    }
}

/// `2026-01-31`.
fn date(word: &str) -> Option<Date> {
    let has_shape = word.len() == 10 && word.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    has_shape.then(|| word.parse().ok())?
}

/// `18:00`, `18:00Z`, `18:00+01:00`.
fn time(word: &str) -> Option<(Time, Option<Offset>)> {
    let clock = word
        .bytes()
        .take_while(|b| b.is_ascii_digit() || *b == b':')
        .count();
    let (clock, zone) = word.split_at(clock);
    let mut parts = clock.split(':');
    let mut part = || -> Option<Option<i8>> {
        match parts.next() {
            None => Some(None),
            Some(digits) if digits.len() == 2 => digits.parse().ok().map(Some),
            Some(_) => None,
        }
    };
    let (hour, minute, second) = (part()??, part()??, part()?);
    let time = Time::new(hour, minute, second.unwrap_or(0), 0).ok()?;
    if parts.next().is_some() {
        return None;
    }
    match zone {
        "" => Some((time, None)),
        zone => offset(zone).map(|offset| (time, Some(offset))),
    }
}

/// `UTC`, `Z`, `+01:00`, `-05`.
fn offset(word: &str) -> Option<Offset> {
    if matches!(word.to_ascii_uppercase().as_str(), "UTC" | "Z" | "GMT") {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match word.as_bytes().first()? {
        b'+' => (1, &word[1..]),
        b'-' => (-1, &word[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "00"));
    let two = |digits: &str| -> Option<i32> {
        let is_two = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        is_two.then(|| digits.parse().ok())?
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    // The farthest that any clock on Earth is.
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

/// The zone a word names; `Err(None)` for a word that is no zone but what follows the time.
fn named_zone(word: &str) -> Result<TimeZone, Option<WhenError>> {
    if let Some(offset) = offset(word) {
        return Ok(TimeZone::fixed(offset));
    }
    if ABBREVIATIONS.contains(&word) {
        return Err(Some(WhenError::UnclearZone(word.to_owned())));
    }
    // `Europe/Berlin`: taken if its rules are at hand, never for the first word of a reason.
    let is_named = word.split_once('/').is_some_and(|(area, place)| {
        [area, place].iter().all(|part| {
            let starts = part.starts_with(|c: char| c.is_ascii_uppercase());
            starts && part.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
        })
    });
    if is_named {
        return TimeZone::get(word)
            .map_err(|_| Some(WhenError::UnclearZone(super::error::shown(word))));
    }
    Err(None)
}

fn on_the_clock(at: DateTime, zone: &TimeZone, said: &str) -> Result<Timestamp, WhenError> {
    let ambiguous = zone.to_ambiguous_timestamp(at);
    let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    if is_gap {
        return Err(WhenError::NoSuchTime(said.to_owned()));
    }
    // Of a time that comes twice the second one: closed for too long is mended by a word.
    ambiguous
        .later()
        .map_err(|_| WhenError::TooFar(said.to_owned()))
}
