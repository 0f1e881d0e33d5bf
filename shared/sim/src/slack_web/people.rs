//! People, groups and channels, as Slack tells of them.

use serde_json::{Value, json};
use sluice_core::id::SlackGroupId;

use super::{SlackWeb, WebReply};

impl SlackWeb {
    pub(super) fn group_members(&self, arguments: &Value) -> WebReply {
        let group = SlackGroupId::new(arguments["usergroup"].as_str().unwrap_or_default());
        match self.groups.get(&group) {
            Some(members) => WebReply::ok(json!({"users": members})),
            None => WebReply::refused("no_such_subteam"),
        }
    }

    pub(super) fn user_by_email(&self, arguments: &Value) -> WebReply {
        let email = arguments["email"].as_str().unwrap_or_default();
        match self.addresses.get(&email.to_lowercase()) {
            Some(user) => WebReply::ok(json!({"user": {
                "id": user, "name": user.as_str().to_lowercase(), "deleted": false, "is_bot": false,
            }})),
            None => WebReply::refused("users_not_found"),
        }
    }

    pub(super) fn user_info(&self, arguments: &Value) -> WebReply {
        let user = arguments["user"].as_str().unwrap_or_default();
        let known = self
            .groups
            .values()
            .flatten()
            .any(|one| one.as_str() == user);
        if !known {
            return WebReply::refused("user_not_found");
        }
        let name = user.to_lowercase();
        WebReply::ok(json!({"user": {"id": user, "name": name, "deleted": false, "is_bot": false}}))
    }

    pub(super) fn channels_of_the_app(&self) -> WebReply {
        let channels: Vec<Value> = self
            .channels
            .iter()
            .filter(|channel| !channel.archived)
            .map(|channel| json!({"id": channel.id, "name": channel.name, "is_member": true}))
            .collect();
        WebReply::ok(json!({"channels": channels, "response_metadata": {"next_cursor": ""}}))
    }
}
