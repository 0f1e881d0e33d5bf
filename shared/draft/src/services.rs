//! `[services.X]`: what each service does, and which container is deployed.

use std::collections::BTreeSet;

use sluice_core::config::ServiceKind;
use sluice_words::draft::services as words;

use crate::application::{Application, Unit};
use crate::health;
use crate::page::Page;
use crate::role::Evidence;

pub(crate) fn write(found: &Application<'_>, page: &mut Page) {
    page.chapter(words::CHAPTER);
    page.notes(&found.left_out);
    for unit in &found.units {
        page.table(&format!("services.{}", unit.name));
        service(found, unit, page);
    }
}

fn service(found: &Application<'_>, unit: &Unit, page: &mut Page) {
    let running = found.running(&unit.name);
    let names: BTreeSet<&str> = running
        .iter()
        .map(|(_, one)| one.service.name.as_str())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    page.note(&match &unit.evidence {
        Evidence::Balanced(port) => words::web(&names, *port),
        Evidence::Command(command) => words::scheduler(&names, command),
        Evidence::StopsFirst => words::stops_first(&names),
        Evidence::Name(word) => words::once_by_name(&names, word),
        Evidence::Works(command) => words::worker(&names, command),
        Evidence::Unbalanced(port) => words::without_balancer(&names, *port),
        Evidence::Nothing => words::other(&names),
    });
    let kind = match unit.kind {
        ServiceKind::Web => "web",
        ServiceKind::Worker => "worker",
        ServiceKind::Singleton => "singleton",
    };
    page.text("kind", kind);
    for environment in &found.environments {
        if environment.cluster.services.is_ok() && !environment.services.contains_key(&unit.name) {
            page.note(&words::missing(&unit.name, &environment.name));
        }
    }
    container(&unit.name, found, page);
    if unit.kind == ServiceKind::Web {
        health::write(found, &unit.name, page);
    }
    let sets_timeout = running
        .iter()
        .all(|(_, one)| one.container.stop_timeout_s.is_some());
    if unit.kind == ServiceKind::Worker && !sets_timeout {
        page.note(&words::no_stop_timeout());
        page.off_text("stop_timeout", "110s");
    }
    for (_, one) in running {
        if one.service.controller != "ECS" {
            page.note(&words::other_controller(
                &one.service.name,
                &one.service.controller,
            ));
        }
    }
}

/// One container in all environments: the file has no other place for it.
fn container(unit: &str, found: &Application<'_>, page: &mut Page) {
    let running = found.running(unit);
    let Some((_, last)) = running.last() else {
        return;
    };
    let name = &last.container.name;
    for (environment, one) in &running {
        if one.container.name != *name {
            page.note(&words::other_container(
                &environment.name,
                &one.container.name,
                name,
            ));
        }
    }
    let definition = last.service.definition.as_ref();
    let beside = definition.map_or(&[][..], |one| &one.containers);
    let beside: Vec<&str> = beside
        .iter()
        .map(|one| one.name.as_str())
        .filter(|other| other != name)
        .collect();
    if last.alike > 0 {
        page.note(&words::several_containers(name, last.alike + 1));
    }
    if !beside.is_empty() {
        page.note(&words::sidecars(&beside));
    }
    let asked = last
        .service
        .balancers
        .first()
        .map(|one| one.container.as_str());
    if let Some(other) = asked.filter(|asked| asked != name) {
        page.note(&words::in_front(other));
    }
    if name != unit {
        page.text("container", name);
    }
}
