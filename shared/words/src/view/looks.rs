//! What people are shown when they ask for more: what was deployed, and who may do what.

use jiff::Timestamp;

use crate::inline::moment_of_day;
use crate::message::{Block, Message};
use sluice_core::config::{Approval, Environment, Member};
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::phase::PhaseKind;
use sluice_core::quantity;
use sluice_core::roles::Role;
use sluice_core::summary::DeploymentSummary;

use super::progress::sign_of;

/// The deployments of an environment, newest first, a line for each.
pub fn history_message(
    at: &EnvironmentKey,
    deployments: &[DeploymentSummary],
    now: Timestamp,
) -> Message {
    let lines: Vec<String> = deployments.iter().map(|one| line(one, now)).collect();
    let text = match lines.as_slice() {
        [] => format!("Nothing was deployed to {at} yet."),
        lines => format!("What was deployed to {at}\n{}", lines.join("\n")),
    };
    Message {
        summary: format!("The history of {at}"),
        blocks: vec![Block::Text(text)],
    }
}

/// What a deployment was to bring.
pub fn was_done(one: &DeploymentSummary) -> String {
    if one.is_restore {
        format!("database restored, with {}", one.tag)
    } else if one.is_rollback {
        format!("rolled back to {}", one.tag)
    } else {
        one.tag.to_string()
    }
}

/// How a deployment ended, or how far it is: a sign, and the words.
pub fn ended_words(phase: Option<PhaseKind>) -> (&'static str, &'static str) {
    (
        phase.map_or("❔", sign_of),
        phase.map_or("unreadable", PhaseKind::in_words),
    )
}

fn line(one: &DeploymentSummary, now: Timestamp) -> String {
    let (sign, phase) = ended_words(one.phase);
    let lasted = quantity::duration(one.ended_at.unwrap_or(now).duration_since(one.requested_at));
    let lasted = match one.ended_at {
        Some(_) => format!("after {lasted}"),
        None => format!("for {lasted} now"),
    };
    format!(
        "{sign} {}  {} · {phase} {lasted} · {} · {}",
        moment_of_day(one.requested_at),
        was_done(one),
        crate::note::asked(&one.requested_by),
        one.id
    ) + &one
        .hotfix
        .as_ref()
        .map_or_else(String::new, |hotfix| format!(" · {hotfix}"))
}

/// Who may do what in an environment.
pub fn who_message(at: &EnvironmentKey, environment: &Environment) -> Message {
    let roles = [
        (Role::Deploy, "deploy to it"),
        (Role::RollBack, "roll it back"),
        (Role::Freeze, "freeze and thaw it"),
        (
            Role::Override,
            "start one deployment while it is closed, or skip the environment before it",
        ),
        (Role::Restore, "restore its database"),
    ];
    let mut may: Vec<String> = roles
        .into_iter()
        .filter(|(role, _)| *role != Role::Restore || environment.backup.is_some())
        .map(|(role, what)| format!("{} may {what}.", who(environment.who_may(role))))
        .collect();
    may.extend(environment.restore.as_ref().map(restore_approvers));
    let stopping = "Anyone who may deploy, approve, roll back or restore may also cancel, pause \
                    and hold; anyone who may deploy or approve may resume and release.";
    Message {
        summary: format!("Who may do what in {at}"),
        blocks: vec![
            Block::Text(approvers(at, environment)),
            Block::Text(super::bullets(&may)),
            Block::Context(stopping.to_owned()),
        ],
    }
}

fn who(members: &[Member]) -> String {
    if members.is_empty() {
        return "No one".to_owned();
    }
    let members: Vec<String> = members.iter().map(ToString::to_string).collect();
    members.join(" and ")
}

/// Whose yes a restore needs.
fn restore_approvers(approval: &Approval) -> String {
    let mut text = format!("{} may approve a restore", who(&approval.approvers));
    if approval.quorum > 1 {
        text.push_str(&format!(", {} of them must", approval.quorum));
    }
    text.push_str(if approval.four_eyes {
        "; not the one who requested it."
    } else {
        "."
    });
    text
}

fn approvers(at: &EnvironmentKey, environment: &Environment) -> String {
    let Some(approval) = &environment.approval else {
        return format!("{at} deploys automatically, without approval.");
    };
    let mut text = format!(
        "{} may approve or reject in {at}. {} within {}.",
        who(&approval.approvers),
        match approval.quorum {
            1 => "One approval is enough,".to_owned(),
            quorum => format!("{quorum} must approve,"),
        },
        quantity::duration(approval.expires)
    );
    if approval.four_eyes {
        text.push_str(" Anyone who requested a deployment or pushed its image cannot approve it.");
    }
    text
}
