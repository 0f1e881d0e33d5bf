//! How restores end, for people: what is lost, which database has which name, what to type.

use std::collections::BTreeMap;

use super::Report;
use crate::config::Database;
use crate::deployment::Deployment;
use crate::failure::Cause;
use crate::id::{ServiceName, TaskDefinitionArn};
use crate::note::short_arn;
use crate::plan::{PlannedRestore, PlannedService};
use crate::restore::{Found, Stands};

/// Of one that brought back what was asked for.
pub(super) fn restored(d: &Deployment) -> Option<Report> {
    let planned = planned(d)?;
    let (release, name) = (&d.release.tag, planned.database.identifier());
    let aside = planned.aside.identifier();
    let until = planned.until.strftime("%Y-%m-%d %H:%M:%S UTC");
    let mut world = vec![
        format!("{name} holds what was written until {until}; what came later is not in it"),
        format!("every service runs {} with it", d.release.digest.short()),
        format!("the old database is kept, with all that is in it, as {aside}"),
    ];
    world.extend(left_stopped(d));
    let mut todo = vec![
        format!(
            "fetch what is missed from {aside}: it can be read under its own endpoint until somebody \
             removes it"
        ),
        format!(
            "once it can go, with a last snapshot: {}",
            removal(&planned.aside, &format!("{aside}-last"))
        ),
        format!(
            "if infrastructure code made {name}, import the new one under its resource id before the \
             next apply: the code knows the old one"
        ),
    ];
    todo.push("mend the migration and push a new image".to_owned());
    Some(Report {
        happened: format!(
            "the database of {} is restored to {until}, and {release} runs with it: {}",
            d.environment(),
            planned.reason
        ),
        world,
        todo,
    })
}

/// Of one that did not.
pub(super) fn failed(d: &Deployment, cause: &Cause, stands: &Stands) -> Option<Report> {
    let planned = planned(d)?;
    let (name, environment) = (planned.database.identifier(), d.environment());
    let copy = planned.copy.identifier();
    let happened = format!("the database of {environment} was not restored: {cause}");
    let kept = format!("if RDS has made {copy}, it is still there: Sluice deletes no database");
    Some(match stands {
        Stands::AsBefore => Report {
            happened,
            world: vec![
                format!("{name} is as it was: nothing is changed, and nothing is lost"),
                "every service runs again as it did before".to_owned(),
                kept,
            ],
            todo: vec![
                "put this right, then ask for the restore again".to_owned(),
                format!(
                    "see whether {copy} is there, and remove it: {}",
                    removal_now(&planned.copy)
                ),
            ],
        },
        Stands::NotStarted(services) => Report {
            happened,
            world: not_running(services)
                .chain([
                    format!("{name} is as it was: nothing is changed, and nothing is lost"),
                    kept,
                ])
                .collect(),
            todo: starts(d, services, |service| Some(&service.from)),
        },
        Stands::BetweenNames { copy: id, found } => between(d, planned, happened, id, found),
        Stands::InPlace(services) => in_place(d, planned, happened, services),
    })
}

/// The names are half changed, and every service stands still.
fn between(
    d: &Deployment,
    planned: &PlannedRestore,
    happened: String,
    copy: &str,
    found: &BTreeMap<String, Found>,
) -> Report {
    let name = planned.database.identifier();
    let is = |found: &Found| match &found.resource_id {
        Some(id) if *id == planned.resource_id => format!("the old database ({id})"),
        Some(id) if id == copy => format!("the restored database ({id})"),
        Some(id) => format!("neither of the two, but {id}"),
        None => "one whose resource id RDS does not say".to_owned(),
    };
    let mut world = vec![
        format!(
            "EVERY SERVICE STANDS STILL in {}, and {name} may be nobody's name: Sluice goes no \
             further by itself",
            d.environment()
        ),
        "nothing was deleted: both databases are there".to_owned(),
    ];
    world.extend(
        found
            .iter()
            .map(|(name, found)| format!("{name} was {}, {}", is(found), found.status)),
    );
    let names = [&planned.database, &planned.copy, &planned.aside];
    let looks = names.map(|database| database.identifier()).join(" ");
    let all = d.sealed_plan().plan.services.iter();
    let all: BTreeMap<ServiceName, String> = all
        .map(|service| (service.service.clone(), String::new()))
        .collect();
    let mut todo = vec![
        format!(
            "see which names there are now ({looks}): {}",
            listing(&planned.database)
        ),
        format!(
            "EITHER go on with the restored one: first, if {name} is still the old one, {}; then {}; \
             once that is available:",
            renaming(&planned.database, planned.aside.identifier()),
            renaming(&planned.copy, name)
        ),
    ];
    todo.extend(starts(d, &all, |service| service.revision.as_ref()));
    todo.extend(backups(&planned.database));
    todo.push(format!(
        "OR stay with the old one: if it is called {}, {}; once that is available:",
        planned.aside.identifier(),
        renaming(&planned.aside, name)
    ));
    todo.extend(starts(d, &all, |service| Some(&service.from)));
    Report {
        happened,
        world,
        todo,
    }
}

/// The restored database has the name, and something on it is not well.
fn in_place(
    d: &Deployment,
    planned: &PlannedRestore,
    happened: String,
    services: &BTreeMap<ServiceName, String>,
) -> Report {
    let name = planned.database.identifier();
    let until = planned.until.strftime("%Y-%m-%d %H:%M:%S UTC");
    let mut world: Vec<String> = not_running(services).collect();
    world.push(format!(
        "{name} IS the restored database: it holds what was written until {until}"
    ));
    world.push(format!(
        "the old database is kept, with all that is in it, as {}",
        planned.aside.identifier()
    ));
    if services.is_empty() {
        world.push(format!(
            "every service runs {}, and does not answer users as it should",
            d.release.tag
        ));
    }
    world.extend(left_stopped(d));
    let mut todo = starts(d, services, |service| {
        d.touched
            .task_definitions
            .get(&service.service)
            .or(service.revision.as_ref())
    });
    if todo.is_empty() {
        todo.push(format!(
            "read the logs of {}, and mend what is wrong",
            d.release.tag
        ));
    }
    todo.push(
        "a restored database is slow until RDS has fetched its blocks: what was merely too late may \
         be well by now"
            .to_owned(),
    );
    Report {
        happened: format!("{happened}. The database itself is the restored one"),
        world,
        todo,
    }
}

fn planned(d: &Deployment) -> Option<&PlannedRestore> {
    d.plan.as_ref()?.plan.restore.as_ref()
}

fn left_stopped(d: &Deployment) -> Option<String> {
    let services = d.sealed_plan().plan.services.iter();
    let names: Vec<&str> = services
        .filter(|service| service.revision.is_none())
        .map(|service| service.service.as_str())
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "{} did not exist with {} and stands still: its next deployment starts it, once its \
             desired count is raised",
            names.join(", "),
            d.release.tag
        )
    })
}

fn not_running(services: &BTreeMap<ServiceName, String>) -> impl Iterator<Item = String> {
    services
        .iter()
        .map(|(service, reason)| format!("{service} does NOT run: {reason}"))
}

/// The commands that start services by hand, each with the revision it is to have.
fn starts<'a>(
    d: &'a Deployment,
    services: &BTreeMap<ServiceName, String>,
    revision: impl Fn(&'a PlannedService) -> Option<&'a TaskDefinitionArn>,
) -> Vec<String> {
    let planned = d.sealed_plan().plan.services.iter();
    planned
        .filter(|service| services.contains_key(&service.service))
        .filter_map(|service| {
            let revision = short_arn(revision(service)?.as_str());
            Some(format!(
                "start {}: aws ecs update-service --cluster {} --service {} --task-definition \
                 {revision} --desired-count {}",
                service.service,
                d.settings.environment.cluster,
                service.ecs_service,
                service.desired.unwrap_or(1)
            ))
        })
        .collect()
}

fn listing(database: &Database) -> String {
    match database {
        Database::Instance(_) => {
            "aws rds describe-db-instances --query \
             'DBInstances[].[DBInstanceIdentifier,DbiResourceId,DBInstanceStatus]' --output table"
        }
        Database::Cluster(_) => {
            "aws rds describe-db-clusters --query \
             'DBClusters[].[DBClusterIdentifier,DbClusterResourceId,Status]' --output table"
        }
    }
    .to_owned()
}

fn renaming(from: &Database, to: &str) -> String {
    match from {
        Database::Instance(from) => format!(
            "aws rds modify-db-instance --db-instance-identifier {from} \
             --new-db-instance-identifier {to} --apply-immediately"
        ),
        Database::Cluster(from) => format!(
            "aws rds modify-db-cluster --db-cluster-identifier {from} \
             --new-db-cluster-identifier {to} --apply-immediately"
        ),
    }
}

/// A restored instance gets its backups with the name, and whoever renames it by hand has to say so.
/// Those of a cluster are never off.
fn backups(database: &Database) -> Option<String> {
    match database {
        Database::Instance(id) => Some(format!(
            "have {id} keep backups again (--backup-retention-period): its tag \
             `sluice:backup-retention` says for how many days"
        )),
        Database::Cluster(_) => None,
    }
}

/// Deletion protection is what the source had: it is taken off first.
fn removal(database: &Database, last: &str) -> String {
    match database {
        Database::Instance(id) => format!(
            "aws rds modify-db-instance --db-instance-identifier {id} --no-deletion-protection \
             --apply-immediately; aws rds delete-db-instance --db-instance-identifier {id} \
             --final-db-snapshot-identifier {last}"
        ),
        Database::Cluster(id) => format!(
            "aws rds modify-db-cluster --db-cluster-identifier {id} --no-deletion-protection \
             --apply-immediately; delete its instances (aws rds describe-db-clusters \
             --db-cluster-identifier {id} names them); aws rds delete-db-cluster \
             --db-cluster-identifier {id} --final-db-snapshot-identifier {last}"
        ),
    }
}

/// Of a copy that was never used: nothing of it is worth a snapshot.
fn removal_now(database: &Database) -> String {
    match database {
        Database::Instance(id) => format!(
            "aws rds modify-db-instance --db-instance-identifier {id} --no-deletion-protection \
             --apply-immediately; aws rds delete-db-instance --db-instance-identifier {id} \
             --skip-final-snapshot"
        ),
        Database::Cluster(id) => format!(
            "aws rds modify-db-cluster --db-cluster-identifier {id} --no-deletion-protection \
             --apply-immediately; delete its instances (aws rds describe-db-clusters \
             --db-cluster-identifier {id} names them); aws rds delete-db-cluster \
             --db-cluster-identifier {id} --skip-final-snapshot"
        ),
    }
}
