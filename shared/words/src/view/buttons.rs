//! The buttons of a deployment's message: those that make sense now, and no others.

use crate::message::{Block, Button, ButtonAction, Confirm};
use sluice_core::deployment::Deployment;
use sluice_core::phase::Phase;
use sluice_core::roles::{Action, Role};

pub(super) fn buttons(d: &Deployment) -> Option<Block> {
    let button = |action: ButtonAction, confirm: Option<Confirm>| Button {
        action,
        deployment: d.id.clone(),
        plan: match action {
            ButtonAction::Approve | ButtonAction::Reject => {
                d.plan.as_ref().map(|sealed| sealed.hash.clone())
            }
            ButtonAction::Cancel
            | ButtonAction::Override
            | ButtonAction::Pause
            | ButtonAction::Resume
            | ButtonAction::Keep
            | ButtonAction::RollBack
            | ButtonAction::RollForward
            | ButtonAction::RestoreDatabase => None,
        },
        confirm,
    };
    let actions = actions(d).into_iter();
    let buttons: Vec<Button> = actions
        .map(|action| button(action, confirm(d, action)))
        .collect();
    (!buttons.is_empty()).then_some(Block::Buttons(buttons))
}

/// What is asked first, where a click cannot be taken back.
fn confirm(d: &Deployment, action: ButtonAction) -> Option<Confirm> {
    let (tag, environment) = (&d.release.tag, d.environment());
    let (question, means) = match (action, d.restore()) {
        (ButtonAction::RollForward, _) => (
            format!("Leave {environment} as it is?"),
            "Nothing is rolled back; a newer release must fix it.".to_owned(),
        ),
        (ButtonAction::Approve, None) => (
            format!("Deploy {tag} to {environment}?"),
            format!("It starts once enough have approved it and {environment} is open."),
        ),
        (ButtonAction::Approve, Some(restore)) => (
            format!(
                "Stop {environment} and restore {}?",
                restore.database.identifier()
            ),
            format!(
                "What was written since {} is lost.",
                restore.until.strftime("%H:%M:%S UTC")
            ),
        ),
        (ButtonAction::Keep, _) => (
            format!("Is {tag} healthy in {environment}?"),
            format!("This marks {tag} as healthy and makes it a rollback target."),
        ),
        (ButtonAction::Cancel, _) if matches!(d.phase, Phase::Provisioning(_)) => (
            format!("Cancel {tag}?"),
            "The update of the stack runs to its end first and stays; then nothing more is done."
                .to_owned(),
        ),
        (ButtonAction::Cancel, _) if matches!(d.phase, Phase::Migrating) => (
            format!("Cancel {tag}?"),
            "The migration runs to its end first; then nothing more is done.".to_owned(),
        ),
        _ => return None,
    };
    Some(Confirm { question, means })
}

/// What can be done now. Before any service is touched a deployment is cancelled or left waiting;
/// then it is rolled back. What works on the world is paused too. A rollback itself is
/// carried out to its end.
fn actions(d: &Deployment) -> Vec<ButtonAction> {
    let mut actions = match &d.phase {
        Phase::AwaitingApproval => vec![ButtonAction::Approve, ButtonAction::Reject],
        Phase::AwaitingWindow { closed: Some(_) } => {
            vec![ButtonAction::Override, ButtonAction::Cancel]
        }
        Phase::AwaitingRestoreDecision { .. } => vec![ButtonAction::RollForward],
        Phase::Rehearsing(rehearsing) if rehearsing.ends.is_none() => vec![ButtonAction::Cancel],
        Phase::Baking {
            asked_at: Some(_), ..
        } => vec![ButtonAction::Keep],
        phase if phase.is_untouched() && !phase.is_terminal() => vec![ButtonAction::Cancel],
        phase if phase.can_pause() && d.paused.is_none() => vec![ButtonAction::Pause],
        _ => Vec::new(),
    };
    if d.paused.is_some() && !d.phase.is_terminal() {
        actions.insert(0, ButtonAction::Resume);
    }
    let comes_to_a_stop = matches!(
        d.phase,
        Phase::Provisioning(_) | Phase::BackingUp(_) | Phase::Migrating
    );
    if comes_to_a_stop && d.stop.is_none() {
        actions.push(ButtonAction::Cancel);
    }
    if leads_back(d) {
        actions.push(ButtonAction::RollBack);
    }
    if sluice_core::restorable::is_offered(d) {
        actions.push(ButtonAction::RestoreDatabase);
    }
    actions.retain(|action| someone_may(d, *action));
    actions
}

/// Whether `sluice.toml` lets anyone press it: a button that everyone is refused is no offer.
fn someone_may(d: &Deployment, action: ButtonAction) -> bool {
    let environment = &d.settings.environment;
    let action = match action {
        ButtonAction::Approve | ButtonAction::Reject => {
            return !environment.who_may(Role::Approve).is_empty();
        }
        ButtonAction::Cancel => Action::Cancel,
        ButtonAction::Override => Action::Override,
        ButtonAction::Pause => Action::Pause,
        ButtonAction::Resume => Action::Resume,
        ButtonAction::Keep => Action::Keep,
        ButtonAction::RollBack => Action::RollBack,
        ButtonAction::RollForward => Action::RollForward,
        ButtonAction::RestoreDatabase => Action::Restore,
    };
    !environment.members_for(action).is_empty()
}

fn leads_back(d: &Deployment) -> bool {
    match &d.phase {
        Phase::RollingOut
        | Phase::UpdatingWorkers
        | Phase::Verifying { .. }
        | Phase::Shifting { .. }
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. } => d.rollback().is_none(),
        Phase::AwaitingRestoreDecision { .. } => d.touched.rollouts_since.is_some(),
        Phase::Succeeded | Phase::Unverified { .. } => crate::report::leads_back(d),
        _ => false,
    }
}
