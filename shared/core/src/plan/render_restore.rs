//! How the plan of a restore is shown.

use super::render::revision;
use super::{Plan, PlannedRestore, PlannedService};
use crate::config::ServiceKind;
use crate::database::RestorePoint;
use crate::id::ImageTag;
use crate::quantity;

/// The lines above the steps.
pub(super) fn head(plan: &Plan, restore: &PlannedRestore) -> Vec<String> {
    let name = restore.database.identifier();
    let until = restore.until.strftime("%Y-%m-%d %H:%M:%S UTC");
    let from = restore.from.as_ref();
    let from = from.map_or("the running version", ImageTag::as_str);
    vec![
        format!("database   {name}, which is {}", restore.resource_id),
        match &restore.point {
            RestorePoint::Time(_) => format!(
                "back to    {until}, right before the migration of {} ({})",
                restore.undoes, restore.before
            ),
            RestorePoint::Snapshot(snapshot) => format!(
                "back to    {until}: {snapshot}, taken before the migration of {}",
                restore.undoes
            ),
        },
        format!("LOST       everything that was written to it since {until}"),
        format!(
            "code       from {from} to {}, which ran then ({})",
            plan.release.tag, plan.release.digest
        ),
        format!("because    {}", restore.reason),
    ]
}

/// What is done, in order.
pub(super) fn steps(plan: &Plan, restore: &PlannedRestore) -> Vec<String> {
    let name = restore.database.identifier();
    let (copy, aside) = (restore.copy.identifier(), restore.aside.identifier());
    let point = match &restore.point {
        RestorePoint::Time(at) => at.to_string(),
        RestorePoint::Snapshot(snapshot) => snapshot.to_string(),
    };
    let mut lines = vec![
        format!(
            "stop {}; users are told 503 from here on",
            listed(&plan.services, stopped)
        ),
        format!("restore {point} as {copy}, in everything as {name} is"),
        format!("rename {name} to {aside}: it is kept with all that is in it"),
        format!("rename {copy} to {name}"),
    ];
    let comes_back = |singleton: bool| {
        let services = plan.services.iter().filter(move |service| {
            service.revision.is_some() && (service.kind == ServiceKind::Singleton) == singleton
        });
        services.cloned().collect::<Vec<_>>()
    };
    for (services, last) in [(comes_back(false), ""), (comes_back(true), ", last")] {
        if !services.is_empty() {
            lines.push(format!("start {}{last}", listed(&services, started)));
        }
    }
    lines.push(format!(
        "ask what users ask: the health paths, {}",
        quantity::count(plan.smoke_tests.len(), "smoke test")
    ));
    lines
}

fn listed(services: &[PlannedService], say: impl Fn(&PlannedService) -> String) -> String {
    let said: Vec<String> = services.iter().map(say).collect();
    said.join(", ")
}

fn stopped(service: &PlannedService) -> String {
    let given = service
        .stop_timeout
        .map(|timeout| format!(", given {}", quantity::duration(timeout)))
        .unwrap_or_default();
    format!("{} ({}{given})", service.service, tasks(service))
}

fn started(service: &PlannedService) -> String {
    let back = service.revision.as_ref().map_or("", |back| revision(back));
    format!("{} as {back} ({})", service.service, tasks(service))
}

fn tasks(service: &PlannedService) -> String {
    quantity::count(service.desired.unwrap_or(0) as usize, "task")
}
