//! `health-check`: sees to whatever is due, every minute.

mod handler;

pub use handler::{Answer, handler};
