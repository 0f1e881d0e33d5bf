//! What Slack's requests go to: the function `slack`, and the world's way to it.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails its test"
)]

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::App;
use sluice_app::ports::WakeUp;
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;
use sluice_sim::cloud::{EcsHookCall, Emitted};
use sluice_sim::world::{Click, ClickReply, DirectFunctions, Functions};
use sluice_slack::{SigningSecrets, interaction_body, sign};
use sluice_slack_function::{Door, Endless, Patience, Response, handler};

const TEAM: &str = "T0000000001";
const ORGANISATION: &str = "E0000000001";
const SIGNING_SECRET: &str = "simulated-signing-secret";

/// The function `slack`, and Slack's way to it.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) app: App,
    door: Door,
    /// Whether its workspace is one of an organisation, and people click in another of them.
    in_organisation: bool,
}

impl Desk {
    pub(super) fn of(app: App, in_organisation: bool) -> Self {
        let secrets = SigningSecrets::read(&SecretString::from(SIGNING_SECRET)).unwrap();
        let team = Some(TEAM.to_owned());
        Self {
            app,
            door: Door { secrets, team },
            in_organisation,
        }
    }

    /// Takes a request with this body.
    pub(super) async fn takes(
        &self,
        body: &str,
        patience: &impl Patience,
        now: Timestamp,
    ) -> Response {
        let organised = self.in_organisation.then(|| of_organisation(body));
        let body = organised.as_deref().unwrap_or(body);
        let timestamp = now.as_second().to_string();
        let secret = SecretString::from(SIGNING_SECRET);
        let signature = sign(&secret, &timestamp, body.as_bytes());
        let request = json!({
            "headers": {
                "x-slack-request-timestamp": timestamp,
                "x-slack-signature": signature,
            },
            "body": body,
            "isBase64Encoded": false,
        });
        handler(&self.app, &request, &self.door, patience, now).await
    }
}

/// The body as it comes from an organisation, by somebody who is in another workspace of it.
fn of_organisation(body: &str) -> String {
    if body.starts_with('{') {
        return body.to_owned();
    }
    let mut fields: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    for (name, value) in &mut fields {
        if name == "payload" {
            let mut payload: Value = serde_json::from_str(value).unwrap();
            if payload["enterprise"].is_null() {
                payload["enterprise"] = json!({"id": ORGANISATION, "name": "example"});
                payload["user"]["team_id"] = json!("T0SECOND01");
            }
            if payload["type"] == "view_submission" {
                payload["team"]["id"] = json!("T0SECOND01");
                payload["view"]["app_installed_team_id"] = json!(TEAM);
            }
            *value = payload.to_string();
        }
    }
    fields.push(("enterprise_id".to_owned(), ORGANISATION.to_owned()));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// What is deployed: clicks go to the desk, everything else straight to the application.
pub(super) struct Deployed {
    pub(super) direct: DirectFunctions,
    pub(super) desk: Desk,
}

#[async_trait]
impl Functions for Deployed {
    async fn cloud_event(&self, event: &Emitted) -> Result<(), PortError> {
        self.direct.cloud_event(event).await
    }

    async fn wake_up(&self, wake_up: &WakeUp) -> Result<(), PortError> {
        self.direct.wake_up(wake_up).await
    }

    async fn hook(&self, call: &EcsHookCall) -> Result<HookAnswer, String> {
        self.direct.hook(call).await
    }

    async fn minute(&self) -> Result<(), PortError> {
        self.direct.minute().await
    }

    async fn click(&self, click: &Click) -> Result<ClickReply, PortError> {
        let now = self.desk.app.ports().clock.now();
        let body = interaction_body(&click.button, &click.user, now);
        let response = self.desk.takes(&body, &Endless, now).await;
        assert_eq!(response.status_code, 200, "{}", response.body);
        let text = response
            .reply
            .map_or_else(String::new, |it| it.message.text);
        if text.contains("Click again in a moment") {
            return Err(PortError::retryable(text));
        }
        Ok(ClickReply { text })
    }
}
