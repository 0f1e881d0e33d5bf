//! What was not done, and why: for the person who asked for it.

mod ask;
mod click;
mod control;
mod decide;
mod parity;
mod point;
mod slash;
mod source;
mod submit;

use sluice_core::config::Member;
use sluice_core::failure::{ErrorClass, PortError, RejectedEvent};
use sluice_core::intake::Ignored;
use sluice_core::roles::{Action, NotAllowed};

pub use ask::AskError;
pub use click::ClickFailed;
pub use control::ControlError;
pub use decide::DecideError;
pub use parity::NotComparable;
pub use point::{NoPoint, OutOfReach};
pub use slash::SlashFailed;
pub use source::SourceIgnored;
pub use submit::SubmitFailed;

/// Why a deployment did not take an event.
pub fn rejected(why: &RejectedEvent) -> String {
    match why {
        RejectedEvent::Late { event, phase } => format!("{event} comes too late (status: {phase})"),
        RejectedEvent::NotAwaitingApproval { phase } => {
            format!("nothing is waiting for an approval here (status: {phase})")
        }
        RejectedEvent::StalePlan => STALE_PLAN.to_owned(),
        RejectedEvent::DecisionExpired { until } => format!(
            "this was open for a decision until {until}, and nothing was deployed: ask for it again"
        ),
        RejectedEvent::NotConfigured { environment } => format!(
            "{environment} is no longer in sluice.toml, so no one can let a deployment continue \
             there: put it back, or cancel the deployment"
        ),
        RejectedEvent::NotAnApprover {
            environment,
            approvers,
        } => format!("you are not among the approvers of {environment}: {approvers} may decide"),
        RejectedEvent::FourEyes => someone_else("requested this deployment"),
        RejectedEvent::FourEyesPushed => someone_else("pushed this image"),
        RejectedEvent::AlreadyApproved { missing } => {
            format!("you have approved this already; {missing} more needed")
        }
        RejectedEvent::TooLateToCancel { phase } => {
            format!("it cannot be cancelled any more (status: {phase})")
        }
        RejectedEvent::OnlyDatabase => ONLY_DATABASE.to_owned(),
        RejectedEvent::NothingToDecide { phase } => {
            format!("there is nothing to decide here: it goes its way by itself (status: {phase})")
        }
        RejectedEvent::NothingToGoBackFrom { phase } => {
            format!("nothing is changed yet (status: {phase}). Cancel it instead")
        }
        RejectedEvent::GoingBackAlready => "it is being rolled back already".to_owned(),
        RejectedEvent::IsRollback => IS_ROLLBACK.to_owned(),
        RejectedEvent::IsRestore => IS_RESTORE.to_owned(),
        RejectedEvent::NotAllowed(why) => not_allowed(why),
        RejectedEvent::NothingToOverride { phase } => format!(
            "there is nothing to override: it does not wait for its environment to open (status: \
             {phase})"
        ),
        RejectedEvent::NothingToKeep { phase } => format!(
            "no one is asked whether it is healthy (status: {phase}). Look at the newest message \
             of this deployment"
        ),
        RejectedEvent::CannotPause { phase } => format!(
            "it cannot be paused (status: {phase}). Once ECS shifts the traffic it goes on by \
             itself"
        ),
        RejectedEvent::AlreadyPaused { by } => format!("<@{by}> has paused it already"),
        RejectedEvent::NotPaused { phase } => format!("it is not paused (status: {phase})"),
        RejectedEvent::NotSuperseded { by, phase } => {
            format!("{by} waits until it has ended (status: {phase})")
        }
    }
}

const STALE_PLAN: &str = "that approval is for a plan that has changed since: look at the newest \
     message of this deployment and decide there";
const ONLY_DATABASE: &str = "no service was changed, so there is no code to go back: restore the \
     database or roll forward, with the buttons of its message";
const IS_ROLLBACK: &str = "this is a rollback, and there is none of a rollback: let it end, then \
     deploy or roll back to the release you want, by name";
const IS_RESTORE: &str = "this is a restore of the database, and it returns to the old database by \
     itself while it can: let it end, and read there how things stand";

fn someone_else(you: &str) -> String {
    format!("you {you}, so someone else must approve it")
}

/// That someone may not do what they asked for, and who may.
pub fn not_allowed(why: &NotAllowed) -> String {
    let NotAllowed {
        action,
        environment,
        who_may,
    } = why;
    let done = done(*action);
    if who_may.is_empty() {
        let (key, table) = (action.key(), action.table());
        return format!(
            "you may not {done} {environment}: no one may. Name someone as `{key}` in \
             [environments.{environment}.{table}] of sluice.toml"
        );
    }
    let who: Vec<String> = who_may.iter().map(Member::to_string).collect();
    format!("you may not {done} {environment}: {} may", who.join(" or "))
}

/// What is done, before the environment's name.
fn done(action: Action) -> &'static str {
    match action {
        Action::Deploy => "deploy to",
        Action::RollBack => "roll back",
        Action::Approve => "decide on a deployment to",
        Action::Cancel => "cancel a deployment to",
        Action::Pause => "pause a deployment to",
        Action::Resume => "resume a deployment to",
        Action::Hold => "hold",
        Action::Release => "release",
        Action::Freeze => "freeze",
        Action::Thaw => "thaw",
        Action::Override => "override what closes",
        Action::RollForward => "roll forward in",
        Action::Restore => "restore the database of",
        Action::Hotfix => "deploy a hotfix to",
        Action::Keep => "mark a version as healthy in",
    }
}

/// Why a push deploys nothing.
pub fn ignored(why: &Ignored) -> String {
    match why {
        Ignored::Untagged => {
            "it has no tag: one platform's manifest or a push by digest; the tagged push counts"
                .to_owned()
        }
        Ignored::NotAnImage { what } => format!("it is {what}, not an image"),
        Ignored::UnknownRepository(repository) => {
            format!("no sluice.toml names the repository {repository}")
        }
        Ignored::OtherRegistry {
            pushed,
            app,
            configured,
        } => match configured {
            Some(configured) => format!(
                "it was pushed to {pushed}, and {app} is deployed from {configured} alone: if that \
                 is wrong, correct `registry` in [app]"
            ),
            None => format!(
                "it was pushed to {pushed}, and nothing says which registry {app} is deployed \
                 from: write `registry` in [app], or set SLUICE_REGISTRY"
            ),
        },
        Ignored::TagNotTaken { tag, taken } => {
            format!("no environment takes the tag {tag} ({taken})")
        }
    }
}

/// What people do then, where it changes nothing if it was done.
pub const AGAIN: &str = "Try again in a moment; repeating it is safe";

/// That it may have been done, and how to do it again; nothing was done where a newer version has
/// it.
pub fn unsure(error: &PortError, again: &str) -> String {
    match error.class {
        ErrorClass::Newer => error.to_string(),
        ErrorClass::Retryable | ErrorClass::Permanent | ErrorClass::NeedsPerson => {
            format!("this may not have taken effect: {error}. {again}")
        }
    }
}
