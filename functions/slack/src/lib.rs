//! `slack`: takes clicks in Slack.

mod handler;
mod http;

pub use handler::handler;
pub use http::{Reply, Request, Response, UnreadableBody};
