//! What was done, for the person who asked for it, and what an environment's channel reads of it.

use jiff::Timestamp;
use sluice_core::config::Environment;
use sluice_core::controls;
use sluice_core::deployment::{Deployment, DeploymentKind};
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::PortError;
use sluice_core::id::{ImageTag, UserId};
use sluice_core::request::Hotfix;

use crate::controls::overriders;
use crate::message::{Block, Message};
use crate::plan;

/// A deployment is paused: its name follows, as after the next four.
pub const PAUSED: &str = "Paused: no new step starts";
/// It goes on.
pub const RESUMED: &str = "Resumed";
/// It begins although its environment is closed.
pub const OVERRIDDEN: &str = "Overridden: the current state is read again, then it starts";
/// It is left as it is.
pub const ROLLED_FORWARD: &str =
    "Rolled forward: everything stays as it is, for a newer release to fix";
/// It is healthy, a person says.
pub const KEPT: &str = "Kept: it is marked as verified";

/// What follows from an approval.
pub fn approved(after: &Deployment, more_needed: bool) -> String {
    let (release, environment) = (&after.release.tag, after.environment());
    let goes = match after.restore() {
        None => format!("{release} will be deployed to {environment}"),
        Some(restore) => {
            let database = restore.database.identifier();
            format!("{database} of {environment} will be restored")
        }
    };
    match (more_needed, after.restore()) {
        (false, _) => format!("Approved: {goes}."),
        (true, None) => format!(
            "Noted. {release} needs at least one more approval before it is deployed to \
             {environment}."
        ),
        (true, Some(_)) => {
            format!("Noted. At least one more approval is needed before {goes}.")
        }
    }
}

/// What follows from a rejection.
pub fn rejected(after: &Deployment) -> String {
    format!("Rejected: {}.", does_not_go(after))
}

/// What follows from a cancellation.
pub fn cancelled(after: &Deployment) -> String {
    format!("Cancelled: {}.", does_not_go(after))
}

fn does_not_go(d: &Deployment) -> String {
    let (release, environment) = (&d.release.tag, d.environment());
    match d.restore() {
        None => format!("{release} will not be deployed to {environment}"),
        Some(restore) => {
            let database = restore.database.identifier();
            format!("{database} of {environment} stays as it is")
        }
    }
}

/// For someone whose button shows a plan that has changed: the one that waits now.
pub fn old_plan(d: &Deployment) -> Message {
    let mut message = Message::line(format!(
        "That button belongs to a plan that has changed since, so nothing was decided. Below is \
         the current plan of {} to {}: decide on it in {}, at the top of its thread.",
        d.release.tag,
        d.environment(),
        d.settings.environment.channel
    ));
    if let Some(sealed) = &d.plan {
        message.blocks.push(Block::Code(plan::text(sealed)));
        let hash = sealed.hash.short();
        message.blocks.push(Block::Context(format!("plan {hash}")));
    }
    message
}

/// A deployment was opened.
pub fn opened(d: &Deployment) -> String {
    let (release, environment) = (&d.release.tag, d.environment());
    let what = match &d.kind {
        DeploymentKind::Release => format!("{release} is being deployed to {environment}"),
        DeploymentKind::Rollback(_) => format!("{environment} is being rolled back to {release}"),
        DeploymentKind::Restore(restore) => format!(
            "{} of {environment} will be restored to {}, with {release}",
            restore.database.identifier(),
            restore.until.strftime("%Y-%m-%d %H:%M:%S UTC")
        ),
    };
    let channel = &d.settings.environment.channel;
    format!("{what} as {}: see {channel} for progress.", d.id)
}

/// One that does the same is in progress.
pub fn on_its_way(d: &Deployment) -> String {
    let (release, environment) = (&d.release.tag, d.environment());
    let what = match &d.kind {
        DeploymentKind::Release => format!("{release} is already being deployed to {environment}"),
        DeploymentKind::Rollback(_) => {
            format!("{environment} is already being rolled back to {release}")
        }
        DeploymentKind::Restore(restore) => {
            let database = restore.database.identifier();
            format!("{database} of {environment} is already being restored")
        }
    };
    format!("{what}: {}, requested by {}.", d.id, d.requested_by)
}

/// What a request skips, after [`opened`].
pub fn skips(hotfix: &Hotfix, environment: &Environment) -> String {
    let (skips, environment) = (&hotfix.skips, &environment.name);
    format!(" It skips {skips}; all other requirements of {environment} still apply.")
}

/// After [`opened`], where the image is the one that is live.
pub const IS_LIVE: &str = " It is the last verified release: it is rolled out again.";

/// After [`opened`], where the image is older than what is live.
pub fn is_older(live: &ImageTag) -> String {
    format!(" It is older than {live}, the last verified release.")
}

/// It is stopped before any service was changed, and that is all.
pub fn stopping(d: &Deployment) -> String {
    let (release, environment) = (&d.release.tag, d.environment());
    let channel = &d.settings.environment.channel;
    match d.phase.is_terminal() {
        true => format!(
            "{release} is cancelled. No service in {environment} was changed: the previous \
             version is still running."
        ),
        false => format!(
            "{release} stops as soon as its migration has ended, before any service in \
             {environment} is changed: see {channel} for progress."
        ),
    }
}

/// It returns to the previous version.
pub fn going_back(d: &Deployment) -> String {
    let (release, environment) = (&d.release.tag, d.environment());
    let channel = &d.settings.environment.channel;
    format!(
        "{environment} is being rolled back from {release} to the previous version: see {channel} \
         for progress."
    )
}

/// It did so before anyone asked.
pub fn going_back_already(d: &Deployment) -> String {
    let (release, environment) = (&d.release.tag, d.environment());
    format!(
        "{environment} is already being rolled back from {release}: {}.",
        d.id
    )
}

/// Someone froze an environment.
pub fn froze(
    environment: &Environment,
    by: &UserId,
    reason: &str,
    until: Option<Timestamp>,
) -> String {
    let until = until.map_or_else(
        || "until someone thaws it".to_owned(),
        |until| format!("until {}", controls::zone(environment).says(until)),
    );
    format!(
        "<@{by}> froze {} {until}: {reason}. Deployments in progress continue, nothing new starts; \
         {}",
        environment.name,
        overriders(environment)
    )
}

/// Someone holds it, or Sluice.
pub fn holds(environment: &Environment, by: Option<&UserId>, reason: &str) -> String {
    let who = by.map_or_else(|| "Sluice".to_owned(), |by| format!("<@{by}>"));
    format!(
        "{who} holds {}: {reason}. Automatic deployments are paused until someone releases it. \
         Manual deployments still work",
        environment.name
    )
}

/// The history of one of several environments is not there to be read.
pub fn no_history(key: &EnvironmentKey, error: &PortError) -> String {
    format!("The history of {key} cannot be read: {error}")
}

/// What runs is not known.
pub const NO_ANSWER: &str = "AWS did not answer in time: try again";
