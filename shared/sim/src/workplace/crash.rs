//! Crashes and pauses: a function stops between any two of its calls to the outside world, for good
//! or for a while in which others go on.
//!
//! What a crash leaves behind is what the calls before it did; nothing of the function runs after
//! it. So a crashed call never answers: its future stays pending, and whoever runs the function
//! drops it there, as Lambda drops a sandbox that ran out of memory or time. A call that pauses is
//! pending until whoever runs the function lets it go on.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::executor::block_on;
use futures::future::BoxFuture;

use super::dice::Dice;

/// No crash is planned.
const NEVER: u64 = u64::MAX;

/// Counts the port calls of the function that runs, and stops it at one of them.
#[derive(Clone, Debug)]
pub struct CrashPoint {
    /// How many more calls the function that runs has before it crashes.
    left: Arc<AtomicU64>,
    /// Whether the function that runs has crashed.
    struck: Arc<AtomicBool>,
    /// All calls of all functions so far.
    calls: Arc<AtomicU64>,
    /// The call of all at which whoever makes it crashes.
    strikes_at: Arc<AtomicU64>,
    /// Whether the function that runs is not to be struck.
    spares: Arc<AtomicBool>,
    pauses: Arc<Pauses>,
}

/// The chance of a pause at a call.
#[derive(Debug)]
struct Pauses {
    chance: Mutex<(f64, Dice)>,
    /// Whether the function that runs may pause at all.
    allowed: AtomicBool,
    /// How often functions were let go on: a call that paused waits for the next time.
    turn: AtomicU64,
    /// Whether the function that runs has paused.
    paused: AtomicBool,
}

impl Default for CrashPoint {
    fn default() -> Self {
        Self::pausing(0.0, Dice::new(0, 0))
    }
}

/// A function that was invoked and has not ended.
pub struct Invoked<T> {
    function: BoxFuture<'static, T>,
    left: u64,
}

/// How far a function has got.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// It is over: with its answer, or without if it crashed.
    Over(Option<T>),
    /// It waits at a call, until it is let go on.
    Paused,
}

impl CrashPoint {
    /// No crash is planned; at this rate of calls, 0 to 1, the function that makes it pauses.
    pub fn pausing(rate: f64, dice: Dice) -> Self {
        Self {
            left: Arc::new(AtomicU64::new(NEVER)),
            struck: Arc::default(),
            calls: Arc::default(),
            strikes_at: Arc::new(AtomicU64::new(NEVER)),
            spares: Arc::default(),
            pauses: Arc::new(Pauses {
                chance: Mutex::new((rate, dice)),
                allowed: AtomicBool::default(),
                turn: AtomicU64::default(),
                paused: AtomicBool::default(),
            }),
        }
    }

    /// From now on functions pause at no call.
    pub(crate) fn pause_no_more(&self) {
        let mut chance = self.pauses.chance.lock().expect("nobody panics with it");
        chance.0 = 0.0;
    }

    /// Has the function crash after `calls` more port calls: 0 at the very next one.
    pub fn arm(&self, calls: u64) {
        self.left.store(calls.min(NEVER - 1), Ordering::Relaxed);
    }

    /// Has whichever function makes that call crash there, once: 0 is the first call of all.
    pub fn strike_at(&self, call: u64) {
        self.strikes_at.store(call, Ordering::Relaxed);
    }

    /// From now on [`strike_at`](Self::strike_at) strikes nobody, or somebody again.
    pub fn spare(&self, spares: bool) {
        self.spares.store(spares, Ordering::Relaxed);
    }

    /// How many calls all functions have made.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Whether the crash has come.
    fn struck(&self) -> bool {
        self.struck.load(Ordering::Relaxed)
    }

    /// Awaited before every port call: never answers once the crash has come.
    pub fn pass(&self) -> Pass {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let strikes = call == self.strikes_at.load(Ordering::Relaxed);
        if strikes && !self.spares.load(Ordering::Relaxed) {
            self.left.store(0, Ordering::Relaxed);
        }
        let left = self.left.load(Ordering::Relaxed);
        if left != 0 && left != NEVER {
            self.left.store(left - 1, Ordering::Relaxed);
        }
        let crashed = left == 0;
        if crashed {
            self.struck.store(true, Ordering::Relaxed);
        }
        Pass {
            crashed,
            paused: self.pauses.draw(),
        }
    }

    /// Runs a function to its end: `None` if it crashed.
    ///
    /// A crash that was planned for later than the function's last call strikes between its end
    /// and the moment somebody hears of it: all is done and nobody knows.
    pub fn run<T>(&self, function: impl Future<Output = T>) -> Option<T> {
        match self.poll(pin!(function), false) {
            (Progress::Over(answer), _) => answer,
            (Progress::Paused, _) => None,
        }
    }

    /// Takes a function that is invoked, with the crash that is planned for it. It has not begun.
    pub fn invoke<T>(&self, function: BoxFuture<'static, T>) -> Invoked<T> {
        let left = self.left.swap(NEVER, Ordering::Relaxed);
        Invoked { function, left }
    }

    /// Lets a function go on until it is over, or until it pauses where it may.
    pub fn go_on<T>(&self, invoked: &mut Invoked<T>, may_pause: bool) -> Progress<T> {
        self.left.store(invoked.left, Ordering::Relaxed);
        let (progress, left) = self.poll(invoked.function.as_mut(), may_pause);
        invoked.left = left;
        progress
    }

    /// How far the function got, and how many calls are left to it.
    fn poll<T>(
        &self,
        mut function: Pin<&mut (impl Future<Output = T> + ?Sized)>,
        may_pause: bool,
    ) -> (Progress<T>, u64) {
        self.struck.store(false, Ordering::Relaxed);
        self.pauses.begin(may_pause);
        let progress = block_on(std::future::poll_fn(|context| {
            match function.as_mut().poll(context) {
                Poll::Ready(answer) => Poll::Ready(Progress::Over(Some(answer))),
                Poll::Pending if self.struck() => Poll::Ready(Progress::Over(None)),
                Poll::Pending if self.pauses.has_paused() => Poll::Ready(Progress::Paused),
                // It waits for something real, such as an answer over the wire.
                Poll::Pending => Poll::Pending,
            }
        }));
        self.pauses.begin(false);
        match (progress, self.left.swap(NEVER, Ordering::Relaxed)) {
            // Nobody hears of one that ended with its crash still before it.
            (Progress::Over(_), left) if left != NEVER => (Progress::Over(None), left),
            heard => heard,
        }
    }
}

impl Pauses {
    fn begin(&self, allowed: bool) {
        self.turn.fetch_add(1, Ordering::Relaxed);
        self.paused.store(false, Ordering::Relaxed);
        self.allowed.store(allowed, Ordering::Relaxed);
    }

    fn has_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Whether a call pauses, and if so until after which turn.
    fn draw(self: &Arc<Self>) -> Option<(Arc<Self>, u64)> {
        if !self.allowed.load(Ordering::Relaxed) {
            return None;
        }
        let mut chance = self.chance.lock().expect("dice do not panic");
        let (rate, dice) = &mut *chance;
        let pauses = dice.chance(*rate);
        pauses.then(|| (self.clone(), self.turn.load(Ordering::Relaxed)))
    }
}

/// Ready at once, or later, or never.
#[derive(Debug)]
#[must_use = "a pass does nothing unless it is awaited"]
pub struct Pass {
    crashed: bool,
    paused: Option<(Arc<Pauses>, u64)>,
}

impl Future for Pass {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.crashed {
            return Poll::Pending;
        }
        match &self.paused {
            Some((pauses, turn)) if pauses.turn.load(Ordering::Relaxed) == *turn => {
                pauses.paused.store(true, Ordering::Relaxed);
                // Whoever waits for several calls at once asks only those that have called.
                context.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(()),
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

    async fn writes(point: CrashPoint, name: char, story: Arc<Mutex<String>>) -> char {
        for _ in 0..3 {
            point.pass().await;
            story.lock().unwrap().push(name);
        }
        name
    }

    #[test]
    fn functions_that_pause_go_on_by_turns_and_crash_each_by_itself() {
        let point = CrashPoint::pausing(1.0, Dice::new(1, 0));
        let story = Arc::<Mutex<String>>::default();
        let mut one = point.invoke(Box::pin(writes(point.clone(), 'a', story.clone())));
        point.arm(1);
        let mut other = point.invoke(Box::pin(writes(point.clone(), 'b', story.clone())));
        assert_eq!(point.go_on(&mut one, true), Progress::Paused);
        assert_eq!(point.go_on(&mut other, true), Progress::Paused);
        assert_eq!(point.go_on(&mut one, true), Progress::Paused);
        // Its one call is made, and the next is its last.
        assert_eq!(point.go_on(&mut other, true), Progress::Over(None));
        assert_eq!(point.go_on(&mut one, true), Progress::Paused);
        assert_eq!(point.go_on(&mut one, true), Progress::Over(Some('a')));
        assert_eq!(*story.lock().unwrap(), "abaa");
    }

    #[test]
    fn a_function_that_may_not_pause_runs_to_its_end() {
        let point = CrashPoint::pausing(1.0, Dice::new(1, 0));
        let story = Arc::<Mutex<String>>::default();
        let mut one = point.invoke(Box::pin(writes(point.clone(), 'a', story.clone())));
        assert_eq!(point.go_on(&mut one, false), Progress::Over(Some('a')));
        assert_eq!(point.run(writes(point.clone(), 'b', story)), Some('b'));
    }

    #[test]
    fn many_calls_made_at_once_pause_too() {
        let point = CrashPoint::pausing(0.5, Dice::new(1, 0));
        let story = Arc::<Mutex<String>>::default();
        let calls = (0..50).map(|_| writes(point.clone(), 'a', story.clone()));
        let calls = futures::future::join_all(calls.collect::<Vec<_>>());
        let mut all = point.invoke(Box::pin(calls));
        let mut pauses = 0;
        while point.go_on(&mut all, true) == Progress::Paused {
            pauses += 1;
            assert!(pauses < 200, "it never ends");
        }
        assert!(pauses > 2, "{pauses}");
        assert_eq!(story.lock().unwrap().len(), 150);
    }
}
