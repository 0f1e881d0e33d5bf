//! What people see in their terminal. Everything that is printed goes through here; nothing here
//! decides anything.

mod message;
mod screen;
mod style;
mod wrap;

pub use message::{form, mentions, slack, thread};
pub use screen::{Screen, is_lively};
pub use style::{BAD, DIM, GOOD, STRONG, TITLE, WARN, paint};
pub use wrap::{wrap, wrap_hanging};
