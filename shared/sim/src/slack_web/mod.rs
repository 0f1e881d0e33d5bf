//! Slack's Web API as a plain value: what its methods answer, how often they may be called, and
//! what a channel looks like afterwards. Moved by virtual time, spoken to in JSON, so that the real
//! client can be held against it. <https://docs.slack.dev/reference/methods>
//!
//! It checks what Slack checks of a message (blocks and their texts within the limits), because a
//! message that Slack refuses is one that nobody reads.

mod limits;
mod messages;
mod methods;
mod people;
mod rules;
#[cfg(test)]
mod tests;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice_core::id::{ChannelName, GroupId, UserId};

pub use limits::{Limit, Limits};
pub use messages::WebMessage;
pub use rules::Rules;
pub use views::{View, ViewKind};

pub(crate) use limits::Budgets;

/// A call of a method.
#[derive(Clone, Debug, PartialEq)]
pub struct WebCall {
    /// Such as `chat.postMessage`.
    pub method: String,
    /// The bearer token; `None` if the call carries none.
    pub token: Option<String>,
    /// Its arguments: a JSON body's, or a form's or query's as strings.
    pub arguments: Value,
}

/// What Slack answers.
#[derive(Clone, Debug, PartialEq)]
pub struct WebReply {
    /// The HTTP status: 200 for a refusal too, 429 for too many calls.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after_s: Option<u32>,
    /// The body.
    pub body: Value,
    /// How long Slack takes to say it.
    pub after: SignedDuration,
    /// Whether it is lost on its way.
    pub lost: bool,
}

impl WebReply {
    fn ok(body: Value) -> Self {
        let mut body = body;
        body["ok"] = json!(true);
        Self {
            status: 200,
            retry_after_s: None,
            body,
            after: SignedDuration::ZERO,
            lost: false,
        }
    }

    fn refused(error: &str) -> Self {
        Self {
            body: json!({"ok": false, "error": error}),
            ..Self::ok(json!({}))
        }
    }

    /// With what Slack says about it.
    fn saying(mut self, message: &str) -> Self {
        self.body["response_metadata"] = json!({"messages": [message]});
        self
    }

    fn suffer(&mut self, trouble: Option<Trouble>) {
        match trouble {
            Some(Trouble::Slow(after)) => self.after = after,
            Some(Trouble::Lost) => self.lost = true,
            Some(Trouble::Down) | None => {}
        }
    }

    /// Whether Slack did what was asked.
    pub fn is_ok(&self) -> bool {
        self.status == 200 && self.body["ok"] == true
    }
}

/// A trouble of Slack's that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Every call is answered with HTTP 500.
    Down,
    /// Every call is answered, this late.
    Slow(SignedDuration),
    /// Every call is carried out, and its answer is lost.
    Lost,
}

#[derive(Debug)]
struct Channel {
    id: String,
    name: String,
    archived: bool,
    private: bool,
    /// Whether the app is in it.
    member: bool,
}

/// A Slack workspace behind its Web API, with one app in it.
#[derive(Debug)]
pub struct SlackWeb {
    token: String,
    rules: Rules,
    limits: Limits,
    budgets: Budgets,
    channels: Vec<Channel>,
    groups: BTreeMap<GroupId, BTreeSet<UserId>>,
    addresses: BTreeMap<String, UserId>,
    /// The ids of people in the workspace, and in its organisation.
    people: BTreeMap<UserId, UserId>,
    messages: Vec<WebMessage>,
    views: Vec<View>,
    triggers: BTreeMap<String, Timestamp>,
    triggers_given: u64,
    troubles: Vec<(Timestamp, Timestamp, Trouble)>,
    refused: Vec<(Timestamp, WebCall)>,
    responses: Vec<(String, Value)>,
    last_ts: u64,
}

impl SlackWeb {
    /// A workspace whose app has this bot token. Nobody and nothing is in it.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            token: token.into(),
            rules: Rules::default(),
            limits: Limits::default(),
            budgets: Budgets::default(),
            channels: Vec::new(),
            groups: BTreeMap::new(),
            addresses: BTreeMap::new(),
            people: BTreeMap::new(),
            messages: Vec::new(),
            views: Vec::new(),
            triggers: BTreeMap::new(),
            triggers_given: 0,
            troubles: Vec::new(),
            refused: Vec::new(),
            responses: Vec::new(),
            last_ts: 0,
        }
    }

    /// Creates a channel that the app is in; its id.
    pub fn add_channel(&mut self, name: &ChannelName) -> String {
        let name = name.as_str().trim_start_matches('#').to_owned();
        if let Some(there) = self.channels.iter().find(|channel| channel.name == name) {
            return there.id.clone();
        }
        let id = format!("C{:010}", self.channels.len() + 1);
        self.channels.push(Channel {
            id: id.clone(),
            name,
            archived: false,
            private: false,
            member: true,
        });
        id
    }

    /// Insists on these from now on.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// The bot's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Gives the app another token: the old one is revoked.
    pub fn set_token(&mut self, token: impl Into<String>) {
        self.token = token.into();
    }

    /// Somebody has this id in the workspace, and that one in its organisation.
    pub fn set_person(&mut self, local: UserId, global: UserId) {
        self.people.insert(local, global);
    }

    fn channel_mut(&mut self, name: &ChannelName) -> Option<&mut Channel> {
        let name = name.as_str().trim_start_matches('#');
        self.channels.iter_mut().find(|one| one.name == name)
    }

    /// Makes a channel private.
    pub fn make_private(&mut self, name: &ChannelName) {
        if let Some(channel) = self.channel_mut(name) {
            channel.private = true;
        }
    }

    /// Takes the app out of a channel, or invites it.
    pub fn set_member(&mut self, name: &ChannelName, member: bool) {
        if let Some(channel) = self.channel_mut(name) {
            channel.member = member;
        }
    }

    /// Archives a channel: nothing can be posted there any more.
    pub fn archive_channel(&mut self, name: &ChannelName) {
        if let Some(channel) = self.channel_mut(name) {
            channel.archived = true;
        }
    }

    /// Says who is in a user group from now on.
    pub fn set_group(&mut self, group: &GroupId, members: impl IntoIterator<Item = UserId>) {
        self.groups
            .insert(group.clone(), members.into_iter().collect());
    }

    /// Somebody has this e-mail address.
    pub fn set_address(&mut self, email: &str, user: UserId) {
        self.addresses.insert(email.to_lowercase(), user);
    }

    /// How often methods may be called from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Slack is in trouble from `from` until `until`.
    pub fn plan_trouble(&mut self, from: Timestamp, until: Timestamp, trouble: Trouble) {
        self.troubles.push((from, until, trouble));
    }

    /// Somebody clicks or commands: the `trigger_id` with which the app may open one view, for
    /// three seconds.
    pub fn new_trigger(&mut self, now: Timestamp) -> String {
        self.triggers_given += 1;
        let id = format!("{}.{}", now.as_millisecond(), self.triggers_given);
        self.triggers.insert(id.clone(), now);
        id
    }

    /// Every message of a channel, oldest first, threads included, deleted ones not.
    pub fn messages(&self, channel: &str) -> Vec<&WebMessage> {
        let there = |message: &&WebMessage| message.channel == channel && !message.deleted;
        self.messages.iter().filter(there).collect()
    }

    /// Every message of every channel, oldest first.
    pub fn all_messages(&self) -> &[WebMessage] {
        &self.messages
    }

    /// Every view that was opened, updated or published, oldest first.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// The calls that were answered with 429, and when.
    pub fn refused_for_rate(&self) -> &[(Timestamp, WebCall)] {
        &self.refused
    }

    /// Takes what is said at the address that came with a click (`response_url`), which needs no
    /// token.
    pub fn respond(&mut self, click: &str, said: Value, now: Timestamp) -> WebReply {
        let trouble = self.trouble(now);
        if trouble == Some(Trouble::Down) {
            return WebReply {
                status: 500,
                ..WebReply::refused("internal_error")
            };
        }
        self.responses.push((click.to_owned(), said));
        let mut reply = WebReply::ok(json!({}));
        reply.suffer(trouble);
        reply
    }

    /// What was said to those who clicked: the click, and the words.
    pub fn responses(&self) -> &[(String, Value)] {
        &self.responses
    }

    /// Somebody deletes a message.
    pub fn delete_message(&mut self, channel: &str, ts: &str) {
        if let Some(message) = self.message_mut(channel, ts) {
            message.deleted = true;
        }
    }

    /// The answer to a call at `now`.
    pub fn call(&mut self, call: &WebCall, now: Timestamp) -> WebReply {
        let trouble = self.trouble(now);
        if trouble == Some(Trouble::Down) {
            return WebReply {
                status: 500,
                ..WebReply::refused("internal_error")
            };
        }
        let mut reply = self.answer(call, now);
        reply.suffer(trouble);
        reply
    }

    fn answer(&mut self, call: &WebCall, now: Timestamp) -> WebReply {
        match &call.token {
            None => return WebReply::refused("not_authed"),
            Some(token) if *token != self.token => return WebReply::refused("invalid_auth"),
            Some(_) => {}
        }
        let channel = call.arguments["channel"].as_str().unwrap_or_default();
        if let Err(wait_s) = self.budgets.spend(&self.limits, &call.method, channel, now) {
            self.refused.push((now, call.clone()));
            return WebReply {
                status: 429,
                retry_after_s: Some(wait_s),
                ..WebReply::refused("ratelimited")
            };
        }
        let is_private = self
            .channels
            .iter()
            .any(|one| one.id == channel && one.private);
        let needed = rules::scopes_of(&call.method, is_private);
        if let Some(refused) = self.rules.lacks(needed) {
            return refused;
        }
        self.dispatch(&call.method, &call.arguments, now)
    }

    fn trouble(&self, now: Timestamp) -> Option<Trouble> {
        self.troubles
            .iter()
            .find(|(from, until, _)| *from <= now && now < *until)
            .map(|(_, _, trouble)| *trouble)
    }
}
