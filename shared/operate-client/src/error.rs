//! Why there is no answer.

use std::time::Duration;

/// Why there is no answer. No message holds a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There are no credentials to sign with. Nothing was sent.
    #[error(
        "there are no AWS credentials to sign with ({0}). Nothing was sent. Log in (`aws sso login`, \
         `aws configure`), or name a profile (--profile, AWS_PROFILE)"
    )]
    NoCredentials(String),
    /// Nobody was there. Nothing was sent.
    #[error("{host} cannot be reached ({why}). Nothing was sent: check the network and the URL")]
    NotReached {
        /// The server.
        host: String,
        /// Why not.
        why: String,
    },
    /// It was sent, and nothing came back in time.
    #[error("no answer within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// It was sent, and the connection broke.
    #[error("the connection broke before the answer was there ({0})")]
    Broken(String),
    /// It could not be signed.
    #[error("the request could not be signed ({0}). Nothing was sent")]
    NotSigned(String),
}

impl CallError {
    /// Whether the request may have arrived.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::TimedOut(_) | Self::Broken(_))
    }
}

/// An error with its causes.
pub(crate) fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.ends_with(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words
}
