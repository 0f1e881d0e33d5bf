//! The answer to ECS's lifecycle hook.

use jiff::SignedDuration;
use sluice_core::failure::PortError;
use sluice_core::hook::{HookAnswer, HookCall, answer};
use sluice_core::id::DeploymentId;

use crate::App;
use crate::ports::Stored;

impl App {
    /// Answers the hook. Never fails: when something does not answer, ECS calls again, since an
    /// error would make it roll back. Where nothing is known ECS is held, and the log has an error.
    pub async fn hook(&self, call: &HookCall) -> HookAnswer {
        if call.going_back {
            return HookAnswer::Succeeded;
        }
        let arn = &call.service_deployment;
        let stored = match self.asked_by(call).await {
            Ok(Some(stored)) => stored,
            Ok(None) => {
                tracing::error!(
                    service_deployment = %arn,
                    "{arn} asks to continue, but belongs to no known deployment of Sluice: it is \
                     held. Remove Sluice's lifecycle hook from a service that Sluice does not deploy"
                );
                return HookAnswer::WAIT;
            }
            Err(error) => {
                tracing::warn!(service_deployment = %arn, %error, "the hook of {arn} could not be \
                    looked up, ECS calls again");
                return HookAnswer::WAIT;
            }
        };
        let id = &stored.deployment.id;
        let answer = answer(&stored.deployment, call, self.ports.clock.now());
        tracing::info!(
            deployment.id = %id,
            phase = stored.deployment.phase.name(),
            stage = call.stage.map(|stage| stage.as_str()),
            ?answer,
            "the hook of {id} was answered"
        );
        if answer == HookAnswer::WAIT && !stored.deployment.phase.is_terminal() {
            // Green has just come up, or a step was made. A wake-up that is lost costs seconds: the
            // machine looks by itself.
            if let Err(error) = self.wake(id, None, SignedDuration::ZERO).await {
                tracing::warn!(deployment.id = %id, %error, "{id} could not be woken");
            }
        }
        answer
    }

    /// The deployment that `hookDetails` name; where they name none that is known, the one that is
    /// active where the service is.
    async fn asked_by(&self, call: &HookCall) -> Result<Option<Stored>, PortError> {
        let store = &self.ports.store;
        if let Some(id) = &call.deployment
            && let Some(stored) = store.load(id).await?
        {
            return Ok(Some(stored));
        }
        match self.active_where(call).await? {
            Some(id) => store.load(&id).await,
            None => Ok(None),
        }
    }

    async fn active_where(&self, call: &HookCall) -> Result<Option<DeploymentId>, PortError> {
        let arn = &call.service_deployment;
        let (Some(account), Some(cluster), Some(service)) =
            (arn.account(), arn.cluster(), arn.ecs_service())
        else {
            return Ok(None);
        };
        let found = self.active_in(&account, &cluster, &service).await;
        let found: Result<Vec<_>, _> = found.into_iter().collect();
        Ok(found?.into_iter().flatten().next())
    }
}
