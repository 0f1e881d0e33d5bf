//! The workplace around Sluice: its store, its queue, Slack, EventBridge, and the weather they are
//! all in.

mod behind;
mod configurations;
mod crash;
mod dice;
mod event_bridge;
mod gate;
mod index;
mod monitors;
mod slack;
mod store;
mod tables;
mod versions;
mod wakeups;
mod weather;

#[cfg(test)]
mod tests;

pub use crash::{CrashPoint, Invoked, Pass, Progress};
pub use dice::Dice;
pub use event_bridge::{Delivery, EventBridge, MOST_TRIES, Roads};
pub use gate::Gate;
pub use monitors::{Annotation, MonitorModel, Taken};
pub use slack::{Posted, Said, SlackModel};
pub use store::{Change, MemoryStore, Witness};
pub use versions::{StoreOfVersion, Versions};
pub use wakeups::{
    LONGEST_DELAY, MOST_HOPS, MOST_RECEIVES, MemoryWakeups, Received, VISIBILITY_TIMEOUT,
};
pub use weather::{Outages, RecursiveLoop, Weather};
