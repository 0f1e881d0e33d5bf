//! What goes wrong by itself in a world, and how often.

use jiff::SignedDuration;

use super::event_bridge::Roads;
use crate::cloud::{FaultRates, Lag};

/// What goes wrong by itself. Rates are 0 (never) to 1 (always).
#[derive(Clone, Debug, PartialEq)]
pub struct Weather {
    /// How events travel.
    pub roads: Roads,
    /// The rate of wake-ups that are delivered again although they were deleted.
    pub double_wakeups: f64,
    /// The rate of invocations that crash; not of the lifecycle hook, whose crash makes ECS go
    /// back.
    pub crash_rate: f64,
    /// The rate of lifecycle hook invocations that crash.
    pub hook_crash_rate: f64,
    /// A crash comes before this many port calls have been made, or at the end if there are fewer.
    pub crash_within_calls: u64,
    /// Faults of the ports, of the cloud's and the workplace's.
    pub faults: FaultRates,
    /// How far reads lie behind writes.
    pub lag: Lag,
    /// The rate of port calls at which the function that makes them waits while others go on; 0
    /// runs each to its end before the next begins.
    pub interleave: f64,
    /// Services that are out.
    pub outages: Outages,
    /// The rate of tasks that never start: nothing was wrong with them.
    pub never_start: f64,
    /// How often in a day somebody does something in the console.
    pub hands_per_day: f64,
    /// Whether Lambda stops what calls itself by way of the queue.
    pub recursive_loop: RecursiveLoop,
}

/// Services that are out now and then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outages {
    /// How often in a day one is, of all together.
    pub per_day: f64,
    /// No outage is shorter.
    pub shortest: SignedDuration,
    /// None is longer.
    pub longest: SignedDuration,
}

/// What Lambda does with a function that invokes itself by way of a queue, as each deployment does:
/// `RecursiveLoop` of the function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecursiveLoop {
    /// Nothing, as `infra` sets it.
    #[default]
    Allow,
    /// It drops the message after sixteen rounds: Lambda's own default.
    Terminate,
}

impl Default for Weather {
    /// Nothing goes wrong. Reads are late, as on any day.
    fn default() -> Self {
        Self {
            roads: Roads::default(),
            double_wakeups: 0.0,
            crash_rate: 0.0,
            hook_crash_rate: 0.0,
            crash_within_calls: 40,
            faults: FaultRates::default(),
            lag: Lag::ordinary(),
            interleave: 0.0,
            outages: Outages::default(),
            never_start: 0.0,
            hands_per_day: 0.0,
            recursive_loop: RecursiveLoop::default(),
        }
    }
}

impl Default for Outages {
    /// None. Where there are any, they take from five minutes to two hours.
    fn default() -> Self {
        Self {
            per_day: 0.0,
            shortest: SignedDuration::from_mins(5),
            longest: SignedDuration::from_hours(2),
        }
    }
}
