//! The machine's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::Clock;

/// The machine's clock. Lambda keeps it right.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        // At the last timestamp, in the year 9999, the clock stops.
        i64::try_from(since.as_secs())
            .ok()
            .and_then(|s| Timestamp::new(s, since.subsec_nanos().cast_signed()).ok())
            .unwrap_or(Timestamp::MAX)
    }

    async fn pass(&self, time: SignedDuration) {
        tokio::time::sleep(time.unsigned_abs()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_forward_and_knows_the_century() {
        let first = SystemClock.now();
        assert!(first > "2025-01-01T00:00:00Z".parse::<Timestamp>().unwrap());
        assert!(SystemClock.now() >= first);
    }
}
