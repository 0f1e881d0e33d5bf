//! Task definitions as they are registered and described: AWS's own JSON, of which the model knows
//! a part and keeps the rest.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice_core::failure::PortError;
use sluice_core::id::{ContainerName, TaskDefinitionArn};

use crate::cloud::ecs::{Container, TaskDefinition};
use crate::cloud::ledger::Happened;
use crate::cloud::{Cloud, Place};

/// A task definition.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskDefinitionDescription {
    /// Its ARN.
    pub arn: TaskDefinitionArn,
    /// Its family.
    pub family: String,
    /// Its number in the family.
    pub revision: u32,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// The registration, tags included: AWS's JSON for RegisterTaskDefinition.
    pub registration: Value,
}

impl Cloud {
    /// RegisterTaskDefinition.
    ///
    /// # Errors
    ///
    /// Permanent if the family or a container has no name, or a container no image.
    pub fn register_task_definition(
        &mut self,
        place: &Arc<Place>,
        registration: Value,
    ) -> Result<TaskDefinitionDescription, PortError> {
        let family = text(&registration, "family")?.to_owned();
        let containers = registration["containerDefinitions"].as_array();
        let containers: Vec<Container> = containers
            .into_iter()
            .flatten()
            .map(container)
            .collect::<Result<_, _>>()?;
        if containers.is_empty() {
            return Err(PortError::permanent(
                "ClientException: Container list cannot be empty.",
            ));
        }
        let at = self.register(place, &family, containers, Arc::new(registration));
        let definition = &self.ecs.task_definitions[at];
        let (described, by) = (describe(definition), definition.deployment());
        self.note(Happened::TaskDefinitionRegistered {
            account: place.account.clone(),
            task_definition: described.arn.clone(),
            by,
        });
        Ok(described)
    }

    /// DescribeTaskDefinition: by ARN, `family:revision`, or `family` for its latest.
    pub fn describe_task_definition(
        &self,
        place: &Place,
        name: &str,
    ) -> Option<TaskDefinitionDescription> {
        let of_place = |definition: &&TaskDefinition| *definition.place == *place;
        let name = name.rsplit('/').next().unwrap_or(name);
        let found = match name.split_once(':') {
            None => self.latest(place, name),
            Some((family, revision)) => {
                let revision: u32 = revision.parse().ok()?;
                let mut definitions = self.ecs.task_definitions.iter().filter(of_place);
                definitions.find(|d| d.family == family && d.revision == revision)
            }
        };
        found.map(describe)
    }
}

fn text<'a>(value: &'a Value, member: &str) -> Result<&'a str, PortError> {
    value[member].as_str().ok_or_else(|| {
        PortError::permanent(format!(
            "ClientException: {member} should not be null or empty"
        ))
    })
}

fn container(told: &Value) -> Result<Container, PortError> {
    let name = ContainerName::new(text(told, "name")?);
    let essential = told["essential"].as_bool().unwrap_or(true);
    let mut container = Container::new(name, text(told, "image")?.to_owned(), essential);
    let pairs = |list: &str, member: &str| {
        let entries = told[list].as_array().into_iter().flatten();
        let pair = |entry: &Value| {
            let (name, value) = (entry["name"].as_str()?, entry[member].as_str()?);
            Some((name.to_owned(), value.to_owned()))
        };
        entries.filter_map(pair).collect()
    };
    container.variables = pairs("environment", "value");
    container.secrets = pairs("secrets", "valueFrom");
    container.stop_timeout = told["stopTimeout"].as_i64().map(SignedDuration::from_secs);
    Ok(container)
}

fn describe(definition: &TaskDefinition) -> TaskDefinitionDescription {
    let mut registration = (*definition.rest).clone();
    registration["family"] = json!(definition.family);
    let told = registration["containerDefinitions"].take();
    let told = told.as_array().map(Vec::as_slice).unwrap_or_default();
    let containers = definition.containers.iter().map(|container| {
        let named = |one: &&Value| one["name"].as_str() == Some(container.name.as_str());
        let rest = told.iter().find(named).cloned();
        with_rest(container, rest.unwrap_or_else(|| json!({})))
    });
    registration["containerDefinitions"] = containers.collect();
    TaskDefinitionDescription {
        arn: definition.arn.clone(),
        family: definition.family.clone(),
        revision: definition.revision,
        registered_at: definition.registered_at,
        registration,
    }
}

/// What the model knows counts; everything else is as it was registered.
fn with_rest(container: &Container, mut rest: Value) -> Value {
    rest["name"] = json!(container.name);
    rest["image"] = json!(container.image);
    rest["essential"] = json!(container.essential);
    let variables = container.variables.iter();
    rest["environment"] = variables
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    // ECS answers with these lists even where they are empty.
    for list in ["mountPoints", "portMappings", "volumesFrom"] {
        if rest.get(list).is_none() {
            rest[list] = json!([]);
        }
    }
    if !container.secrets.is_empty() {
        let secrets = container.secrets.iter();
        rest["secrets"] = secrets
            .map(|(name, from)| json!({"name": name, "valueFrom": from}))
            .collect();
    } else if let Some(members) = rest.as_object_mut() {
        members.remove("secrets");
    }
    if let Some(timeout) = container.stop_timeout {
        rest["stopTimeout"] = json!(timeout.as_secs());
    }
    rest
}

/// The registration of a furnished service: Fargate, and a log that can be read.
pub(in crate::cloud) fn registration(
    place: &Place,
    family: &str,
    containers: &[Container],
) -> Value {
    let containers = containers.iter().map(|container| {
        json!({
            "name": container.name,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": format!("/ecs/{family}"),
                    "awslogs-region": place.region,
                    "awslogs-stream-prefix": "ecs",
                },
            },
        })
    });
    let role = |name: &str| format!("arn:aws:iam::{}:role/{family}-{name}", place.account);
    json!({
        "family": family,
        "taskRoleArn": role("task"),
        "executionRoleArn": role("execution"),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1024",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "volumes": [],
        "placementConstraints": [],
        "containerDefinitions": containers.collect::<Value>(),
        "tags": [{"key": "service", "value": family}],
    })
}
