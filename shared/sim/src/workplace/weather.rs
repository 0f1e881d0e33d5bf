//! What goes wrong by itself in a world, and how often.

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
}

impl Default for Weather {
    /// Nothing goes wrong.
    fn default() -> Self {
        Self {
            roads: Roads::default(),
            double_wakeups: 0.0,
            crash_rate: 0.0,
            hook_crash_rate: 0.0,
            crash_within_calls: 40,
            faults: FaultRates::default(),
            lag: Lag::none(),
            interleave: 0.0,
        }
    }
}
