//! The queue of wake-ups, as SQS keeps one: a standard queue with a dead-letter queue behind it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{WakeUp, Wakeups};
use sluice_core::failure::PortError;

use super::dice::Dice;
use super::gate::Gate;
use crate::cloud::Operation;

/// SQS holds a message back no longer than this (`DelaySeconds`).
pub const LONGEST_DELAY: SignedDuration = SignedDuration::from_mins(15);
/// A message that was received and not deleted comes back after this. Longer than the function
/// may run, or two run on one message.
pub const VISIBILITY_TIMEOUT: SignedDuration = SignedDuration::from_secs(90);
/// A message that was received this often without success is put aside (`maxReceiveCount`).
pub const MOST_RECEIVES: u32 = 5;

/// A message that was received: to be deleted, or it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// What it says.
    pub wake_up: WakeUp,
    /// How often it has been received, this time included.
    pub receives: u32,
    handle: (Timestamp, u64),
}

#[derive(Debug)]
struct Queue {
    messages: BTreeMap<(Timestamp, u64), (WakeUp, u32)>,
    next_number: u64,
    dead: Vec<WakeUp>,
    doubles: f64,
    dice: Dice,
}

impl Queue {
    fn put(&mut self, visible_at: Timestamp, wake_up: WakeUp, receives: u32) -> (Timestamp, u64) {
        let handle = (visible_at, self.next_number);
        self.next_number += 1;
        self.messages.insert(handle, (wake_up, receives));
        handle
    }
}

/// The queue of wake-ups, in memory.
pub struct MemoryWakeups {
    queue: Mutex<Queue>,
    gate: Gate,
}

impl MemoryWakeups {
    /// An empty queue that delivers the rate `doubles` of its messages again although they were
    /// deleted, as standard queues may.
    pub fn new(gate: Gate, doubles: f64, dice: Dice) -> Self {
        let queue = Queue {
            messages: BTreeMap::new(),
            next_number: 0,
            dead: Vec::new(),
            doubles,
            dice,
        };
        Self {
            queue: Mutex::new(queue),
            gate,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue
            .lock()
            .expect("no function panics while it holds the queue")
    }

    /// When the next message can be received.
    pub fn next_visible(&self) -> Option<Timestamp> {
        self.queue().messages.keys().next().map(|(at, _)| *at)
    }

    /// Receives the message that has been visible the longest at `now`, and hides it for
    /// [`VISIBILITY_TIMEOUT`]. One that was received too often goes to the dead letters instead.
    pub fn receive(&self, now: Timestamp) -> Option<Received> {
        let mut queue = self.queue();
        loop {
            let first = queue
                .messages
                .first_entry()
                .filter(|first| first.key().0 <= now)?;
            let (wake_up, receives) = first.remove();
            if receives >= MOST_RECEIVES {
                queue.dead.push(wake_up);
                continue;
            }
            let receives = receives + 1;
            let handle = queue.put(now + VISIBILITY_TIMEOUT, wake_up.clone(), receives);
            return Some(Received {
                wake_up,
                receives,
                handle,
            });
        }
    }

    /// Deletes a message that was dealt with.
    pub fn delete(&self, received: &Received) {
        let mut queue = self.queue();
        let doubles = queue.doubles;
        if !queue.dice.chance(doubles) {
            queue.messages.remove(&received.handle);
        }
    }

    /// The messages that were put aside.
    pub fn dead_letters(&self) -> Vec<WakeUp> {
        self.queue().dead.clone()
    }

    /// How many messages are under way or hidden.
    pub fn len(&self) -> usize {
        self.queue().messages.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[async_trait]
impl Wakeups for MemoryWakeups {
    async fn send(&self, wake_up: WakeUp, delay: SignedDuration) -> Result<(), PortError> {
        let delay = delay.clamp(SignedDuration::ZERO, LONGEST_DELAY);
        self.gate
            .call(Operation::SendMessage, || {
                let visible_at = self.gate.now() + delay;
                self.queue().put(visible_at, wake_up, 0);
            })
            .await
    }
}
