//! An environment: its roles, hook, services and alarms.

use sluice_core::config::{Config, Environment as Configured, Service as Own, ServiceKind};
use sluice_words::doctor::{Check, NotSeen, environment as words, rights as role_words};

use crate::facts::{Container, Environment, Service, TaskDefinition};
use crate::sheet::Sheet;
use crate::{database, secrets, traffic};

/// The name of the capacity provider whose tasks AWS stops.
const SPOT: &str = "FARGATE_SPOT";
/// What Sluice reads a task's log by.
const LOG_OPTIONS: [&str; 2] = ["awslogs-group", "awslogs-stream-prefix"];

pub(crate) fn examine(
    config: &Config,
    environment: &Configured,
    stack: &str,
    seen: Option<&Environment>,
    sheet: &mut Sheet,
) {
    let title = format!("{}/{}", config.app, environment.name);
    let Some(seen) = seen else {
        let why = NotSeen::because(format!("{title} was not looked at."));
        return sheet.unknown(&[Check::Service], &title, &why);
    };
    sheet.within = Some(title.clone());
    roles(stack, &title, seen, sheet);
    hook(environment, stack, seen, sheet);
    for own in &config.services {
        service(config, environment, own, seen, sheet);
    }
    for alarm in &environment.alarms {
        sheet.check(Check::Alarm, alarm.as_str(), &seen.alarms, |there| {
            let is_there = there.iter().any(|name| name == alarm.as_str());
            (!is_there).then(|| words::no_alarm(alarm.as_str()))
        });
    }
    secrets::examine(environment, seen, sheet);
    database::examine(environment, &title, seen, sheet);
    sheet.within = None;
}

fn roles(stack: &str, title: &str, seen: &Environment, sheet: &mut Sheet) {
    // The first is of the functions that work there, the second of those that read.
    let functions = [["advance", "health-check"], ["slack", "operate"]];
    for ((arn, role), functions) in seen.roles.iter().zip(functions) {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        sheet.check(Check::EnvironmentRole, name, role, |role| {
            let Some(role) = role else {
                return Some(role_words::no_role(name, title));
            };
            let needed = functions.map(|function| format!(":role/{stack}-{function}"));
            // A name is at the end of its ARN.
            let is_named = |needed: &&String| role.trust.contains(&format!("{needed}\""));
            let missing = needed.iter().find(|needed| !is_named(needed))?;
            let missing = missing.trim_start_matches(":role/");
            Some(role_words::no_trust(stack, name, missing))
        });
    }
}

fn hook(environment: &Configured, stack: &str, seen: &Environment, sheet: &mut Sheet) {
    let shifts = environment
        .services
        .values()
        .any(|one| one.strategy.shifts_traffic());
    if !shifts {
        return;
    }
    let account = environment.account.as_str();
    let function = format!("{stack}-rollout-hook");
    sheet.check(Check::Hook, &function, &seen.hook, |there| {
        (!there).then(|| words::no_hook(&function, account))
    });
    let (name, role) = &seen.hook_role;
    sheet.check(Check::HookRole, name, role, |role| match role {
        None => Some(words::no_hook_role(name, account)),
        Some(role) => (!role.trust.contains("ecs.amazonaws.com"))
            .then(|| words::hook_role_distrusts_ecs(name)),
    });
}

fn service(
    config: &Config,
    environment: &Configured,
    own: &Own,
    seen: &Environment,
    sheet: &mut Sheet,
) {
    let placement = &environment.services[&own.name];
    let name = placement.ecs_service.as_str();
    let cluster = environment.cluster.as_str();
    let unread = || Err(NotSeen::because(format!("{name} was not looked at.")));
    let service = seen.services.get(name).cloned().unwrap_or_else(unread);
    let there = sheet.there(Check::Service, name, &service, || {
        words::no_service(name, cluster)
    });
    if let Err(not_seen) = &service {
        let checks = [
            Check::Controller,
            Check::Spot,
            Check::Container,
            Check::ExecutionRole,
        ];
        sheet.unknown(&checks, name, not_seen);
    }
    let Some(service) = there else { return };
    sheet.check(
        Check::Controller,
        name,
        &Ok(&service.controller),
        |controller| (*controller != "ECS").then(|| words::other_controller(name, controller)),
    );
    let on_spot = service.capacity_providers.iter().any(|one| one == SPOT);
    sheet.check(Check::Spot, name, &Ok(on_spot), |on_spot| {
        (*on_spot && own.kind != ServiceKind::Worker).then(|| words::on_spot(name, cluster))
    });
    let migrates = config
        .migration
        .as_ref()
        .is_some_and(|one| one.service == own.name);
    task_definition(own, name, service, migrates, sheet);
    secrets::readable(environment, seen, name, service, sheet);
    if placement.strategy.shifts_traffic() {
        traffic::examine(own, name, service, sheet);
    } else if own.kind == ServiceKind::Web {
        traffic::health_paths(own, service, sheet);
    }
}

fn task_definition(own: &Own, name: &str, service: &Service, migrates: bool, sheet: &mut Sheet) {
    let container = own.container.as_str();
    let find = |definition: &TaskDefinition| -> Option<Container> {
        definition.containers.get(container).cloned()
    };
    let found = service
        .task_definition
        .as_ref()
        .map(find)
        .map_err(Clone::clone);
    sheet.check(
        Check::Container,
        name,
        &service.task_definition,
        |definition| {
            let names: Vec<String> = definition.containers.keys().cloned().collect();
            (!definition.containers.contains_key(container))
                .then(|| words::no_container(name, container, &names))
        },
    );
    // A container that is not there is told already.
    if matches!(found, Ok(None)) {
        return;
    }
    let found = found.map(Option::unwrap_or_default);
    if own.kind == ServiceKind::Worker && own.stop_timeout.is_none() {
        sheet.check(Check::StopTimeout, name, &found, |container| {
            (container.stop_timeout_s.is_none())
                .then(|| words::no_stop_timeout(name, own.name.as_str()))
        });
    }
    if migrates {
        sheet.check(Check::LogDriver, name, &found, |found| {
            let driver = found.log_driver.as_deref().unwrap_or("no driver");
            let has = |option: &&str| found.log_options.contains_key(*option);
            (driver != "awslogs" || !LOG_OPTIONS.iter().all(has))
                .then(|| words::no_log(name, container, driver))
        });
    }
}
