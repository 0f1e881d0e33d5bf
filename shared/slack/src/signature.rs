//! Whether a request comes from Slack.
//!
//! slack-morphism's verifier reads the machine's clock; here the time is an argument, so that a
//! simulated request is judged by simulated time. The comparison is the `hmac` crate's own, in
//! constant time.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;

/// Slack's own bound against requests that are recorded and sent again.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(5);

/// A request that may be anyone's. Says nothing that helps in forging one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// `x-slack-signature` or `x-slack-request-timestamp` is missing.
    #[error("the request carries no Slack signature")]
    NoSignature,
    /// The timestamp is no number, or more than five minutes from now.
    #[error(
        "the request is older than five minutes, or the clocks differ: Slack does not retry it"
    )]
    Stale,
    /// Someone else's, or changed on its way.
    #[error(
        "the signature is wrong: not from Slack, or the signing secret is not this Slack app's"
    )]
    WrongSignature,
}

/// The secrets with which Slack may sign: one, or two while it is being changed.
#[derive(Clone, Debug)]
pub struct SigningSecrets {
    current: SecretString,
    previous: Option<SecretString>,
}

/// A value that holds no signing secrets. Says nothing of what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the signing secret is neither the secret itself, nor {{\"current\": \"…\", \"previous\": \
     \"…\"}}, nor a list of one or two of them"
)]
pub struct UnusableSecrets;

impl SigningSecrets {
    /// Reads the value of the secret that holds them.
    ///
    /// # Errors
    /// It is empty, or JSON of another shape.
    pub fn read(value: &SecretString) -> Result<Self, UnusableSecrets> {
        let text = value.expose_secret().trim();
        if !text.starts_with(['{', '[']) {
            return Self::new(text, None);
        }
        let value: Value = serde_json::from_str(text).map_err(|_| UnusableSecrets)?;
        let (current, previous) = match &value {
            Value::Array(list) if list.len() <= 2 => (list.first(), list.get(1)),
            Value::Object(named) => (named.get("current"), named.get("previous")),
            _ => return Err(UnusableSecrets),
        };
        let current = current.and_then(Value::as_str).ok_or(UnusableSecrets)?;
        let previous = match previous {
            None | Some(Value::Null) => None,
            Some(previous) => Some(previous.as_str().ok_or(UnusableSecrets)?),
        };
        // An empty one is one that is no longer needed.
        Self::new(
            current,
            previous.filter(|previous| !previous.trim().is_empty()),
        )
    }

    fn new(current: &str, previous: Option<&str>) -> Result<Self, UnusableSecrets> {
        if current.trim().is_empty() {
            return Err(UnusableSecrets);
        }
        Ok(Self {
            current: SecretString::from(current.trim()),
            previous: previous.map(|previous| SecretString::from(previous.trim())),
        })
    }

    /// Sees that Slack made the request, not long ago, with either of them. See [`verify`].
    ///
    /// # Errors
    /// It did not, or that is unknown.
    pub fn verify(
        &self,
        timestamp: Option<&str>,
        signature: Option<&str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Unverified> {
        let with = |secret| verify(secret, timestamp, signature, body, now);
        // Both are tried in any case: how long it takes says nothing of which one it was.
        let current = with(&self.current);
        let previous = self.previous.as_ref().map(with);
        current.or_else(|error| previous.unwrap_or(Err(error)))
    }
}

/// Sees that Slack made the request, not long ago.
///
/// `body` is the body as it was sent: Lambda hands form bodies over in base64, decode it first.
///
/// # Errors
/// It did not, or that is unknown.
pub fn verify(
    secret: &SecretString,
    timestamp: Option<&str>,
    signature: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Unverified> {
    let (timestamp, signature) = timestamp.zip(signature).ok_or(Unverified::NoSignature)?;
    let sent_at = sent_at(timestamp).ok_or(Unverified::Stale)?;
    if now.duration_since(sent_at).abs() > MAX_AGE {
        return Err(Unverified::Stale);
    }
    let claimed = signature
        .strip_prefix("v0=")
        .and_then(|digits| hex::decode(digits).ok())
        .ok_or(Unverified::WrongSignature)?;
    mac(secret, timestamp, body)
        .ok_or(Unverified::WrongSignature)?
        .verify_slice(&claimed)
        .map_err(|_| Unverified::WrongSignature)
}

/// When Slack sent the request, to the second: a part of what it signs.
pub fn sent_at(timestamp: &str) -> Option<Timestamp> {
    Timestamp::from_second(timestamp.parse().ok()?).ok()
}

/// The keyed hash over what Slack signs. `None` without a secret: configuring an empty one must not
/// accept requests that are signed with it.
pub(crate) fn mac(secret: &SecretString, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let key = secret.expose_secret().as_bytes();
    if key.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in [b"v0:", timestamp.as_bytes(), b":", body] {
        mac.update(part);
    }
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::{SigningSecrets, Unverified, verify};
    use jiff::Timestamp;
    use secrecy::SecretString;

    // The worked example of Slack's documentation, "Verifying requests from Slack".
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const BODY: &[u8] = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const SENT_AT: i64 = 1_531_420_618;

    fn verified(
        secret: &str,
        timestamp: Option<&str>,
        signature: Option<&str>,
        body: &[u8],
        now_s: i64,
    ) -> Result<(), Unverified> {
        let now = Timestamp::from_second(now_s).unwrap();
        verify(&SecretString::from(secret), timestamp, signature, body, now)
    }

    #[test]
    fn slacks_own_example_is_verified_for_five_minutes() {
        let sent = Some("1531420618");
        for (after_s, outcome) in [
            (0, Ok(())),
            (300, Ok(())),
            (301, Err(Unverified::Stale)),
            (-300, Ok(())),
            (-301, Err(Unverified::Stale)),
        ] {
            let now = SENT_AT + after_s;
            assert_eq!(
                verified(SECRET, sent, Some(SIGNATURE), BODY, now),
                outcome,
                "{after_s} s"
            );
        }
    }

    fn read(value: &str) -> Option<SigningSecrets> {
        SigningSecrets::read(&SecretString::from(value)).ok()
    }

    #[test]
    fn while_the_secret_is_changed_both_are_good() {
        let now = Timestamp::from_second(SENT_AT).unwrap();
        let verified = |value: &str| {
            let secrets = read(value).unwrap();
            secrets.verify(Some("1531420618"), Some(SIGNATURE), BODY, now)
        };
        for good in [
            SECRET.to_owned(),
            format!("{SECRET}\n"),
            format!(r#"["{SECRET}"]"#),
            format!(r#"["the-new-one", "{SECRET}"]"#),
            format!(r#"{{"current": "{SECRET}", "previous": ""}}"#),
            format!(r#"{{"current": "the-new-one", "previous": "{SECRET}"}}"#),
        ] {
            assert_eq!(verified(&good), Ok(()), "{good}");
        }
        let neither = verified(r#"{"current": "the-new-one", "previous": "another"}"#);
        assert_eq!(neither, Err(Unverified::WrongSignature));
    }

    #[test]
    fn what_holds_no_secret_is_no_secret() {
        for value in [
            "",
            " ",
            "{}",
            "[]",
            r#"[""]"#,
            r#"["a","b","c"]"#,
            r#"{"current":1}"#,
            "{",
        ] {
            assert!(read(value).is_none(), "{value}");
        }
        let shown = format!("{:?}", read(r#"["secret-a","secret-b"]"#).unwrap());
        assert!(
            !shown.contains("secret-a") && !shown.contains("secret-b"),
            "{shown}"
        );
    }

    #[test]
    fn whatever_was_changed_is_refused() {
        let (sent, signed) = (Some("1531420618"), Some(SIGNATURE));
        let wrong = Err(Unverified::WrongSignature);
        assert_eq!(verified("another", sent, signed, BODY, SENT_AT), wrong);
        assert_eq!(verified("", sent, signed, BODY, SENT_AT), wrong);
        assert_eq!(verified(SECRET, sent, signed, &BODY[1..], SENT_AT), wrong);
        assert_eq!(
            verified(SECRET, Some("1531420619"), signed, BODY, SENT_AT),
            wrong
        );
        let cut = Some(&SIGNATURE[..SIGNATURE.len() - 2]);
        assert_eq!(verified(SECRET, sent, cut, BODY, SENT_AT), wrong);
        let none = Err(Unverified::NoSignature);
        assert_eq!(verified(SECRET, None, signed, BODY, SENT_AT), none);
        assert_eq!(verified(SECRET, sent, None, BODY, SENT_AT), none);
        let stale = Err(Unverified::Stale);
        assert_eq!(
            verified(SECRET, Some("yesterday"), signed, BODY, SENT_AT),
            stale
        );
    }
}
