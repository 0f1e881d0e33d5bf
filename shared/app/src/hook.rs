//! The answer to ECS's lifecycle hook.

use jiff::SignedDuration;
use sluice_core::hook::{HookAnswer, HookCall, answer};
use sluice_core::phase::Phase;

use crate::App;

impl App {
    /// Answers the hook. Never fails: whatever does not answer us makes ECS ask again, since an
    /// error would make it go back.
    pub async fn hook(&self, call: &HookCall) -> HookAnswer {
        if call.going_back {
            return HookAnswer::Succeeded;
        }
        let Some(id) = &call.deployment else {
            tracing::info!(
                service_deployment = %call.service_deployment,
                "{} names no deployment of ours: not ours to hold",
                call.service_deployment
            );
            return HookAnswer::Succeeded;
        };
        let stored = match self.ports.store.load(id).await {
            Ok(Some(stored)) => stored,
            Ok(None) => {
                tracing::warn!(deployment.id = %id, "the hook names {id}, which is not in the store: not ours to hold");
                return HookAnswer::Succeeded;
            }
            Err(error) => {
                tracing::warn!(deployment.id = %id, %error, "the hook of {id} could not be looked up, ECS asks again");
                return HookAnswer::WAIT;
            }
        };
        let answer = answer(&stored.deployment, call);
        tracing::info!(
            deployment.id = %id,
            phase = stored.deployment.phase.name(),
            stage = call.stage.map(|stage| stage.as_str()),
            ?answer,
            "the hook of {id} was answered"
        );
        if matches!(stored.deployment.phase, Phase::RollingOut) {
            // Green has just come up. A wake-up that is lost costs seconds: the machine looks by
            // itself.
            if let Err(error) = self.wake(id, None, SignedDuration::ZERO).await {
                tracing::warn!(deployment.id = %id, %error, "{id} could not be woken");
            }
        }
        answer
    }
}
