//! How long each phase may take, and what becomes of a deployment that takes longer.

use jiff::{SignedDuration, Timestamp};

use super::{
    bake, cleanup, comparison, decision, end, fail, migration, needs, pause, planning, provision,
    rehearsal, restore, rollback, shift, withdraw,
};
use crate::command::{Command, CommandKey, TaskCommand};
use crate::config::{Settings, Strategy};
use crate::deployment::Deployment;
use crate::failure::{Cause, ErrorClass, PortError};
use crate::intent::after;
use crate::note::Note;
use crate::observation::{ProofObservation, ScanObservation};
use crate::phase::Phase;
use crate::signature::SignatureObservation;

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

/// A change of `main` is judged two minutes after it was seen; that may take a look of health-check.
const SOURCE_PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// A task of the image starts in a minute or two, and looks at the database in seconds.
const INSPECTION: SignedDuration = SignedDuration::from_mins(20);

/// A snapshot and a copy made of it, of a database that is not small.
const REHEARSAL: SignedDuration = SignedDuration::from_hours(3);

/// RDS deletes an instance in minutes, and a snapshot at once.
const REMOVING_COPY: SignedDuration = SignedDuration::from_hours(1);

/// CloudFormation waits for each resource as long as that takes: a database that is modified, for
/// hours.
const PROVISIONING: SignedDuration = SignedDuration::from_hours(6);

/// CloudFormation removes a change set at once.
const WITHDRAWING: SignedDuration = SignedDuration::from_mins(15);

/// Nobody decides what becomes of a database in a hurry; a night is long enough.
const RESTORE_DECISION: SignedDuration = SignedDuration::from_hours(12);

/// A container has two minutes from SIGTERM to SIGKILL at most.
const STOPPING_MIGRATION: SignedDuration = SignedDuration::from_mins(15);

/// For registering the revision and starting the task, beside the migration's own time.
const MIGRATION_START: SignedDuration = SignedDuration::from_mins(15);

/// Tasks come up in minutes; those that have not in half an hour crash again and again. ECS's
/// circuit breaker, which would notice sooner, is for rolling deployments only.
const ROLLOUT: SignedDuration = SignedDuration::from_mins(30);

/// Three rounds of smoke tests take minutes.
const VERIFYING: SignedDuration = SignedDuration::from_mins(20);

/// Beside the steps of the strategy itself.
const SHIFT: SignedDuration = SignedDuration::from_mins(30);

/// Connections drain for up to an hour before ECS takes the old tasks down.
const CLEANING_UP: SignedDuration = SignedDuration::from_hours(2);

/// A rollback that takes longer needs a person.
const ROLLING_BACK: SignedDuration = SignedDuration::from_hours(1);

/// Where a phase's time is over and Sluice cannot see what became of it, it goes on looking for so
/// long. Short of the 24 hours that ECS gives a lifecycle hook.
const BLIND: SignedDuration = SignedDuration::from_hours(12);

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
        // The environment before this one takes the time that it takes.
        Phase::Planning { survey, .. } if survey.proof == Some(ProofObservation::UnderWay) => {
            QUEUED
        }
        Phase::Planning { .. } => PLANNING,
        Phase::Rehearsing(rehearsing) if rehearsal::is_removing(&rehearsing.step) => REMOVING_COPY,
        Phase::Rehearsing(_) => {
            let migration = settings.migration.as_ref()?;
            migration.timeout.saturating_add(REHEARSAL)
        }
        Phase::AwaitingApproval => environment.approval.as_ref()?.expires,
        Phase::AwaitingWindow { .. } => AWAITING_WINDOW,
        Phase::Provisioning(_) => PROVISIONING,
        Phase::Withdrawing { .. } => WITHDRAWING,
        Phase::BackingUp(_) => environment.backup.as_ref()?.timeout,
        Phase::Migrating => match &d.touched.migration {
            Some(run) if run.ended.is_some() => INSPECTION,
            Some(run) if run.stopping.is_some() => STOPPING_MIGRATION,
            _ => settings
                .migration
                .as_ref()?
                .timeout
                .saturating_add(MIGRATION_START),
        },
        Phase::RollingOut | Phase::UpdatingWorkers => ROLLOUT,
        Phase::Verifying { .. } => VERIFYING,
        Phase::Shifting { .. } => SHIFT.saturating_add(shift_steps(settings)),
        Phase::Baking {
            asked_at: Some(asked_at),
            ..
        } => {
            let deadline = asked_at.saturating_add(bake::UNDECIDED);
            return Some(deadline.unwrap_or(Timestamp::MAX));
        }
        // When people are asked.
        Phase::Baking { asked_at: None, .. } => bake::asks_after(&environment.bake),
        Phase::CleaningUp { .. } => CLEANING_UP,
        Phase::RollingBack { .. } => ROLLING_BACK,
        Phase::AwaitingRestoreDecision { .. } => RESTORE_DECISION,
        Phase::Restoring { step } => restore::allowed(step),
        Phase::Succeeded
        | Phase::Unverified { .. }
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
    Some(after(d.clock_from, allowed))
}

/// Whether the phase's time is over. What becomes of it is said only after a look: see [`pass`].
pub(super) fn is_over(d: &Deployment, now: Timestamp) -> bool {
    deadline(d).is_some_and(|deadline| now >= deadline)
}

/// The same, or planning's patience with what does not come.
pub(super) fn is_waited_for(d: &Deployment, now: Timestamp) -> bool {
    is_over(d, now) || patience_ends(d).is_some_and(|end| now >= end)
}

/// Whether a command that failed after the phase's time counts as a look: where ending harms nobody.
/// Nowhere else does Sluice conclude anything from not being able to see. A denied right is an
/// answer, since AWS has said that nothing was done.
pub(super) fn a_failure_counts(d: &Deployment, command: &CommandKey, error: &PortError) -> bool {
    // What is only compared says nothing of where the deployment is.
    if comparison::is_read(command) {
        return true;
    }
    match &d.phase {
        // People are asked, or were; nothing is changed.
        Phase::Baking { .. } => true,
        // The application stands still meanwhile.
        Phase::Restoring { .. } => true,
        _ => {
            let nothing_to_lose = d.touched.rollouts_since.is_none() && !d.may_have_migrated();
            let denied = error.class == ErrorClass::NeedsPerson && is_effect(d, command);
            nothing_to_lose || denied
        }
    }
}

fn is_effect(d: &Deployment, command: &CommandKey) -> bool {
    d.intents.contains_key(command) || command.kind.starts()
}

/// People are told once that the time is over and why nothing is concluded from that.
pub(super) fn tell_blind(
    d: &mut Deployment,
    command: &CommandKey,
    error: &PortError,
    now: Timestamp,
) {
    if !d.is_blind {
        d.is_blind = true;
        let note = Note::CannotSee {
            doing: command.to_string(),
            error: error.clone(),
            until: deadline(d).map_or(now, |at| after(at, BLIND)),
        };
        d.tell(now, note);
    }
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

fn is_seen(d: &Deployment, now: Timestamp) -> bool {
    let mut needed = needs::all(d, now).into_iter();
    needed.all(|command| d.looked.contains(&command.key()))
}

/// The deployment after its time has passed; `None` while it has not, and until everything that the
/// phase needs was looked at once more: Sluice itself may have been away.
pub(super) fn pass(d: &Deployment, now: Timestamp) -> Option<Deployment> {
    if let Some(deadline) = deadline(d)
        && now >= deadline
    {
        let seen = is_seen(d, now);
        let is_blind = now >= after(deadline, BLIND) && d.is_blind;
        if seen || d.paused.is_some() || is_blind {
            let mut next = d.clone();
            if seen || d.paused.is_some() {
                time_out(&mut next, now);
            } else {
                give_up_blind(&mut next, now);
            }
            return Some(next);
        }
    }
    if patience_ends(d).is_some_and(|end| now >= end) && is_seen(d, now) {
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
            .contains_key(&Command::Task(TaskCommand::ReadInspection { task }).key());
        let end = inspecting.since.saturating_add(INSPECTION).ok();
        return end.filter(|_| !unread);
    }
    let mut patience: Option<SignedDuration> = None;
    for missing in survey.missing(d) {
        let of_this = match (&missing, &survey.scan, &survey.proof, &survey.signature) {
            (
                Command::ReadScan,
                Some(ScanObservation::Pending | ScanObservation::NotScanned),
                ..,
            ) => d.settings.environment.scan.wait,
            (Command::ReadSignature, _, _, Some(SignatureObservation::Unsigned { .. })) => {
                d.needs_signature()?.wait
            }
            (Command::ReadSource { .. }, ..) if survey.source.is_some() => SOURCE_PATIENCE,
            (Command::ReadProof { .. }, _, Some(ProofObservation::NotVerified), _) => {
                PROOF_PATIENCE
            }
            _ => return None,
        };
        patience = Some(patience.map_or(of_this, |longest| longest.max(of_this)));
    }
    d.entered_at.saturating_add(patience?).ok()
}

/// Nothing could be seen for half a day. What has the traffic stays; nobody knows more.
fn give_up_blind(d: &mut Deployment, now: Timestamp) {
    let why = d.setbacks.values().next();
    let why = why.map_or_else(String::new, |setback| format!(": {}", setback.error));
    match &d.phase {
        Phase::Migrating => migration::give_up_blind(d, &why, now),
        Phase::CleaningUp { .. } => {
            cleanup::give_up(d, &format!("AWS could not be asked how it is{why}"), now);
        }
        Phase::Shifting { .. } if shift::all_have_shifted(d) => {
            cleanup::give_up(d, &format!("AWS could not be asked how it is{why}"), now);
        }
        _ => time_out(d, now),
    }
}

fn time_out(d: &mut Deployment, now: Timestamp) {
    if d.paused.is_some() {
        return pause::give_up(d, now);
    }
    let after_s = u64::try_from(now.duration_since(d.clock_from).as_secs()).unwrap_or(0);
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
        Phase::Baking { asked_at: None, .. } => return bake::ask(d, now),
        Phase::Planning { survey, .. } => match survey.others(d).next() {
            Some(_) => "waiting for deployments by others to end",
            None => "reading the world",
        },
        Phase::Provisioning(progress) if progress.asked || provision::may_have_begun(d) => {
            let after = crate::quantity::duration_s(after_s);
            let why = format!("CloudFormation was not seen to end it in {after}");
            return provision::give_up(d, &why, now);
        }
        Phase::Provisioning(_) => "updating the infrastructure",
        Phase::Withdrawing { .. } => {
            let why = "CloudFormation has not removed it in time";
            return withdraw::leave_behind(d, why, now);
        }
        Phase::BackingUp(_) => "the database backup",
        Phase::Migrating => return migration::time_out(d, after_s, now),
        Phase::RollingOut => "bringing up the web services",
        Phase::UpdatingWorkers => "replacing workers",
        Phase::Verifying { .. } => "smoke testing",
        Phase::Shifting { .. } => "the shift of traffic",
        Phase::CleaningUp { .. } => {
            return cleanup::give_up(d, "ECS has not taken the old version down in time", now);
        }
        Phase::Restoring { step } => restore::doing(step),
        Phase::Succeeded
        | Phase::Unverified { .. }
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
