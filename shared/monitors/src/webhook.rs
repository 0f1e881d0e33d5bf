//! Signed webhooks, as Standard Webhooks has them:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
//!
//! The body is the change itself. `webhook-id` is the change's own id, the same however often it is
//! sent, and `webhook-signature` is the HMAC-SHA256 over id, time and body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use sluice_words::monitoring::StateChange;

use crate::http::{Credentials, Request};

/// The request, signed at that time with each key of the secret. `None` where the secret holds no
/// key.
pub(crate) fn signed(
    url: &str,
    change: &StateChange,
    secret: &SecretString,
    now: Timestamp,
) -> Option<Request> {
    let body = serde_json::to_vec(change).ok()?;
    let seconds = now.as_second().to_string();
    let mut content = format!("{}.{seconds}.", change.id).into_bytes();
    content.extend_from_slice(&body);
    // While a key is being changed the secret holds both, and both sign.
    let keys = secret.expose_secret().split_whitespace();
    let signatures: Option<Vec<String>> = keys.map(|key| signature(key, &content)).collect();
    let signatures = signatures.filter(|signatures| !signatures.is_empty())?;
    Some(Request {
        method: "POST",
        url: url.to_owned(),
        headers: vec![
            ("webhook-id", change.id.clone()),
            ("webhook-timestamp", seconds),
            ("webhook-signature", signatures.join(" ")),
        ],
        credentials: Credentials::None,
        body,
    })
}

fn signature(key: &str, content: &[u8]) -> Option<String> {
    let key = STANDARD.decode(key.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(content);
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    Some(format!("v1,{signature}"))
}
