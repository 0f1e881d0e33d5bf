//! What happened, for people: the story of a deployment, told in the chat's thread, in the history
//! and on the command line in the same words.

pub(crate) mod bounds;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::ServiceKind;
use crate::controls::{ControlsObservation, Lapse, overriders};
use crate::deployment::Deployment;
use crate::failure::{Cause, PortError};
use crate::id::{DeploymentId, Hash, ServiceName, SlackUserId, SnapshotId, TaskArn};
use crate::plan::Remark;
use crate::words;

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub note: Note,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "`words` says each in full")]
pub enum Note {
    Requested,
    WaitingFor(DeploymentId),
    Began,
    PlanDrawn {
        plan: Hash,
    },
    PlanChanged {
        plan: Hash,
        changes: Vec<String>,
    },
    PlanConfirmed {
        plan: Hash,
        remarks: Vec<Remark>,
    },
    Approved {
        by: SlackUserId,
        missing: usize,
    },
    ApprovalsLapsed {
        lapsed: BTreeMap<SlackUserId, Lapse>,
    },
    WindowClosed(Box<ControlsObservation>),
    WindowOpened,
    Overridden {
        by: SlackUserId,
        reason: String,
    },
    Paused {
        by: SlackUserId,
        reason: String,
    },
    Resumed {
        by: SlackUserId,
    },
    SnapshotStarted(SnapshotId),
    SnapshotProven(SnapshotId),
    SecretsInjected {
        secrets: usize,
        pinned: usize,
    },
    Inspecting(TaskArn),
    RehearsalBegan,
    Rehearsed {
        took_ms: u64,
    },
    RehearsalRemoved,
    RehearsalLeft {
        copy: String,
        why: String,
    },
    MigrationStarted(TaskArn),
    TaskNeverStarted {
        why: String,
    },
    MigrationStopping {
        after_s: u64,
    },
    StopTaken {
        by: SlackUserId,
    },
    CannotSee {
        doing: String,
        error: PortError,
        until: Timestamp,
    },
    TimeDoesNotCount {
        gone_s: u64,
    },
    MigrationSucceeded,
    MigrationConfirmed {
        head: String,
    },
    RestoreDecisionNeeded {
        cause: Cause,
    },
    RolledForward {
        by: SlackUserId,
    },
    RolloutStarted(ServiceName),
    GreenUp(ServiceName),
    ServiceUpdated(ServiceName),
    SmokeTestsFailedOnce {
        failures: Vec<String>,
    },
    SmokeTestsPassed {
        count: usize,
    },
    TrafficReleased,
    TrafficShifted(ServiceName),
    StepReached {
        percent: u8,
    },
    StepHealthy {
        percent: u8,
        samples: usize,
    },
    Baked {
        samples: usize,
    },
    CannotTell {
        reason: String,
    },
    Kept {
        by: SlackUserId,
    },
    SnapshotsPruned(Vec<SnapshotId>),
    CleanedUp,
    NeedsPerson {
        doing: String,
        error: PortError,
    },
    RollingBack {
        cause: Cause,
    },
    ServiceReturned(ServiceName),
    ServiceStuck {
        service: ServiceName,
        reason: String,
    },
    RestoreBegan,
    ServicesStopped,
    CopyStarted {
        copy: String,
    },
    CopyAvailable {
        copy: String,
    },
    DatabaseSetAside {
        aside: String,
    },
    CopyTookItsPlace,
    NotWellYet {
        failures: Vec<String>,
    },
    RestoredIsWell {
        count: usize,
    },
    RestoreGivenUp {
        cause: Cause,
    },
    ServiceNotStarted {
        service: ServiceName,
        reason: String,
    },
    LongEnough,
    Ended,
}

impl Note {
    /// The note as a sentence. `deployment` is as it was when the note was made, or later.
    pub fn words(&self, deployment: &Deployment) -> String {
        match self {
            Self::Requested if let Some(rollback) = deployment.rollback() => format!(
                "{} asked to go back to {} in {}: {}",
                deployment.requested_by,
                deployment.release,
                deployment.environment(),
                rollback.reason
            ),
            Self::Requested if let Some(restore) = deployment.restore() => format!(
                "{} asked to restore {} in {} to {}, with {}: {}",
                deployment.requested_by,
                restore.database.identifier(),
                deployment.environment(),
                restore.until.strftime("%Y-%m-%d %H:%M:%S UTC"),
                deployment.release,
                restore.reason
            ),
            Self::Requested => {
                let hotfix = deployment.hotfix.as_ref();
                let hotfix = hotfix.map_or_else(String::new, |hotfix| {
                    format!(
                        " as a hotfix that skips {}: {}",
                        hotfix.skips, hotfix.reason
                    )
                });
                format!(
                    "{} asked for {} in {}{hotfix}",
                    deployment.requested_by,
                    deployment.release,
                    deployment.environment()
                )
            }
            Self::WaitingFor(other) => {
                format!("waiting: {other} holds {}", deployment.environment())
            }
            Self::Began => "its turn: reading the world and drawing the plan".to_owned(),
            Self::PlanDrawn { plan } => {
                format!("plan {} drawn; nothing is touched yet", plan.short())
            }
            Self::PlanChanged { plan, changes }
                if deployment.settings.environment.approval.is_none() =>
            {
                format!(
                    "the plan has changed since it was drawn; it is now {}:\n{}",
                    plan.short(),
                    changes.join("\n")
                )
            }
            Self::PlanChanged { plan, changes } => format!(
                "the plan has changed since it was approved; it is now {}, and the approvals given \
                 are void:\n{}",
                plan.short(),
                changes.join("\n")
            ),
            Self::PlanConfirmed { plan, remarks } => {
                let mut said = format!("plan {} re-checked: unchanged", plan.short());
                for remark in remarks {
                    said.push_str(&format!("\nnew since it was shown: {remark}"));
                }
                said
            }
            Self::Approved { by, missing: 0 } => format!("<@{by}> approved the plan"),
            Self::Approved { by, missing } => {
                format!("<@{by}> approved the plan; {missing} more needed")
            }
            Self::ApprovalsLapsed { lapsed } => {
                let why: Vec<String> = lapsed.iter().map(|(by, why)| why.words(by)).collect();
                format!(
                    "approval is needed again before anything is touched: {}",
                    why.join("; ")
                )
            }
            Self::WindowClosed(seen) => {
                let environment = &deployment.settings.environment;
                format!(
                    "waiting for {} to open: {}. {}",
                    environment.name,
                    seen.words(environment, &deployment.requested_by),
                    overriders(environment)
                )
            }
            Self::WindowOpened => {
                format!(
                    "{} is open: reading the world again",
                    deployment.environment()
                )
            }
            Self::Overridden { by, reason } => format!(
                "<@{by}> lets it begin although {} is closed: {reason}",
                deployment.environment()
            ),
            Self::Paused { by, reason } => format!(
                "<@{by}> paused it: {reason}. Nothing new is begun; what ECS and RDS have begun \
                 goes on"
            ),
            Self::Resumed { by } => format!("<@{by}> resumed it"),
            Self::SnapshotStarted(snapshot) => format!("taking snapshot {snapshot}"),
            Self::SnapshotProven(snapshot) => {
                format!("snapshot {snapshot} proven: available, whole, of the right database")
            }
            Self::SecretsInjected { secrets, pinned } if deployment.kind.goes_first() => {
                format!(
                    "{} in the revision that comes back, {pinned} of them pinned to a version",
                    words::count(*secrets, "secret")
                )
            }
            Self::SecretsInjected { secrets, pinned } => format!(
                "{} injected into the new revision, {pinned} of them pinned to a version",
                words::count(*secrets, "secret")
            ),
            Self::MigrationStarted(task) => {
                format!("migration started as {}", short_arn(task.as_str()))
            }
            Self::Inspecting(task) => format!(
                "looking at the database and at what would be migrated, as {}: nothing is changed",
                short_arn(task.as_str())
            ),
            Self::RehearsalBegan => "rehearsing the migration on a copy of the database: a snapshot, a \
                                     restore and the run take half an hour or more, and the copy is \
                                     billed until it is removed"
                .to_owned(),
            Self::Rehearsed { took_ms } => format!(
                "the migration ran on the copy in {}",
                words::duration_ms(*took_ms)
            ),
            Self::RehearsalRemoved => "the copy and its snapshot are removed".to_owned(),
            Self::RehearsalLeft { copy, why } => format!(
                "the copy {copy} could NOT be removed and is billed until somebody does: {why}. Remove \
                 the database and the snapshot of that name in RDS"
            ),
            Self::TaskNeverStarted { why } => format!(
                "the task never started, so nothing was executed ({why}); starting another one"
            ),
            Self::MigrationStopping { after_s } => format!(
                "the migration is not done after {}: Sluice stops it and then checks the database",
                words::duration_s(*after_s)
            ),
            Self::StopTaken { by } => format!(
                "<@{by}> called it off. The migration is running and is not interrupted; the \
                 deployment stops when it has ended, before any service is changed"
            ),
            Self::CannotSee {
                doing,
                error,
                until,
            } => format!(
                "this takes longer than it should, and Sluice cannot see why: {doing} failed: \
                 {error}. Nothing is changed meanwhile. Sluice keeps trying until {}",
                until.strftime("%Y-%m-%d %H:%M UTC")
            ),
            Self::TimeDoesNotCount { gone_s } => format!(
                "Sluice, or AWS's API, could not be reached for {}. ECS was held meanwhile; that time \
                 does not count against the release",
                words::duration_s(*gone_s)
            ),
            Self::MigrationSucceeded => "migration ended with exit code 0".to_owned(),
            Self::MigrationConfirmed { head } => {
                format!("Confirmed: the database is at revision {head}")
            }
            Self::RestoreDecisionNeeded { cause } if cause.is_for_a_person() => {
                format!("{cause}. Sluice has stopped; someone must decide how it goes on")
            }
            Self::RestoreDecisionNeeded { cause } => format!(
                "{cause}. The code alone cannot go back: somebody must decide what becomes of the \
                 database"
            ),
            Self::RolledForward { by } => {
                format!("<@{by}> leaves things as they are, for a newer release to mend")
            }
            Self::RolloutStarted(service) => format!("ECS was asked to roll out {service}"),
            Self::GreenUp(service) if is_green(deployment, service) => {
                format!("{service}: green is up, without traffic")
            }
            Self::GreenUp(service) => format!("{service}: {} is up", version(deployment)),
            Self::ServiceUpdated(service) => format!("{service} runs {}", version(deployment)),
            Self::SmokeTestsFailedOnce { failures } => {
                format!(
                    "smoke tests failed, trying once more: {}",
                    failures.join("; ")
                )
            }
            Self::SmokeTestsPassed { count: 0 } => "no smoke tests are configured".to_owned(),
            Self::SmokeTestsPassed { count } => {
                format!(
                    "{} passed on {}",
                    words::count(*count, "smoke test"),
                    version(deployment)
                )
            }
            Self::TrafficReleased => "ECS may shift the traffic".to_owned(),
            Self::StepReached { percent } => format!(
                "{percent} % of the traffic is on {}; ECS is held before the next step until it \
                 is healthy",
                version(deployment)
            ),
            Self::StepHealthy { percent, samples } => format!(
                "healthy at {percent} % of the traffic: {}",
                words::count(*samples, "health sample")
            ),
            Self::TrafficShifted(service) => {
                format!("{service}: all traffic is on {}", version(deployment))
            }
            Self::Baked { samples } => {
                format!(
                    "bake over, {} and the alarms quiet",
                    words::count(*samples, "health sample")
                )
            }
            Self::CannotTell { reason } => {
                format!(
                    "cannot tell whether {} is well: {reason}",
                    deployment.release.tag
                )
            }
            Self::Kept { by } => format!("<@{by}> says that {} is well", deployment.release.tag),
            Self::SnapshotsPruned(removed) => {
                format!(
                    "removed {} by the backup rule",
                    words::count(removed.len(), "old snapshot")
                )
            }
            Self::CleanedUp => "the old version is taken down".to_owned(),
            Self::NeedsPerson { doing, error } => {
                format!("{doing} needs somebody's hand: {error}. Sluice keeps trying")
            }
            Self::RollingBack { cause } => format!("going back: {cause}"),
            Self::ServiceReturned(service) => format!("{service} runs what it ran before"),
            Self::ServiceStuck { service, reason } => {
                format!("{service} could not go back: {reason}")
            }
            Self::RestoreBegan => format!(
                "{} stands still from here on: every service goes to no tasks",
                deployment.environment()
            ),
            Self::ServicesStopped => {
                "every service has stopped: nobody writes to the database any more".to_owned()
            }
            Self::CopyStarted { copy } => format!("RDS makes {copy}"),
            Self::CopyAvailable { copy } => {
                format!("{copy} is available, in everything as the database is")
            }
            Self::DatabaseSetAside { aside } => {
                format!("the old database is called {aside} now, with all that is in it")
            }
            Self::CopyTookItsPlace => "the restored database has its name".to_owned(),
            Self::NotWellYet { failures } => format!(
                "not well yet, and asked again for some minutes: a restored database is slow at \
                 first: {}",
                failures.join("; ")
            ),
            Self::RestoredIsWell { count } => format!(
                "{} passed where users see them",
                words::count(*count, "check")
            ),
            Self::RestoreGivenUp { cause } => format!(
                "not restored: {cause}. The database is left as it is, and every service starts again"
            ),
            Self::ServiceNotStarted { service, reason } => {
                format!("{service} could not be started: {reason}")
            }
            Self::LongEnough => "a lot has happened: what repeats is not told here any more. The \
                                 message above shows how things stand"
                .to_owned(),
            Self::Ended => crate::report::told(deployment)
                .map(|told| told.happened)
                .unwrap_or_default(),
        }
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

/// The part of an ARN that people recognise.
pub(crate) fn short_arn(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, last)| last)
}
