//! What can be done about Slack's errors.
//! <https://docs.slack.dev/reference/methods/chat.postMessage>

use std::fmt;

use sluice_core::failure::PortError;

use super::api::Failed;

/// Slack's words for a user group that is not there.
pub(super) const NO_SUCH_GROUP: [&str; 2] = ["no_such_subteam", "subteam_not_found"];

/// Slack's error code for an address that no one has.
pub(super) const NO_SUCH_USER: &str = "users_not_found";

/// The error of `method`, which was asked about `what`: a channel or a group.
pub(super) fn port_error(method: impl fmt::Display, what: &str, failed: Failed) -> PortError {
    match failed {
        Failed::Refused { code, needed_scope } => {
            refused(&method.to_string(), what, &code, needed_scope)
        }
        Failed::RateLimited {
            retry_after: Some(after),
        } => PortError::retryable(format!(
            "Slack limits the rate of {method}: no more calls for {}s",
            after.as_secs()
        )),
        Failed::RateLimited { retry_after: None } => PortError::retryable(format!(
            "Slack limits the rate of {method}: no more calls for now"
        )),
        Failed::Status(status @ (401 | 403)) => PortError::needs_person(format!(
            "Slack answered {method} with HTTP {status}: check that the bot token belongs to this \
             workspace's app, and that no proxy is in between"
        )),
        Failed::Status(status @ (408 | 500..)) => {
            PortError::retryable(format!("Slack answered {method} with HTTP {status}"))
        }
        Failed::Status(status) => {
            PortError::permanent(format!("Slack answered {method} with HTTP {status}"))
        }
        Failed::NoAnswer(how) => PortError::retryable(format!("Slack {how} ({method})")),
    }
}

fn refused(method: &str, what: &str, code: &str, needed_scope: Option<String>) -> PortError {
    let said = format!("Slack refused {method} for {what} ({code})");
    match code {
        "not_in_channel" | "channel_not_found" => PortError::needs_person(format!(
            "{said}: invite the Sluice app to the channel, or correct `channel` in sluice.toml"
        )),
        "is_archived" => PortError::needs_person(format!(
            "{said}: unarchive the channel, or name another in sluice.toml"
        )),
        "expired_trigger_id" | "exchanged_trigger_id" => PortError::retryable(format!(
            "{said}: a form must be opened within 3 seconds, and they had passed"
        )),
        "not_enabled" => PortError::needs_person(format!(
            "{said}: switch on the Home tab in the Slack app's settings, under App Home"
        )),
        "restricted_action" | "restricted_action_read_only_channel" => PortError::needs_person(
            format!("{said}: let apps post there in the channel's settings"),
        ),
        "missing_scope" | "no_permission" | "permission_denied" => {
            let scope = needed_scope.unwrap_or_else(|| "it needs".to_owned());
            PortError::needs_person(format!(
                "{said}: give the Slack app the scope {scope} and install it again"
            ))
        }
        "invalid_auth"
        | "not_authed"
        | "account_inactive"
        | "token_revoked"
        | "token_expired"
        | "not_allowed_token_type"
        | "org_login_required"
        | "ekm_access_denied"
        | "access_denied" => PortError::needs_person(format!(
            "{said}: store the app's current bot token in its secret"
        )),
        "ratelimited"
        | "rate_limited"
        | "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org"
        | "message_limit_exceeded" => PortError::retryable(said),
        _ => PortError::permanent(said),
    }
}
