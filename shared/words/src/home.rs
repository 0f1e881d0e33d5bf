//! The page that the chat app shows to one person: Slack's App Home.

use serde::{Deserialize, Serialize};

use crate::message::Block;

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// Part by part.
    pub blocks: Vec<Block>,
}
