//! The forms that are put before people.

use crate::deployment::Deployment;
use crate::environment_key::EnvironmentKey;
use crate::message::Block;
use crate::modal::{Choice, Input, InputKind, InputName, Modal, Purpose};
use crate::release::ProvenRelease;
use crate::slash::REASON_CHARS;

/// Asks why a plan is rejected; `None` where there is no plan yet.
pub fn reject_modal(d: &Deployment) -> Option<Modal> {
    let sealed = d.plan.as_ref()?;
    Some(Modal {
        title: "Reject this release?".to_owned(),
        blocks: vec![
            Block::Text(format!(
                "{} {} does not go to {}. Nothing is touched.",
                d.app(),
                d.release.tag,
                d.environment()
            )),
            Block::Context(format!("{} · plan {}", d.id, sealed.hash.short())),
        ],
        inputs: vec![reason("Everybody in the channel reads it.")],
        submit: "Reject".to_owned(),
        purpose: Purpose::Reject {
            deployment: d.id.clone(),
            plan: sealed.hash.clone(),
        },
    })
}

/// Asks to which of the proven releases an environment goes back, and why; `None` where there is
/// none to go back to. `means` says what it would mean, line by line.
pub fn rollback_modal(
    at: &EnvironmentKey,
    runs: Option<&ProvenRelease>,
    proven: &[ProvenRelease],
    means: &[String],
) -> Option<Modal> {
    if proven.is_empty() {
        return None;
    }
    let now = match runs {
        Some(runs) => format!("{at} runs {}.", runs.release),
        None => format!("Nothing is proven in {at} yet."),
    };
    let mut blocks = vec![Block::Text(now)];
    if !means.is_empty() {
        blocks.push(Block::Text(format!(
            "What it means\n{}",
            super::bullets(means)
        )));
    }
    Some(Modal {
        title: "Roll back".to_owned(),
        blocks,
        inputs: vec![
            Input {
                name: InputName::Release,
                label: "Back to".to_owned(),
                hint: "Releases that were proven here, the newest first.".to_owned(),
                kind: InputKind::Select(proven.iter().map(choice).collect()),
            },
            reason("It stands in the channel and in the history."),
        ],
        submit: "Roll back".to_owned(),
        purpose: Purpose::RollBack { at: at.clone() },
    })
}

/// Asks why a deployment is to begin although its environment is closed. `closed` says what closes
/// it, line by line.
pub fn override_modal(d: &Deployment, closed: &[String]) -> Modal {
    Modal {
        title: "Deploy all the same?".to_owned(),
        blocks: vec![
            Block::Text(format!(
                "{} {} would begin in {} now, although:\n{}",
                d.app(),
                d.release.tag,
                d.environment(),
                super::bullets(closed)
            )),
            Block::Context(d.id.to_string()),
        ],
        inputs: vec![reason("Everybody in the channel reads it, with your name.")],
        submit: "Deploy".to_owned(),
        purpose: Purpose::Override {
            deployment: d.id.clone(),
        },
    }
}

fn reason(hint: &str) -> Input {
    Input {
        name: InputName::Reason,
        label: "Why?".to_owned(),
        hint: hint.to_owned(),
        kind: InputKind::Text {
            max_chars: REASON_CHARS,
        },
    }
}

fn choice(proven: &ProvenRelease) -> Choice {
    Choice {
        label: format!(
            "{} · proven {}",
            proven.release.tag,
            proven.at.strftime("%Y-%m-%d %H:%M UTC")
        ),
        value: proven.deployment.to_string(),
    }
}
