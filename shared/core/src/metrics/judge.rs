//! Whether the new version is worse.
//!
//! While both versions have traffic they are compared in the same minutes: whatever hits the
//! application as a whole hits both. The errors of such a minute fall on the new version with the
//! chance that its share of the traffic is, and a share of them that chance brings about too rarely
//! is the new version's own. It must also be too rare beside what the old version did in the half
//! hour before.
//!
//! After the shift only the old version's last half hour is left to compare with. There a trouble of
//! some minutes makes many errors and says nothing of the version, so each minute counts once,
//! whatever its numbers: the new version's must rank above the old one's (Mann and Whitney). So must
//! its latency, in both cases. Half an hour says little of the hours after it: the first minutes are
//! compared, the differences must be three times as large and hold in the better half of them, and
//! errors three times as frequent.
//!
//! Chance is given one in 100,000 at each look while both have traffic, and one in a million after
//! the shift. There are as many looks as minutes: a canary of ten minutes and the minutes after it,
//! with two metrics, are given 3 in 10,000 together by Bonferroni's bound. That bound holds where
//! minutes are alike; nights in which they are not are measured (docs/reliability.md). And what is
//! less than the smallest difference that matters counts as none, however sure it is.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::figures::{Compared, Figures, Finding, Worse};
use super::{COMPARED_AFTER, Counts, Seen, Watch, Watched, ends, minute_of, odds};
use crate::config::Metrics;
use crate::id::ServiceName;

/// Chance is given one in so many at a look.
const ODDS: u32 = 100_000;

/// The same where only earlier minutes are left to compare with.
const ODDS_AFTER: u32 = 1_000_000;

/// The newest minutes that are judged together. What begins late is not watered down by more.
const JUDGED: usize = 10;

/// The p90 of fewer requests than this is any request's.
const FOR_A_P90: u32 = 20;

/// What traffic the new version has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// So many per cent, and the old version the rest.
    Beside(u8),
    /// All of it.
    All,
}

/// Compares the two versions of a service.
///
/// `minutes` is how long the new version is watched: where so long a time brings too few requests,
/// that they are not there shows nothing.
pub fn judge(
    service: &ServiceName,
    watched: &Watched,
    traffic: Traffic,
    minutes: u32,
    metrics: &Metrics,
) -> Compared {
    let nothing = Watch::default();
    let watch = watched.services.get(service).unwrap_or(&nothing);
    let sides = Sides::of(watched, watch, traffic);
    let same_minutes = traffic != Traffic::All;
    let old = if same_minutes {
        &sides.beside
    } else {
        &sides.before
    };
    let (new_sum, old_sum) = (figures(&sides.new), figures(old));
    let least = u64::from(metrics.least_requests);
    let finding = if new_sum.requests < least {
        let before: u64 = sum(&sides.before).0;
        let share = match traffic {
            Traffic::Beside(percent) => u64::from(percent),
            Traffic::All => 100,
        };
        let expected = before * u64::from(minutes) * share / (30 * 100);
        if expected < least {
            Finding::TooFew
        } else {
            Finding::Missing
        }
    } else if old_sum.requests < least {
        Finding::TooFew
    } else {
        sides.finding(traffic, metrics)
    };
    Compared {
        service: service.clone(),
        new: new_sum,
        // What was expected, where it is missing, stands before the shift.
        old: if finding == Finding::Missing {
            figures(&sides.before)
        } else {
            old_sum
        },
        same_minutes: same_minutes && finding != Finding::Missing,
        finding,
    }
}

/// The minutes that are compared.
struct Sides {
    new: Vec<Counts>,
    /// Of the old version, in the same minutes.
    beside: Vec<Counts>,
    /// Of the old version, before the shift.
    before: Vec<Counts>,
}

impl Sides {
    fn of(watched: &Watched, watch: &Watch, traffic: Traffic) -> Self {
        let sure = |minutes: &BTreeMap<Timestamp, Seen>| -> Vec<(Timestamp, Counts)> {
            let sure = minutes
                .iter()
                .filter(|(_, seen)| seen.unconfirmed.is_none());
            sure.map(|(at, seen)| (*at, seen.counts)).collect()
        };
        let since = watched.since.unwrap_or(Timestamp::MIN);
        let began = watched.shift_began.unwrap_or(since);
        let first = match traffic {
            // Errors of a minute that the new version had a part of only fall on it no more often.
            Traffic::Beside(_) => minute_of(since),
            Traffic::All if minute_of(since) == since => since,
            Traffic::All => ends(minute_of(since)),
        };
        let old = sure(&watch.old);
        // Where both have traffic, a minute counts once that of the old version is sure too.
        let is_sure = |at: &Timestamp| old.iter().any(|(one, _)| one == at);
        let mut new = sure(&watch.new);
        new.retain(|(at, _)| *at >= first && (traffic == Traffic::All || is_sure(at)));
        if let (Traffic::All, Some((first, _))) = (traffic, new.first().copied()) {
            new.retain(|(at, _)| at.duration_since(first) < COMPARED_AFTER);
        }
        let new = new.split_off(new.len().saturating_sub(JUDGED));
        let beside = old
            .iter()
            .filter(|(at, _)| new.iter().any(|(one, _)| one == at));
        Self {
            beside: beside.map(|(_, counts)| *counts).collect(),
            before: old
                .iter()
                .filter(|(at, _)| ends(*at) <= began)
                .map(|(_, counts)| *counts)
                .collect(),
            new: new.into_iter().map(|(_, counts)| counts).collect(),
        }
    }

    fn finding(&self, traffic: Traffic, metrics: &Metrics) -> Finding {
        let fails_more = match traffic {
            Traffic::Beside(percent) => self.fails_more_beside(percent, metrics),
            Traffic::All => self.fails_more_than_before(metrics),
        };
        if fails_more {
            Finding::Worse(Worse::Errors)
        } else if self.is_slower(traffic, metrics) {
            Finding::Worse(Worse::Latency)
        } else {
            Finding::NotWorse
        }
    }

    fn fails_more_beside(&self, percent: u8, metrics: &Metrics) -> bool {
        let (new, beside, before) = (sum(&self.new), sum(&self.beside), sum(&self.before));
        if !fail_more(new, beside, metrics) {
            return false;
        }
        // Of a minute in which the share has grown the new version has less than its share.
        let both = u128::from(new.0 + beside.0);
        let by_requests = (u128::from(new.0), both);
        let by_weight = (u128::from(percent), 100);
        let share = if by_requests.0 * by_weight.1 > by_weight.0 * by_requests.1 {
            by_requests
        } else {
            by_weight
        };
        if !odds::too_many(new.1, new.1 + beside.1, share, ODDS) {
            return false;
        }
        let all = (share.0 * both, share.1 * (both + u128::from(before.0)));
        odds::too_many(new.1, new.1 + beside.1 + before.1, all, ODDS)
    }

    fn fails_more_than_before(&self, metrics: &Metrics) -> bool {
        let (new, before) = (sum(&self.new), sum(&self.before));
        let share = (u128::from(new.0), u128::from(new.0 + before.0));
        // A trouble of some minutes is not in the better half of them.
        let better = sum(&better_half(&self.new));
        fail_more(better, before, &metrics.tripled())
            && fail_thrice(better, before)
            && odds::too_many(new.1, new.1 + before.1, share, ODDS_AFTER)
            && rank_too_high(&self.new, &self.before, ODDS_AFTER, by_rate)
    }

    fn is_slower(&self, traffic: Traffic, metrics: &Metrics) -> bool {
        let p90s = |minutes: &[Counts]| -> Vec<u32> {
            let enough = minutes.iter().filter(|counts| counts.requests >= FOR_A_P90);
            enough.filter_map(|counts| counts.p90_ms).collect()
        };
        let (new, beside, mut old) = (p90s(&self.new), p90s(&self.beside), p90s(&self.before));
        if traffic == Traffic::All {
            return are_slower(&new, &old, &metrics.tripled())
                && rank_too_high(&new, &old, ODDS_AFTER, Ord::cmp);
        }
        old.extend(&beside);
        are_slower(&new, &beside, metrics)
            && are_slower(&new, &old, metrics)
            && rank_too_high(&new, &old, ODDS, Ord::cmp)
    }
}

/// Requests and errors.
fn sum(minutes: &[Counts]) -> (u64, u64) {
    minutes.iter().fold((0, 0), |(requests, errors), counts| {
        (
            requests + u64::from(counts.requests),
            errors + u64::from(counts.errors),
        )
    })
}

/// Whether so many more requests fail that it matters.
fn fail_more(new: (u64, u64), old: (u64, u64), metrics: &Metrics) -> bool {
    let [new_requests, new_errors, old_requests, old_errors] =
        [new.0, new.1, old.0, old.1].map(u128::from);
    let more = u128::from(metrics.more_errors);
    1_000 * new_errors * old_requests
        >= 1_000 * old_errors * new_requests + more * new_requests * old_requests
        && new_errors > 0
}

fn fail_thrice(new: (u64, u64), old: (u64, u64)) -> bool {
    u128::from(new.1) * u128::from(old.0) >= 3 * u128::from(old.1) * u128::from(new.0)
}

fn by_rate(one: &Counts, other: &Counts) -> Ordering {
    let [errors, other_errors] = [one.errors, other.errors].map(u64::from);
    let [requests, other_requests] = [one.requests, other.requests].map(u64::from);
    (errors * other_requests).cmp(&(other_errors * requests))
}

/// The minutes in which the smaller shares of the requests failed.
fn better_half(minutes: &[Counts]) -> Vec<Counts> {
    let mut sorted = minutes.to_vec();
    sorted.sort_by(by_rate);
    sorted.truncate(minutes.len().div_ceil(2));
    sorted
}

/// Whether the typical minute is so much slower that it matters.
fn are_slower(new: &[u32], old: &[u32], metrics: &Metrics) -> bool {
    let (Some(new), Some(old)) = (median(new.to_vec()), median(old.to_vec())) else {
        return false;
    };
    let (new, old) = (u64::from(new), u64::from(old));
    let slower_ms = u64::try_from(metrics.slower.as_millis()).unwrap_or(0);
    100 * new >= old * (100 + u64::from(metrics.slower_percent)) && new >= old + slower_ms
}

fn median(mut values: Vec<u32>) -> Option<u32> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

fn rank_too_high<T>(new: &[T], old: &[T], odds: u32, compare: impl Fn(&T, &T) -> Ordering) -> bool {
    let pairs = new
        .iter()
        .flat_map(|one| old.iter().map(move |other| (one, other)));
    let below = pairs.filter(|(one, other)| compare(one, other) == Ordering::Greater);
    odds::ranks_too_high(below.count(), new.len(), old.len(), odds)
}

fn figures(minutes: &[Counts]) -> Figures {
    let (requests, errors) = sum(minutes);
    Figures {
        minutes: u32::try_from(minutes.len()).unwrap_or(u32::MAX),
        requests,
        errors,
        p90_ms: median(minutes.iter().filter_map(|counts| counts.p90_ms).collect()),
    }
}
