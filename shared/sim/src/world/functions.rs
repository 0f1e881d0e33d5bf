//! What is deployed in the world: the functions, as their callers see them.

use async_trait::async_trait;
use sluice_app::ports::{MessageRef, WakeUp};
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;
use sluice_core::id::UserId;
use sluice_words::message::Button;

use crate::cloud::{EcsHookCall, Emitted};

/// Somebody clicks a button in Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    /// Who.
    pub user: UserId,
    /// The message that has the button.
    pub message: MessageRef,
    /// The button.
    pub button: Button,
}

/// What the one who clicked is told, and nobody else sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickReply {
    /// In words.
    pub text: String,
}

/// The functions: the application's entry points directly, or the real Lambda handlers.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Something happened in the cloud. On an error it is tried twice more.
    async fn cloud_event(&self, event: &Emitted) -> Result<(), PortError>;

    /// A message of the queue. On an error it comes back after its visibility timeout, and is put
    /// aside after some tries.
    async fn wake_up(&self, wake_up: &WakeUp) -> Result<(), PortError>;

    /// ECS asks whether to go on. An error makes it go back.
    async fn hook(&self, call: &EcsHookCall) -> Result<HookAnswer, String>;

    /// A minute has passed.
    async fn minute(&self) -> Result<(), PortError>;

    /// Somebody clicked. On an error Slack shows a warning sign, and they click again.
    async fn click(&self, click: &Click) -> Result<ClickReply, PortError>;
}
