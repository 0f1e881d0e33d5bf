//! What a deployment has seen of the world, as facts: nothing is told that was not looked at.

use std::collections::BTreeMap;

use super::fact::{Fact, Fits, Revision, Schema, StackStands};
use sluice_core::deployment::{Deployment, MigrationRun};
use sluice_core::failure::{Cause, LOCK_NOT_FREE};
use sluice_core::id::ServiceName;
use sluice_core::migration::{Judgement, Risk};
use sluice_core::observation::RolloutStatus;
use sluice_core::plan::PlannedService;

/// An exit code from here on is a signal: the process was killed, and may have been after it had
/// committed.
const KILLED: i32 = 128;

pub(super) fn judgement(d: &Deployment) -> Option<&Judgement> {
    d.plan.as_ref()?.plan.judgement()
}

/// Whether the version from before runs on the schema of this release.
pub(super) fn fits(d: &Deployment) -> Fits {
    match judgement(d) {
        None => Fits::NotJudged,
        Some(judgement) if judgement.is_additive() => Fits::Yes,
        Some(judgement) if judgement.has(Risk::Breaking) => Fits::No,
        Some(_) => Fits::MayNot,
    }
}

fn planned(d: &Deployment) -> &[PlannedService] {
    d.plan.as_ref().map_or(&[], |sealed| &sealed.plan.services)
}

/// Every service runs the release.
pub(super) fn all_run_the_release(d: &Deployment) -> Vec<Fact> {
    all_run(d, |_| Revision::Release)
}

/// Every service runs what it ran before.
pub(super) fn all_run_what_they_ran(d: &Deployment) -> Vec<Fact> {
    all_run(d, |service| Revision::Before(service.from.clone()))
}

fn all_run(d: &Deployment, revision: impl Fn(&PlannedService) -> Revision) -> Vec<Fact> {
    let runs = |service: &PlannedService| Fact::Runs {
        service: service.service.clone(),
        revision: revision(service),
    };
    planned(d).iter().map(runs).collect()
}

/// What every service runs by ECS's last word on our service deployments.
pub(super) fn as_ecs_said(d: &Deployment) -> Vec<Fact> {
    all_run(d, |service| said(d, service))
}

fn said(d: &Deployment, service: &PlannedService) -> Revision {
    let rollout = d.touched.rollouts.get(&service.service);
    let Some(seen) = rollout.and_then(Option::as_ref) else {
        return Revision::Unknown;
    };
    match seen.status {
        RolloutStatus::Successful => Revision::Release,
        // ECS keeps the old tasks for a while.
        RolloutStatus::InProgress if seen.traffic_percent == Some(100) => Revision::Release,
        RolloutStatus::RollbackSuccessful => Revision::Before(service.from.clone()),
        _ => Revision::Unknown,
    }
}

/// Services that are stuck, and the others at `there`.
pub(super) fn stuck_and(
    d: &Deployment,
    stuck: &BTreeMap<ServiceName, String>,
    there: impl Fn(&PlannedService) -> Revision,
) -> Vec<Fact> {
    let not_brought = stuck.iter().map(|(service, reason)| Fact::NotBrought {
        service: service.clone(),
        reason: reason.clone(),
    });
    let others = all_run(d, there)
        .into_iter()
        .filter(|fact| !matches!(fact, Fact::Runs { service, .. } if stuck.contains_key(service)));
    not_brought.chain(others).collect()
}

/// Where the schema stands once a deployment of a release has ended for this cause, or well.
pub(super) fn schema(d: &Deployment, cause: Option<&Cause>) -> Schema {
    let Some(run) = &d.touched.migration else {
        // Its start was asked for, and ECS's answer never heard.
        return if d.may_have_migrated() {
            Schema::MayStillChange { task: None }
        } else {
            Schema::Unchanged
        };
    };
    let may_still_run = || Schema::MayStillChange {
        task: Some(run.task.clone()),
    };
    match cause {
        Some(Cause::MigrationFailed { exit_code, .. }) => failed(d, run, *exit_code),
        Some(Cause::MigrationUnknown { .. }) => may_still_run(),
        _ if run.succeeded() => Schema::New(fits(d)),
        _ if run.ended.is_none() => may_still_run(),
        _ => Schema::Unknown,
    }
}

/// After a migration that was seen to fail. Where Sluice stopped it, the database was looked at and
/// is not at the new revision.
fn failed(d: &Deployment, run: &MigrationRun, exit_code: Option<i32>) -> Schema {
    let was_looked_at = judgement(d).is_some();
    let undone = if judgement(d).is_some_and(Judgement::is_transactional) {
        Schema::Undone
    } else {
        Schema::Between
    };
    match exit_code {
        // Its exit code says that it ended well, and the database another thing.
        _ if run.succeeded() => Schema::Unknown,
        // It never got the lock, so it did nothing.
        Some(LOCK_NOT_FREE) if was_looked_at => Schema::Unchanged,
        Some(1..KILLED) => undone,
        Some(_) if undone == Schema::Between => undone,
        // Nothing of a task that never started was executed.
        None if run.stopping.is_none() && run.ended.is_none() => Schema::Unchanged,
        None if run.stopping.is_some() && was_looked_at => undone,
        _ => Schema::Unknown,
    }
}

/// What there is to say of the schema and of the snapshot, once services were touched or the release
/// is live; nothing where nothing was migrated.
pub(super) fn database(d: &Deployment) -> Vec<Fact> {
    let migrated = d.touched.migration.is_some();
    let schema = migrated.then(|| Fact::Schema(schema(d, None)));
    schema.into_iter().chain(snapshot(d)).collect()
}

/// How the environment's stack stands, where it was touched or may have been.
pub(super) fn stack(d: &Deployment, cause: Option<&Cause>) -> Option<Fact> {
    let name = d.plan.as_ref()?.plan.stack.as_ref()?.name.clone();
    let stands = match cause {
        Some(Cause::StackRolledBack { .. }) => StackStands::AsBefore,
        Some(Cause::StackStuck { .. }) => StackStands::Stuck,
        Some(Cause::StackUnknown { .. }) => StackStands::Unknown,
        _ if d.touched.provisioned => StackStands::Updated,
        _ => return None,
    };
    Some(Fact::Stack { name, stands })
}

/// The snapshot that the deployment proved.
pub(super) fn snapshot(d: &Deployment) -> Option<Fact> {
    d.touched.snapshot.clone().map(Fact::Snapshot)
}
