//! A click on a button, as Slack sends it (`block_actions`).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_core::id::{DeploymentId, Hash, UserId};
use sluice_words::message::{Button, ButtonAction};

use crate::incoming::{IncomingError, unreadable};

/// A button of ours was clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interaction {
    /// Which.
    pub action: ButtonAction,
    /// On which deployment's message.
    pub deployment: DeploymentId,
    /// Showing which plan.
    pub plan: Option<Hash>,
    /// By whom.
    pub by: UserId,
    /// Leave to put a form before them.
    pub trigger: Option<String>,
    /// Where an answer in words goes: Slack shows nothing of the HTTP response to a click.
    pub response_url: Option<String>,
}

/// What a button carries, in at most 2,000 characters.
#[derive(Serialize, Deserialize)]
struct ButtonValue {
    deployment: DeploymentId,
    plan: Option<Hash>,
}

/// The `value` of a button.
pub fn button_value(button: &Button) -> String {
    let value = ButtonValue {
        deployment: button.deployment.clone(),
        plan: button.plan.clone(),
    };
    serde_json::to_string(&value).expect("two strings serialise")
}

/// Reads the payload of a click.
pub(crate) fn read(payload: &Value) -> Result<Interaction, IncomingError> {
    // Slack sends one action for one click, in a list.
    let action = &payload["actions"][0];
    let id = action["action_id"]
        .as_str()
        .ok_or_else(|| unreadable("it has no `actions[0].action_id`"))?;
    let known = ButtonAction::from_id(id)
        .ok_or_else(|| IncomingError::NotOurs(format!("action `{id}`")))?;
    // `approve` is a word that others use too: its value shows whose it is.
    let value: ButtonValue = action["value"]
        .as_str()
        .and_then(|value| serde_json::from_str(value).ok())
        .ok_or_else(|| IncomingError::NotOurs(format!("`{id}` without a deployment")))?;
    let by = payload["user"]["id"]
        .as_str()
        .ok_or_else(|| unreadable("it does not say who clicked: no `user.id`"))?;
    Ok(Interaction {
        action: known,
        deployment: value.deployment,
        plan: value.plan,
        by: UserId::new(by),
        trigger: payload["trigger_id"].as_str().map(str::to_owned),
        response_url: payload["response_url"].as_str().map(str::to_owned),
    })
}
