//! The simulated Slack, as somebody at the screen uses it.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_slack::sign;

use crate::http::Http;

/// What `sluice cloud` puts into its secrets.
const BOT_TOKEN: &str = "xoxb-simulated";
const SIGNING_SECRET: &str = "simulated-signing-secret";

/// The Slack of `sluice cloud`, and the address of Sluice's function for it.
pub(crate) struct Slack {
    http: Http,
    api: String,
    /// Where the function is reached, and the host name by which the account knows it.
    function: (String, String),
}

impl Slack {
    pub(crate) fn new(cloud: &str, account: &str, function_url: &str) -> Self {
        let host = function_url.split('/').nth(2).unwrap_or_default();
        Self {
            http: Http::new(),
            api: format!("{cloud}/slack/api"),
            function: (format!("{account}/"), host.to_owned()),
        }
    }

    /// The channel's own messages, the youngest first.
    pub(crate) async fn messages(&self, channel: &str) -> Vec<Value> {
        let channels = self.call("users.conversations", &json!({})).await;
        let name = channel.trim_start_matches('#');
        let channels = channels["channels"].as_array().unwrap();
        let channel = channels.iter().find(|one| one["name"] == name).unwrap();
        let asked = json!({"channel": channel["id"], "limit": 100});
        let history = self.call("conversations.history", &asked).await;
        history["messages"].as_array().unwrap().clone()
    }

    /// Clicks a button of a message, with the signature that Slack makes. The status it is
    /// answered with; none if the function was killed over it.
    pub(crate) async fn click(&self, button: &Value, by: &str) -> Option<u16> {
        let payload = json!({
            "type": "block_actions",
            "user": {"id": by, "team_id": "T0000000001"},
            "team": {"id": "T0000000001", "domain": "example"},
            "trigger_id": "1.1.simulated",
            "actions": [{
                "type": "button",
                "action_id": button["action_id"],
                "value": button["value"],
            }],
        });
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", &payload.to_string())
            .finish();
        let timestamp = Timestamp::now().as_second().to_string();
        let secret = SecretString::from(SIGNING_SECRET);
        let signature = sign(&secret, &timestamp, body.as_bytes());
        let (url, host) = &self.function;
        let headers = [
            ("host", host.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-slack-request-timestamp", &timestamp),
            ("x-slack-signature", &signature),
        ];
        let answered = self.http.post(url, &headers, body).await;
        answered.map(|(status, _)| status)
    }

    async fn call(&self, method: &str, arguments: &Value) -> Value {
        let authorization = format!("Bearer {BOT_TOKEN}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
        ];
        let url = format!("{}/{method}", self.api);
        let answer = self.http.post(&url, &headers, arguments.to_string()).await;
        let (_, answer) = answer.unwrap();
        assert_eq!(answer["ok"], true, "{method}: {answer}");
        answer
    }
}

/// The button with this `action_id` among a message's blocks.
pub(crate) fn button<'a>(message: &'a Value, action_id: &str) -> Option<&'a Value> {
    let blocks = message["blocks"].as_array()?;
    let elements = blocks
        .iter()
        .filter_map(|block| block["elements"].as_array());
    elements.flatten().find(|one| one["action_id"] == action_id)
}
