//! Reading services: as they run, and with what a plan has to know of their task definitions.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::config::{Service, Settings};
use sluice_core::deployment::Deployment;
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::DeploymentId;
use sluice_core::observation::ServiceObservation;

use crate::App;
use crate::ports::{DefinitionQuery, ServiceQuery, Stored, Target};

impl App {
    /// The services as they run.
    pub(crate) async fn services_of(
        &self,
        settings: &Settings,
        target: &Target,
    ) -> Result<Vec<ServiceObservation>, PortError> {
        let queries = self.queries(settings);
        self.ports.services.read(target, &queries).await
    }

    /// The services for a plan, or as they run.
    pub(super) async fn read_services(
        &self,
        d: &Deployment,
        target: &Target,
    ) -> Result<Vec<ServiceObservation>, PortError> {
        match d.kind.is_release() && d.phase.is_untouched() {
            true => self.services_to_plan(d, target).await,
            false => self.services_of(&d.settings, target).await,
        }
    }

    /// Every service, without more of its task definition.
    pub(crate) fn queries(&self, settings: &Settings) -> Vec<ServiceQuery> {
        let services = settings.services.iter();
        services
            .map(|service| query(settings, service, None))
            .collect()
    }

    /// The same with their task definitions, and with what Sluice has set in them.
    async fn services_to_plan(
        &self,
        d: &Deployment,
        target: &Target,
    ) -> Result<Vec<ServiceObservation>, PortError> {
        let settings = &d.settings;
        let environment = &settings.environment;
        let plain = environment.variables.keys();
        let sets: BTreeSet<String> = plain.chain(environment.secrets.keys()).cloned().collect();
        let services = settings.services.iter();
        let queries: Vec<ServiceQuery> = services
            .map(|service| {
                let definition = DefinitionQuery {
                    base: settings.placement(&service.name).task_definition.clone(),
                    sets: sets.clone(),
                    sets_stop_timeout: service.stop_timeout.is_some(),
                };
                query(settings, service, Some(definition))
            })
            .collect();
        let mut observed = self.ports.services.read(target, &queries).await?;
        let mut known = BTreeMap::new();
        for service in &mut observed {
            self.find_ours(d, service, &mut known).await?;
        }
        Ok(observed)
    }

    /// Which variables of the revision that runs Sluice has set: its record of the deployment that
    /// registered this very revision has them in its plan. The tag only says where to look.
    async fn find_ours(
        &self,
        d: &Deployment,
        service: &mut ServiceObservation,
        known: &mut BTreeMap<DeploymentId, Option<Stored>>,
    ) -> Result<(), PortError> {
        let Some(definition) = &mut service.definition else {
            return Ok(());
        };
        let Some(id) = definition.deployment.clone() else {
            return Ok(());
        };
        if definition.others.is_empty() {
            return Ok(());
        }
        if !known.contains_key(&id) {
            let stored = self.recorded(d, &id).await?;
            known.insert(id.clone(), stored);
        }
        let Some(Some(stored)) = known.get(&id) else {
            return Ok(());
        };
        let before = &stored.deployment;
        let registered = before.touched.task_definitions.get(&service.service);
        if let (Some(sealed), true) = (&before.plan, registered == Some(&service.task_definition)) {
            let plan = &sealed.plan;
            let secrets = plan.secrets.iter().map(|secret| &secret.variable);
            let set: BTreeSet<&String> = plan.variables.keys().chain(secrets).collect();
            let others = definition.others.iter();
            definition.ours = others.filter(|name| set.contains(name)).cloned().collect();
        }
        Ok(())
    }

    /// Sluice's record of a deployment to the same environment. Where there is none that can be read,
    /// nothing is known: a tag may name anything.
    async fn recorded(
        &self,
        d: &Deployment,
        id: &DeploymentId,
    ) -> Result<Option<Stored>, PortError> {
        let is_here = |stored: &Stored| {
            let other = &stored.deployment;
            other.app() == d.app() && other.environment() == d.environment()
        };
        match self.ports.store.load(id).await {
            Ok(stored) => Ok(stored.filter(is_here)),
            Err(error) if error.class == ErrorClass::Retryable => Err(error),
            Err(error) => {
                tracing::warn!(
                    deployment.id = %d.id,
                    %error,
                    "the record of {id} cannot be read: what it set is not known"
                );
                Ok(None)
            }
        }
    }
}

fn query(
    settings: &Settings,
    service: &Service,
    definition: Option<DefinitionQuery>,
) -> ServiceQuery {
    ServiceQuery {
        service: service.name.clone(),
        ecs_service: settings.placement(&service.name).ecs_service.clone(),
        container: service.container.clone(),
        definition,
    }
}
