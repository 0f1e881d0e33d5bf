//! The queue of wake-ups, as SQS keeps one: a standard queue with a dead-letter queue behind it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{WakeUp, Wakeups};
use sluice_core::failure::PortError;

use super::dice::Dice;
use super::gate::Gate;
use super::weather::RecursiveLoop;
use crate::cloud::Operation;

/// SQS holds a message back no longer than this (`DelaySeconds`).
pub const LONGEST_DELAY: SignedDuration = SignedDuration::from_mins(15);
/// A message that was received and not deleted comes back after this. Longer than the function
/// may run, or two run on one message.
pub const VISIBILITY_TIMEOUT: SignedDuration = SignedDuration::from_secs(90);
/// A message that was received this often without success is put aside (`maxReceiveCount`).
pub const MOST_RECEIVES: u32 = 5;

/// Lambda drops a message whose chain has been through it so often, where loops are not allowed.
pub const MOST_HOPS: u32 = 16;

#[derive(Clone, Debug)]
struct Message {
    wake_up: WakeUp,
    receives: u32,
    /// `Lineage`: how often its chain has been through Lambda.
    hops: u32,
}

/// A message that was received: to be deleted, or it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// What it says.
    pub wake_up: WakeUp,
    /// How often it has been received, this time included.
    pub receives: u32,
    /// How often its chain has been through Lambda, this time included.
    pub hops: u32,
    handle: (Timestamp, u64),
}

#[derive(Debug)]
struct Queue {
    messages: BTreeMap<(Timestamp, u64), Message>,
    next_number: u64,
    dead: Vec<WakeUp>,
    /// How often the chain of the function that runs has been through the queue.
    hops: u32,
    recursive_loop: RecursiveLoop,
    doubles: f64,
    dice: Dice,
}

impl Queue {
    fn put(&mut self, visible_at: Timestamp, message: Message) -> (Timestamp, u64) {
        let handle = (visible_at, self.next_number);
        self.next_number += 1;
        self.messages.insert(handle, message);
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
            hops: 0,
            recursive_loop: RecursiveLoop::default(),
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
            let mut message = first.remove();
            let loops = queue.recursive_loop == RecursiveLoop::Terminate;
            if message.receives >= MOST_RECEIVES || (loops && message.hops >= MOST_HOPS) {
                queue.dead.push(message.wake_up);
                continue;
            }
            message.receives += 1;
            let handle = queue.put(now + VISIBILITY_TIMEOUT, message.clone());
            return Some(Received {
                wake_up: message.wake_up,
                receives: message.receives,
                hops: message.hops + 1,
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

    /// What Lambda does with a function that invokes itself by way of the queue.
    pub fn set_recursive_loop(&self, recursive_loop: RecursiveLoop) {
        self.queue().recursive_loop = recursive_loop;
    }

    /// A function runs whose chain has been through Lambda so often: what it sends goes on with it.
    pub fn runs_after(&self, hops: u32) {
        self.queue().hops = hops;
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
                let mut queue = self.queue();
                let message = Message {
                    wake_up,
                    receives: 0,
                    hops: queue.hops,
                };
                queue.put(visible_at, message);
            })
            .await
    }
}
