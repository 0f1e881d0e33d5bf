//! A request to a Function URL, in Lambda's format 2.0, which an HTTP API of API Gateway speaks too.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use sluice_core::id::PrincipalArn;

use crate::bounded;

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
    #[serde(default)]
    request_context: Context,
}

/// What Lambda says of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Context {
    authorizer: Option<Authorizer>,
    /// In milliseconds.
    time_epoch: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(expecting = "an object")]
struct Authorizer {
    iam: Option<Caller>,
}

/// Who calls, as Lambda has read it from the signature. Only a URL of `AuthType` `AWS_IAM` says it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub struct Caller {
    /// The principal: an IAM user, or a role with the name of its session.
    #[serde(deserialize_with = "bounded::principal")]
    pub user_arn: PrincipalArn,
    /// The principal's account.
    #[serde(deserialize_with = "bounded::text")]
    pub account_id: String,
}

/// A body that is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableBody {
    /// It says it is base64 and is not.
    #[error("the body is not valid base64: {0}")]
    Base64(base64::DecodeError),
    /// It is larger than any that is expected.
    #[error("the body has {sent} bytes, and at most {most} are accepted")]
    TooLarge {
        /// How large it is.
        sent: usize,
        /// How large it may be.
        most: usize,
    },
}

impl Request {
    /// A header; case does not matter in its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Who calls; `None` where Lambda does not say it.
    pub fn caller(&self) -> Option<&Caller> {
        self.request_context.authorizer.as_ref()?.iam.as_ref()
    }

    /// When Lambda took the request, if it says so.
    pub fn taken_at(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.request_context.time_epoch?).ok()
    }

    /// The body as it was sent: what a signature is about.
    ///
    /// # Errors
    /// It has more than `most` bytes, or is said to be base64 and is not.
    pub fn body(&self, most: usize) -> Result<Vec<u8>, UnreadableBody> {
        let body = self.body.as_deref().unwrap_or_default();
        let sent = match self.is_base64_encoded {
            true => body.len() / 4 * 3,
            false => body.len(),
        };
        if sent > most {
            return Err(UnreadableBody::TooLarge { sent, most });
        }
        if self.is_base64_encoded {
            let decoded = BASE64_STANDARD.decode(body);
            decoded.map_err(UnreadableBody::Base64)
        } else {
            Ok(body.as_bytes().to_vec())
        }
    }
}
