//! A message for the person who clicked, to the address that came with the click.

use std::time::Duration;

use serde_json::json;
use slack_morphism::prelude::{
    SlackClientApiCallContext, SlackClientHttpConnector, SlackClientHyperHttpsConnector,
};
use sluice_core::failure::PortError;

use super::api::{connector, is_this_machine, within};
use super::errors::port_error;
use crate::render::Rendered;

/// The click itself must be answered within 3 seconds: the function leaves this second of them.
const CALL_TIMEOUT: Duration = Duration::from_secs(1);

/// Where Slack takes replies; the second is GovSlack.
const HOSTS: [&str; 2] = ["https://hooks.slack.com/", "https://hooks.slack-gov.com/"];

/// Replies to clicks. Needs no token: the address is the permission.
#[derive(Clone, Debug)]
pub struct Responder {
    connector: SlackClientHyperHttpsConnector,
}

impl Default for Responder {
    fn default() -> Self {
        Self::new()
    }
}

impl Responder {
    /// A responder; it connects when it is used.
    pub fn new() -> Self {
        Self {
            connector: connector(),
        }
    }

    /// Shows a message only to the person who clicked.
    ///
    /// # Errors
    /// The address is not one of Slack's, or Slack did not take it.
    pub async fn reply(&self, response_url: &str, message: &Rendered) -> Result<(), PortError> {
        let is_slack = HOSTS.iter().any(|host| response_url.starts_with(host));
        let url = response_url
            .parse()
            .ok()
            .filter(|_| is_slack || is_this_machine(response_url))
            .ok_or_else(|| {
                PortError::permanent("the click's response_url is not a Slack address")
            })?;
        let reply = json!({
            "response_type": "ephemeral",
            "replace_original": false,
            "text": message.text,
            "blocks": message.blocks,
        });
        let span = tracing::Span::none();
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None,
            tracing_span: &span,
            is_sensitive_url: true,
        };
        let call = self.connector.http_post_uri(url, &reply, context);
        match within(CALL_TIMEOUT, call).await {
            Ok(_) => Ok(()),
            Err(failed) => Err(port_error("response_url", "a click", failed)),
        }
    }
}
