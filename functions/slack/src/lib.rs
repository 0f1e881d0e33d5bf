//! `slack`: takes what people type, click and send in Slack.

mod answer;
mod handler;
mod http;
mod patience;

pub use handler::{Door, handler};
pub use http::{Reply, Request, Response, UnreadableBody};
#[cfg(feature = "lambda")]
pub use patience::Clocked;
pub use patience::{Endless, Patience};
