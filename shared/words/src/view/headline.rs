//! The title of a deployment's message: what is deployed where, and how it stands.

use sluice_core::deployment::Deployment;
use sluice_core::phase::Phase;
use sluice_core::restore::{RestoreStep, Stands};

pub(super) fn headline(d: &Deployment) -> String {
    let (release, environment, app) = (&d.release.tag, d.environment(), d.app());
    if d.restore().is_some() {
        return restore_headline(d);
    }
    if d.paused.is_some() && !d.phase.is_terminal() {
        return format!("{app} {release}: PAUSED on its way to {environment}");
    }
    if d.rollback().is_some() {
        return rollback_headline(d);
    }
    let ended = match &d.phase {
        Phase::Withdrawing { ends } => ends,
        phase => phase,
    };
    match ended {
        Phase::AwaitingApproval => format!("{app} {release}: approve for {environment}?"),
        Phase::AwaitingWindow { closed: Some(_) } => {
            format!("{app} {release}: waiting for {environment} to open")
        }
        Phase::Baking {
            asked_at: Some(_), ..
        } => format!("{app}: cannot tell whether {release} is healthy in {environment}"),
        Phase::Succeeded => format!("{app} {release} is live in {environment}"),
        Phase::AwaitingRestoreDecision { .. } => {
            format!("{app} {release} is FAILING in {environment}: decision needed")
        }
        Phase::RolledForward { .. } => {
            format!("{app} {release}: failed in {environment}, rolling forward")
        }
        Phase::Unverified { .. } => format!("{app} {release}: unverified in {environment}"),
        Phase::RollingBack { .. } => format!("{app} {release}: rolling back in {environment}"),
        Phase::RolledBack { .. } => format!("{app} {release}: rolled back in {environment}"),
        Phase::RollbackFailed { .. } => {
            format!("{app} {release}: ROLLBACK FAILED in {environment}, act now")
        }
        Phase::Failed { .. } => format!("{app} {release}: not deployed to {environment}"),
        Phase::Superseded { .. } => format!("{app} {release}: superseded in {environment}"),
        Phase::Rejected { .. } => format!("{app} {release}: rejected for {environment}"),
        Phase::Expired => format!("{app} {release}: expired for {environment}"),
        Phase::Cancelled { .. } => format!("{app} {release}: cancelled for {environment}"),
        Phase::Queued
        | Phase::Planning { .. }
        | Phase::Rehearsing(_)
        | Phase::AwaitingWindow { closed: None }
        | Phase::Provisioning(_)
        | Phase::BackingUp(_)
        | Phase::Migrating
        | Phase::RollingOut
        | Phase::UpdatingWorkers
        | Phase::Verifying { .. }
        | Phase::Shifting { .. }
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. }
        | Phase::Withdrawing { .. }
        | Phase::Restoring { .. }
        | Phase::Restored
        | Phase::RestoreFailed { .. } => format!("{app} {release}: deploying to {environment}"),
    }
}

fn rollback_headline(d: &Deployment) -> String {
    let (release, environment, app) = (&d.release.tag, d.environment(), d.app());
    match &d.phase {
        Phase::Succeeded => format!("{app} {release} is back in {environment}"),
        Phase::RollbackFailed { .. } => {
            format!("{app} {release}: ROLLBACK FAILED in {environment}, act now")
        }
        Phase::Failed { .. } => format!("{app} {release}: not rolled back in {environment}"),
        Phase::Expired => format!("{app} {release}: rollback expired in {environment}"),
        Phase::Cancelled { .. } => {
            format!("{app} {release}: rollback cancelled in {environment}")
        }
        // A rollback asks nobody, gives way to nobody and goes back to nothing: of these phases it
        // sees those of the way forward only.
        Phase::Queued
        | Phase::Planning { .. }
        | Phase::Rehearsing(_)
        | Phase::AwaitingApproval
        | Phase::AwaitingWindow { .. }
        | Phase::Provisioning(_)
        | Phase::BackingUp(_)
        | Phase::Migrating
        | Phase::RollingOut
        | Phase::UpdatingWorkers
        | Phase::Verifying { .. }
        | Phase::Shifting { .. }
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. }
        | Phase::Withdrawing { .. }
        | Phase::Unverified { .. }
        | Phase::Superseded { .. }
        | Phase::Rejected { .. }
        | Phase::AwaitingRestoreDecision { .. }
        | Phase::RolledForward { .. }
        | Phase::RollingBack { .. }
        | Phase::RolledBack { .. }
        | Phase::Restoring { .. }
        | Phase::Restored
        | Phase::RestoreFailed { .. } => format!("{app}: rolling {environment} back to {release}"),
    }
}

fn restore_headline(d: &Deployment) -> String {
    let (environment, app) = (d.environment(), d.app());
    let database = d
        .restore()
        .map_or("the database", |restore| restore.database.identifier());
    let what = format!("{app} {environment}: restore of {database}");
    match &d.phase {
        _ if d.paused.is_some() && !d.phase.is_terminal() => format!("{what} PAUSED"),
        Phase::AwaitingApproval => format!("{what}: approve?"),
        Phase::Restoring { step } => match &**step {
            RestoreStep::StartingAgain { .. } => format!(
                "{what} stopped, starting the services \
                                                          again"
            ),
            RestoreStep::Stopping { .. }
            | RestoreStep::Copying { .. }
            | RestoreStep::SettingAside { .. }
            | RestoreStep::TakingItsPlace { .. }
            | RestoreStep::Starting { .. }
            | RestoreStep::Checking { .. } => {
                format!("{app} {environment} is DOWN: restoring {database}")
            }
        },
        Phase::Restored => format!("{app} {environment}: {database} is restored"),
        Phase::RestoreFailed { stands, .. } => match stands {
            Stands::AsBefore => format!("{what} failed, running as before"),
            Stands::NotStarted(_) | Stands::BetweenNames { .. } | Stands::InPlace(_) => {
                format!("{what} FAILED, act now")
            }
        },
        Phase::Failed { .. } => format!("{what}: nothing was restored"),
        Phase::Rejected { .. } => format!("{what} rejected"),
        Phase::Expired => format!("{what} expired"),
        Phase::Cancelled { .. } => format!("{what} cancelled"),
        // A restore gives way to nobody and sees none of a release's phases.
        Phase::Queued
        | Phase::Planning { .. }
        | Phase::Rehearsing(_)
        | Phase::AwaitingWindow { .. }
        | Phase::Provisioning(_)
        | Phase::BackingUp(_)
        | Phase::Migrating
        | Phase::RollingOut
        | Phase::UpdatingWorkers
        | Phase::Verifying { .. }
        | Phase::Shifting { .. }
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. }
        | Phase::Withdrawing { .. }
        | Phase::Succeeded
        | Phase::Unverified { .. }
        | Phase::Superseded { .. }
        | Phase::AwaitingRestoreDecision { .. }
        | Phase::RolledForward { .. }
        | Phase::RollingBack { .. }
        | Phase::RolledBack { .. }
        | Phase::RollbackFailed { .. } => what,
    }
}
