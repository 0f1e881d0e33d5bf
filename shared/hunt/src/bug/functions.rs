//! Bugs of the functions themselves, and of the queue between them.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;
use sluice_app::ports::{WakeUp, Wakeups};
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;
use sluice_sim::cloud::{EcsHookCall, Emitted};
use sluice_sim::world::{Click, ClickReply, Functions};

use super::Bug;

/// Something with a bug.
pub(super) struct Buggy<T: ?Sized> {
    pub(super) bug: Bug,
    pub(super) inner: Arc<T>,
}

#[async_trait]
impl Functions for Buggy<dyn Functions> {
    async fn cloud_event(&self, event: &Emitted) -> Result<(), PortError> {
        self.inner.cloud_event(event).await
    }

    async fn wake_up(&self, wake_up: &WakeUp) -> Result<(), PortError> {
        self.inner.wake_up(wake_up).await
    }

    async fn hook(&self, call: &EcsHookCall) -> Result<HookAnswer, String> {
        match self.bug {
            Bug::ShiftsUntested => Ok(HookAnswer::Succeeded),
            _ => self.inner.hook(call).await,
        }
    }

    async fn minute(&self) -> Result<(), PortError> {
        match self.bug {
            Bug::LosesWakeUps => Ok(()),
            _ => self.inner.minute().await,
        }
    }

    async fn click(&self, click: &Click) -> Result<ClickReply, PortError> {
        self.inner.click(click).await
    }
}

#[async_trait]
impl Wakeups for Buggy<dyn Wakeups> {
    async fn send(&self, wake_up: WakeUp, delay: SignedDuration) -> Result<(), PortError> {
        match self.bug {
            Bug::LosesWakeUps => Ok(()),
            _ => self.inner.send(wake_up, delay).await,
        }
    }
}
