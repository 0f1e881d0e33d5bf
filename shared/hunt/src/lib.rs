//! The hunt: days of a company, drawn at random, on which nothing that must always be true may break
//! and nothing may be left hanging.
//!
//! A seed is a [`Day`]: pushes, hotfixes, people who are slow, wrong or gone, hands in the console,
//! outages, rotations. [`play`] plays it, lets the faults stop in the evening, and says what broke.
//! A day that breaks something is [shrunk](shrink) to what it takes. [`Bug`]s are planted between
//! Sluice and the world to see that the hunt finds what it is there to find.

mod acts;
mod bug;
mod company;
mod day;
mod draw;
mod evening;
mod play;
mod shrink;
mod told;

pub use bug::Bug;
pub use day::{Act, BadImage, Day, Move};
pub use play::{Found, Outcome, Seen, play, play_with};
pub use shrink::{Shrunk, shrink};
