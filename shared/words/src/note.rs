//! Notes of a deployment's story as sentences.

mod database;
mod restore;
mod rollout;
mod stack;
mod start;
mod trouble;

use jiff::Timestamp;
use sluice_core::deployment::{Deployment, Requester};
use sluice_core::history::{ChainEnd, Record, RecordedEntry};
use sluice_core::note::Note;

use crate::report;

/// What people are told that is new in `after`.
pub fn news(before: Option<&Deployment>, after: &Deployment) -> Vec<String> {
    let known = before.map_or(0, |deployment| deployment.story.len());
    let new = after.story[known..].iter();
    new.map(|entry| words(&entry.note, after)).collect()
}

/// Fastens what happened to the chain, with what people are told of it: see [`ChainEnd::append`].
pub fn append(
    chain: &mut ChainEnd,
    entry: RecordedEntry,
    at: Timestamp,
    before: Option<&Deployment>,
    after: &Deployment,
) -> Record {
    chain.append(entry, at, before, after, news(before, after))
}

/// The note as a sentence. `d` is the deployment as it was when the note was made, or later.
pub fn words(note: &Note, d: &Deployment) -> String {
    let (environment, tag, new) = (d.environment(), &d.release.tag, version(d));
    match note {
        Note::Requested => requested(d),
        Note::WaitingFor(id) => format!("waiting for {id}, which is in progress in {environment}"),
        Note::Began => "Planning: reading the current state from AWS".to_owned(),
        Note::PlanDrawn { plan } => start::plan_drawn(plan),
        Note::PlanChanged { plan, changes } => start::plan_changed(plan, changes, d),
        Note::PlanConfirmed { plan, remarks } => start::plan_confirmed(plan, remarks),
        Note::Approved { by, missing } => start::approved(by, *missing),
        Note::ApprovalsLapsed { lapsed } => start::approvals_lapsed(lapsed),
        Note::WindowClosed(seen) => start::window_closed(seen, d),
        Note::WindowOpened => format!("{environment} is open: checking the plan again"),
        Note::Overridden { by, reason } => start::overridden(by, reason, environment),
        Note::Paused { by, reason } => start::paused(by, reason),
        Note::Resumed { by } => format!("<@{by}> resumed it"),
        Note::StopTaken { by } => start::stop_taken(by, d),
        Note::StackUpdateStarted { stack } => stack::update_started(stack),
        Note::StackUpdated { stack } => format!("the stack {stack} is updated"),
        Note::ChangeSetVoid { why } => stack::change_set_void(why),
        Note::ChangeSetLeft { stack, name, why } => stack::change_set_left(stack, name, why),
        Note::SnapshotStarted(snapshot) => format!("taking snapshot {snapshot}"),
        Note::SnapshotVerified(snapshot) => database::snapshot_verified(snapshot),
        Note::SnapshotsPruned(removed) => database::snapshots_pruned(removed.len()),
        Note::RehearsalBegan => database::REHEARSAL_BEGAN.to_owned(),
        Note::Rehearsed { took_ms } => database::rehearsed(*took_ms),
        Note::RehearsalRemoved => "the copy and its snapshot are removed".to_owned(),
        Note::RehearsalLeft { copy, why } => database::rehearsal_left(copy, why),
        Note::Inspecting(task) => database::inspecting(task),
        Note::MigrationStarted(task) => database::migration_started(task),
        Note::TaskNeverStarted { why } => database::task_never_started(why),
        Note::MigrationStopping { after_s } => database::migration_stopping(*after_s),
        Note::MigrationSucceeded => "migration ended with exit code 0".to_owned(),
        Note::MigrationConfirmed { head } => database::migration_confirmed(head),
        Note::RestoreDecisionNeeded { cause } => database::decision_needed(cause),
        Note::RolledForward { by } => database::rolled_forward(by),
        Note::SecretsInjected { secrets, pinned } => rollout::secrets(*secrets, *pinned, d),
        Note::RolloutStarted(service) => format!("ECS was asked to roll out {service}"),
        Note::GreenUp(service) => rollout::up(service, d),
        Note::ServiceUpdated(service) => format!("{service} runs {new}"),
        Note::SmokeTestsFailedOnce { failures } => rollout::tests_failed(failures),
        Note::SmokeTestsPassed { count: 0 } => "no smoke tests are configured".to_owned(),
        Note::SmokeTestsPassed { count } => rollout::tests_passed(*count, new),
        Note::TrafficReleased => "ECS may shift the traffic".to_owned(),
        Note::StepReached { percent } => rollout::step_reached(*percent, new),
        Note::StepHealthy {
            percent,
            samples,
            compared,
        } => rollout::step_healthy(*percent, *samples, compared),
        Note::TrafficShifted(service) => format!("{service}: all traffic is on {new}"),
        Note::Baked { samples, compared } => rollout::baked(*samples, compared),
        Note::CannotTell { reason } => format!("cannot tell whether {tag} is healthy: {reason}"),
        Note::Kept { by } => format!("<@{by}> marked {tag} as healthy"),
        Note::CleanedUp => "the old version is shut down".to_owned(),
        Note::RollingBack { cause } => format!("rolling back: {cause}"),
        Note::ServiceReturned(service) => format!("{service} runs the previous version"),
        Note::ServiceStuck { service, reason } => restore::stuck(service, reason),
        Note::RestoreBegan => restore::began(environment),
        Note::ServicesStopped => restore::SERVICES_STOPPED.to_owned(),
        Note::CopyStarted { copy } => format!("RDS is creating {copy}"),
        Note::CopyAvailable { copy } => restore::copy_available(copy),
        Note::DatabaseSetAside { aside } => restore::set_aside(aside),
        Note::CopyTookItsPlace => "the restored database now has the original name".to_owned(),
        Note::NotWellYet { failures } => restore::not_healthy_yet(failures),
        Note::RestoredIsWell { count } => restore::healthy(*count),
        Note::RestoreGivenUp { cause } => restore::given_up(cause),
        Note::ServiceNotStarted { service, reason } => restore::not_started(service, reason),
        Note::CannotSee {
            doing,
            error,
            until,
        } => trouble::cannot_see(doing, error, *until),
        Note::TimeDoesNotCount { gone_s } => trouble::time_does_not_count(*gone_s),
        Note::StillOpen { until } => trouble::still_open(*until),
        Note::NeedsPerson { doing, error } => trouble::needs_person(doing, error),
        Note::LongEnough => trouble::LONG_ENOUGH.to_owned(),
        Note::Ended => report::told(d).map_or_else(String::new, |told| told.happened),
    }
}

fn requested(d: &Deployment) -> String {
    let (environment, release, asked) = (d.environment(), &d.release, asked(&d.requested_by));
    if let Some(rollback) = d.rollback() {
        return format!(
            "rollback of {environment} to {release}, {asked}: {}",
            rollback.reason
        );
    }
    if let Some(restore) = d.restore() {
        return format!(
            "restore of {} in {environment} to {}, with {release}, {asked}: {}",
            restore.database.identifier(),
            restore.until.strftime("%Y-%m-%d %H:%M:%S UTC"),
            restore.reason
        );
    }
    let hotfix = d.hotfix.as_ref();
    let hotfix = hotfix.map_or_else(String::new, |hotfix| {
        format!(". Hotfix, skips {}: {}", hotfix.skips, hotfix.reason)
    });
    format!("{release} to {environment}, {asked}{hotfix}")
}

/// Who asked for it: `triggered by an image push`, `requested by @ada`.
pub fn asked(by: &Requester) -> String {
    match by {
        Requester::Push => "triggered by an image push".to_owned(),
        Requester::Person(user) => format!("requested by <@{user}>"),
    }
}

/// What is brought up: what comes back is not new.
fn version(deployment: &Deployment) -> &str {
    if deployment.kind.goes_first() {
        deployment.release.tag.as_str()
    } else {
        "the new version"
    }
}
