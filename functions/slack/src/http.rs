//! HTTP as Lambda hands it over: a Function URL and an HTTP API of API Gateway speak the same
//! format, version 2.0.

use std::collections::BTreeMap;

use serde::Serialize;
pub use sluice_events::function_url::{Request, UnreadableBody};
use sluice_slack::Rendered;

/// The most bytes of a body. Slack's largest, a click on a full message, has some 200 KB; Lambda
/// hands over 6 MB, from anyone, before the signature is seen.
pub(crate) const BODY_MAX: usize = 1024 * 1024;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The HTTP status.
    pub status_code: u16,
    /// The headers.
    pub headers: BTreeMap<&'static str, &'static str>,
    /// The body.
    pub body: String,
    /// What is sent to Slack in addition to the response, as Slack shows nothing of a click's
    /// response.
    #[serde(skip)]
    pub reply: Option<Reply>,
}

/// A message for the person who clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The address that came with the click.
    pub response_url: String,
    /// The message.
    pub message: Rendered,
}

impl Response {
    pub(crate) fn text(status_code: u16, body: impl Into<String>) -> Self {
        Self::new(status_code, "text/plain; charset=utf-8", body)
    }

    /// Success, and nothing to show.
    pub(crate) fn empty() -> Self {
        Self::text(200, "")
    }

    pub(crate) fn json(body: &serde_json::Value) -> Self {
        Self::new(200, "application/json", body.to_string())
    }

    fn new(status_code: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self {
            status_code,
            headers: BTreeMap::from([("content-type", content_type)]),
            body: body.into(),
            reply: None,
        }
    }
}
