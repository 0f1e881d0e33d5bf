//! What each refusal of Slack's means and what can be done about it: one table for all calls.
//! <https://docs.slack.dev/reference/methods/chat.postMessage>,
//! <https://docs.slack.dev/reference/methods/chat.update>

use std::fmt;

use sluice_app::ports::{ChatError, Refusal};
use sluice_core::failure::PortError;

use super::api::{Failed, Refused};

/// Slack's words for a user group that is not there.
pub(super) const NO_SUCH_GROUP: [&str; 2] = ["no_such_subteam", "subteam_not_found"];

/// Slack's words for an address or an id that no one has.
pub(super) const NO_SUCH_USER: [&str; 2] = ["users_not_found", "user_not_found"];

/// Slack's words for a token without the right to call the method.
pub(super) const MISSING_SCOPE: &str = "missing_scope";

/// What a refusal means, and what to do about it.
pub(super) fn meaning(refused: &Refused) -> (Refusal, Option<String>) {
    let about_trigger = || refused.messages.iter().any(|it| it.contains("trigger_id"));
    let (refusal, what_to_do) = match refused.code.as_str() {
        "message_not_found" | "thread_not_found" => (Refusal::Deleted, "it was deleted"),
        // `invalid_blocks` is what Slack says of a text that is a few characters too long, too.
        "msg_too_long"
        | "msg_blocks_too_long"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "block_mismatch"
        | "no_text"
        | "too_many_attachments"
        | "attachment_payload_limit_exceeded" => return (Refusal::TooLong, None),
        "cant_broadcast_message"
        | "cannot_reply_to_message"
        | "restricted_action_thread_locked"
        | "restricted_action_non_threadable_channel" => (
            Refusal::NotAllowedHere,
            "allow replies in the channel's settings",
        ),
        code if code.starts_with("restricted_action") => (
            Refusal::NotAllowedHere,
            "let apps post there in the channel's settings",
        ),
        "cant_update_message" | "edit_window_closed" => {
            (Refusal::ForGood, "this message cannot be changed any more")
        }
        "expired_trigger_id" | "exchanged_trigger_id" => (Refusal::Trigger, TOO_LATE),
        "invalid_arguments" | "invalid_trigger_id" if about_trigger() => {
            (Refusal::Trigger, TOO_LATE)
        }
        "ratelimited"
        | "rate_limited"
        | "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "update_failed"
        | "external_channel_migrating"
        | "team_added_to_org"
        | "message_limit_exceeded" => return (Refusal::Busy, None),
        code if is_about_token(code) => (
            Refusal::Token,
            "store the app's current bot token in its secret",
        ),
        _ => return setting(refused),
    };
    (refusal, Some(what_to_do.to_owned()))
}

const TOO_LATE: &str = "a form must be opened within 3 seconds, and they had passed";

/// Whether another token may do what this one may not.
pub(super) fn is_about_token(code: &str) -> bool {
    matches!(
        code,
        "invalid_auth"
            | "not_authed"
            | "account_inactive"
            | "token_revoked"
            | "token_expired"
            | "not_allowed_token_type"
            | "org_login_required"
            | "access_denied"
    )
}

/// What a person changes in Slack. What is not known will never pass.
fn setting(refused: &Refused) -> (Refusal, Option<String>) {
    let what_to_do = match refused.code.as_str() {
        "not_in_channel" | "channel_not_found" => {
            "invite the Sluice app to the channel, or correct `channel` in sluice.toml"
        }
        "is_archived" | "is_inactive" => "unarchive the channel, or name another in sluice.toml",
        "channel_is_limited_access" => "let the Sluice app post there in the channel's settings",
        "not_enabled" => "switch on the Home tab in the Slack app's settings, under App Home",
        MISSING_SCOPE | "no_permission" | "permission_denied" => {
            let scope = refused.needed_scope.as_deref().unwrap_or("it needs");
            let give = format!("give the Slack app the scope {scope} and install it again");
            return (Refusal::Setting, Some(give));
        }
        "team_access_not_granted"
        | "enterprise_is_restricted"
        | "two_factor_setup_required"
        | "accesslimited"
        | "ekm_access_denied" => {
            "ask an administrator of Slack to allow the Sluice app in this workspace"
        }
        "missing_argument" | "invalid_team" if refused.is_about_team() => {
            "the token is for a whole organisation: install the Slack app in the workspace itself, \
             and store that bot token in its secret"
        }
        "plan_upgrade_required" => {
            "user groups need a paid plan of Slack: name people in sluice.toml instead"
        }
        _ => return (Refusal::ForGood, None),
    };
    (Refusal::Setting, Some(what_to_do.to_owned()))
}

/// The error of `method`, which was called about `what`: a channel, a group or a person.
pub(super) fn chat_error(method: impl fmt::Display, what: &str, failed: Failed) -> ChatError {
    let refused = match failed {
        Failed::Refused(refused) => refused,
        failed => return unanswered(&method.to_string(), failed).into(),
    };
    let (refusal, what_to_do) = meaning(&refused);
    // Where in the message the trouble is, in Slack's words.
    let details: String = refused
        .messages
        .iter()
        .map(|one| format!("; {one}"))
        .collect();
    let said = format!(
        "Slack refused {method} for {what} ({}{details})",
        refused.code
    );
    ChatError::new(
        refusal,
        match what_to_do {
            Some(what_to_do) => format!("{said}: {what_to_do}"),
            None => said,
        },
    )
}

/// The same for calls that are not about a message.
pub(super) fn port_error(method: impl fmt::Display, what: &str, failed: Failed) -> PortError {
    chat_error(method, what, failed).error
}

/// The error of a call that Slack gave no word of refusal for.
fn unanswered(method: &str, failed: Failed) -> PortError {
    match failed {
        Failed::Refused(Refused { code, .. }) => {
            PortError::permanent(format!("Slack refused {method} ({code})"))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, message: &str) -> Refused {
        Refused {
            code: code.to_owned(),
            needed_scope: Some("chat:write".to_owned()),
            messages: vec![message.to_owned()],
        }
    }

    #[test]
    fn each_refusal_has_one_meaning_for_all_calls() {
        use Refusal::{Busy, Deleted, ForGood, NotAllowedHere, Setting, Token, TooLong, Trigger};
        let table: [(Refusal, &[&str]); 8] = [
            (Deleted, &["message_not_found", "thread_not_found"]),
            (
                TooLong,
                &["msg_too_long", "msg_blocks_too_long", "invalid_blocks"],
            ),
            (
                NotAllowedHere,
                &[
                    "cant_broadcast_message",
                    "restricted_action",
                    "restricted_action_read_only_channel",
                    "restricted_action_thread_locked",
                    "restricted_action_non_threadable_channel",
                    "restricted_action_of_next_year",
                ],
            ),
            (
                ForGood,
                &[
                    "cant_update_message",
                    "edit_window_closed",
                    "duplicate_message_not_found",
                    "metadata_too_large",
                    "an_error_of_next_year",
                ],
            ),
            (
                Busy,
                &[
                    "ratelimited",
                    "internal_error",
                    "update_failed",
                    "message_limit_exceeded",
                ],
            ),
            (
                Token,
                &["invalid_auth", "token_revoked", "account_inactive"],
            ),
            (Trigger, &["expired_trigger_id", "exchanged_trigger_id"]),
            (
                Setting,
                &[
                    "not_in_channel",
                    "channel_not_found",
                    "is_archived",
                    "is_inactive",
                    "channel_is_limited_access",
                    "missing_scope",
                    "team_access_not_granted",
                    "enterprise_is_restricted",
                    "two_factor_setup_required",
                    "accesslimited",
                    "ekm_access_denied",
                    "plan_upgrade_required",
                ],
            ),
        ];
        for (refusal, codes) in table {
            for code in codes {
                let (means, what_to_do) = meaning(&refused(code, ""));
                assert_eq!(means, refusal, "{code}");
                let is_silent = matches!(refusal, Busy | ForGood | TooLong);
                assert!(what_to_do.is_some() || is_silent, "{code}");
            }
        }
    }

    #[test]
    fn invalid_arguments_are_a_late_trigger_only_where_slack_says_so() {
        let late = "[ERROR] `trigger_id` expired [json-pointer:/trigger_id]";
        let of = |message| meaning(&refused("invalid_arguments", message)).0;
        assert_eq!(of(late), Refusal::Trigger);
        assert_eq!(of("[ERROR] missing required field: view"), Refusal::ForGood);
    }

    #[test]
    fn what_slack_says_of_the_place_is_in_the_error() {
        let details = "[ERROR] must be less than 3001 characters [json-pointer:/blocks/3/text]";
        let failed = Failed::Refused(refused("invalid_blocks", details));
        let error = chat_error("chat.update", "C1", failed);
        assert_eq!(error.refusal, Refusal::TooLong);
        assert!(error.to_string().contains(details), "{error}");
    }
}
