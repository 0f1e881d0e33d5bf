//! Task definitions: families of revisions that never change once they are registered.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice_app::ports::TaskDefinitionOrder;
use sluice_core::failure::PortError;
use sluice_core::id::{ContainerName, DeploymentId, TaskDefinitionArn};
use sluice_core::task_definition::RevisionOrder;

use crate::cloud::Cloud;
use crate::cloud::ledger::Happened;
use crate::cloud::place::Place;

/// One revision of a family.
#[derive(Clone, Debug)]
pub(in crate::cloud) struct TaskDefinition {
    pub(in crate::cloud) arn: TaskDefinitionArn,
    pub(in crate::cloud) place: Arc<Place>,
    pub(in crate::cloud) family: String,
    pub(in crate::cloud) revision: u32,
    pub(in crate::cloud) containers: Vec<Container>,
    /// The registration, of which the containers above know a part: what they say counts.
    pub(in crate::cloud) rest: Arc<Value>,
    pub(in crate::cloud) registered_at: Timestamp,
}

/// A container of a task definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cloud) struct Container {
    pub(in crate::cloud) name: ContainerName,
    pub(in crate::cloud) image: String,
    pub(in crate::cloud) essential: bool,
    pub(in crate::cloud) variables: BTreeMap<String, String>,
    /// `valueFrom` by variable.
    pub(in crate::cloud) secrets: BTreeMap<String, String>,
    pub(in crate::cloud) stop_timeout: Option<SignedDuration>,
}

impl Container {
    pub(in crate::cloud) fn new(name: ContainerName, image: String, essential: bool) -> Self {
        let (variables, secrets) = (BTreeMap::new(), BTreeMap::new());
        Self {
            name,
            image,
            essential,
            variables,
            secrets,
            stop_timeout: None,
        }
    }

    /// As ordered.
    fn obeying(&self, order: &TaskDefinitionOrder) -> Self {
        let mut wanted = self.clone();
        let revision = &order.revision;
        wanted.image.clone_from(&order.image);
        wanted
            .variables
            .retain(|name, _| !revision.removes.contains(name));
        wanted
            .secrets
            .retain(|name, _| !revision.removes.contains(name));
        wanted.variables.extend(order.variables.clone());
        for secret in &order.secrets {
            wanted
                .secrets
                .insert(secret.variable.clone(), secret.value_from.clone());
        }
        wanted.stop_timeout = revision.stop_timeout.or(self.stop_timeout);
        wanted
    }
}

impl TaskDefinition {
    pub(in crate::cloud) fn container(&self, name: &ContainerName) -> Option<&Container> {
        self.containers
            .iter()
            .find(|container| container.name == *name)
    }

    /// Its containers as ordered.
    fn obeying(&self, order: &TaskDefinitionOrder) -> Vec<Container> {
        let containers = self.containers.iter();
        containers
            .map(
                |container| match container.name == order.revision.container {
                    true => container.obeying(order),
                    false => container.clone(),
                },
            )
            .collect()
    }
}

/// Members of a container that the model knows.
pub(super) const KNOWN: [&str; 6] = [
    "name",
    "image",
    "essential",
    "environment",
    "secrets",
    "stopTimeout",
];

/// The tag by which Sluice knows its own revisions.
const DEPLOYMENT_TAG: &str = "sluice:deployment";

/// The registration with the tag of this deployment in place of another's.
fn tagged(rest: &Value, deployment: &DeploymentId) -> Value {
    let mut rest = rest.clone();
    let tags = rest["tags"].as_array().cloned().unwrap_or_default();
    let others = tags.into_iter().filter(|tag| tag["key"] != DEPLOYMENT_TAG);
    let ours = json!({"key": DEPLOYMENT_TAG, "value": deployment});
    rest["tags"] = others.chain([ours]).collect();
    rest
}

impl TaskDefinition {
    pub(in crate::cloud) fn deployment(&self) -> Option<DeploymentId> {
        let mut tags = self.rest["tags"].as_array()?.iter();
        let tag = tags.find(|tag| tag["key"] == DEPLOYMENT_TAG)?;
        tag["value"].as_str().map(DeploymentId::from_outside)
    }
}

impl Cloud {
    pub(in crate::cloud) fn task_definition(&self, arn: &TaskDefinitionArn) -> Option<usize> {
        self.ecs.places.task_definitions.get(arn).copied()
    }

    /// Adds a revision to its family.
    pub(in crate::cloud) fn register(
        &mut self,
        place: &Arc<Place>,
        family: &str,
        containers: Vec<Container>,
        rest: Arc<Value>,
    ) -> usize {
        let revision = self
            .latest(place, family)
            .map_or(0, |latest| latest.revision)
            + 1;
        let name = format!("task-definition/{family}:{revision}");
        let arn = TaskDefinitionArn::new(place.arn("ecs", name));
        self.ecs.add_task_definition(TaskDefinition {
            arn,
            place: place.clone(),
            family: family.to_owned(),
            revision,
            containers,
            rest,
            registered_at: self.now,
        })
    }

    pub(in crate::cloud) fn latest(&self, place: &Place, family: &str) -> Option<&TaskDefinition> {
        let of_family = self.ecs.places.families.get(family)?.iter().rev();
        let mut of_family = of_family.map(|at| &self.ecs.task_definitions[*at]);
        of_family.find(|other| *other.place == *place)
    }

    /// RegisterTaskDefinition, unless the one it is made from or the family's latest obeys already.
    pub(in crate::cloud) fn ensure_registered(
        &mut self,
        deployment: &DeploymentId,
        order: &TaskDefinitionOrder,
    ) -> Result<TaskDefinitionArn, PortError> {
        let RevisionOrder {
            from,
            family,
            container,
            ..
        } = &order.revision;
        let Some(at) = self.task_definition(from) else {
            return Err(PortError::permanent(format!(
                "ClientException: there is no task definition `{from}`: it was deregistered"
            )));
        };
        let base = &self.ecs.task_definitions[at];
        if base.container(container).is_none() {
            return Err(PortError::permanent(format!(
                "ClientException: `{from}` has no container `{container}`: check `container` of \
                 the service"
            )));
        }
        let family = family
            .as_ref()
            .map_or(base.family.as_str(), |family| family.as_str());
        let wanted = base.obeying(order);
        if family == base.family && wanted == base.containers {
            return Ok(base.arn.clone());
        }
        if let Some(latest) = self.latest(&base.place, family)
            && latest.containers == wanted
            && others_of(&latest.rest) == others_of(&base.rest)
        {
            return Ok(latest.arn.clone());
        }
        let (place, family) = (base.place.clone(), family.to_owned());
        let rest = Arc::new(tagged(&base.rest, deployment));
        let new = self.register(&place, &family, wanted, rest);
        let arn = self.ecs.task_definitions[new].arn.clone();
        self.note(Happened::TaskDefinitionRegistered {
            account: place.account.clone(),
            task_definition: arn.clone(),
            by: Some(deployment.clone()),
        });
        Ok(arn)
    }
}

/// What a registration says beside what the model knows: of which family it is, who made it, and the
/// members of a container that stand in the model.
fn others_of(rest: &Value) -> Value {
    let mut rest = rest.clone();
    if let Some(members) = rest.as_object_mut() {
        members.remove("family");
    }
    let tags = rest["tags"].as_array().cloned().unwrap_or_default();
    let others = tags.into_iter().filter(|tag| tag["key"] != DEPLOYMENT_TAG);
    rest["tags"] = others.collect();
    for container in rest["containerDefinitions"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        if let Some(members) = container.as_object_mut() {
            members.retain(|member, _| !KNOWN.contains(&member.as_str()));
        }
    }
    rest
}
