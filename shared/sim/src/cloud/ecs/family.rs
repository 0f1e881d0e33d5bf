//! What there is beside the revision that a service runs, as Sluice's adapter reads it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sluice_app::ports::DefinitionQuery;
use sluice_core::id::{ContainerName, TaskFamily};
use sluice_core::task_definition::{
    BaseReading, DefinitionObservation, FamilyRevision, Members, Needs, Outline,
};

use super::task_definitions::KNOWN;
use super::{Container, TaskDefinition};
use crate::cloud::Cloud;

impl Cloud {
    pub(super) fn describe_definition(
        &self,
        runs: &TaskDefinition,
        container: &ContainerName,
        query: &DefinitionQuery,
    ) -> DefinitionObservation {
        let beside = |found: &TaskDefinition| FamilyRevision {
            task_definition: found.arn.clone(),
            differs: members(runs, container, query).differences(&members(found, container, query)),
            outline: outline(found),
        };
        let own = TaskFamily::new(runs.family.as_str());
        let newest = self.newest_of_others(runs, &own, runs.revision);
        let base = query.base.as_ref();
        let base = base.map(|base| match self.newest_of_others(runs, base, 0) {
            Some(found) => BaseReading::Newest(beside(found)),
            None => BaseReading::NotThere,
        });
        let ours = runs.container(container);
        let others = ours.into_iter().flat_map(|ours| {
            let names = ours.variables.keys().chain(ours.secrets.keys());
            names.filter(|name| !query.sets.contains(*name)).cloned()
        });
        DefinitionObservation {
            deployment: runs.deployment(),
            others: others.collect(),
            ours: BTreeSet::new(),
            needs: Needs::of(&outline(runs), Some("FARGATE".to_owned()), BTreeSet::new()),
            newest: newest.map(beside),
            base,
        }
    }

    /// The newest revision of the family in the same place, above that number, that is not Sluice's.
    fn newest_of_others(
        &self,
        runs: &TaskDefinition,
        family: &TaskFamily,
        above: u32,
    ) -> Option<&TaskDefinition> {
        let of_family = self.ecs.places.families.get(family.as_str())?.iter().rev();
        let mut of_family = of_family.map(|at| &self.ecs.task_definitions[*at]);
        of_family.find(|other| {
            other.place == runs.place && other.revision > above && other.deployment().is_none()
        })
    }
}

fn outline(definition: &TaskDefinition) -> Outline {
    let rest = &definition.rest;
    let told = |container: &ContainerName| rest_of(rest, container.as_str());
    let ports = definition.containers.iter().map(|container| {
        let mapped = told(&container.name).map(|told| told["portMappings"].clone());
        let mapped = mapped.unwrap_or_default();
        let mapped = mapped.as_array().into_iter().flatten();
        let mapped = mapped.filter_map(|one| u16::try_from(one["containerPort"].as_u64()?).ok());
        (container.name.clone(), mapped.collect())
    });
    let required = rest["requiresCompatibilities"].as_array();
    Outline {
        network_mode: rest["networkMode"].as_str().unwrap_or("bridge").to_owned(),
        launch_types: required
            .into_iter()
            .flatten()
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect(),
        ports: ports.collect::<BTreeMap<_, _>>(),
    }
}

fn rest_of<'a>(rest: &'a Value, container: &str) -> Option<&'a Value> {
    let mut told = rest["containerDefinitions"].as_array()?.iter();
    told.find(|one| one["name"].as_str() == Some(container))
}

/// All but what Sluice sets. The names are the adapter's.
fn members(definition: &TaskDefinition, own: &ContainerName, query: &DefinitionQuery) -> Members {
    let mut members = Members::default();
    let mut rest = (*definition.rest).clone();
    for (name, member) in [
        ("cpu", "cpu"),
        ("memory", "memory"),
        ("task role", "taskRoleArn"),
        ("execution role", "executionRoleArn"),
        ("network mode", "networkMode"),
    ] {
        members.show(name, rest[member].take().as_str());
    }
    let platform = rest["runtimePlatform"].take();
    members.show("cpu architecture", platform["cpuArchitecture"].as_str());
    let system = platform["operatingSystemFamily"].as_str();
    members.show("operating system", system);
    for apart in ["family", "tags", "containerDefinitions"] {
        rest[apart].take();
    }
    members.hide("other settings", settled(&rest));
    for container in &definition.containers {
        let told = rest_of(&definition.rest, container.name.as_str());
        let is_own = container.name == *own;
        add(&mut members, container, told, is_own.then_some(query));
    }
    members
}

fn add(
    members: &mut Members,
    container: &Container,
    told: Option<&Value>,
    own: Option<&DefinitionQuery>,
) {
    let of = |what: &str| format!("{what} of {}", container.name);
    let image = (own.is_none()).then_some(container.image.as_str());
    members.show(of("image"), image);
    let sets = |variable: &str| own.is_some_and(|query| query.sets.contains(variable));
    for (kind, values) in [
        ("variable", &container.variables),
        ("secret", &container.secrets),
    ] {
        for (name, value) in values.iter().filter(|(name, _)| !sets(name)) {
            members.hide(of(&format!("{kind} {name}")), Some(value.as_str()));
        }
    }
    let stop_timeout = container.stop_timeout;
    let stop_timeout = stop_timeout.filter(|_| !own.is_some_and(|one| one.sets_stop_timeout));
    members.show(
        of("stop timeout"),
        stop_timeout.map(|timeout| format!("{} s", timeout.as_secs())),
    );
    members.show(of("essential"), Some(container.essential.to_string()));
    let mut rest = told.cloned().unwrap_or_default();
    if rest.is_null() {
        return;
    }
    let log = rest["logConfiguration"].take();
    members.show(of("log driver"), log["logDriver"].as_str());
    for (option, value) in log["options"].as_object().into_iter().flatten() {
        members.hide(of(&format!("log option {option}")), value.as_str());
    }
    let check = rest["healthCheck"].take();
    let words = check["command"].as_array().into_iter().flatten();
    let words: Vec<&str> = words.filter_map(Value::as_str).collect();
    members.show_text(
        of("health check"),
        (!words.is_empty()).then(|| words.join(" ")),
    );
    for known in KNOWN {
        rest[known].take();
    }
    members.hide(of("other settings"), settled(&rest));
}

/// What is there, without empty lists; `None` of nothing.
fn settled(rest: &Value) -> Option<String> {
    let is_there = |value: &&Value| {
        let is_empty = value.as_array().is_some_and(Vec::is_empty);
        !value.is_null() && !is_empty
    };
    let rest = rest.as_object().into_iter().flatten();
    let rest: BTreeMap<&String, &Value> = rest.filter(|(_, value)| is_there(value)).collect();
    (!rest.is_empty()).then(|| format!("{rest:?}"))
}
