//! How long is waited for what a request asks for. Slack gives 3 seconds for the whole answer, and
//! a function in Lambda is halted once it has answered: everything must be done before.

use std::time::Duration;

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
