//! What is compared of services in two environments.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{ContainerDefinition, NetworkMode, Service, TaskDefinition};
use futures::future::try_join_all;
use futures::join;
use sluice_app::ports::ServiceQuery;
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, ContainerName};
use sluice_core::parity::{NotKnown, ServiceFacts, Value};

use super::{read, task_definition};
use crate::clients::ClientSet;
use crate::front;

pub(super) async fn read(
    clients: &ClientSet,
    cluster: &ClusterName,
    queries: &[ServiceQuery],
) -> Result<Vec<ServiceFacts>, PortError> {
    let running = read::running(clients, cluster, queries).await?;
    let facts = running
        .iter()
        .map(|(query, service, arn)| one(clients, query, service, arn));
    try_join_all(facts).await
}

async fn one(
    clients: &ClientSet,
    query: &ServiceQuery,
    service: &Service,
    arn: &str,
) -> Result<ServiceFacts, PortError> {
    let (definition, front) = join!(
        task_definition::describe(clients, arn),
        front::read(clients, service.load_balancers())
    );
    let (definition, _) = definition?;
    let own = task_definition::container(&definition, &query.container)?;
    let mut facts = ServiceFacts {
        service: query.service.clone(),
        image: own.image().unwrap_or_default().to_owned(),
        size: size(&definition),
        variables: BTreeSet::new(),
        secrets: BTreeSet::new(),
        settings: settings(&definition),
        health_checks: BTreeMap::new(),
        front: front.map_err(|error| NotKnown::Unread(error.to_string())),
    };
    for container in definition.container_definitions() {
        add(&mut facts, container, &query.container);
    }
    Ok(facts)
}

/// ECS answers in units of CPU and in MiB, whatever was registered.
fn size(definition: &TaskDefinition) -> BTreeMap<String, u64> {
    let sizes = [("cpu", definition.cpu()), ("memory", definition.memory())];
    let sizes = sizes.into_iter();
    sizes
        .filter_map(|(name, size)| Some((name.to_owned(), size?.parse().ok()?)))
        .collect()
}

fn settings(definition: &TaskDefinition) -> BTreeMap<String, Value> {
    let platform = definition.runtime_platform();
    let architecture = platform.and_then(|platform| platform.cpu_architecture());
    let system = platform.and_then(|platform| platform.operating_system_family());
    // ECS's own default.
    let mode = definition.network_mode().unwrap_or(&NetworkMode::Bridge);
    let settings = [
        ("network mode", Some(mode.as_str())),
        ("cpu architecture", architecture.map(|one| one.as_str())),
        ("operating system", system.map(|one| one.as_str())),
    ];
    let settings = settings.into_iter();
    settings
        .filter_map(|(name, value)| Some((name.to_owned(), Value::text(value?))))
        .collect()
}

fn add(facts: &mut ServiceFacts, container: &ContainerDefinition, own: &ContainerName) {
    let name = container.name().unwrap_or_default();
    let is_own = name == own.as_str();
    let of = |what: &str| format!("{what} of {name}");
    // Of our own container by the name alone.
    let named = |variable: &str| match is_own {
        true => variable.to_owned(),
        false => of(variable),
    };
    let variables = container.environment().iter();
    let variables = variables.filter_map(|pair| pair.name());
    facts.variables.extend(variables.map(named));
    let secrets = container.secrets().iter();
    facts
        .secrets
        .extend(secrets.map(|secret| named(secret.name())));
    let mut set = |what: &str, value: Option<Value>| {
        facts.settings.extend(value.map(|value| (of(what), value)));
    };
    set(
        "image",
        container.image().filter(|_| !is_own).map(Value::text),
    );
    // A container is essential unless it says otherwise.
    let essential = container.essential().unwrap_or(true);
    set("essential", Some(Value::text(essential.to_string())));
    set("stop timeout", container.stop_timeout().map(seconds));
    let log = container.log_configuration();
    set(
        "log driver",
        log.map(|log| Value::text(log.log_driver().as_str())),
    );
    set("user", container.user().map(Value::text));
    set("command", words(container.command()).map(Value::Hidden));
    set(
        "entry point",
        words(container.entry_point()).map(Value::Hidden),
    );
    let Some(check) = container.health_check() else {
        return;
    };
    let settings = [
        ("command", words(check.command()).map(Value::text)),
        ("interval", check.interval().map(seconds)),
        ("timeout", check.timeout().map(seconds)),
        (
            "retries",
            check.retries().map(|times| Value::text(times.to_string())),
        ),
        ("start period", check.start_period().map(seconds)),
    ];
    let settings = settings.into_iter();
    facts
        .health_checks
        .extend(settings.filter_map(|(what, value)| Some((format!("{name} {what}"), value?))));
}

fn seconds(seconds: i32) -> Value {
    Value::text(format!("{seconds} s"))
}

fn words(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(" "))
}
