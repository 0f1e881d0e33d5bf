//! `operate`: takes what people ask for from a terminal, signed with their AWS credentials.

mod handler;
mod response;

pub use handler::{handler, too_slow};
pub use response::Response;
