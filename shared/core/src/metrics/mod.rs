//! The requests of a service's two target groups, minute by minute, and whether the new version
//! answers them worse than the old one.
//!
//! What is stored are CloudWatch's numbers. What they show follows from them alone, without a
//! clock and with arithmetic that is the same on every machine, so a history replays to the same
//! verdict.

mod figures;
mod judge;
mod odds;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use figures::{Compared, Figures, Finding, Worse};
pub use judge::{Traffic, judge};

/// ELB reports to CloudWatch in periods of this.
const MINUTE_S: i64 = 60;

/// How far back the old version is looked at.
pub const BEFORE: SignedDuration = SignedDuration::from_mins(30);

/// The most minutes kept of a version beside those before the shift: a bake may take a day.
const KEPT: usize = 30;

/// After the shift so many minutes are compared: what comes later may be the hour's.
const COMPARED_AFTER: SignedDuration = SignedDuration::from_mins(20);

/// Two reads that are closer are one read.
const APART: SignedDuration = SignedDuration::from_secs(10);

/// What is this old changes no more, however late CloudWatch is.
const LATEST: SignedDuration = SignedDuration::from_mins(3);

/// Nothing of a minute is there sooner after its end.
const SOONEST: SignedDuration = SignedDuration::from_secs(30);

/// The requests of one target group in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// `RequestCount`.
    pub requests: u32,
    /// `HTTPCode_Target_5XX_Count`. CloudWatch has no point where there was none.
    pub errors: u32,
    /// The 90th percentile of `TargetResponseTime`, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90_ms: Option<u32>,
}

/// Minutes by their beginning. One without a request is not among them.
pub type Minutes = BTreeMap<Timestamp, Counts>;

/// What CloudWatch has of the two target groups of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// The group of the old version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub old: Minutes,
    /// The group of the new one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub new: Minutes,
}

/// What was read of the services whose traffic is shifted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// When the shift began: all before it is the old version's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift_began: Option<Timestamp>,
    /// Since when the new version has the share of the traffic that it has now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// By service; one of which CloudWatch has nothing is not among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<crate::id::ServiceName, Watch>,
}

impl Watched {
    /// Whether there is nothing to be stored.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The new version has another share from now on: what was counted at the last one says nothing
    /// of this one.
    pub fn begin(&mut self, shift_began: Timestamp, now: Timestamp) {
        self.shift_began = Some(shift_began);
        self.since = Some(now);
        for watch in self.services.values_mut() {
            watch.new.clear();
            watch.old.retain(|at, _| ends(*at) <= shift_began);
        }
    }

    /// Takes what was read of a service.
    pub fn take(&mut self, service: &crate::id::ServiceName, measured: &Measured, now: Timestamp) {
        let is_new = !self.services.contains_key(service);
        if is_new && measured.old.is_empty() && measured.new.is_empty() {
            return;
        }
        let watch = self.services.entry(service.clone()).or_default();
        watch.take(measured, self.shift_began.unwrap_or(now), now);
    }
}

/// What was read of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The minutes of the old version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub old: BTreeMap<Timestamp, Seen>,
    /// Those of the new one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub new: BTreeMap<Timestamp, Seen>,
}

/// A minute as it was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its numbers.
    #[serde(flatten)]
    pub counts: Counts,
    /// Since when it reads so, until a second read shows the same. The parts of a minute reach
    /// CloudWatch one after the other, and errors that are not there yet look like none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unconfirmed: Option<Timestamp>,
}

impl Watch {
    fn take(&mut self, measured: &Measured, shift_began: Timestamp, now: Timestamp) {
        for (known, read) in [
            (&mut self.old, &measured.old),
            (&mut self.new, &measured.new),
        ] {
            for (at, counts) in read {
                take_minute(known, *at, *counts, now);
            }
        }
        let first = shift_began.saturating_sub(BEFORE).map(minute_of);
        let first = first.unwrap_or(Timestamp::MIN);
        self.old.retain(|at, _| *at >= first);
        let is_before = |at: &Timestamp| ends(*at) <= shift_began;
        while self.old.keys().filter(|at| !is_before(at)).count() > KEPT {
            let first = self.old.keys().copied().find(|at| !is_before(at));
            first.map(|at| self.old.remove(&at));
        }
        while self.new.len() > KEPT {
            self.new.pop_first();
        }
    }

    /// Whether everything that is compared after the shift is there.
    pub fn is_complete(&self) -> bool {
        let (first, last) = (self.new.first_key_value(), self.new.last_key_value());
        let compared = first
            .zip(last)
            .map(|((first, _), (last, _))| last.duration_since(*first));
        compared.is_some_and(|time| time > COMPARED_AFTER)
    }

    /// The beginning of the time to be read next, and whether anything new can be there by now.
    pub fn reads_from(&self, now: Timestamp) -> Option<Timestamp> {
        let all = || self.old.iter().chain(&self.new);
        let newest = *all().map(|(at, _)| at).max()?;
        let has_unconfirmed = all().any(|(_, seen)| seen.unconfirmed.is_some());
        let next = ends(ends(newest)).saturating_add(SOONEST).unwrap_or(newest);
        let from = newest.saturating_sub(LATEST).unwrap_or(newest);
        (has_unconfirmed || now >= next).then_some(from)
    }
}

fn take_minute(
    known: &mut BTreeMap<Timestamp, Seen>,
    at: Timestamp,
    counts: Counts,
    now: Timestamp,
) {
    let is_final = now.duration_since(ends(at)) >= LATEST;
    let unconfirmed = match known.get(&at) {
        _ if is_final => None,
        Some(seen) if seen.counts == counts => seen
            .unconfirmed
            .filter(|since| now.duration_since(*since) < APART),
        _ => Some(now),
    };
    known.insert(
        at,
        Seen {
            counts,
            unconfirmed,
        },
    );
}

/// The beginning of the minute that a moment is in.
pub fn minute_of(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(MINUTE_S)).unwrap_or(at)
}

/// The end of the minute that begins then.
fn ends(minute: Timestamp) -> Timestamp {
    let end = minute.saturating_add(SignedDuration::from_secs(MINUTE_S));
    end.unwrap_or(minute)
}
