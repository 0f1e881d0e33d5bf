//! How long is waited for what a request asks for. Slack gives 3 seconds for the whole answer, from
//! the moment that the request arrived in AWS, and a function in Lambda is halted once it has
//! answered: everything must be done before.

use std::time::Duration;

use jiff::Timestamp;

/// What Slack gives for the whole answer.
const ANSWER: Duration = Duration::from_secs(3);

/// For a command, a form or an event, whose answer is the response itself: half a second is left
/// for the way.
pub(crate) const REQUEST: Duration = Duration::from_millis(2_500);

/// For a click: its words go to an address of their own before the response goes out, and that may
/// take a second more.
pub(crate) const CLICK: Duration = Duration::from_millis(1_500);

/// Waits for work, but not for ever.
pub trait Patience: Sync {
    /// The result of the work, if it is done in time. Otherwise it is dropped where it is: a
    /// deployment that was changed and not woken is found by its due time.
    fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> impl Future<Output = Option<T>> + Send;
}

/// Waits less where some of the time was used before the function took the request up, as where it
/// had to be started first.
pub(crate) struct Since<'a, P> {
    pub(crate) patience: &'a P,
    /// How long ago the request arrived.
    pub(crate) used: Duration,
}

impl<'a, P: Patience> Since<'a, P> {
    /// For a request that arrived at that moment, as far as it is known.
    pub(crate) fn arrival(patience: &'a P, arrived: Option<Timestamp>, now: Timestamp) -> Self {
        let used = arrived.and_then(|at| Duration::try_from(now.duration_since(at)).ok());
        Self {
            patience,
            used: used.unwrap_or_default(),
        }
    }

    /// What is left of a limit. Nobody at Slack's end reads an answer after its 3 seconds, so then
    /// the work is finished: it is better done than begun.
    fn left(&self, limit: Duration) -> Duration {
        match self.used < ANSWER {
            true => limit.saturating_sub(self.used),
            false => limit,
        }
    }
}

impl<P: Patience> Patience for Since<'_, P> {
    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        self.patience.within(self.left(limit), work).await
    }
}

/// Waits as long as it takes: where time is simulated, no work takes any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Endless;

impl Patience for Endless {
    async fn within<T: Send>(
        &self,
        _: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        Some(work.await)
    }
}

/// Waits by tokio's clock.
#[cfg(feature = "lambda")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Clocked;

#[cfg(feature = "lambda")]
impl Patience for Clocked {
    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        tokio::time::timeout(limit, work).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_runs_from_the_arrival() {
        let arrived = Timestamp::UNIX_EPOCH;
        let left = |limit: Duration, after_ms: i64| {
            let now = Timestamp::from_millisecond(after_ms).expect("a time");
            let since = Since::arrival(&Endless, Some(arrived), now);
            since.left(limit).as_millis()
        };
        for (limit, after_ms, expected) in [
            (REQUEST, 0, 2_500),
            (REQUEST, 900, 1_600),
            (CLICK, 900, 600),
            (CLICK, 2_000, 0),
            // Slack has given up: what was asked for is done.
            (CLICK, 3_000, 1_500),
            // The two clocks differ a little.
            (CLICK, -200, 1_500),
        ] {
            assert_eq!(
                left(limit, after_ms),
                expected,
                "{limit:?} after {after_ms} ms"
            );
        }
        assert_eq!(Since::arrival(&Endless, None, arrived).left(CLICK), CLICK);
    }
}
