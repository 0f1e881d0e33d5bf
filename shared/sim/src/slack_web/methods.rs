//! From a method's name to what does it.

use jiff::Timestamp;
use serde_json::Value;

use super::{SlackWeb, WebReply};

impl SlackWeb {
    pub(super) fn dispatch(&mut self, method: &str, arguments: &Value, now: Timestamp) -> WebReply {
        match method {
            "chat.postMessage" => self.post_message(arguments, now),
            "chat.update" => self.update_message(arguments, now),
            "chat.postEphemeral" => self.post_ephemeral(arguments, now),
            "conversations.history" => self.history(arguments, now),
            "conversations.replies" => self.replies(arguments, now),
            "conversations.list" | "users.conversations" => self.channels_of_the_app(arguments),
            "usergroups.users.list" => self.group_members(arguments),
            "users.lookupByEmail" => self.user_by_email(arguments),
            "auth.test" => self.test_token(),
            "users.info" => self.user_info(arguments),
            "views.open" => self.open_view(arguments, now),
            "views.update" => self.update_view(arguments, now),
            "views.publish" => self.publish_view(arguments, now),
            _ => WebReply::refused("unknown_method"),
        }
    }
}
