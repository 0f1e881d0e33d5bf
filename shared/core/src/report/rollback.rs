//! How rollbacks end, for people.

use std::collections::BTreeMap;

use super::Report;
use crate::deployment::Deployment;
use crate::failure::Cause;
use crate::id::{ServiceName, TaskDefinitionArn};
use crate::note::short_arn;
use crate::plan::PlannedService;
use crate::words;

/// Of one that brought back what was asked for.
pub(super) fn back_again(d: &Deployment) -> Report {
    let release = &d.release.tag;
    let from = d.rollback().and_then(|rollback| rollback.from.as_ref());
    let migrated = d.rollback().map(|rollback| rollback.migrated.as_slice());
    let mut world = vec![format!("every service runs {}", d.release.digest.short())];
    if let Some(migrated) = migrated.filter(|migrated| !migrated.is_empty()) {
        world.push(format!(
            "the database keeps its schema; {}",
            words::migrated(migrated)
        ));
    }
    let from = from.map_or_else(String::new, |from| format!("{from} is taken back: "));
    Report {
        happened: format!("{from}{} is back on {release}", d.environment()),
        world,
        todo: vec!["push a new image once the reason is mended".to_owned()],
    }
}

/// Of one that failed half way. There is no rollback of a rollback: people must decide which way.
pub(super) fn failed(
    d: &Deployment,
    cause: &Cause,
    stuck: &BTreeMap<ServiceName, String>,
) -> Report {
    let release = &d.release.tag;
    let services = &d.sealed_plan().plan.services;
    let mut world: Vec<String> = stuck
        .iter()
        .map(|(service, reason)| format!("{service} is NOT on {release}: {reason}"))
        .collect();
    let back = |service: &&PlannedService| !stuck.contains_key(&service.service);
    let names: Vec<&str> = services
        .iter()
        .filter(back)
        .map(|service| service.service.as_str())
        .collect();
    if !names.is_empty() {
        world.push(format!("on {release}: {}", names.join(", ")));
    }
    world.push("the database was not touched".to_owned());
    world.push(
        "Sluice goes no further by itself: there is no rollback of a rollback, and it takes a \
         person to say which way"
            .to_owned(),
    );

    let mut todo = vec![format!(
        "see what {} runs now: aws ecs describe-services --cluster {} --services {}",
        d.environment(),
        d.settings.environment.cluster,
        joined(services.iter().map(|service| service.ecs_service.as_str())),
    )];
    todo.extend(services.iter().filter_map(|service| stop(d, service)));
    for service in services.iter().filter(|service| !back(service)) {
        let to = d.touched.task_definitions.get(&service.service);
        if let Some(to) = to.or(service.revision.as_ref()) {
            todo.push(format!(
                "to bring {} to {release}: {}",
                service.service,
                update(d, service, to)
            ));
        }
    }
    let changed = |service: &&PlannedService| d.touched.rollouts.contains_key(&service.service);
    for service in services.iter().filter(changed) {
        todo.push(format!(
            "or to have {} as it was before: {}",
            service.service,
            update(d, service, &service.from)
        ));
    }
    todo.push(format!(
        "then roll back to another release by name, or deploy a mended one to {}",
        d.environment()
    ));
    Report {
        happened: format!("the rollback to {release} failed: {}", why(d, cause)),
        world,
        todo,
    }
}

/// What comes back is not new.
fn why(d: &Deployment, cause: &Cause) -> String {
    match cause {
        Cause::SmokeTestsFailed(failures) => format!(
            "smoke tests failed on {}: {}",
            d.release.tag,
            failures.join("; ")
        ),
        other => other.to_string(),
    }
}

fn update(d: &Deployment, service: &PlannedService, to: &TaskDefinitionArn) -> String {
    format!(
        "aws ecs update-service --cluster {} --service {} --task-definition {} \
         --force-new-deployment",
        d.settings.environment.cluster,
        service.ecs_service,
        short_arn(to.as_str())
    )
}

/// What ECS was still at when this ended may go on for long.
fn stop(d: &Deployment, service: &PlannedService) -> Option<String> {
    let rollout = d.touched.rollouts.get(&service.service)?.as_ref()?;
    (!rollout.status.is_over()).then(|| {
        format!(
            "if {} is still being deployed: aws ecs stop-service-deployment \
             --service-deployment-arn {} --stop-type ROLLBACK",
            service.service, rollout.arn
        )
    })
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(" ")
}
