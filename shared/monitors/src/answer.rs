//! What a monitor's answer means.

use jiff::SignedDuration;
use sluice_app::ports::{MonitorError, NotTaken};
use sluice_core::config::Monitor;
use sluice_core::redact::redacted;

use crate::http::{Answer, NoAnswer};

/// Characters of a refusal that are repeated.
const SAID: usize = 200;

/// What was asked, and of whom.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) monitor: &'a Monitor,
    /// The call in the API's own words, such as `POST /api/annotations`.
    pub(crate) call: &'a str,
    /// The host that was asked.
    pub(crate) host: &'a str,
}

impl Asked<'_> {
    /// An error for an answer that is not a success.
    pub(crate) fn refused(self, answer: &Answer) -> MonitorError {
        let Asked {
            monitor,
            call,
            host,
        } = self;
        let status = answer.status;
        let secret = monitor.secret().unwrap_or("no secret");
        let said = said(answer);
        let (not_taken, advice) = match status {
            401 | 403 => (
                NotTaken::Setting,
                format!("check that the secret `{secret}` is the right one and may do that"),
            ),
            404 | 405 | 300..=399 => (
                NotTaken::Setting,
                "check its address and names in sluice.toml".to_owned(),
            ),
            408 | 425 | 429 | 500.. => (busy(answer.retry_after), "it is tried again".to_owned()),
            _ => (NotTaken::ForGood, "this is left out".to_owned()),
        };
        MonitorError {
            not_taken,
            // A proxy in between says so of what may have been done behind it.
            may_be_there: status >= 500,
            message: format!("{host} answered {status} to {call}{said}: {advice}"),
        }
    }

    /// An error for an answer that lacks what it must have.
    pub(crate) fn unreadable(self, missing: &str) -> MonitorError {
        let Asked { call, host, .. } = self;
        MonitorError {
            not_taken: busy(None),
            may_be_there: true,
            message: format!("the answer of {host} to {call} has no {missing}"),
        }
    }

    /// An error for no answer.
    pub(crate) fn unanswered(self, why: NoAnswer) -> MonitorError {
        let Asked { call, host, .. } = self;
        let (not_taken, may_be_there, message) = match why {
            NoAnswer::NotARequest(why) => (
                NotTaken::Setting,
                false,
                format!("{call} cannot be sent to {host}: {why}"),
            ),
            NoAnswer::NotReached(why) => (
                busy(None),
                false,
                format!("{host} cannot be reached: {why}"),
            ),
            NoAnswer::Lost(why) => (
                busy(None),
                true,
                format!("the answer of {host} to {call} was lost: {why}"),
            ),
        };
        MonitorError {
            not_taken,
            may_be_there,
            message,
        }
    }
}

pub(crate) fn busy(retry_after: Option<SignedDuration>) -> NotTaken {
    NotTaken::Busy { retry_after }
}

/// What it says about a refusal, without what may be a secret.
pub(crate) fn said(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = redacted(&line).chars().take(SAID).collect();
    match line.is_empty() || line.starts_with('<') {
        true => String::new(),
        false => format!(" ({line})"),
    }
}
