//! The end of a deployment, for people: what happened, what state the world is in, what they can do.

mod restore;
mod rollback;

use std::collections::BTreeMap;

use crate::controls::Hold;
use crate::deployment::{Deployment, Requester};
use crate::environment_key::EnvironmentKey;
use crate::failure::{Cause, LOCK_NOT_FREE};
use crate::id::ServiceName;
use crate::migration::Judgement;
use crate::note::short_arn;
use crate::phase::Phase;
use crate::plan::demands::Demands;
use crate::plan::way_back::does_not_run;
use crate::slash::COMMAND;
use crate::words;

/// What people are told at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What happened, in a sentence.
    pub happened: String,
    /// What runs now, and how the database is.
    pub world: Vec<String>,
    /// What they can do; nothing after a success.
    pub todo: Vec<String>,
}

/// The report of a deployment that is over; `None` of one that is not.
pub fn report(d: &Deployment) -> Option<Report> {
    let mut report = ended(d)?;
    if Hold::after(d).is_some() {
        report.todo.push(format!(
            "what pushes ask for waits until `{COMMAND} release {}`; what people ask for goes on",
            EnvironmentKey::of(d)
        ));
    }
    Some(report)
}

fn ended(d: &Deployment) -> Option<Report> {
    let release = &d.release.tag;
    let environment = d.environment();
    let what = match d.restore() {
        None => release.to_string(),
        Some(_) => "the restore of the database".to_owned(),
    };
    let untouched = || vec![format!("{environment} is as it was: nothing was touched")];
    Some(match &d.phase {
        Phase::Succeeded if d.rollback().is_some() => rollback::back_again(d),
        Phase::Succeeded => Report {
            happened: format!("{release} is live in {environment}"),
            world: vec![format!("every service runs {}", d.release.digest.short())],
            todo: Vec::new(),
        },
        Phase::Unproven { reason } => Report {
            happened: format!(
                "nobody could tell whether {release} is well, and it stays in {environment} \
                 unproven: {reason}"
            ),
            world: unproven(d),
            todo: vec![
                "look at it yourself: health pages, logs, monitors".to_owned(),
                format!(
                    "to have it proven: `{COMMAND} deploy {release} to {}`",
                    EnvironmentKey::of(d)
                ),
                format!(
                    "to have back what was proven last: `{COMMAND} rollback {}`",
                    EnvironmentKey::of(d)
                ),
            ],
        },
        Phase::Superseded { by } => Report {
            happened: format!("{release} gave way to {by}, which was asked for later"),
            world: untouched(),
            todo: Vec::new(),
        },
        Phase::Rejected { by, reason } => Report {
            happened: match reason {
                Some(reason) => format!("<@{by}> rejected {what}: {reason}"),
                None => format!("<@{by}> rejected {what}"),
            },
            world: untouched(),
            todo: vec![match d.requested_by {
                Requester::Push => "push a new image once the reason is settled".to_owned(),
                Requester::Person(_) => "ask again once the reason is settled".to_owned(),
            }],
        },
        Phase::Expired if d.paused.is_some() => Report {
            happened: format!("{what} was paused, and nobody resumed it in time"),
            world: untouched(),
            todo: vec![again(d)],
        },
        Phase::Expired if is_approved(d) => Report {
            happened: format!("{release} waited too long for {environment} to open"),
            world: untouched(),
            todo: vec![
                "see what closes it: a freeze, the deployment windows, a hold".to_owned(),
                again(d),
            ],
        },
        Phase::Expired if d.plan.is_some() => Report {
            happened: format!("nobody decided on {what} in time"),
            world: untouched(),
            todo: vec![again(d)],
        },
        Phase::Expired => Report {
            happened: format!("{what} waited too long for its turn"),
            world: untouched(),
            todo: vec![again(d)],
        },
        Phase::Cancelled { by } => Report {
            happened: format!("<@{by}> called {what} off"),
            world: untouched(),
            todo: Vec::new(),
        },
        Phase::Restored => restore::restored(d)?,
        Phase::RestoreFailed { cause, stands } => restore::failed(d, cause, stands)?,
        Phase::Failed { cause, .. } if d.restore().is_some() => Report {
            happened: format!("the database of {environment} was not restored: {cause}"),
            world: untouched(),
            todo: vec!["put this right".to_owned(), again(d)],
        },
        Phase::Failed { during, cause } => Report {
            happened: match d.rollback() {
                None => format!("{release} was not deployed: {cause}"),
                Some(_) => format!("{environment} was not rolled back to {release}: {cause}"),
            },
            world: services_untouched(d, during, Some(cause)),
            todo: advice(d, cause),
        },
        Phase::RolledForward { by, cause } => Report {
            happened: format!("{release} failed, and <@{by}> rolls forward: {cause}"),
            world: rolled_forward(d),
            todo: vec!["mend what failed and push a new image".to_owned()],
        },
        Phase::RolledBack { cause } => Report {
            happened: format!("{release} was taken back: {cause}"),
            world: rolled_back(d),
            todo: advice(d, cause),
        },
        Phase::RollbackFailed { cause, stuck } if d.rollback().is_some() => {
            rollback::failed(d, cause, stuck)
        }
        Phase::RollbackFailed { cause, stuck } => Report {
            happened: if nobody_decided(d, stuck) {
                format!(
                    "{release} failed ({cause}), and nobody decided what becomes of the database"
                )
            } else {
                format!("{release} failed ({cause}), and going back failed too")
            },
            world: stuck_world(d, stuck),
            todo: stuck_advice(d, stuck),
        },
        _ => return None,
    })
}

/// Whether nobody's yes was missing any more: what expires then has waited at the gate.
fn is_approved(d: &Deployment) -> bool {
    let quorum = Demands::of_deployment(d).map_or(0, |demands| demands.quorum);
    d.plan.is_some() && d.approvals.len() >= usize::from(quorum)
}

/// What stays as it is, for a newer release to mend.
fn rolled_forward(d: &Deployment) -> Vec<String> {
    if d.touched.rollouts_since.is_none() {
        return services_untouched(d, "Migrating", None);
    }
    let mut world = vec![format!("every service runs {}", d.release.digest.short())];
    world.push("the database has the new schema".to_owned());
    world.extend(snapshot_line(d));
    world
}

fn services_untouched(d: &Deployment, during: &str, cause: Option<&Cause>) -> Vec<String> {
    let mut world = vec![format!(
        "web, workers and singletons in {} run what they ran before",
        d.environment()
    )];
    world.push(database_after(d, during, cause));
    world.extend(snapshot_line(d));
    world
}

/// How the database stands after an end before any service was changed.
fn database_after(d: &Deployment, during: &str, cause: Option<&Cause>) -> String {
    let stood_still = matches!(
        cause,
        Some(Cause::TimedOut { .. } | Cause::PausedTooLong { .. })
    );
    match &d.touched.migration {
        Some(run) if run.succeeded() => "the database has the new revision".to_owned(),
        Some(run) if stood_still => format!(
            "the migration task {} was not stopped and may still be running",
            short_arn(run.task.as_str())
        ),
        Some(_) if cause.is_some_and(|cause| !cause.may_have_left_something(true)) => {
            "the database was not migrated".to_owned()
        }
        Some(_) if is_as_it_was(d) => {
            "the database is as it was: the migration is one transaction, and PostgreSQL undid it"
                .to_owned()
        }
        Some(_) => "the database may stand between two revisions: what the migration had \
                    committed stays"
            .to_owned(),
        None if stood_still && during == "Migrating" => {
            "whether the migration task was started is not known: look for tasks started by this \
             deployment"
                .to_owned()
        }
        None => "the database was not migrated".to_owned(),
    }
}

/// Whether no service went back since what ran before does not run on the new schema.
fn nobody_decided(d: &Deployment, stuck: &BTreeMap<ServiceName, String>) -> bool {
    let judgement = d.plan.as_ref().and_then(|sealed| sealed.plan.judgement());
    let is_additive = judgement.is_none_or(Judgement::is_additive);
    !is_additive
        && d.touched
            .rollouts
            .keys()
            .all(|service| stuck.contains_key(service))
}

/// Whether what ran before was found not to run on the schema that the migration left.
fn is_on_foreign_schema(d: &Deployment) -> bool {
    let judgement = d.plan.as_ref().and_then(|sealed| sealed.plan.judgement());
    judgement.is_some() && d.breaks_what_ran_before()
}

/// Whether a migration that failed has left nothing behind.
fn is_as_it_was(d: &Deployment) -> bool {
    let judgement = d.plan.as_ref().and_then(|sealed| sealed.plan.judgement());
    judgement.is_some_and(Judgement::is_transactional)
}

fn unproven(d: &Deployment) -> Vec<String> {
    let mut world = vec![format!("every service runs {}", d.release.digest.short())];
    world.extend(
        d.touched
            .migration
            .as_ref()
            .map(|_| "the database has the new revision".to_owned()),
    );
    world.extend(snapshot_line(d));
    world
}

fn rolled_back(d: &Deployment) -> Vec<String> {
    let services: Vec<String> = d
        .sealed_plan()
        .plan
        .services
        .iter()
        .map(|service| {
            format!(
                "{} on {}",
                service.service,
                short_arn(service.from.as_str())
            )
        })
        .collect();
    let mut world = vec![format!("back as before: {}", services.join(", "))];
    world.extend(database_line(d));
    world.extend(snapshot_line(d));
    world
}

fn stuck_world(d: &Deployment, stuck: &BTreeMap<ServiceName, String>) -> Vec<String> {
    let mut world: Vec<String> = stuck
        .iter()
        .map(|(service, reason)| format!("{service} is NOT back: {reason}"))
        .collect();
    let back: Vec<&str> = d
        .sealed_plan()
        .plan
        .services
        .iter()
        .map(|service| &service.service)
        .filter(|service| !stuck.contains_key(*service))
        .map(|service| service.as_str())
        .collect();
    if !back.is_empty() {
        world.push(format!("back as before: {}", back.join(", ")));
    }
    world.extend(database_line(d));
    world.extend(snapshot_line(d));
    world
}

fn stuck_advice(d: &Deployment, stuck: &BTreeMap<ServiceName, String>) -> Vec<String> {
    stuck
        .keys()
        .filter_map(|service| d.sealed_plan().plan.service(service))
        .map(|service| {
            format!(
                "bring {} back by hand: aws ecs update-service --cluster {} --service {} \
                 --task-definition {}",
                service.service,
                d.settings.environment.cluster,
                service.ecs_service,
                short_arn(service.from.as_str())
            )
        })
        .collect()
}

fn database_line(d: &Deployment) -> Option<String> {
    d.touched.migration.as_ref()?;
    let judgement = d.plan.as_ref().and_then(|sealed| sealed.plan.judgement());
    Some(match judgement {
        Some(judgement) if judgement.is_additive() => {
            "the database keeps the new revision, which what runs now was found to live with"
        }
        Some(judgement) => {
            return Some(format!(
                "the database keeps the new schema: {} runs on it, and what ran before {} on it",
                d.release.tag,
                does_not_run(judgement)
            ));
        }
        None => "the database keeps the new revision; what runs now must live with it",
    }
    .to_owned())
}

fn snapshot_line(d: &Deployment) -> Option<String> {
    d.touched
        .snapshot
        .as_ref()
        .map(|snapshot| format!("snapshot {snapshot} holds the database as it was before"))
}

fn advice(d: &Deployment, cause: &Cause) -> Vec<String> {
    let mut todo = match cause {
        Cause::NotPlannable(_) => vec!["put these right".to_owned(), again(d)],
        Cause::RehearsalFailed(_) => vec![
            "mend what went wrong on the copy and push a new image".to_owned(),
            "the copy and its snapshot are removed".to_owned(),
        ],
        Cause::BackupFailed(_) => {
            vec![
                "see the snapshot and the database's events in RDS".to_owned(),
                again(d),
            ]
        }
        Cause::MigrationFailed {
            exit_code: Some(LOCK_NOT_FREE),
            ..
        } => vec![
            "see which migration of this database still runs: another task, or somebody by hand"
                .to_owned(),
            again(d),
        ],
        Cause::MigrationFailed { .. } if is_as_it_was(d) => {
            vec!["mend the migration and push a new image".to_owned()]
        }
        Cause::MigrationFailed { .. } => vec![
            "compare `alembic current` with `alembic heads` before anything else".to_owned(),
            "mend the migration and push a new image, or restore the snapshot".to_owned(),
        ],
        Cause::MigrationUnknown { .. } => vec![
            "compare `alembic current` with `alembic heads`, and see whether the task still runs"
                .to_owned(),
        ],
        Cause::Replaced { service, .. } => {
            vec![format!("see what {service} runs now, and who deployed it")]
        }
        Cause::RolloutFailed { service, .. } => {
            vec![format!(
                "read the stopped tasks and the log of {service}, mend, push a new image"
            )]
        }
        Cause::SmokeTestsFailed(_) | Cause::BakeFailed(_) => {
            vec!["read the logs of the new version, mend, push a new image".to_owned()]
        }
        Cause::AskedFor { .. } => {
            vec!["mend the release and push a new image".to_owned()]
        }
        Cause::TimedOut { after_s, .. } => {
            vec![
                format!(
                    "find out what took longer than {}",
                    words::duration_s(*after_s)
                ),
                again(d),
            ]
        }
        Cause::PausedTooLong { .. } => vec![again(d)],
        Cause::NotRestored(_) => vec!["put this right".to_owned(), again(d)],
        Cause::Refused { .. } => vec!["mend what was refused".to_owned(), again(d)],
    };
    if d.rollback().is_some() {
        todo = vec!["put this right".to_owned(), again(d)];
    }
    let judgement = d.plan.as_ref().and_then(|sealed| sealed.plan.judgement());
    if matches!(d.phase, Phase::RolledBack { .. }) && is_on_foreign_schema(d) {
        todo.insert(
            0,
            format!(
                "decide soon, since what runs now {} on the new schema: restore the database with \
                 `{COMMAND} restore {}`, or push a release that fits it",
                judgement.map_or("may not run", does_not_run),
                EnvironmentKey::of(d)
            ),
        );
    }
    if let Cause::MigrationFailed { log_tail, .. } = cause
        && let Some(last) = log_tail.last()
    {
        todo.insert(0, format!("its last words were: {last}"));
    }
    if !cause.blames_release() {
        todo.insert(
            0,
            "do not look for the fault in the release: this says nothing of it".to_owned(),
        );
    }
    todo
}

/// ECR tells of a push only if it changes something: the same image under the same tag does not.
fn again(d: &Deployment) -> String {
    match d.requested_by {
        Requester::Push => format!(
            "then push the image under a new tag that {} takes",
            d.environment()
        ),
        Requester::Person(_) => "then ask for it again".to_owned(),
    }
}
