//! How often a monitor is tried that does not take what it is sent.

use jiff::{SignedDuration, Timestamp};
use sluice_core::id::DeploymentId;

use crate::driver::spread;
use crate::ports::{NotTaken, Trouble};

/// After this, what could not be told of a deployment is never told.
pub(super) const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Most troubles are over by then.
const SHORTEST: SignedDuration = SignedDuration::from_secs(10);

/// What is up again is caught up with in this time.
const LONGEST: SignedDuration = SignedDuration::from_mins(30);

/// The next pause is as long as the trouble has lasted, within bounds: after seconds, after minutes,
/// then every half hour. A monitor that names a time is given that. Deployments do not come back
/// together.
pub(super) fn pause(
    id: &DeploymentId,
    since: Timestamp,
    not_taken: NotTaken,
    now: Timestamp,
) -> Trouble {
    let lasted = now.duration_since(since).clamp(SHORTEST, LONGEST);
    let wanted = match not_taken {
        NotTaken::Busy { retry_after } => retry_after.unwrap_or_default(),
        NotTaken::ForGood | NotTaken::Setting => SignedDuration::ZERO,
    };
    let pause = lasted.max(wanted.min(LONGEST));
    // At most a tenth more.
    let more = spread(id).min(pause / 10);
    Trouble {
        since,
        next: now.saturating_add(pause + more).unwrap_or(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: NotTaken = NotTaken::Busy { retry_after: None };

    fn start() -> Timestamp {
        "2026-01-05T09:00:00Z".parse().unwrap()
    }

    fn id() -> DeploymentId {
        DeploymentId::from_outside("dep-0123456789abcdef")
    }

    #[test]
    fn tries_come_after_seconds_then_minutes_then_every_half_hour() {
        let (mut now, mut tries) = (start(), 0);
        let mut pauses = Vec::new();
        while now.duration_since(start()) < GIVE_UP_AFTER {
            let next = pause(&id(), start(), BUSY, now).next;
            pauses.push(next.duration_since(now));
            (now, tries) = (next, tries + 1);
        }
        assert!(pauses.is_sorted(), "{pauses:?}");
        assert!(pauses[0] < SignedDuration::from_secs(12), "{pauses:?}");
        let last = pauses.last().unwrap();
        assert!(*last <= SignedDuration::from_mins(33), "{pauses:?}");
        assert!((50..65).contains(&tries), "{tries} tries in a day");
    }

    #[test]
    fn a_monitor_that_names_a_time_is_left_alone_so_long_within_bounds() {
        let busy = |seconds| NotTaken::Busy {
            retry_after: Some(SignedDuration::from_secs(seconds)),
        };
        let next = |seconds| pause(&id(), start(), busy(seconds), start()).next;
        let after = |seconds| start() + SignedDuration::from_secs(seconds);
        assert!(next(120) >= after(120) && next(120) <= after(133));
        assert!(next(i64::MAX) <= after(33 * 60));
        assert!(next(-5) >= after(10));
    }
}
