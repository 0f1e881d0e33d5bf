//! What there is beside the revision that a service runs: newer ones of its family, and the family
//! that infrastructure code owns.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{
    Compatibility, ContainerDefinition, LaunchType, NetworkMode, Service, Tag, TaskDefinition,
    TaskDefinitionStatus,
};
use sluice_app::ports::DefinitionQuery;
use sluice_core::failure::PortError;
use sluice_core::id::{ContainerName, DeploymentId, TaskFamily};
use sluice_core::task_definition::{
    BaseReading, DefinitionObservation, FamilyRevision, Needs, Outline,
};

use super::members::differences;
use super::task_definition::{DEPLOYMENT_TAG, DESCRIBE, arn_of, latest};
use crate::clients::ClientSet;

/// Revisions of Sluice's own that are passed over in a search for someone else's. It registers one a
/// release in a service's family, and none in a base family once that is configured.
const LOOKS: usize = 40;

/// What a service runs, as far as it was read.
pub(super) struct Runs<'a> {
    pub(super) service: &'a Service,
    pub(super) definition: &'a TaskDefinition,
    pub(super) tags: &'a [Tag],
    pub(super) container: &'a ContainerDefinition,
}

pub(super) async fn read(
    clients: &ClientSet,
    runs: &Runs<'_>,
    query: &DefinitionQuery,
) -> Result<DefinitionObservation, PortError> {
    let definition = runs.definition;
    let own = TaskFamily::new(definition.family().unwrap_or_default());
    let beside = |found: TaskDefinition| compare(runs, query, &found);
    let newest = newest_of_others(clients, &own, definition.revision()).await?;
    let base = match &query.base {
        None => None,
        Some(base) => Some(match newest_of_others(clients, base, 0).await? {
            Some(found) => BaseReading::Newest(beside(found)?),
            None => BaseReading::NotThere,
        }),
    };
    Ok(DefinitionObservation {
        deployment: deployment(runs.tags),
        others: others(runs.container, query),
        ours: BTreeSet::new(),
        needs: needs(runs),
        newest: newest.map(beside).transpose()?,
        base,
    })
}

/// The deployment that registered a revision, if Sluice did.
fn deployment(tags: &[Tag]) -> Option<DeploymentId> {
    let tag = tags.iter().find(|tag| tag.key() == Some(DEPLOYMENT_TAG));
    tag.and_then(Tag::value).map(DeploymentId::from_outside)
}

/// The newest active revision of the family, above that number, that is not Sluice's.
async fn newest_of_others(
    clients: &ClientSet,
    family: &TaskFamily,
    above: i32,
) -> Result<Option<TaskDefinition>, PortError> {
    let mut name = family.to_string();
    let mut at = i32::MAX;
    for _ in 0..LOOKS {
        let found = latest(clients, &name).await?;
        match found {
            // Neither has a family a revision after this one if it is its latest.
            None if at == i32::MAX => return Ok(None),
            None => {}
            Some((found, tags)) => {
                at = found.revision();
                let is_active = found.status() != Some(&TaskDefinitionStatus::Inactive)
                    && found.status() != Some(&TaskDefinitionStatus::DeleteInProgress);
                if at > above && is_active && deployment(&tags).is_none() {
                    return Ok(Some(found));
                }
            }
        }
        at -= 1;
        if at <= above {
            return Ok(None);
        }
        name = format!("{family}:{at}");
    }
    Ok(None)
}

fn compare(
    runs: &Runs<'_>,
    query: &DefinitionQuery,
    other: &TaskDefinition,
) -> Result<FamilyRevision, PortError> {
    let name = runs.container.name().unwrap_or_default();
    let differs = differences(runs.definition, other, name, query);
    Ok(FamilyRevision {
        task_definition: arn_of(other, DESCRIBE, other.family().unwrap_or_default())?,
        differs,
        outline: outline(other),
    })
}

fn outline(definition: &TaskDefinition) -> Outline {
    let compatible = definition.compatibilities().iter();
    let required = definition.requires_compatibilities().iter();
    let containers = definition.container_definitions().iter();
    let ports = |container: &ContainerDefinition| {
        let mapped = container.port_mappings().iter();
        let mapped = mapped.filter_map(|one| u16::try_from(one.container_port()?).ok());
        let name = ContainerName::new(container.name().unwrap_or_default());
        (name, mapped.collect::<BTreeSet<u16>>())
    };
    Outline {
        // ECS's own default.
        network_mode: definition
            .network_mode()
            .unwrap_or(&NetworkMode::Bridge)
            .as_str()
            .to_owned(),
        launch_types: compatible
            .chain(required)
            .map(Compatibility::as_str)
            .map(str::to_owned)
            .collect(),
        ports: containers.map(ports).collect::<BTreeMap<_, _>>(),
    }
}

fn needs(runs: &Runs<'_>) -> Needs {
    let service = runs.service;
    let providers = service.capacity_provider_strategy();
    let on_fargate = !providers.is_empty()
        && providers
            .iter()
            .all(|one| one.capacity_provider().starts_with("FARGATE"));
    let launch_type = match service.launch_type() {
        Some(launch_type) => Some(launch_type.as_str()),
        None => on_fargate.then_some(LaunchType::Fargate.as_str()),
    };
    let balanced = service.load_balancers().iter().filter_map(|one| {
        let port = u16::try_from(one.container_port()?).ok()?;
        Some((ContainerName::new(one.container_name()?), port))
    });
    let launch_type = launch_type.map(str::to_owned);
    Needs::of(&outline(runs.definition), launch_type, balanced.collect())
}

/// What stands in the container beside what Sluice sets.
fn others(container: &ContainerDefinition, query: &DefinitionQuery) -> BTreeSet<String> {
    let plain = container.environment().iter();
    let plain = plain.filter_map(|pair| pair.name().map(str::to_owned));
    let secrets = container.secrets().iter();
    let secrets = secrets.map(|secret| secret.name().to_owned());
    let all = plain.chain(secrets);
    all.filter(|name| !query.sets.contains(name)).collect()
}
