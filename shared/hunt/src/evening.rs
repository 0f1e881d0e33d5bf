//! The evening: nothing goes wrong any more, and somebody looks after what is left.

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::App;
use sluice_core::config::Member;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::UserId;
use sluice_core::phase::Phase;
use sluice_core::roles::Action;
use sluice_sim::world::{World, members};

/// How often somebody looks.
pub(crate) const LOOKS_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Somebody who may looks at everything that is not over.
pub(crate) fn look_after(world: &World, app: &App) {
    for stored in world.store().deployments() {
        if !stored.deployment.phase.is_terminal() {
            look_after_one(app, &stored.deployment);
        }
    }
}

/// What is refused is not needed any more, or is tried again in an hour.
fn look_after_one(app: &App, d: &Deployment) {
    let at = EnvironmentKey::of(d);
    let who = |action| who_may(d, action);
    if d.paused.is_some()
        && let Some(by) = who(Action::Resume)
    {
        let _ = block_on(app.resume(&d.id, &by));
    }
    match &d.phase {
        Phase::AwaitingWindow {
            closed: Some(closed),
        } => {
            if let (Some(_), Some(by)) = (&closed.hold, who(Action::Release)) {
                let _ = block_on(app.release(&at, &by));
            }
            if let (Some(_), Some(by)) = (&closed.freeze, who(Action::Thaw)) {
                let _ = block_on(app.thaw(&at, &by));
            }
        }
        Phase::AwaitingRestoreDecision { .. } => {
            if let Some(by) = who(Action::RollForward) {
                let _ = block_on(app.roll_forward(&d.id, &by));
            }
        }
        _ => {}
    }
}

/// Somebody who may.
fn who_may(d: &Deployment, action: Action) -> Option<UserId> {
    let environment = &d.settings.environment;
    let member = environment.members_for(action).into_iter().next()?;
    Some(match member {
        Member::User(user) => user.clone(),
        Member::Group(group) => members(group)[0].clone(),
    })
}
