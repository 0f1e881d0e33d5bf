//! People, groups and channels, as Slack tells of them.

use serde_json::{Value, json};
use sluice_core::id::{GroupId, UserId};

use super::{Channel, SlackWeb, WebReply};

impl SlackWeb {
    pub(super) fn group_members(&self, arguments: &Value) -> WebReply {
        let group = GroupId::new(arguments["usergroup"].as_str().unwrap_or_default());
        match self.groups.get(&group) {
            Some(members) => WebReply::ok(json!({"users": members})),
            None => WebReply::refused("no_such_subteam"),
        }
    }

    pub(super) fn test_token(&self) -> WebReply {
        WebReply::ok(json!({
            "team_id": "T0000000001",
            "user_id": "U0000000002",
            "bot_id": "B0000000001",
            "enterprise_id": self.rules.organisation,
            "is_enterprise_install": false,
        }))
    }

    pub(super) fn user_by_email(&self, arguments: &Value) -> WebReply {
        let email = arguments["email"].as_str().unwrap_or_default();
        match self.addresses.get(&email.to_lowercase()) {
            Some(user) => self.user(user),
            None => WebReply::refused("users_not_found"),
        }
    }

    pub(super) fn user_info(&self, arguments: &Value) -> WebReply {
        let user = UserId::new(arguments["user"].as_str().unwrap_or_default());
        let of_people = self
            .people
            .iter()
            .flat_map(|(local, global)| [local, global]);
        let mut known = self.groups.values().flatten().chain(of_people);
        match known.any(|one| *one == user) {
            true => self.user(&user),
            false => WebReply::refused("user_not_found"),
        }
    }

    /// A user by that id. By the organisation's id it is not said what it is in the workspace.
    fn user(&self, id: &UserId) -> WebReply {
        let mut user = json!({
            "id": id, "name": id.as_str().to_lowercase(), "deleted": false, "is_bot": false,
        });
        let is_global = self.people.values().any(|global| global == id);
        if let Some(global) = self.people.get(id).or(is_global.then_some(id)) {
            user["enterprise_user"] =
                json!({"id": global, "enterprise_id": self.rules.organisation});
        }
        WebReply::ok(json!({"user": user}))
    }

    pub(super) fn channels_of_the_app(&self, arguments: &Value) -> WebReply {
        let types = arguments["types"].as_str().unwrap_or("public_channel");
        let (public, private) = (
            types.contains("public_channel"),
            types.contains("private_channel"),
        );
        let needed = [(public, "channels:read"), (private, "groups:read")];
        let needed: Vec<&str> = needed
            .into_iter()
            .filter_map(|(asked, scope)| asked.then_some(scope))
            .collect();
        if let Some(refused) = self.rules.lacks(&needed) {
            return refused;
        }
        let there = |one: &&Channel| {
            let kind = if one.private { private } else { public };
            !one.archived && one.member && kind
        };
        let channels: Vec<Value> = self
            .channels
            .iter()
            .filter(there)
            .map(|channel| json!({"id": channel.id, "name": channel.name, "is_member": true}))
            .collect();
        WebReply::ok(json!({"channels": channels, "response_metadata": {"next_cursor": ""}}))
    }
}
