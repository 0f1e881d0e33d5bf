//! Slack, both ways: requests verified and read, messages rendered and posted.
//!
//! The only crate that names slack-morphism. Reading and rendering are pure; the chat port on
//! Slack's Web API is behind the feature `client`.

#[cfg(feature = "client")]
mod client;
mod interaction;
mod render;
mod signature;
#[cfg(feature = "sign")]
mod simulated;

#[cfg(feature = "client")]
pub use client::{BASE_URL, InvalidBaseUrl, Responder, SlackChat};
pub use interaction::{Interaction, InteractionError, parse_interaction};
pub use render::{Rendered, render};
pub use signature::{Unverified, verify};
#[cfg(feature = "sign")]
pub use simulated::{interaction_body, sign};
