//! What a restore of a database asks of the world.

use std::collections::BTreeMap;

use futures::future::join_all;
use sluice_core::config::Database;
use sluice_core::deployment::Deployment;
use sluice_core::event::Outcome;
use sluice_core::failure::PortError;
use sluice_core::health::Probe;
use sluice_core::id::{EcsServiceName, ServiceName};
use sluice_core::observation::{HttpObservation, SmokeResult};
use sluice_core::restore::Found;

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

    /// Which database has each of these names. A name that no database has is left out.
    pub(super) async fn found(
        &self,
        target: &Target,
        names: &[Database],
    ) -> Result<BTreeMap<String, Found>, PortError> {
        let looks = names.iter().map(|name| async move {
            let seen = self.ports.databases.database(target, name).await;
            (name.identifier().to_owned(), seen)
        });
        let mut found = BTreeMap::new();
        for (name, seen) in join_all(looks).await {
            if let Some(seen) = seen? {
                let seen = Found {
                    resource_id: seen.resource_id,
                    status: seen.status,
                };
                found.insert(name, seen);
            }
        }
        Ok(found)
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
