//! One look at the new version under traffic: endpoints, alarms, tasks.

use futures::future::{join_all, try_join_all};
use futures::join;
use jiff::{SignedDuration, Timestamp};
use sluice_core::config::Settings;
use sluice_core::deployment::Deployment;
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::health::{Look, Probe, Sample, TaskCount};
use sluice_core::id::AlarmName;
use sluice_core::observation::{AlarmState, ServiceObservation};

use crate::App;
use crate::ports::{HttpRequest, Target};

/// A health endpoint that takes longer is unhealthy.
pub(super) const PROBE_TIMEOUT: SignedDuration = SignedDuration::from_secs(5);

/// How often one read of a sample is tried.
const TRIES: u8 = 4;

impl App {
    pub(super) async fn sample_health(
        &self,
        d: &Deployment,
        target: &Target,
        tasks_since: Timestamp,
    ) -> Result<Sample, PortError> {
        let at = self.ports.clock.now();
        let watched = &d.sealed_plan().alarms();
        let (probes, alarms, seen) = join!(
            join_all(self.probes(&d.settings, PROBE_TIMEOUT)),
            self.states(target, watched),
            self.tasks(d, target, tasks_since, at)
        );
        let (alarms, (services, tasks)) = (alarms?, seen?);
        let look = Look {
            at,
            probes: &probes,
            alarms: &alarms,
            services: &services,
            tasks,
        };
        Ok(look.sample())
    }

    pub(crate) async fn states(
        &self,
        target: &Target,
        alarms: &[AlarmName],
    ) -> Result<Vec<(AlarmName, Option<AlarmState>)>, PortError> {
        if alarms.is_empty() {
            return Ok(Vec::new());
        }
        let states = patiently(|| self.ports.alarms.states(target, alarms)).await?;
        let state = |alarm: &AlarmName| (alarm.clone(), states.get(alarm).copied());
        Ok(alarms.iter().map(state).collect())
    }

    /// The services as they run, and the tasks of the new version.
    async fn tasks(
        &self,
        d: &Deployment,
        target: &Target,
        since: Timestamp,
        at: Timestamp,
    ) -> Result<(Vec<ServiceObservation>, Vec<TaskCount>), PortError> {
        let services = patiently(|| self.services_of(&d.settings, target)).await?;
        let counts = services.iter().filter_map(|seen| {
            let revision = d.touched.task_definitions.get(&seen.service)?;
            let ecs_service = &d.settings.placement(&seen.service).ecs_service;
            Some(async move {
                let port = &self.ports.services;
                let stopped =
                    patiently(|| port.stopped_tasks(target, ecs_service, revision)).await?;
                Ok::<_, PortError>(TaskCount::of(seen, revision, &stopped, since, at))
            })
        });
        let counts = try_join_all(counts).await?;
        Ok((services, counts))
    }

    /// Asks the health paths of every web service that has an address.
    pub(crate) fn probes(
        &self,
        settings: &Settings,
        timeout: SignedDuration,
    ) -> Vec<impl Future<Output = Probe> + Send> {
        settings
            .web()
            .filter_map(|service| {
                let url = settings.placement(&service.name).url.as_ref()?;
                let health = service.health.as_ref()?;
                Some([&health.live, &health.ready].map(|path| (&service.name, url, path)))
            })
            .flatten()
            .map(|(service, url, path)| {
                let http = self.ports.http.clone();
                let (service, path) = (service.clone(), path.clone());
                let request = HttpRequest {
                    method: "GET".to_owned(),
                    url: format!("{url}{path}"),
                    timeout,
                };
                async move {
                    let answer = http.request(&request).await;
                    Probe {
                        service,
                        path,
                        answer,
                    }
                }
            })
            .collect()
    }
}

/// A sample is many reads, and one that is throttled must not cost all of it: what passes by itself
/// is tried again at once. The pause between is the SDK's.
pub(crate) async fn patiently<T, R>(mut read: impl FnMut() -> R) -> Result<T, PortError>
where
    R: Future<Output = Result<T, PortError>>,
{
    let mut tries = 1;
    loop {
        match read().await {
            Err(error) if error.class == ErrorClass::Retryable && tries < TRIES => tries += 1,
            read => return read,
        }
    }
}
