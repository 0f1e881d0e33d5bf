//! How long each phase may take, and what becomes of a deployment that takes longer.

use jiff::{SignedDuration, Timestamp};

use super::{bake, decision, end, fail, pause, planning, rehearsal, restore, rollback};
use crate::command::Command;
use crate::config::{Settings, Strategy};
use crate::deployment::Deployment;
use crate::failure::Cause;
use crate::observation::{ProofObservation, ScanObservation};
use crate::phase::Phase;

/// A release that has waited a day for its turn is not what anybody expects to see deployed.
const QUEUED: SignedDuration = SignedDuration::from_hours(24);

/// Every window of a week has come by then. A release that waits longer is not what anybody expects
/// to see deployed, and a newer one is on its way.
const AWAITING_WINDOW: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Long enough for the environment before this one to finish what it has begun.
const PLANNING: SignedDuration = SignedDuration::from_hours(4);

/// Events come late and out of order: the push that proves the digest elsewhere may arrive after
/// the one that asks for it here.
pub(super) const PROOF_PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// A task of the image starts in a minute or two, and looks at the database in seconds.
const INSPECTION: SignedDuration = SignedDuration::from_mins(20);

/// A snapshot and a copy made of it, of a database that is not small.
const REHEARSAL: SignedDuration = SignedDuration::from_hours(3);

/// RDS deletes an instance in minutes, and a snapshot at once.
const REMOVING_COPY: SignedDuration = SignedDuration::from_hours(1);

/// Nobody decides what becomes of a database in a hurry; a night is long enough.
const RESTORE_DECISION: SignedDuration = SignedDuration::from_hours(12);

/// For registering the revision and starting the task, beside the migration's own time.
const MIGRATION_START: SignedDuration = SignedDuration::from_mins(15);

/// Tasks come up in minutes; those that have not in half an hour crash again and again. ECS's
/// circuit breaker, which would notice sooner, is for rolling deployments only.
const ROLLOUT: SignedDuration = SignedDuration::from_mins(30);

/// Three rounds of smoke tests take minutes.
const VERIFYING: SignedDuration = SignedDuration::from_mins(20);

/// Beside the steps of the strategy itself.
const SHIFT: SignedDuration = SignedDuration::from_mins(30);

/// A bake that has proven nothing went on for so long before people were asked.
const INCONCLUSIVE_BAKE: SignedDuration = SignedDuration::from_hours(1);

/// Connections drain for up to an hour before ECS takes the old tasks down.
const CLEANING_UP: SignedDuration = SignedDuration::from_hours(2);

/// A rollback that takes longer needs a person.
const ROLLING_BACK: SignedDuration = SignedDuration::from_hours(1);

/// The time at which the phase is over in any case; `None` for a deployment that is over.
pub fn deadline(d: &Deployment) -> Option<Timestamp> {
    // The phase's own stands still meanwhile.
    if let Some(deadline) = pause::deadline(d)
        && !d.phase.is_terminal()
    {
        return Some(deadline);
    }
    let settings = &d.settings;
    let environment = &settings.environment;
    let allowed = match &d.phase {
        Phase::Queued => QUEUED,
        Phase::Planning { .. } => PLANNING,
        Phase::Rehearsing(rehearsing) if rehearsal::is_removing(&rehearsing.step) => REMOVING_COPY,
        Phase::Rehearsing(_) => {
            let migration = settings.migration.as_ref()?;
            migration.timeout.saturating_add(REHEARSAL)
        }
        Phase::AwaitingApproval => environment.approval.as_ref()?.expires,
        Phase::AwaitingWindow { .. } => AWAITING_WINDOW,
        Phase::BackingUp(_) => environment.backup.as_ref()?.timeout,
        Phase::Migrating => settings
            .migration
            .as_ref()?
            .timeout
            .saturating_add(MIGRATION_START),
        Phase::RollingOut | Phase::UpdatingWorkers => ROLLOUT,
        Phase::Verifying { .. } => VERIFYING,
        Phase::Shifting => SHIFT.saturating_add(shift_steps(settings)),
        Phase::Baking {
            asked_at: Some(asked_at),
            ..
        } => {
            let deadline = asked_at.saturating_add(bake::UNDECIDED);
            return Some(deadline.unwrap_or(Timestamp::MAX));
        }
        // When people are asked.
        Phase::Baking { asked_at: None, .. } if environment.bake.asks => {
            bake::asks_after(&environment.bake)
        }
        Phase::Baking { asked_at: None, .. } => {
            environment.bake.duration.saturating_add(INCONCLUSIVE_BAKE)
        }
        Phase::CleaningUp { .. } => CLEANING_UP,
        Phase::RollingBack { .. } => ROLLING_BACK,
        Phase::AwaitingRestoreDecision { .. } => RESTORE_DECISION,
        Phase::Restoring { step } => restore::allowed(step),
        Phase::Succeeded
        | Phase::Unproven { .. }
        | Phase::Superseded { .. }
        | Phase::Rejected { .. }
        | Phase::Expired
        | Phase::Cancelled { .. }
        | Phase::Failed { .. }
        | Phase::RolledBack { .. }
        | Phase::RolledForward { .. }
        | Phase::RollbackFailed { .. }
        | Phase::Restored
        | Phase::RestoreFailed { .. } => return None,
    };
    Some(
        d.entered_at
            .saturating_add(allowed)
            .unwrap_or(Timestamp::MAX),
    )
}

/// How long the slowest service's traffic takes by its strategy.
fn shift_steps(settings: &Settings) -> SignedDuration {
    settings
        .environment
        .services
        .values()
        .map(|placement| match &placement.strategy {
            Strategy::Canary(steps) => steps.bake,
            Strategy::Linear(steps) => steps.bake * i32::from(100 / steps.percent.max(1)),
            Strategy::Rolling | Strategy::BlueGreen | Strategy::Singleton => SignedDuration::ZERO,
        })
        .max()
        .unwrap_or_default()
}

/// The deployment after its time has passed; `None` while it has not.
pub(super) fn pass(d: &Deployment, now: Timestamp) -> Option<Deployment> {
    if deadline(d).is_some_and(|deadline| now >= deadline) {
        let mut next = d.clone();
        time_out(&mut next, now);
        return Some(next);
    }
    if patience_ends(d).is_some_and(|end| now >= end) {
        let mut next = d.clone();
        planning::conclude(&mut next, now);
        return Some(next);
    }
    None
}

/// When planning stops waiting for a scan or a proof that does not come, if that is all it waits
/// for.
pub(super) fn patience_ends(d: &Deployment) -> Option<Timestamp> {
    let (Phase::Planning { survey, .. }, None) = (&d.phase, &d.paused) else {
        return None;
    };
    if let (None, Some(inspecting)) = (&survey.inspection, &survey.inspecting) {
        // Where ECS or the log did not answer, nobody knows yet whether it has told anything.
        let task = inspecting.task.clone();
        let unread = d
            .setbacks
            .contains_key(&Command::ReadInspection { task }.key());
        let end = inspecting.since.saturating_add(INSPECTION).ok();
        return end.filter(|_| !unread);
    }
    let mut patience: Option<SignedDuration> = None;
    for missing in survey.missing(d) {
        let of_this = match (&missing, &survey.scan, &survey.proof) {
            (
                Command::ReadScan,
                Some(ScanObservation::Pending | ScanObservation::NotScanned),
                _,
            ) => d.settings.environment.scan.wait,
            (Command::ReadProof { .. }, _, Some(ProofObservation::NotProven)) => PROOF_PATIENCE,
            _ => return None,
        };
        patience = Some(patience.map_or(of_this, |longest| longest.max(of_this)));
    }
    d.entered_at.saturating_add(patience?).ok()
}

fn time_out(d: &mut Deployment, now: Timestamp) {
    if d.paused.is_some() {
        return pause::give_up(d, now);
    }
    let after_s = u64::try_from(now.duration_since(d.entered_at).as_secs()).unwrap_or(0);
    let doing = match &d.phase {
        Phase::Queued | Phase::AwaitingApproval | Phase::AwaitingWindow { .. } => {
            return end(d, Phase::Expired, now);
        }
        Phase::RollingBack { .. } => return rollback::give_up(d, now),
        Phase::AwaitingRestoreDecision { .. } => return decision::give_up(d, now),
        Phase::Rehearsing(rehearsing) if rehearsal::is_removing(&rehearsing.step) => {
            return rehearsal::leave_behind(d, "RDS has not removed it in time", now);
        }
        Phase::Rehearsing(_) => {
            let doing = "the rehearsal on a copy of the database".to_owned();
            return rehearsal::stop(d, Cause::TimedOut { doing, after_s }, now);
        }
        Phase::Baking {
            asked_at: Some(_), ..
        } => return bake::give_up(d, now),
        Phase::Baking { asked_at: None, .. } if d.settings.environment.bake.asks => {
            return bake::ask(d, now);
        }
        Phase::Baking { samples, .. } => {
            let good = samples
                .iter()
                .filter(|sample| sample.bad.is_empty() && sample.checks > 0);
            let reason = format!(
                "in all this time only {} of the {} good health samples it takes were seen",
                good.count(),
                d.settings.environment.bake.samples
            );
            return fail(d, Cause::BakeFailed(reason), now);
        }
        Phase::Planning { survey, .. } => match survey.others(d).next() {
            Some(_) => "waiting until nobody else deploys to its services",
            None => "reading the world",
        },
        Phase::BackingUp(_) => "the database backup",
        Phase::Migrating => "the migration",
        Phase::RollingOut => "bringing up the web services",
        Phase::UpdatingWorkers => "replacing workers",
        Phase::Verifying { .. } => "smoke testing",
        Phase::Shifting => "the shift of traffic",
        Phase::CleaningUp { .. } => "taking down the old version",
        Phase::Restoring { step } => restore::doing(step),
        Phase::Succeeded
        | Phase::Unproven { .. }
        | Phase::Superseded { .. }
        | Phase::Rejected { .. }
        | Phase::Expired
        | Phase::Cancelled { .. }
        | Phase::Failed { .. }
        | Phase::RolledBack { .. }
        | Phase::RolledForward { .. }
        | Phase::RollbackFailed { .. }
        | Phase::Restored
        | Phase::RestoreFailed { .. } => return,
    };
    let last_error = d
        .setbacks
        .values()
        .next()
        .map(|setback| setback.error.to_string());
    let doing = match last_error {
        Some(error) => format!("{doing} (last error: {error})"),
        None => doing.to_owned(),
    };
    fail(d, Cause::TimedOut { doing, after_s }, now);
}
