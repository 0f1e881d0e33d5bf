//! Notes of a deployment's story as sentences.

use jiff::Timestamp;
use sluice_core::config::ServiceKind;
use sluice_core::deployment::{Deployment, Requester};
use sluice_core::history::{ChainEnd, Record, RecordedEntry};
use sluice_core::id::ServiceName;
use sluice_core::metrics::Compared;
use sluice_core::note::{Note, short_arn};
use sluice_core::quantity;

use crate::controls::{self, overriders};
use crate::inline::moment_of_day;
use crate::plan::remark;

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

/// The note as a sentence. `deployment` is as it was when the note was made, or later.
pub fn words(note: &Note, deployment: &Deployment) -> String {
    match note {
            Note::Requested => requested(deployment),
            Note::WaitingFor(other) => {
                format!("waiting for {other}, which is in progress in {}", deployment.environment())
            }
            Note::Began => "Planning: reading the current state from AWS".to_owned(),
            Note::PlanDrawn { plan } => {
                format!("plan {} is ready; nothing has been changed yet", plan.short())
            }
            Note::PlanChanged { plan, changes }
                if deployment.settings.environment.approval.is_none() =>
            {
                format!(
                    "the plan has changed since it was drawn; it is now {}:\n{}",
                    plan.short(),
                    changes.join("\n")
                )
            }
            Note::PlanChanged { plan, changes } => format!(
                "the plan has changed since it was approved; it is now {}, and the approvals given \
                 are void:\n{}",
                plan.short(),
                changes.join("\n")
            ),
            Note::PlanConfirmed { plan, remarks } => {
                let mut said = format!("plan {} re-checked: unchanged", plan.short());
                for one in remarks {
                    said.push_str(&format!("\nnew since it was shown: {}", remark(one)));
                }
                said
            }
            Note::Approved { by, missing: 0 } => format!("<@{by}> approved the plan"),
            Note::Approved { by, missing } => {
                format!("<@{by}> approved the plan; {missing} more needed")
            }
            Note::ApprovalsLapsed { lapsed } => {
                let why: Vec<String> = lapsed.iter().map(|(by, why)| controls::lapse(why, by)).collect();
                format!(
                    "approval is needed again before anything is touched: {}",
                    why.join("; ")
                )
            }
            Note::WindowClosed(seen) => {
                let environment = &deployment.settings.environment;
                format!(
                    "waiting for {} to open: {}. {}",
                    environment.name,
                    controls::closed(seen, environment, &deployment.requested_by),
                    overriders(environment)
                )
            }
            Note::WindowOpened => {
                format!(
                    "{} is open: checking the plan again",
                    deployment.environment()
                )
            }
            Note::Overridden { by, reason } => format!(
                "<@{by}> overrides that {} is closed: {reason}",
                deployment.environment()
            ),
            Note::Paused { by, reason } => format!(
                "<@{by}> paused it: {reason}. Nothing new is started; what ECS and RDS have \
                 started continues"
            ),
            Note::Resumed { by } => format!("<@{by}> resumed it"),
            Note::StackUpdateStarted { stack } => {
                format!("CloudFormation updates the stack {stack} by the change set of the plan")
            }
            Note::StackUpdated { stack } => format!("the stack {stack} is updated"),
            Note::ChangeSetVoid { why } => format!(
                "the change set of the plan cannot be executed any more ({why}): nothing was \
                 changed, and the plan is drawn again"
            ),
            Note::ChangeSetLeft { stack, name, why } => format!(
                "the change set {name} of the stack {stack} could NOT be removed: {why}. It changes \
                 nothing by itself. Remove it in CloudFormation"
            ),
            Note::SnapshotStarted(snapshot) => format!("taking snapshot {snapshot}"),
            Note::SnapshotVerified(snapshot) => {
                format!("snapshot {snapshot} verified: available, complete, of the right database")
            }
            Note::SecretsInjected { secrets, pinned } if deployment.kind.goes_first() => {
                format!(
                    "{} in the revision that comes back, {pinned} of them pinned to a version",
                    quantity::count(*secrets, "secret")
                )
            }
            Note::SecretsInjected { secrets, pinned } => format!(
                "{} injected into the new revision, {pinned} of them pinned to a version",
                quantity::count(*secrets, "secret")
            ),
            Note::MigrationStarted(task) => {
                format!("migration started (task {})", short_arn(task.as_str()))
            }
            Note::Inspecting(task) => format!(
                "Inspecting pending migrations (read-only task {})",
                short_arn(task.as_str())
            ),
            Note::RehearsalBegan => "rehearsing the migration on a copy of the database: a \
                                     snapshot, a \
                                     restore and the run take half an hour or more, and the copy is \
                                     billed until it is removed"
                .to_owned(),
            Note::Rehearsed { took_ms } => format!(
                "the migration ran on the copy in {}",
                quantity::duration_ms(*took_ms)
            ),
            Note::RehearsalRemoved => "the copy and its snapshot are removed".to_owned(),
            Note::RehearsalLeft { copy, why } => format!(
                "the copy {copy} could NOT be removed and is billed until someone removes it: {why}. \
                 Remove the database and the snapshot of that name in RDS"
            ),
            Note::TaskNeverStarted { why } => format!(
                "the task never started, so nothing was executed ({why}); starting another one"
            ),
            Note::MigrationStopping { after_s } => format!(
                "the migration is not done after {}: Sluice stops it and then checks the database",
                quantity::duration_s(*after_s)
            ),
            Note::StopTaken { by } if !deployment.may_have_migrated() => format!(
                "<@{by}> cancelled it. CloudFormation is updating the stack and is not interrupted; \
                 the deployment stops when that has ended, and the stack stays as it is then"
            ),
            Note::StopTaken { by } => format!(
                "<@{by}> cancelled it. The migration is running and is not interrupted; the \
                 deployment stops when it has ended, before any service is changed"
            ),
            Note::CannotSee {
                doing,
                error,
                until,
            } => format!(
                "this takes longer than it should, and Sluice cannot see why: {doing} failed: \
                 {error}. Nothing is changed meanwhile. Sluice keeps trying until {}",
                moment_of_day(*until)
            ),
            Note::TimeDoesNotCount { gone_s } => format!(
                "Sluice, or AWS's API, could not be reached for {}. ECS was held meanwhile; that \
                 time \
                 does not count against the release",
                quantity::duration_s(*gone_s)
            ),
            Note::MigrationSucceeded => "migration ended with exit code 0".to_owned(),
            Note::MigrationConfirmed { head } => {
                format!("Confirmed: the database is at revision {head}")
            }
            Note::RestoreDecisionNeeded { cause } if cause.is_for_a_person() => {
                format!("{cause}. Sluice has stopped; someone must decide how it goes on")
            }
            Note::RestoreDecisionNeeded { cause } => format!(
                "{cause}. Decision needed: rolling back the code alone does not fix it"
            ),
            Note::RolledForward { by } => {
                format!("<@{by}> rolls forward: everything stays as it is until a newer release \
                         fixes it")
            }
            Note::RolloutStarted(service) => format!("ECS was asked to roll out {service}"),
            Note::GreenUp(service) if is_green(deployment, service) => {
                format!("{service}: green is up, without traffic")
            }
            Note::GreenUp(service) => format!("{service}: {} is up", version(deployment)),
            Note::ServiceUpdated(service) => format!("{service} runs {}", version(deployment)),
            Note::SmokeTestsFailedOnce { failures } => {
                format!(
                    "smoke tests failed, trying once more: {}",
                    failures.join("; ")
                )
            }
            Note::SmokeTestsPassed { count: 0 } => "no smoke tests are configured".to_owned(),
            Note::SmokeTestsPassed { count } => {
                format!(
                    "{} passed on {}",
                    quantity::count(*count, "smoke test"),
                    version(deployment)
                )
            }
            Note::TrafficReleased => "ECS may shift the traffic".to_owned(),
            Note::StepReached { percent } => format!(
                "{percent} % of the traffic is on {}; ECS is held before the next step until it \
                 is healthy",
                version(deployment)
            ),
            Note::StepHealthy {
                percent,
                samples,
                compared,
            } => format!(
                "healthy at {percent} % of the traffic: {}{}",
                quantity::count(*samples, "health sample"),
                requests(compared)
            ),
            Note::TrafficShifted(service) => {
                format!("{service}: all traffic is on {}", version(deployment))
            }
            Note::Baked { samples, compared } => {
                format!(
                    "bake finished: {}, no alarm in ALARM{}",
                    quantity::count(*samples, "health sample"),
                    requests(compared)
                )
            }
            Note::CannotTell { reason } => {
                format!(
                    "cannot tell whether {} is healthy: {reason}",
                    deployment.release.tag
                )
            }
            Note::Kept { by } => format!("<@{by}> marked {} as healthy", deployment.release.tag),
            Note::SnapshotsPruned(removed) => {
                format!(
                    "removed {} by the backup rule",
                    quantity::count(removed.len(), "old snapshot")
                )
            }
            Note::CleanedUp => "the old version is shut down".to_owned(),
            Note::StillOpen { until } => format!(
                "no one has decided yet; this is open until {}",
                moment_of_day(*until)
            ),
            Note::NeedsPerson { doing, error } => {
                format!("{doing} needs a person: {error}. Sluice keeps trying")
            }
            Note::RollingBack { cause } => format!("rolling back: {cause}"),
            Note::ServiceReturned(service) => format!("{service} runs the previous version"),
            Note::ServiceStuck { service, reason } => {
                format!("{service} could not be rolled back: {reason}")
            }
            Note::RestoreBegan => format!(
                "{} is DOWN from now: all services are scaled to 0",
                deployment.environment()
            ),
            Note::ServicesStopped => {
                "all services have stopped: they do not write to the database any more".to_owned()
            }
            Note::CopyStarted { copy } => format!("RDS is creating {copy}"),
            Note::CopyAvailable { copy } => {
                format!("{copy} is available, with the same settings as the database")
            }
            Note::DatabaseSetAside { aside } => {
                format!("the old database is now named {aside}, with all its data")
            }
            Note::CopyTookItsPlace => "the restored database now has the original name".to_owned(),
            Note::NotWellYet { failures } => format!(
                "not healthy yet, checking again for some minutes, since a restored database is \
                 slow at first: {}",
                failures.join("; ")
            ),
            Note::RestoredIsWell { count } => format!(
                "{} passed at the public URLs",
                quantity::count(*count, "check")
            ),
            Note::RestoreGivenUp { cause } => format!(
                "not restored: {cause}. The database is unchanged, and all services start again"
            ),
            Note::ServiceNotStarted { service, reason } => {
                format!("{service} could not be started: {reason}")
            }
            Note::LongEnough => "this thread is long: repeated events are not listed here any \
                                 more. The message above shows the current state"
                .to_owned(),
            Note::Ended => crate::report::told(deployment)
                .map(|told| told.happened)
                .unwrap_or_default(),
        }
}

/// What was seen of the requests to each service.
fn requests(compared: &[Compared]) -> String {
    let said = compared.iter().map(|one| format!("; {one}"));
    said.collect()
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

/// `triggered by an image push`, `requested by @ada`.
/// Who asked for it.
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

fn is_green(deployment: &Deployment, service: &ServiceName) -> bool {
    deployment
        .settings
        .service(service)
        .is_some_and(|found| found.kind == ServiceKind::Web)
        && deployment
            .settings
            .placement(service)
            .strategy
            .shifts_traffic()
}
