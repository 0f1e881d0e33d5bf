//! What a deployment waits for, and when it must be looked at again.

use jiff::{SignedDuration, Timestamp};

use super::{bake, deadline, restore};
use crate::config::Member;
use crate::deployment::Deployment;
use crate::intent::{Intent, after};
use crate::note::short_arn;
use crate::observation::{ProofObservation, ScanObservation};
use crate::phase::{BackingUp, Phase, RehearsalStep, Return};
use crate::restore::RestoreStep;
use crate::words;

/// While the environment is closed: whoever opens it wakes it, and a wake-up that is lost costs this.
const LOOK_AGAIN_S: i64 = 10 * 60;

/// When it must be looked at next; `None` once it is over.
///
/// Events from outside usually come first; this is how long a lost one delays it.
pub fn wake_at(d: &Deployment, now: Timestamp) -> Option<Timestamp> {
    let deadline = deadline(d)?;
    let pause = match &d.phase {
        // A person's click wakes it, or the deadline.
        Phase::AwaitingApproval | Phase::AwaitingRestoreDecision { .. } => return Some(deadline),
        // Whoever opens it or resumes it wakes it.
        Phase::AwaitingWindow { .. } if d.paused.is_some() => return Some(deadline),
        Phase::AwaitingWindow { .. } => LOOK_AGAIN_S,
        Phase::Queued => 60,
        Phase::Planning { .. } | Phase::BackingUp(_) => 30,
        Phase::Migrating | Phase::RollingOut | Phase::UpdatingWorkers | Phase::Shifting { .. } => {
            15
        }
        Phase::Rehearsing(_) => 30,
        Phase::Verifying { .. } | Phase::RollingBack { .. } => 10,
        Phase::Baking { .. } | Phase::CleaningUp { .. } => 30,
        Phase::Restoring { step } => restore::look_again_s(step),
        _ => return None,
    };
    let mut at = now
        .saturating_add(SignedDuration::from_secs(pause))
        .unwrap_or(deadline);
    let mut sooner = |other: Timestamp| at = at.min(other.max(now));
    // Once it is over it waits for a look, and that for whatever made the last one fail.
    if deadline > now {
        sooner(deadline);
    }
    if let Some(end) = deadline::patience_ends(d).filter(|end| *end > now) {
        sooner(end);
    }
    // Whoever stored an intent may have died: somebody else takes it up.
    let rests = d.intents.values().map(Intent::rests_until);
    rests.filter(|until| *until > now).for_each(&mut sooner);
    match &d.phase {
        Phase::Verifying { not_before, .. } if *not_before > now => sooner(*not_before),
        Phase::Restoring { step } => {
            if let RestoreStep::Checking { not_before, .. } = **step
                && not_before > now
            {
                sooner(not_before);
            }
        }
        // One that is due already has failed and waits for its next try.
        Phase::Baking { samples, .. } | Phase::Shifting { samples, .. }
            if bake::next_sample(d, samples) > now =>
        {
            sooner(bake::next_sample(d, samples));
        }
        Phase::AwaitingWindow {
            closed: Some(closed),
        } => {
            if let Some(opens_at) = closed.opens_at.filter(|at| *at > now) {
                sooner(opens_at);
            }
        }
        _ => {}
    }
    // Of what is due already nothing is tried: it is paused. Whoever resumes it wakes it.
    let tries = d.setbacks.values().map(|setback| setback.retry_at);
    tries.filter(|at| *at > now).for_each(&mut sooner);
    Some(at)
}

/// Longer than any function lives that began before.
const OLDER_FUNCTIONS: SignedDuration = SignedDuration::from_mins(2);

/// When people are told once more what they were told already: where the message stands for long, or
/// for good. Slack takes no condition, so an older function that was slow may have had the last word,
/// and may have died over it.
pub fn confirms_at(d: &Deployment) -> Option<Timestamp> {
    let stands = d.phase.is_terminal()
        || matches!(
            d.phase,
            Phase::AwaitingApproval | Phase::AwaitingRestoreDecision { .. }
        );
    stands.then(|| after(d.entered_at, OLDER_FUNCTIONS))
}

/// What it waits for, in words; empty for one that is over.
pub fn waits_for(d: &Deployment) -> String {
    let environment = &d.settings.environment;
    if let Some(paused) = d.paused.as_ref().filter(|_| !d.phase.is_terminal()) {
        return format!("somebody to resume it: <@{}> paused it", paused.by);
    }
    if let Some(setback) = d.setbacks.values().next() {
        return format!("the next try: {}", setback.error);
    }
    match &d.phase {
        Phase::Queued => format!("{} to be free", environment.name),
        Phase::Planning { survey, .. } => match (&survey.proof, &survey.scan, &environment.after) {
            (Some(ProofObservation::UnderWay | ProofObservation::NotProven), _, Some(after)) => {
                format!("{} to succeed in {after}", d.release.digest.short())
            }
            (_, Some(ScanObservation::Pending | ScanObservation::NotScanned), _) => {
                "the image scan".to_owned()
            }
            _ if let Some(seen) = survey.others(d).next()
                && let Some(other) = &seen.in_progress =>
            {
                format!(
                    "somebody else's deployment of {} to end ({}): stop it in ECS if it hangs",
                    seen.service,
                    short_arn(other.as_str())
                )
            }
            _ if survey.inspecting.is_some() => {
                "a task that looks at the database and the migrations".to_owned()
            }
            _ => "the world to be read".to_owned(),
        },
        Phase::AwaitingApproval => {
            let approvers = environment
                .approval
                .as_ref()
                .map_or_else(String::new, |approval| {
                    let names: Vec<String> =
                        approval.approvers.iter().map(Member::to_string).collect();
                    names.join(" or ")
                });
            format!("approval by {approvers}")
        }
        Phase::AwaitingWindow { closed: None } => format!("{} to be open", environment.name),
        Phase::AwaitingWindow {
            closed: Some(closed),
        } => format!(
            "{} to open: {}",
            environment.name,
            closed.words(environment, &d.requested_by)
        ),
        Phase::BackingUp(BackingUp::Starting) => "RDS to take the snapshot".to_owned(),
        Phase::BackingUp(BackingUp::Waiting { progress }) => {
            format!("the snapshot, {progress} % done")
        }
        Phase::Rehearsing(rehearsing) => match &rehearsing.step {
            RehearsalStep::Snapshotting { .. } => "the snapshot for the rehearsal",
            RehearsalStep::Copying { .. } => "RDS to make a copy of the database",
            RehearsalStep::Migrating { .. } => "the migration on the copy",
            RehearsalStep::RemovingCopy => "RDS to remove the copy",
            RehearsalStep::RemovingSnapshot => "RDS to remove the copy's snapshot",
        }
        .to_owned(),
        Phase::AwaitingRestoreDecision { .. } => {
            "somebody to decide what becomes of the database".to_owned()
        }
        Phase::Migrating => match &d.touched.migration {
            Some(run) if run.ended.is_some() => {
                "a look at where the database stands after the migration".to_owned()
            }
            Some(run) if run.stopping.is_some() => {
                "the migration to stop, since it takes too long".to_owned()
            }
            Some(run) => {
                let said = run.said.as_ref();
                let said = said.map_or_else(String::new, |line| format!(", which says: {line}"));
                format!("the migration, task {}{said}", short_arn(run.task.as_str()))
            }
            None => "the migration task to start".to_owned(),
        },
        Phase::RollingOut => format!("the web services to come up{}", stages(d)),
        Phase::UpdatingWorkers => "workers to finish their work and be replaced".to_owned(),
        Phase::Verifying {
            failed_rounds: 0, ..
        } => "smoke tests".to_owned(),
        Phase::Verifying { failed_rounds, .. } => {
            format!(
                "smoke tests, {} failed so far",
                words::count(usize::from(*failed_rounds), "round")
            )
        }
        Phase::Shifting { .. } => format!("ECS to shift the traffic{}", stages(d)),
        Phase::Baking {
            asked_at: Some(_), ..
        } => format!(
            "somebody to say whether {} is well, or for samples that do",
            d.release.tag
        ),
        Phase::Baking { samples, .. } => format!(
            "the bake of {}, {} so far",
            words::duration(environment.bake.duration),
            words::count(samples.len(), "health sample")
        ),
        Phase::CleaningUp { .. } => format!("ECS to take the old version down{}", stages(d)),
        Phase::RollingBack { services, .. } => {
            let left: Vec<&str> = services
                .iter()
                .filter(|(_, way)| !matches!(way, Return::Returned | Return::Stuck(_)))
                .map(|(service, _)| service.as_str())
                .collect();
            format!("{} to be as before", left.join(", "))
        }
        Phase::Restoring { step } => restore::waits_for(d, step),
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
        | Phase::RestoreFailed { .. } => String::new(),
    }
}

/// ` (web at SCALE_UP)`.
fn stages(d: &Deployment) -> String {
    let said: Vec<String> = super::rollout::shifting(d)
        .filter_map(|service| {
            let rollout = d.touched.rollouts.get(&service.service)?.as_ref()?;
            let traffic = rollout
                .traffic_percent
                .map_or_else(String::new, |percent| format!(", {percent} %"));
            Some(format!(
                "{} at {}{traffic}",
                service.service,
                rollout.stage?.as_str()
            ))
        })
        .collect();
    if said.is_empty() {
        String::new()
    } else {
        format!(" ({})", said.join("; "))
    }
}
