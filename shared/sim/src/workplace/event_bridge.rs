//! EventBridge, and the asynchronous invocation of Lambda behind it.
//!
//! Delivery is at least once and in no order; and since a rule can be disabled and a target
//! throttled for longer than events are kept, some may never arrive.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::dice::Dice;

/// Lambda tries an asynchronous event this often before it gives it up: once, and two more times.
pub const MOST_TRIES: u32 = 3;
/// Lambda waits this long before the second try, and twice as long before the third.
const FIRST_RETRY_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// How events travel.
#[derive(Clone, Debug, PartialEq)]
pub struct Roads {
    /// No event is faster than this.
    pub delay: SignedDuration,
    /// Up to so much more, each event as it comes: what overtakes what is settled by this.
    pub jitter: SignedDuration,
    /// The rate of events that arrive twice, 0 to 1.
    pub doubles: f64,
    /// The rate of events that never arrive, 0 to 1.
    pub losses: f64,
}

impl Default for Roads {
    /// Every event once, in order, after half a second: the latency EventBridge has on a good day.
    fn default() -> Self {
        Self {
            delay: SignedDuration::from_millis(500),
            jitter: SignedDuration::ZERO,
            doubles: 0.0,
            losses: 0.0,
        }
    }
}

/// An event that arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery<E> {
    /// What happened.
    pub event: E,
    /// Which try this is, from 1.
    pub tries: u32,
}

/// Carries events from the cloud to the functions.
#[derive(Debug)]
pub struct EventBridge<E> {
    roads: Roads,
    dice: Dice,
    under_way: BTreeMap<(Timestamp, u64), Delivery<E>>,
    next_number: u64,
    lost: Vec<E>,
    given_up: Vec<E>,
}

impl<E: Clone> EventBridge<E> {
    /// A bridge with nothing on it.
    pub fn new(roads: Roads, dice: Dice) -> Self {
        Self {
            roads,
            dice,
            under_way: BTreeMap::new(),
            next_number: 0,
            lost: Vec::new(),
            given_up: Vec::new(),
        }
    }

    /// From now on events travel like this.
    pub fn set_roads(&mut self, roads: Roads) {
        self.roads = roads;
    }

    /// Takes an event that happened at `now`.
    pub fn accept(&mut self, event: E, now: Timestamp) {
        if self.dice.chance(self.roads.losses) {
            self.lost.push(event);
            return;
        }
        if self.dice.chance(self.roads.doubles) {
            self.send(event.clone(), now);
        }
        self.send(event, now);
    }

    fn send(&mut self, event: E, now: Timestamp) {
        let at = now + self.roads.delay + self.dice.up_to(self.roads.jitter);
        self.put(at, Delivery { event, tries: 1 });
    }

    fn put(&mut self, at: Timestamp, delivery: Delivery<E>) {
        self.under_way.insert((at, self.next_number), delivery);
        self.next_number += 1;
    }

    /// When the next event arrives.
    pub fn next_arrival(&self) -> Option<Timestamp> {
        self.under_way.keys().next().map(|(at, _)| *at)
    }

    /// The event that arrives first, if it has by `now`.
    pub fn deliver(&mut self, now: Timestamp) -> Option<Delivery<E>> {
        let first = self
            .under_way
            .first_entry()
            .filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    /// The function failed on the event at `now`: it is tried again later, or given up.
    pub fn failed(&mut self, delivery: Delivery<E>, now: Timestamp) {
        if delivery.tries >= MOST_TRIES {
            self.given_up.push(delivery.event);
            return;
        }
        let wait = FIRST_RETRY_AFTER * i32::try_from(delivery.tries).unwrap_or(i32::MAX);
        let again = Delivery {
            event: delivery.event,
            tries: delivery.tries + 1,
        };
        self.put(now + wait, again);
    }

    /// Events that never arrived.
    pub fn lost(&self) -> &[E] {
        &self.lost
    }

    /// Events that arrived and were given up after [`MOST_TRIES`].
    pub fn given_up(&self) -> &[E] {
        &self.given_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn bridge(roads: Roads, seed: u64) -> EventBridge<u32> {
        EventBridge::new(roads, Dice::new(seed, 0))
    }

    fn arrivals(bridge: &mut EventBridge<u32>) -> Vec<u32> {
        let mut arrived = Vec::new();
        while let Some(at) = bridge.next_arrival() {
            arrived.push(bridge.deliver(at).expect("it arrives when it says").event);
        }
        arrived
    }

    fn stormy() -> Roads {
        Roads {
            jitter: SignedDuration::from_secs(30),
            doubles: 0.2,
            losses: 0.2,
            ..Roads::default()
        }
    }

    #[test]
    fn fair_weather_delivers_each_once_and_in_order() {
        let mut bridge = bridge(Roads::default(), 1);
        for event in 0..20 {
            bridge.accept(event, START);
        }
        assert_eq!(
            bridge.deliver(START),
            None,
            "nothing is faster than the delay"
        );
        assert_eq!(arrivals(&mut bridge), (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn a_storm_doubles_loses_and_reorders_the_same_way_for_the_same_seed() {
        let run = |seed| {
            let mut bridge = bridge(stormy(), seed);
            for event in 0..200 {
                bridge.accept(event, START);
            }
            let arrived = arrivals(&mut bridge);
            (arrived, bridge.lost().to_vec())
        };
        let (arrived, lost) = run(7);
        assert_eq!((arrived.clone(), lost.clone()), run(7));
        assert_ne!(arrived, run(8).0);

        let mut kinds = arrived.clone();
        kinds.sort_unstable();
        kinds.dedup();
        assert!(kinds.len() < arrived.len(), "some arrive twice");
        assert!(!lost.is_empty(), "some never arrive");
        assert_eq!(
            kinds.len() + lost.len(),
            200,
            "every one arrives or is lost"
        );
        assert!(!arrived.is_sorted(), "some overtake others");
    }

    #[test]
    fn a_failing_function_is_tried_three_times_with_growing_waits() {
        let mut bridge = bridge(Roads::default(), 1);
        bridge.accept(1, START);
        let mut times = Vec::new();
        while let Some(at) = bridge.next_arrival() {
            let delivery = bridge.deliver(at).expect("it arrives when it says");
            times.push((at.duration_since(START)).as_secs());
            bridge.failed(delivery, at);
        }
        assert_eq!(times, [0, 60, 180]);
        assert_eq!(bridge.given_up(), [1]);
    }
}
