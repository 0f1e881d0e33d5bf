//! Whether an offer did what it said.

use std::sync::Arc;

use sluice_core::deployment::{Deployment, Requester};
use sluice_core::failure::Cause;
use sluice_core::id::{ClusterName, EcsServiceName};
use sluice_core::phase::Phase;
use sluice_sim::cloud::digest_of;
use sluice_sim::world::World;
use sluice_words::message::ButtonAction;
use sluice_words::slash::COMMAND;

use super::press::{Offered, What, after};
use super::scripts::production;
use crate::erp;

/// What is not as the offer says right after it was taken up.
pub(super) fn at_once(world: &World, offer: &Offered) -> Option<String> {
    let d = now(world, offer);
    let phase = d.phase.name();
    let What::Button(button) = &offer.what else {
        return None;
    };
    let done = match button.action {
        ButtonAction::Approve => phase != "AwaitingApproval" || d.approvals != offer.by.approvals,
        // A change set that no one will execute is removed first.
        ButtonAction::Reject => phase == "Rejected" || phase == "Withdrawing",
        // What was made for a rehearsal is removed first, and a migration runs to its end.
        ButtonAction::Cancel => {
            matches!(phase, "Cancelled" | "Rehearsing" | "Withdrawing") || d.stop.is_some()
        }
        ButtonAction::Override => d.overridden.is_some(),
        ButtonAction::Pause => d.paused.is_some(),
        ButtonAction::Resume => d.paused.is_none(),
        ButtonAction::RollForward => phase == "RolledForward",
        ButtonAction::Keep | ButtonAction::RollBack | ButtonAction::RestoreDatabase => true,
    };
    (!done).then(|| format!("right after it, the deployment is {phase}"))
}

/// What is not as the offer says once all is quiet.
pub(super) fn in_the_end(world: &World, offer: &Offered) -> Option<String> {
    match &offer.what {
        What::Button(button) => of_button(world, offer, button.action),
        What::Command(command) if command.starts_with("aws ecs update-service") => {
            updated(world, command)
        }
        What::Command(command) => of_command(world, offer, command),
    }
}

fn of_button(world: &World, offer: &Offered, action: ButtonAction) -> Option<String> {
    let d = now(world, offer);
    let phase = d.phase.name();
    // An update of the stack that runs is finished first, and may fail.
    let stack_failed = matches!(
        &d.phase,
        Phase::Failed {
            cause: Cause::StackRolledBack { .. } | Cause::StackStuck { .. },
            ..
        }
    );
    let done = match action {
        ButtonAction::Cancel => phase == "Cancelled" || stack_failed,
        ButtonAction::Keep => phase == "Succeeded",
        ButtonAction::RollBack => return went_back(world),
        ButtonAction::RestoreDatabase => newest(world).phase.name() == "Restored",
        ButtonAction::Override | ButtonAction::Resume => !matches!(phase, "Expired"),
        ButtonAction::Approve
        | ButtonAction::Reject
        | ButtonAction::Pause
        | ButtonAction::RollForward => true,
    };
    (!done).then(|| format!("in the end the deployment is {phase}"))
}

fn of_command(world: &World, offer: &Offered, command: &str) -> Option<String> {
    let newest = newest(world);
    let asked = matches!(newest.requested_by, Requester::Person(_));
    match command
        .trim_start_matches(COMMAND)
        .trim()
        .split(' ')
        .next()?
    {
        "deploy" => {
            let brings = newest.release.digest == offer.by.release.digest;
            (!asked || !brings || newest.id == offer.by.id)
                .then(|| "nothing is deployed".to_owned())
        }
        "rollback" => went_back(world),
        "restore" => (newest.phase.name() != "Restored")
            .then(|| format!("the restore ended {}", newest.phase.name())),
        "release" => {
            let state = futures::executor::block_on(world.ports().store.environment(&production()));
            let held = state.expect("the store answers").hold.is_some();
            held.then(|| "it is still held".to_owned())
        }
        _ => None,
    }
}

/// Every service of production runs v1.3.0, which was verified before.
fn went_back(world: &World) -> Option<String> {
    let before = digest_of("v1.3.0");
    ["web", "worker", "beat"].into_iter().find_map(|service| {
        let runs = erp::running_image(world, "production", service);
        (!runs.ends_with(before.as_str())).then(|| format!("{service} runs {runs}"))
    })
}

/// The service runs the revision that the command names.
fn updated(world: &World, command: &str) -> Option<String> {
    let cluster = ClusterName::new(after(command, "--cluster")?);
    let service = EcsServiceName::new(after(command, "--service")?);
    let revision = after(command, "--task-definition")?;
    let view = world.with_cloud(|cloud| cloud.service(&cluster, &service))?;
    let runs = view.task_definition.as_str().rsplit('/').next();
    let last = view.rollouts.last()?;
    (runs != Some(revision) || !last.status.is_over()).then(|| {
        format!(
            "{service} runs {runs:?}, and its last service deployment is {:?}",
            last.status
        )
    })
}

fn now(world: &World, offer: &Offered) -> Deployment {
    let stored = world.store().deployment(&offer.by.id);
    Arc::unwrap_or_clone(stored.expect("nothing is deleted").deployment)
}

fn newest(world: &World) -> Deployment {
    let mut all = erp::deployments(world, "production");
    Arc::unwrap_or_clone(all.pop().expect("there is one").deployment)
}
