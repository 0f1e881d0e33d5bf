//! Crashes: a function that stops between any two of its calls to the outside world.
//!
//! What a crash leaves behind is what the calls before it did; nothing of the function runs after
//! it. So a crashed call never answers: its future stays pending, and whoever runs the function
//! drops it there, as Lambda drops a sandbox that ran out of memory or time.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures::executor::block_on;

/// No crash is planned.
const NEVER: u64 = u64::MAX;

/// Counts the port calls of the function that runs, and stops it at one of them.
#[derive(Clone, Debug)]
pub struct CrashPoint {
    /// How many more calls the function that runs has; 0 once the crash has come.
    left: Arc<AtomicU64>,
    /// All calls of all functions so far.
    calls: Arc<AtomicU64>,
    /// The call of all at which whoever makes it crashes.
    strikes_at: Arc<AtomicU64>,
}

impl Default for CrashPoint {
    fn default() -> Self {
        Self {
            left: Arc::new(AtomicU64::new(NEVER)),
            calls: Arc::default(),
            strikes_at: Arc::new(AtomicU64::new(NEVER)),
        }
    }
}

impl CrashPoint {
    /// Has the function crash after `calls` more port calls: 0 at the very next one.
    pub fn arm(&self, calls: u64) {
        self.left.store(calls.min(NEVER - 1), Ordering::Relaxed);
    }

    /// Has whichever function makes that call crash there, once: 0 is the first call of all.
    pub fn strike_at(&self, call: u64) {
        self.strikes_at.store(call, Ordering::Relaxed);
    }

    /// How many calls all functions have made.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Whether the crash has come.
    pub fn struck(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// Awaited before every port call: never answers once the crash has come.
    pub fn pass(&self) -> Pass {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if call == self.strikes_at.load(Ordering::Relaxed) {
            self.left.store(0, Ordering::Relaxed);
        }
        let left = self.left.load(Ordering::Relaxed);
        if left != 0 && left != NEVER {
            self.left.store(left - 1, Ordering::Relaxed);
        }
        Pass { crashed: left == 0 }
    }

    /// Runs a function to its end: `None` if it crashed.
    ///
    /// A crash that was planned for later than the function's last call strikes between its end
    /// and the moment somebody hears of it: all is done and nobody knows.
    pub fn run<T>(&self, function: impl Future<Output = T>) -> Option<T> {
        let mut function = pin!(function);
        let planned = self.left.load(Ordering::Relaxed) != NEVER;
        let ended = block_on(std::future::poll_fn(|context| {
            match function.as_mut().poll(context) {
                Poll::Ready(value) => Poll::Ready(Some(value)),
                Poll::Pending if self.struck() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        }));
        self.left.store(NEVER, Ordering::Relaxed);
        ended.filter(|_| !planned)
    }
}

/// Ready at once, or never.
#[derive(Debug)]
#[must_use = "a pass does nothing unless it is awaited"]
pub struct Pass {
    crashed: bool,
}

impl Future for Pass {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.crashed {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn three_calls(point: &CrashPoint, done: &Cell<u64>) -> &'static str {
        for _ in 0..3 {
            point.pass().await;
            done.set(done.get() + 1);
        }
        "done"
    }

    #[test]
    fn a_crash_stops_the_function_at_that_call_and_the_next_function_runs() {
        for calls in 0..3 {
            let point = CrashPoint::default();
            let done = Cell::new(0);
            point.arm(calls);
            assert_eq!(point.run(three_calls(&point, &done)), None);
            assert_eq!(done.get(), calls);
            assert_eq!(point.run(three_calls(&point, &done)), Some("done"));
            assert_eq!(done.get(), calls + 3);
        }
    }

    #[test]
    fn a_crash_at_a_call_of_all_strikes_whoever_makes_it_once() {
        let point = CrashPoint::default();
        let done = Cell::new(0);
        point.strike_at(4);
        assert_eq!(point.run(three_calls(&point, &done)), Some("done"));
        assert_eq!(point.run(three_calls(&point, &done)), None);
        assert_eq!(done.get(), 4);
        assert_eq!(point.calls(), 5);
        assert_eq!(point.run(three_calls(&point, &done)), Some("done"));
    }

    #[test]
    fn a_crash_after_the_last_call_leaves_all_done_and_nothing_heard() {
        let point = CrashPoint::default();
        let done = Cell::new(0);
        point.arm(7);
        assert_eq!(point.run(three_calls(&point, &done)), None);
        assert_eq!(done.get(), 3);
    }

    #[test]
    fn calls_made_at_once_stop_together() {
        let point = CrashPoint::default();
        let done = Cell::new(0);
        point.arm(4);
        let both = futures::future::join(three_calls(&point, &done), three_calls(&point, &done));
        assert!(point.run(both).is_none());
        assert_eq!(done.get(), 4);
    }
}
