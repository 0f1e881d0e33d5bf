//! How long a function may go on.

use jiff::{SignedDuration, Timestamp};

/// What was begun just before the end may take so long: one call to AWS with its retries, and
/// telling Slack.
const RESERVE: SignedDuration = SignedDuration::from_secs(35);

/// When to begin nothing new, for a time limit that Lambda gives in milliseconds since 1970.
///
/// Leaves 35 seconds; of a shorter limit half, so that something is begun in any case.
pub fn stop_at(lambda_deadline_ms: u64) -> Timestamp {
    before(lambda_deadline_ms, Timestamp::now())
}

fn before(lambda_deadline_ms: u64, now: Timestamp) -> Timestamp {
    let deadline = i64::try_from(lambda_deadline_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::MAX);
    let left = deadline.duration_since(now).max(SignedDuration::ZERO);
    now.saturating_add(left - RESERVE.min(left / 2))
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::before;
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn some_seconds_are_kept_and_some_time_is_always_left() {
        let now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        for (limit_s, works_s) in [(300, 265), (70, 35), (60, 30), (10, 5), (0, 0)] {
            let deadline = now + SignedDuration::from_secs(limit_s);
            let deadline_ms = u64::try_from(deadline.as_millisecond()).unwrap();
            let works = before(deadline_ms, now).duration_since(now);
            assert_eq!(works, SignedDuration::from_secs(works_s), "of {limit_s} s");
        }
        assert_eq!(before(0, now), now, "a deadline that is long past");
        assert!(before(u64::MAX, now) > now);
    }
}
