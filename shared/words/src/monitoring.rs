//! What monitors are told of a deployment: changes of its state as typed facts, and every line of its
//! story. `docs/monitors.md` describes both for those who read them.
//!
//! Everything is derived from the story, which only grows at its end: the number of an entry is the
//! same for ever, and so is what is named after it.

mod change;
mod news;
mod page;
mod trouble;

pub use change::{Kind, Outcome, State, StateChange, changes};
pub use news::{Line, News, next};
pub use page::Page;
pub use trouble::{given_up, left_out, needs_person};
