//! Requests as Slack's servers make them, for simulation and tests: nothing here is needed to
//! answer one.

use hmac::Mac;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use sluice_core::id::SlackUserId;
use sluice_core::message::Button;

use crate::interaction::button_value;
use crate::signature::mac;

/// The header `x-slack-signature` of a body sent at `timestamp` (Unix seconds, as in the header
/// `x-slack-request-timestamp`).
///
/// # Panics
/// The secret is empty: no Slack app has such a one.
pub fn sign(secret: &SecretString, timestamp: &str, body: &[u8]) -> String {
    let mac = mac(secret, timestamp, body).expect("a signing secret is not empty");
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

/// The body of the request that Slack sends when `by` clicks `button` at `at`.
pub fn interaction_body(button: &Button, by: &SlackUserId, at: Timestamp) -> String {
    let mut payload = json!({
        "type": "block_actions",
        "user": {"id": by, "username": "someone", "team_id": "T0000000001"},
        "api_app_id": "A0000000001",
        "team": {"id": "T0000000001", "domain": "example"},
        "container": {"type": "message", "message_ts": "1767606000.000100", "channel_id": "C0000000001"},
        "channel": {"id": "C0000000001", "name": "erp-production"},
        "response_url": "https://hooks.slack.com/actions/T0000000001/1/simulated",
        "trigger_id": "1.1.simulated",
        "actions": [{
            "type": "button",
            "action_id": button.action.id(),
            "block_id": "buttons",
            "text": {"type": "plain_text", "text": button.action.label()},
            "value": button_value(button),
            "action_ts": format!("{}.{:06}", at.as_second(), at.subsec_microsecond()),
        }],
    });
    // The signature is over the text, which must not depend on how serde_json was built.
    payload.sort_all_objects();
    form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}
