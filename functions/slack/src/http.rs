//! HTTP as Lambda hands it over: a Function URL and an HTTP API of API Gateway speak the same
//! format, version 2.0.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sluice_slack::Rendered;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub struct Request {
    /// Names may be in capitals or not.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The most bytes of a body. Slack's largest, a click on a full message, has some 200 KB; Lambda
/// hands over 6 MB, from anyone, before the signature is seen.
pub(crate) const BODY_MAX: usize = 1024 * 1024;

/// A body that is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableBody {
    /// It says it is base64 and is not.
    #[error("the body is not valid base64: {0}")]
    Base64(base64::DecodeError),
    /// It is larger than any of Slack's.
    #[error("the body has {0} bytes, and at most {BODY_MAX} are accepted")]
    TooLarge(usize),
}

impl Request {
    /// A header; case does not matter in its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as it was sent: what Slack's signature is about.
    ///
    /// # Errors
    /// It is too large, or said to be base64 and is not.
    pub fn body(&self) -> Result<Vec<u8>, UnreadableBody> {
        let body = self.body.as_deref().unwrap_or_default();
        let sent = match self.is_base64_encoded {
            true => body.len() / 4 * 3,
            false => body.len(),
        };
        if sent > BODY_MAX {
            return Err(UnreadableBody::TooLarge(sent));
        }
        if self.is_base64_encoded {
            let decoded = BASE64_STANDARD.decode(body);
            decoded.map_err(UnreadableBody::Base64)
        } else {
            Ok(body.as_bytes().to_vec())
        }
    }
}

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
