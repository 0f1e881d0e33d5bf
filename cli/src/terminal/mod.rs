//! What people see in their terminal. Everything that is printed goes through here; nothing here
//! decides anything.

mod message;
mod screen;
mod style;
mod width;
mod wrap;

pub use message::{form, plain, slack, thread};
pub use screen::{Screen, is_lively};
pub use sluice_words::inline::plain as as_text;
pub use style::{BAD, DIM, GOOD, STRONG, TITLE, WARN, paint};
pub use width::width;
pub use wrap::{wrap, wrap_hanging};
