//! What a terminal is told where it is not told what Slack would show.

use jiff::Timestamp;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{AppName, DeploymentId, PrincipalArn};
use sluice_core::quantity::count;

use super::{Answer, Outcome};
use crate::message::{Block, Message};

/// For somebody whom AWS knows and `sluice.toml` does not.
pub fn stranger(app: &AppName, by: &PrincipalArn) -> Answer {
    let mut message = Message::line(format!(
        "Nothing was done: sluice.toml of {app} does not say who you are. You can read (status, \
         history, who, show, export), but not act."
    ));
    let add = "To act, have this added to sluice.toml, with your Slack member ID, and installed:";
    message.blocks.push(Block::Text(add.to_owned()));
    let entry = format!("[people]\n\"{by}\" = \"U…\"");
    message.blocks.push(Block::Code(entry));
    Answer::new(Outcome::NotAllowed, message)
}

/// Above a plan that someone has approved without having read it.
pub fn unread(plan: &str) -> String {
    format!(
        "Nothing was decided. Read the plan below, then approve exactly this plan by its hash: \
         {plan}"
    )
}

/// Above the plan that waits, where someone has decided on another.
pub fn other_plan(seen: &str) -> String {
    format!(
        "{seen} is not the plan that waits for approval, so nothing was decided. Below is the one \
         that does: read it, and decide on it by its hash."
    )
}

/// Above a form, with the questions that must still be answered.
pub fn not_done_yet(open: &[&str]) -> String {
    match open {
        [] => "Nothing was done yet.".to_owned(),
        open => format!("Nothing was done yet. Still missing: {}.", open.join(", ")),
    }
}

/// Slack does not say who is in a group.
pub const GROUPS_UNKNOWN: &str = "Slack says who is in a user group. While it does not answer, only \
     people whom sluice.toml names by their own id in this role can act.";

/// The time of `export` is none.
pub const NO_SINCE: &str = "Nothing was exported: `--since` takes a day in the past (2026-10-01) or \
     a number of days (90d)";

/// What is exported since then.
pub fn exported(deployments: usize, versions: usize, since: Timestamp) -> String {
    let (deployments, versions) = (count(deployments, "deployment"), count(versions, "version"));
    format!("{deployments} and {versions} of sluice.toml since {since}")
}

/// Beside data that only a program reads.
pub const SEEN: &str = "What was looked at is in `seen`.";

/// Beside a history.
pub fn history(id: &DeploymentId, records: usize) -> String {
    format!("The history of {id}: {records} records")
}

/// No deployment has that id.
pub fn no_deployment(id: &DeploymentId) -> String {
    format!("there is no deployment {id}: check its id, `history` lists them")
}

/// Nothing was deployed there.
pub fn nothing_there(key: &EnvironmentKey) -> String {
    format!("nothing was deployed to {key} yet")
}
