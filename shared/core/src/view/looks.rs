//! What people are shown when they ask for more: the story of an environment, and who may decide.

use crate::config::Environment;
use crate::deployment::Deployment;
use crate::environment_key::EnvironmentKey;
use crate::message::{Block, Message};
use crate::words;

use super::progress::status;

/// The deployments of an environment, each with its story.
pub fn history_message(at: &EnvironmentKey, deployments: &[&Deployment]) -> Message {
    let mut blocks = Vec::new();
    if deployments.is_empty() {
        blocks.push(Block::Text(format!("Nothing was deployed to {at} yet.")));
    }
    for d in deployments {
        let told: Vec<String> = d
            .story
            .iter()
            .map(|entry| {
                format!(
                    "{}  {}",
                    entry.at.strftime("%Y-%m-%d %H:%M:%S"),
                    entry.note.words(d)
                )
            })
            .collect();
        blocks.push(Block::Text(format!(
            "{} to {at}: {} · {}",
            d.release,
            status(d),
            d.id
        )));
        blocks.push(Block::Text(told.join("\n")));
    }
    Message {
        summary: format!("The history of {at}"),
        blocks,
    }
}

/// Who may say yes in an environment.
pub fn who_message(at: &EnvironmentKey, environment: &Environment) -> Message {
    let text = match &environment.approval {
        None => format!("{at} is deployed to without asking anybody."),
        Some(approval) => {
            let approvers: Vec<String> =
                approval.approvers.iter().map(ToString::to_string).collect();
            let mut text = format!(
                "{} may approve or reject in {at}. {} within {}.",
                approvers.join(" and "),
                match approval.quorum {
                    1 => "One yes is enough,".to_owned(),
                    quorum => format!("{quorum} must say yes,"),
                },
                words::duration(approval.expires)
            );
            if approval.four_eyes {
                text.push_str(" Whoever asked for a deployment does not approve it.");
            }
            text
        }
    };
    Message {
        summary: format!("Who may decide in {at}"),
        blocks: vec![Block::Text(text)],
    }
}
