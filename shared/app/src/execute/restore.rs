//! What a restore of a database asks of the world.

use futures::future::join_all;
use sluice_core::deployment::Deployment;
use sluice_core::event::Outcome;
use sluice_core::failure::PortError;
use sluice_core::health::Probe;
use sluice_core::id::{EcsServiceName, ServiceName};
use sluice_core::observation::{HttpObservation, SmokeResult};

use crate::App;
use crate::ports::Target;

impl App {
    /// Makes ECS run this many tasks of a service.
    pub(super) async fn scale(
        &self,
        target: &Target,
        service: &ServiceName,
        ecs_service: &EcsServiceName,
        tasks: u32,
    ) -> Result<Outcome, PortError> {
        let services = &self.ports.services;
        services.ensure_count(target, ecs_service, tasks).await?;
        Ok(Outcome::ServiceScaled {
            service: service.clone(),
        })
    }

    /// The health paths, where users see them, as tests of a restore.
    pub(super) async fn probe_health(&self, d: &Deployment) -> Vec<SmokeResult> {
        let judged = |probe: Probe| {
            let name = format!("{} {}", probe.service, probe.path);
            let failure = match probe.answer {
                HttpObservation::Answered { status, .. } if (200..300).contains(&status) => None,
                HttpObservation::Answered { status, .. } => Some(format!("answered {status}")),
                HttpObservation::NoAnswer(reason) => Some(format!("did not answer: {reason}")),
                HttpObservation::Unreachable(reason) => {
                    Some(format!("cannot be reached from Sluice: {reason}"))
                }
            };
            SmokeResult { name, failure }
        };
        let answers = join_all(self.probes(&d.settings, super::health::PROBE_TIMEOUT)).await;
        answers.into_iter().map(judged).collect()
    }
}
