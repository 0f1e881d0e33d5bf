//! A task definition member by member, as people hold two against each other. What is not named here
//! is compared as a whole: no difference is passed over.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{
    ContainerDefinition, HealthCheck, LogConfiguration, Secret, TaskDefinition, Volume,
};
use sluice_app::ports::DefinitionQuery;
use sluice_core::task_definition::Members;

/// What is different in another one, but for what Sluice sets: image, variables and secrets of its
/// own container, and its stop timeout where that is configured.
pub(super) fn differences(
    runs: &TaskDefinition,
    other: &TaskDefinition,
    own: &str,
    query: &DefinitionQuery,
) -> Vec<String> {
    let (mut one, mut two) = (Parts::of(runs, own, query), Parts::of(other, own, query));
    let names: BTreeSet<String> = one.rest.keys().chain(two.rest.keys()).cloned().collect();
    for name in names {
        let (a, b) = (one.rest.get(&name), two.rest.get(&name));
        if a != b {
            one.members.hide(&name, a.map(|_| "one"));
            two.members.hide(&name, b.map(|_| "another"));
        }
    }
    one.members.differences(&two.members)
}

/// The members that have names for people, and what is left, by what it is called.
#[derive(Default)]
struct Parts {
    members: Members,
    rest: BTreeMap<String, Rest>,
}

/// The SDK's own types: their `Debug` leaves out what may be a secret, so they are compared as they
/// are.
#[derive(PartialEq)]
enum Rest {
    Definition(Box<TaskDefinition>),
    Container(Box<ContainerDefinition>),
    Volume(Box<Volume>),
    LogSecrets(Vec<Secret>),
}

impl Parts {
    fn of(definition: &TaskDefinition, own: &str, query: &DefinitionQuery) -> Self {
        let mut parts = Self::default();
        let members = &mut parts.members;
        let mut rest = definition.clone();
        members.show("cpu", rest.cpu.take());
        members.show("memory", rest.memory.take());
        members.show("task role", rest.task_role_arn.take());
        members.show("execution role", rest.execution_role_arn.take());
        let network_mode = rest.network_mode.take();
        members.show(
            "network mode",
            network_mode.as_ref().map(|one| one.as_str()),
        );
        if let Some(platform) = rest.runtime_platform.take() {
            let architecture = platform.cpu_architecture();
            members.show("cpu architecture", architecture.map(|one| one.as_str()));
            let system = platform.operating_system_family();
            members.show("operating system", system.map(|one| one.as_str()));
        }
        let storage = rest.ephemeral_storage.take();
        let storage = storage.map(|one| format!("{} GiB", one.size_in_gib()));
        members.show("ephemeral storage", storage);
        for volume in rest.volumes.take().into_iter().flatten() {
            let name = format!("volume {}", volume.name().unwrap_or_default());
            parts.rest.insert(name, Rest::Volume(Box::new(volume)));
        }
        for container in rest.container_definitions.take().into_iter().flatten() {
            let is_own = container.name() == Some(own);
            parts.add(container, is_own.then_some(query));
        }
        // What ECS says of a revision is no part of it.
        rest.task_definition_arn = None;
        rest.family = None;
        rest.revision = 0;
        rest.status = None;
        rest.requires_attributes = None;
        rest.compatibilities = None;
        rest.registered_at = None;
        rest.deregistered_at = None;
        rest.registered_by = None;
        rest.delete_requested_at = None;
        rest.placement_constraints = rest.placement_constraints.filter(|list| !list.is_empty());
        let rest = Rest::Definition(Box::new(rest));
        parts.rest.insert("other settings".to_owned(), rest);
        parts
    }

    fn add(&mut self, mut rest: ContainerDefinition, own: Option<&DefinitionQuery>) {
        let members = &mut self.members;
        let name = rest.name.take().unwrap_or_default();
        let of = |what: &str| format!("{what} of {name}");
        let image = rest.image.take();
        members.show(of("image"), image.filter(|_| own.is_none()));
        let sets = |variable: &str| own.is_some_and(|query| query.sets.contains(variable));
        for pair in rest.environment.take().into_iter().flatten() {
            let variable = pair.name().unwrap_or_default();
            if !sets(variable) {
                let value = pair.value().unwrap_or_default();
                members.hide(of(&format!("variable {variable}")), Some(value));
            }
        }
        for secret in rest.secrets.take().into_iter().flatten() {
            if !sets(secret.name()) {
                let from = secret.value_from();
                members.hide(of(&format!("secret {}", secret.name())), Some(from));
            }
        }
        let stop_timeout = rest.stop_timeout.take();
        let stop_timeout = stop_timeout.filter(|_| !own.is_some_and(|one| one.sets_stop_timeout));
        members.show(of("stop timeout"), stop_timeout.map(seconds));
        let cpu = std::mem::take(&mut rest.cpu);
        members.show(of("cpu"), (cpu != 0).then(|| cpu.to_string()));
        let memory = rest.memory.take();
        members.show(of("memory"), memory.map(|mib| mib.to_string()));
        let reserved = rest.memory_reservation.take();
        members.show(
            of("memory reservation"),
            reserved.map(|mib| mib.to_string()),
        );
        // A container is essential unless it says otherwise.
        let essential = rest.essential.take().unwrap_or(true);
        members.show(of("essential"), Some(essential.to_string()));
        members.show(of("user"), rest.user.take());
        members.show_text(of("command"), words(rest.command.take()));
        members.show_text(of("entry point"), words(rest.entry_point.take()));
        if let Some(log) = rest.log_configuration.take() {
            let secrets = log.secret_options().to_vec();
            add_log(members, of, &log);
            if !secrets.is_empty() {
                let secrets = Rest::LogSecrets(secrets);
                self.rest.insert(of("log secrets"), secrets);
            }
        }
        if let Some(check) = rest.health_check.take() {
            add_health_check(members, of, &check);
        }
        let rest = settled(rest);
        if rest != ContainerDefinition::builder().build() {
            let rest = Rest::Container(Box::new(rest));
            self.rest.insert(of("other settings"), rest);
        }
    }
}

fn seconds(seconds: i32) -> String {
    format!("{seconds} s")
}

fn words(words: Option<Vec<String>>) -> Option<String> {
    let words = words.filter(|words| !words.is_empty());
    words.map(|words| words.join(" "))
}

fn add_log(members: &mut Members, of: impl Fn(&str) -> String, log: &LogConfiguration) {
    members.show(of("log driver"), Some(log.log_driver().as_str()));
    for (option, value) in log.options().into_iter().flatten() {
        members.hide(of(&format!("log option {option}")), Some(value.as_str()));
    }
}

fn add_health_check(members: &mut Members, of: impl Fn(&str) -> String, check: &HealthCheck) {
    members.show_text(of("health check"), Some(check.command().join(" ")));
    let times = [
        ("interval", check.interval()),
        ("timeout", check.timeout()),
        ("start period", check.start_period()),
    ];
    for (time, given) in times {
        members.show(of(&format!("health check {time}")), given.map(seconds));
    }
    let retries = check.retries().map(|retries| retries.to_string());
    members.show(of("health check retries"), retries);
}

/// Lists that are empty are as if they were not there: ECS answers with some of them.
fn settled(mut rest: ContainerDefinition) -> ContainerDefinition {
    rest.mount_points = rest.mount_points.filter(|list| !list.is_empty());
    rest.volumes_from = rest.volumes_from.filter(|list| !list.is_empty());
    rest.port_mappings = rest.port_mappings.filter(|list| !list.is_empty());
    rest.system_controls = rest.system_controls.filter(|list| !list.is_empty());
    rest
}
