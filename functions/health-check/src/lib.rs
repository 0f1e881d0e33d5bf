//! `health-check`: checks everything that is due, every minute.

mod handler;

pub use handler::{Answer, handler};
