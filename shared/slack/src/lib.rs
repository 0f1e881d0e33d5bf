//! Slack, both ways: requests verified and read, messages rendered and posted.
//!
//! The only crate that names slack-morphism. Reading and rendering are pure; the chat port on
//! Slack's Web API is behind the feature `client`.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "doctor")]
pub use client::doctor;
mod incoming;
mod interaction;
mod method;
mod render;
mod signature;
#[cfg(feature = "sign")]
mod simulated;

#[cfg(feature = "client")]
pub use client::{BASE_URL, InvalidBaseUrl, Responder, SlackChat, TokenSource};
pub use incoming::{Incoming, IncomingError, Origin, TypedCommand, Whose, parse};
pub use interaction::{Interaction, button_value};
pub use method::Method;
pub use render::{Rendered, render, render_home, render_modal};
pub use signature::{SigningSecrets, UnusableSecrets, Unverified, sent_at, verify};
#[cfg(feature = "sign")]
pub use simulated::{
    SimulatedClick, click_body, command_body, home_opened_body, interaction_body, sign,
    submission_body, url_verification_body,
};
