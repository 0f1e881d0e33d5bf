//! What this Slack insists on. By default it is as its documentation has it; strictly it is as people
//! report it from the field.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::json;

use super::WebReply;

/// What this Slack insists on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The scopes of the bot's token; `None`: all.
    pub scopes: Option<BTreeSet<String>>,
    /// All texts of a message's blocks together, in characters. Slack documents no number.
    pub all_chars: usize,
    /// Of the `text` of an update.
    pub update_chars: usize,
    /// How long a message is there before it is read.
    pub lag: SignedDuration,
    /// How long a message can be changed; `None`: always.
    pub edit_window: Option<SignedDuration>,
    /// Whether a reply whose first message is gone is posted in the channel.
    pub unthreads: bool,
    /// Whether a late trigger is told as an invalid argument.
    pub late_trigger_is_invalid: bool,
    /// The organisation that the workspace belongs to.
    pub organisation: Option<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            scopes: None,
            all_chars: 13_200,
            update_chars: 40_000,
            lag: SignedDuration::ZERO,
            edit_window: None,
            unthreads: false,
            late_trigger_is_invalid: false,
            organisation: None,
        }
    }
}

impl Rules {
    /// Everything at once, but for a limit on changing messages: with that no message says how
    /// things stand.
    pub fn strict() -> Self {
        let scopes = [
            "chat:write",
            "channels:read",
            "channels:history",
            "usergroups:read",
            "users:read",
            "users:read.email",
        ];
        Self {
            scopes: Some(scopes.map(str::to_owned).into()),
            all_chars: 10_000,
            update_chars: 4_000,
            lag: SignedDuration::from_secs(5),
            edit_window: None,
            unthreads: true,
            late_trigger_is_invalid: true,
            organisation: Some("E0000000001".to_owned()),
        }
    }

    /// The refusal of a call for which the token lacks one of these scopes.
    pub(super) fn lacks(&self, needed: &[&str]) -> Option<WebReply> {
        let scopes = self.scopes.as_ref()?;
        let missing = needed.iter().find(|scope| !scopes.contains(**scope))?;
        let provided: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let mut reply = WebReply::refused("missing_scope");
        reply.body["needed"] = json!(missing);
        reply.body["provided"] = json!(provided.join(","));
        Some(reply)
    }
}

/// The scopes that a method needs, in channels of that kind.
pub(super) fn scopes_of(method: &str, is_private: bool) -> &'static [&'static str] {
    match (method, is_private) {
        ("chat.postMessage" | "chat.update" | "chat.postEphemeral", _) => &["chat:write"],
        ("conversations.history" | "conversations.replies", false) => &["channels:history"],
        ("conversations.history" | "conversations.replies", true) => &["groups:history"],
        ("usergroups.users.list", _) => &["usergroups:read"],
        ("users.lookupByEmail", _) => &["users:read.email"],
        ("users.info", _) => &["users:read"],
        _ => &[],
    }
}
