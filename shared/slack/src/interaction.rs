//! A click on a message, as Slack sends it: a form whose one field `payload` holds JSON.
//!
//! Read as JSON values first: Slack sends `team: null` from organisation-wide installs and adds
//! fields and types all the time, and whatever is not ours must be answered, not refused.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_core::id::{DeploymentId, Hash, SlackUserId};
use sluice_core::message::{Button, ButtonAction};

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
    pub by: SlackUserId,
    /// Where an answer in words goes: Slack shows nothing of the HTTP response to a click.
    pub response_url: Option<String>,
}

/// No click on a button of ours.
#[derive(Debug, thiserror::Error)]
pub enum InteractionError {
    /// Something else of Slack's: answered with success, and nothing done.
    #[error("not a click on one of Sluice's buttons: {0}")]
    NotOurs(String),
    /// Nothing that Slack sends.
    #[error("the body is not an interaction of Slack: {0}")]
    Unreadable(String),
}

/// What a button carries, in at most 2,000 characters.
#[derive(Serialize, Deserialize)]
struct ButtonValue {
    deployment: DeploymentId,
    plan: Option<Hash>,
}

/// The `value` of a button.
pub(crate) fn button_value(button: &Button) -> String {
    let value = ButtonValue {
        deployment: button.deployment.clone(),
        plan: button.plan.clone(),
    };
    serde_json::to_string(&value).expect("two strings serialise")
}

/// Reads the body of a verified request.
///
/// # Errors
/// It is something else of Slack's, or nothing that Slack sends.
pub fn parse_interaction(body: &[u8]) -> Result<Interaction, InteractionError> {
    let payload = form_urlencoded::parse(body)
        .find_map(|(name, value)| (name == "payload").then_some(value))
        .ok_or_else(|| unreadable("it has no field `payload`"))?;
    let payload: Value = serde_json::from_str(&payload)
        .map_err(|error| unreadable(format!("its `payload` is not JSON: {error}")))?;
    let kind = payload["type"]
        .as_str()
        .ok_or_else(|| unreadable("its `payload` has no `type`"))?;
    if kind != "block_actions" {
        return Err(InteractionError::NotOurs(format!("type `{kind}`")));
    }
    // Slack sends one action for one click, in a list.
    let action = &payload["actions"][0];
    let id = action["action_id"]
        .as_str()
        .ok_or_else(|| unreadable("it has no `actions[0].action_id`"))?;
    let known = ButtonAction::from_id(id)
        .ok_or_else(|| InteractionError::NotOurs(format!("action `{id}`")))?;
    // `approve` is a word that others use too: what it carries tells whose it is.
    let value: ButtonValue = action["value"]
        .as_str()
        .and_then(|value| serde_json::from_str(value).ok())
        .ok_or_else(|| InteractionError::NotOurs(format!("`{id}` without a deployment")))?;
    let by = payload["user"]["id"]
        .as_str()
        .ok_or_else(|| unreadable("it does not say who clicked: no `user.id`"))?;
    Ok(Interaction {
        action: known,
        deployment: value.deployment,
        plan: value.plan,
        by: SlackUserId::new(by),
        response_url: payload["response_url"].as_str().map(str::to_owned),
    })
}

fn unreadable(why: impl Into<String>) -> InteractionError {
    InteractionError::Unreadable(why.into())
}

#[cfg(test)]
mod tests {
    use super::{Interaction, InteractionError, parse_interaction};
    use crate::simulated::interaction_body;
    use jiff::Timestamp;
    use serde_json::{Value, json};
    use sluice_core::id::{DeploymentId, Hash, SlackUserId};
    use sluice_core::message::{Button, ButtonAction};

    fn form(payload: &str) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", payload)
            .finish()
    }

    fn button(plan: Option<Hash>) -> Button {
        Button {
            action: ButtonAction::Approve,
            deployment: DeploymentId::from_outside("dep-78c09c6589e56604"),
            plan,
            confirm: None,
        }
    }

    fn clicked(change: impl FnOnce(&mut Value)) -> Result<Interaction, InteractionError> {
        let by = SlackUserId::new("U024BE7LH");
        let body = interaction_body(&button(None), &by, Timestamp::UNIX_EPOCH);
        let (_, payload) = form_urlencoded::parse(body.as_bytes()).next().unwrap();
        let mut payload = serde_json::from_str(&payload).unwrap();
        change(&mut payload);
        parse_interaction(form(&payload.to_string()).as_bytes())
    }

    #[test]
    fn a_click_comes_back_as_the_button_that_was_shown() {
        let plan = Hash::of_json(&"plan");
        let by = SlackUserId::new("U024BE7LH");
        let body = interaction_body(&button(Some(plan.clone())), &by, Timestamp::UNIX_EPOCH);
        let expected = Interaction {
            action: ButtonAction::Approve,
            deployment: DeploymentId::from_outside("dep-78c09c6589e56604"),
            plan: Some(plan),
            by,
            response_url: Some(
                "https://hooks.slack.com/actions/T0000000001/1/simulated".to_owned(),
            ),
        };
        assert_eq!(parse_interaction(body.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn an_organisation_wide_install_has_no_team() {
        assert!(clicked(|payload| payload["team"] = Value::Null).is_ok());
    }

    #[test]
    fn what_is_not_ours_is_told_from_what_is_unreadable() {
        let not_ours = [
            clicked(|payload| payload["type"] = json!("view_submission")),
            clicked(|payload| payload["type"] = json!("a_type_of_next_year")),
            clicked(|payload| payload["actions"][0]["action_id"] = json!("snooze")),
            clicked(|payload| payload["actions"][0]["value"] = json!("another app's")),
            clicked(|payload| payload["actions"][0]["value"] = Value::Null),
        ];
        for outcome in not_ours {
            assert!(
                matches!(outcome, Err(InteractionError::NotOurs(_))),
                "{outcome:?}"
            );
        }
        let unreadable = [
            clicked(|payload| payload["type"] = Value::Null),
            clicked(|payload| payload["actions"] = json!([])),
            clicked(|payload| payload["user"] = Value::Null),
            parse_interaction(b"token=1"),
            parse_interaction(form("{").as_bytes()),
            parse_interaction(&[0xff, 0xfe]),
        ];
        for outcome in unreadable {
            assert!(
                matches!(outcome, Err(InteractionError::Unreadable(_))),
                "{outcome:?}"
            );
        }
    }
}
