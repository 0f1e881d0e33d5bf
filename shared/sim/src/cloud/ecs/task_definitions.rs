//! Task definitions: families of revisions that never change once they are registered.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice_app::ports::TaskDefinitionOrder;
use sluice_core::failure::PortError;
use sluice_core::id::{ContainerName, DeploymentId, TaskDefinitionArn};
use sluice_core::observation::FamilyRevision;

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

    /// Whether it is as ordered already.
    fn obeys(&self, order: &TaskDefinitionOrder) -> bool {
        let has = |variable, value| self.variables.get(variable) == Some(value);
        self.image == order.image
            && order
                .variables
                .iter()
                .all(|(variable, value)| has(variable, value))
            && order
                .secrets
                .iter()
                .all(|secret| self.secrets.get(&secret.variable) == Some(&secret.value_from))
            && order
                .stop_timeout
                .is_none_or(|wanted| self.stop_timeout == Some(wanted))
    }

    fn obey(&mut self, order: &TaskDefinitionOrder) {
        self.image.clone_from(&order.image);
        self.variables.extend(order.variables.clone());
        for secret in &order.secrets {
            self.secrets
                .insert(secret.variable.clone(), secret.value_from.clone());
        }
        self.stop_timeout = order.stop_timeout.or(self.stop_timeout);
    }
}

impl TaskDefinition {
    pub(in crate::cloud) fn container(&self, name: &ContainerName) -> Option<&Container> {
        self.containers
            .iter()
            .find(|container| container.name == *name)
    }

    fn differs_only_as(&self, from: &Self, order: &TaskDefinitionOrder) -> bool {
        self.containers.len() == from.containers.len()
            && self
                .containers
                .iter()
                .zip(&from.containers)
                .all(|(container, base)| {
                    if container.name != order.container {
                        return container == base;
                    }
                    let mut wanted = base.clone();
                    wanted.obey(order);
                    *container == wanted
                })
    }
}

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
    fn deployment(&self) -> Option<DeploymentId> {
        let mut tags = self.rest["tags"].as_array()?.iter();
        let tag = tags.find(|tag| tag["key"] == DEPLOYMENT_TAG)?;
        tag["value"].as_str().map(DeploymentId::from_outside)
    }

    /// What people most want to know of a revision.
    fn members(&self) -> BTreeMap<String, String> {
        let said = |key: &str| Some(self.rest[key].as_str()?.to_owned());
        let members = [
            ("cpu", "cpu"),
            ("memory", "memory"),
            ("task role", "taskRoleArn"),
            ("execution role", "executionRoleArn"),
        ];
        let members = members.into_iter();
        let members = members.filter_map(|(name, key)| Some((name.to_owned(), said(key)?)));
        let containers = self.containers.iter();
        let images = containers.map(|one| (format!("image of {}", one.name), one.image.clone()));
        members.chain(images).collect()
    }
}

impl Cloud {
    /// The newest revision of the family, where this is another.
    pub(in crate::cloud) fn newest_in_family(
        &self,
        runs: &TaskDefinition,
    ) -> Option<FamilyRevision> {
        let newest = self.latest(&runs.place, &runs.family)?;
        (newest.arn != runs.arn).then(|| FamilyRevision {
            task_definition: newest.arn.clone(),
            deployment: newest.deployment(),
            differs: FamilyRevision::differences(&runs.members(), &newest.members()),
        })
    }

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
        let Some(from) = self.task_definition(&order.from) else {
            return Err(PortError::permanent(format!(
                "ClientException: there is no task definition `{}`: it was deregistered",
                order.from
            )));
        };
        let base = &self.ecs.task_definitions[from];
        let Some(container) = base.container(&order.container) else {
            return Err(PortError::permanent(format!(
                "ClientException: `{}` has no container `{}`: check `container` of the service",
                order.from, order.container
            )));
        };
        if container.obeys(order) {
            return Ok(base.arn.clone());
        }
        if let Some(latest) = self.latest(&base.place, &base.family)
            && latest.differs_only_as(base, order)
        {
            return Ok(latest.arn.clone());
        }
        let (place, family) = (base.place.clone(), base.family.clone());
        let rest = Arc::new(tagged(&base.rest, deployment));
        let mut containers = base.containers.clone();
        for container in containers.iter_mut().filter(|c| c.name == order.container) {
            container.obey(order);
        }
        let new = self.register(&place, &family, containers, rest);
        let arn = self.ecs.task_definitions[new].arn.clone();
        self.note(Happened::TaskDefinitionRegistered {
            account: place.account.clone(),
            task_definition: arn.clone(),
        });
        Ok(arn)
    }
}
