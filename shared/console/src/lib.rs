//! `sluice console`: a page on localhost that shows an installation, a demo while it plays, or a
//! recorded history.
//!
//! It only reads. What it shows comes from a [`Source`] as data, and the words from [`sluice_words`];
//! HTML is made here, on the server, and every text in it is escaped by the templates.

mod moves;
mod page;
mod recorded;
mod server;
mod source;

pub use recorded::{Recorded, Story};
pub use server::{router, serve};
pub use source::{About, Board, Commands, Source, Unseen};
