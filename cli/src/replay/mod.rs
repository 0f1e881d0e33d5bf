//! A recorded history, read again: is it whole, what happened, would today's code decide the same?
//!
//! What is compared and how is `sluice_core::history`; here a file is read and printed for people.

mod file;
mod folding;
mod printed;
mod steps;
mod timeline;

pub use file::{Exported, Unreadable, exported, read};
pub use folding::Folding;
pub use printed::printed;
pub use steps::{Key, Steps};
pub use timeline::{state_after, timeline};
