//! Requests as Slack's servers make them, for simulation and tests: nothing here is needed to
//! answer one.

use hmac::Mac;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use sluice_core::id::UserId;
use sluice_words::message::{Button, ButtonAction};
use sluice_words::modal::{InputName, Submission};
use sluice_words::slash::COMMAND;

use crate::interaction::button_value;
use crate::render::purpose_value;
use crate::signature::mac;

/// The simulated workspace, and the app in it.
const TEAM: &str = "T0000000001";
const APP: &str = "A0000000001";

/// The header `x-slack-signature` of a body sent at `timestamp` (Unix seconds, as in the header
/// `x-slack-request-timestamp`).
///
/// # Panics
/// The secret is empty: no Slack app has such a one.
pub fn sign(secret: &SecretString, timestamp: &str, body: &[u8]) -> String {
    let mac = mac(secret, timestamp, body).expect("a signing secret is not empty");
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

/// A click, as Slack sends it.
#[derive(Clone, Debug)]
pub struct SimulatedClick<'a> {
    /// The button's `action_id`.
    pub action_id: &'a str,
    /// The button's `value`.
    pub value: &'a str,
    /// Who clicked.
    pub by: &'a UserId,
    /// When.
    pub at: Timestamp,
    /// Leave to put a form before them.
    pub trigger: &'a str,
    /// Where words for them go.
    pub response_url: &'a str,
}

/// The body of the request that Slack sends of a click.
pub fn click_body(click: &SimulatedClick<'_>) -> String {
    let label = match ButtonAction::from_id(click.action_id) {
        Some(action) => action.label(),
        None => click.action_id,
    };
    let at = click.at;
    let mut payload = json!({
        "type": "block_actions",
        "user": {"id": click.by, "username": "someone", "team_id": TEAM},
        "api_app_id": APP,
        "team": {"id": TEAM, "domain": "example"},
        "container": {"type": "message", "message_ts": "1767606000.000100", "channel_id": "C0000000001"},
        "channel": {"id": "C0000000001", "name": "erp-production"},
        "response_url": click.response_url,
        "trigger_id": click.trigger,
        "actions": [{
            "type": "button",
            "action_id": click.action_id,
            "block_id": "buttons",
            "text": {"type": "plain_text", "text": label},
            "value": click.value,
            "action_ts": format!("{}.{:06}", at.as_second(), at.subsec_microsecond()),
        }],
    });
    // The signature is over the text, which must not depend on how serde_json was built.
    payload.sort_all_objects();
    form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

/// The body of the request that Slack sends when `by` clicks `button` at `at`.
pub fn interaction_body(button: &Button, by: &UserId, at: Timestamp) -> String {
    click_body(&SimulatedClick {
        action_id: button.action.id(),
        value: &button_value(button),
        by,
        at,
        trigger: "1.1.simulated",
        response_url: "https://hooks.slack.com/actions/T0000000001/1/simulated",
    })
}

/// The body of the request that Slack sends when `by` types `/sluice` and `text`. `trigger` is the
/// command's own id.
pub fn command_body(text: &str, by: &UserId, trigger: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("team_id", TEAM)
        .append_pair("team_domain", "example")
        .append_pair("channel_id", "C0000000001")
        .append_pair("channel_name", "erp-production")
        .append_pair("user_id", by.as_str())
        .append_pair("user_name", "someone")
        .append_pair("command", COMMAND)
        .append_pair("text", text)
        .append_pair("api_app_id", APP)
        .append_pair("is_enterprise_install", "false")
        .append_pair(
            "response_url",
            "https://hooks.slack.com/commands/T0000000001/1/simulated",
        )
        .append_pair("trigger_id", trigger)
        .finish()
}

/// The body of the request that Slack sends when someone sends a form.
pub fn submission_body(submission: &Submission) -> String {
    let values: Map<String, Value> = submission
        .answers
        .iter()
        .map(|(name, answer)| {
            let action = match name {
                InputName::Reason | InputName::Confirm => {
                    json!({"type": "plain_text_input", "value": answer})
                }
                InputName::Release | InputName::Schema | InputName::Point => {
                    json!({"type": "static_select", "selected_option": {"value": answer}})
                }
            };
            let actions = Value::Object(Map::from_iter([(name.id().to_owned(), action)]));
            (name.id().to_owned(), actions)
        })
        .collect();
    let mut payload = json!({
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "example"},
        "user": {"id": submission.by, "name": "someone", "team_id": TEAM},
        "api_app_id": APP,
        "trigger_id": "1.1.simulated",
        "view": {
            "id": submission.id,
            "type": "modal",
            "callback_id": submission.purpose.id(),
            "private_metadata": purpose_value(&submission.purpose),
            "state": {"values": values},
        },
        "response_urls": [],
    });
    payload.sort_all_objects();
    form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

/// The body of the event that Slack sends when someone looks at the app's home page.
pub fn home_opened_body(user: &UserId, at: Timestamp) -> String {
    let mut event = json!({
        "token": "simulated",
        "team_id": TEAM,
        "api_app_id": APP,
        "type": "event_callback",
        "event_id": "Ev0000000001",
        "event_time": at.as_second(),
        "authorizations": [{"enterprise_id": null, "team_id": TEAM, "user_id": "U0000000002", "is_bot": true}],
        "event": {
            "type": "app_home_opened",
            "user": user,
            "channel": "D0000000001",
            "tab": "home",
            "event_ts": format!("{}.000000", at.as_second()),
        },
    });
    event.sort_all_objects();
    event.to_string()
}

/// The body of the request with which Slack sees whether an address is ours.
pub fn url_verification_body(challenge: &str) -> String {
    let mut event =
        json!({"type": "url_verification", "token": "simulated", "challenge": challenge});
    event.sort_all_objects();
    event.to_string()
}
