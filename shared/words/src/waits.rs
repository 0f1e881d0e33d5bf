//! What a deployment waits for, as a sentence.

use sluice_core::command::Command;
use sluice_core::config::Member;
use sluice_core::database::CopyStatus;
use sluice_core::deployment::{Deployment, MigrationRun};
use sluice_core::note::short_arn;
use sluice_core::observation::{ProofObservation, ScanObservation};
use sluice_core::phase::{BackingUp, Phase, RehearsalStep, Return};
use sluice_core::plan::survey::Survey;
use sluice_core::quantity;
use sluice_core::restore::RestoreStep;
use sluice_core::signature::SignatureObservation;
use sluice_core::stack::ChangeSetReading;

use crate::controls::closed as closed_words;

/// What it waits for, in words; empty for one that is over.
pub fn waits_for(d: &Deployment) -> String {
    let environment = &d.settings.environment;
    if let Some(paused) = d.paused.as_ref().filter(|_| !d.phase.is_terminal()) {
        return format!("someone to resume it: <@{}> paused it", paused.by);
    }
    if let Some(setback) = d.setbacks.values().next() {
        return format!("the next try: {}", setback.error);
    }
    match &d.phase {
        Phase::Queued => format!("the deployment in progress in {} to end", environment.name),
        Phase::Planning { survey, .. } => planning(d, survey),
        Phase::AwaitingApproval => {
            let approvers = environment.approval.iter().flat_map(|it| &it.approvers);
            let names: Vec<String> = approvers.map(Member::to_string).collect();
            format!("approval by {}", names.join(" or "))
        }
        Phase::AwaitingWindow { closed: None } => format!("{} to be open", environment.name),
        Phase::AwaitingWindow {
            closed: Some(closed),
        } => format!(
            "{} to open: {}",
            environment.name,
            closed_words(closed, environment, &d.requested_by)
        ),
        Phase::Provisioning(progress) => match progress.update.events.first() {
            Some(newest) => format!("CloudFormation to update the stack: {newest}"),
            None => "CloudFormation to update the stack".to_owned(),
        },
        Phase::Withdrawing { .. } => "CloudFormation to remove the change set".to_owned(),
        Phase::BackingUp(BackingUp::Starting) => "RDS to take the snapshot".to_owned(),
        Phase::BackingUp(BackingUp::Waiting { progress }) => {
            format!("the snapshot, {progress} % done")
        }
        Phase::Rehearsing(rehearsing) => rehearsal(&rehearsing.step).to_owned(),
        Phase::AwaitingRestoreDecision { .. } => {
            "someone to choose: roll back, restore the database, or roll forward".to_owned()
        }
        Phase::Migrating => migration(d.touched.migration.as_ref()),
        Phase::RollingOut => format!("the web services to come up{}", stages(d)),
        Phase::UpdatingWorkers => "workers to finish their work and be replaced".to_owned(),
        Phase::Verifying { failed_rounds, .. } => format!("smoke tests{}", failed(*failed_rounds)),
        Phase::Shifting { .. } => format!("ECS to shift the traffic{}", stages(d)),
        Phase::Baking {
            asked_at: Some(_), ..
        } => format!(
            "someone to mark {} as healthy, or for health checks that show it",
            d.release.tag
        ),
        Phase::Baking { samples, .. } => format!(
            "the bake of {}, {} so far",
            quantity::duration(environment.bake.duration),
            quantity::count(samples.len(), "health sample")
        ),
        Phase::CleaningUp { .. } => format!("ECS to shut down the old version{}", stages(d)),
        Phase::RollingBack { services, .. } => {
            let is_back = |way: &Return| matches!(way, Return::Returned | Return::Stuck(_));
            let left = services.iter().filter(|(_, way)| !is_back(way));
            let left: Vec<&str> = left.map(|(service, _)| service.as_str()).collect();
            format!("{} to run the previous version", left.join(", "))
        }
        Phase::Restoring { step } => restoring(d, step),
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
        | Phase::RestoreFailed { .. } => String::new(),
    }
}

/// What keeps the plan from being drawn, the most telling first.
fn planning(d: &Deployment, survey: &Survey) -> String {
    let missing = survey.missing_facts(d);
    if let Some(SignatureObservation::Unsigned { .. }) = &survey.signature
        && missing == [Command::ReadSignature]
    {
        return "a signature of the image by one of your keys".to_owned();
    }
    if survey.source.is_some()
        && let [Command::ReadSource { commit, .. }] = &missing[..]
    {
        return format!(
            "commit {} to be checked in the source repository",
            commit.short()
        );
    }
    match (&survey.proof, &survey.scan, &d.settings.environment.after) {
        (Some(ProofObservation::UnderWay | ProofObservation::NotVerified), _, Some(after)) => {
            format!("{} to succeed in {after}", d.release.digest.short())
        }
        (_, Some(ScanObservation::Pending | ScanObservation::NotScanned), _) => {
            "the image scan".to_owned()
        }
        _ if let Some(seen) = survey.others(d).next()
            && let Some(other) = &seen.in_progress =>
        {
            format!(
                "someone else's deployment of {} to end ({}): stop it in ECS if it hangs",
                seen.service,
                short_arn(other.as_str())
            )
        }
        _ if matches!(survey.stack, Some(ChangeSetReading::UnderWay)) => {
            "CloudFormation to work out what changes in the stack".to_owned()
        }
        _ if survey.inspecting.is_some() => "the task that inspects pending migrations".to_owned(),
        _ => "the current state to be read from AWS".to_owned(),
    }
}

fn rehearsal(step: &RehearsalStep) -> &'static str {
    match step {
        RehearsalStep::Snapshotting { .. } => "the snapshot for the rehearsal",
        RehearsalStep::Copying { .. } => "RDS to make a copy of the database",
        RehearsalStep::Migrating { .. } => "the migration on the copy",
        RehearsalStep::RemovingCopy => "RDS to remove the copy",
        RehearsalStep::RemovingSnapshot => "RDS to remove the copy's snapshot",
    }
}

fn migration(run: Option<&MigrationRun>) -> String {
    match run {
        None => "the migration task to start".to_owned(),
        Some(run) if run.ended.is_some() => {
            "a check of the database revision after the migration".to_owned()
        }
        Some(run) if run.stopping.is_some() => {
            "the migration to stop, since it takes too long".to_owned()
        }
        Some(run) => {
            let said = run.said.as_ref();
            let said = said.map_or_else(String::new, |line| format!(", which says: {line}"));
            format!("the migration, task {}{said}", short_arn(run.task.as_str()))
        }
    }
}

/// `, 2 rounds failed so far`
fn failed(rounds: u8) -> String {
    match rounds {
        0 => String::new(),
        _ => {
            let rounds = quantity::count(usize::from(rounds), "round");
            format!(", {rounds} failed so far")
        }
    }
}

/// ` (web at SCALE_UP)`.
fn stages(d: &Deployment) -> String {
    let services = d.sealed_plan().plan.services.iter();
    let said: Vec<String> = services
        .filter(|service| service.strategy.shifts_traffic())
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

/// The same of a restore.
fn restoring(d: &Deployment, step: &RestoreStep) -> String {
    let planned = d.sealed_plan().plan.restore.as_ref();
    let planned = planned.expect("a restore has one");
    let (copy, aside) = (planned.copy.identifier(), planned.aside.identifier());
    match step {
        RestoreStep::Stopping { .. } => "all services to stop".to_owned(),
        RestoreStep::Copying { copy: seen, .. } => match seen {
            Some(CopyStatus::Creating(status) | CopyStatus::Settling(status)) => {
                format!("RDS to make {copy}: {status}")
            }
            Some(CopyStatus::Available { .. }) => "all services to stop".to_owned(),
            Some(CopyStatus::Absent | CopyStatus::Failed(_)) | None => {
                format!("RDS to make {copy}")
            }
        },
        RestoreStep::SettingAside { .. } => format!("RDS to rename the old database to {aside}"),
        RestoreStep::TakingItsPlace { .. } => {
            format!("RDS to rename {copy} to {}", planned.database.identifier())
        }
        RestoreStep::Starting { services } => {
            let waits = services.iter().filter(|(_, way)| !way.is_settled());
            let names: Vec<&str> = waits.map(|(name, _)| name.as_str()).collect();
            format!("{} to be up", names.join(", "))
        }
        RestoreStep::Checking { failed_rounds, .. } => {
            format!("the checks at the public URLs{}", failed(*failed_rounds))
        }
        RestoreStep::StartingAgain { .. } => "all services to run again".to_owned(),
    }
}
