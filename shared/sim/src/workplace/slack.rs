//! Slack: channels, messages and their threads, people and groups, buttons.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::Timestamp;
use sluice_app::ports::{Chat, ChatError, MessageRef, Refusal, Thread, TriggerId};
use sluice_core::failure::PortError;
use sluice_core::id::{ChannelName, GroupId, UserId};
use sluice_words::home::Home;
use sluice_words::message::{Block, Button, Message};
use sluice_words::modal::Modal;

use super::gate::Gate;
use crate::cloud::Operation;
use crate::slack_web::{Budgets, Limits};

/// A message as Slack has it.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Its id.
    pub reference: MessageRef,
    /// The channel, as it was named when posting.
    pub channel: ChannelName,
    /// The first message of its thread, if it is in one.
    pub thread: Option<MessageRef>,
    /// Whether the channel sees it too, though it is in a thread.
    pub broadcast: bool,
    /// Everything it has ever said, and since when; the last is what it says.
    pub versions: Vec<(Timestamp, Message)>,
}

impl Posted {
    /// What it says.
    pub fn says(&self) -> &Message {
        &self
            .versions
            .last()
            .expect("a message is posted with its first version")
            .1
    }
}

/// Something that was said: a new message, or new words of an old one.
#[derive(Clone, Debug)]
pub struct Said {
    /// The message.
    pub reference: MessageRef,
    /// The channel, as it was named when posting.
    pub channel: ChannelName,
    /// The first message of its thread, if it is in one.
    pub thread: Option<MessageRef>,
    /// Whether these are new words of an old message.
    pub is_update: bool,
    /// When.
    pub at: Timestamp,
    /// What it says since then.
    pub message: Message,
}

fn buttons(message: &Message) -> impl Iterator<Item = &Button> {
    message.blocks.iter().flat_map(|block| match block {
        Block::Buttons(buttons) => buttons.as_slice(),
        _ => &[],
    })
}

#[derive(Debug, Default)]
struct Workspace {
    channels: BTreeSet<ChannelName>,
    groups: BTreeMap<GroupId, BTreeSet<UserId>>,
    addresses: BTreeMap<String, UserId>,
    /// People with more than one id.
    people: Vec<BTreeSet<UserId>>,
    organisation: Option<String>,
    messages: Vec<Posted>,
    keys: BTreeMap<(ChannelName, String), usize>,
    by_ts: BTreeMap<String, usize>,
    outages: Vec<(Timestamp, Timestamp)>,
    modals: Vec<Modal>,
    homes: BTreeMap<UserId, Home>,
    /// Everything that was ever said, in order: a message and one of its versions.
    said: Vec<(usize, usize)>,
    /// How often Slack lets itself be called; `None` as often as one likes.
    limits: Option<Limits>,
    budgets: Budgets,
    /// Calls that were over the limit.
    over_limit: usize,
}

impl Workspace {
    /// Takes one call of the method from its budget.
    fn spend(&mut self, now: Timestamp, method: &str, channel: &str) -> Result<(), PortError> {
        let Some(limits) = &self.limits else {
            return Ok(());
        };
        self.budgets
            .spend(limits, method, channel, now)
            .map_err(|wait_s| {
                self.over_limit += 1;
                PortError::retryable(format!(
                    "Slack limits the rate of {method}: no more calls for {wait_s}s"
                ))
            })
    }

    fn post(
        &mut self,
        now: Timestamp,
        key: &str,
        channel: &ChannelName,
        thread: Option<Thread<'_>>,
        message: &Message,
    ) -> Result<MessageRef, ChatError> {
        if !self.channels.contains(channel) {
            return Err(ChatError::new(
                Refusal::Setting,
                format!(
                    "Slack has no channel {channel}: create it, or correct `channel` in sluice.toml"
                ),
            ));
        }
        let key = (channel.clone(), key.to_owned());
        if let Some(there) = self.keys.get(&key) {
            return Ok(self.messages[*there].reference.clone());
        }
        self.spend(now, "chat.postMessage", channel.as_str())?;
        let number = self.messages.len();
        // Slack's `ts` is a time made unique, in seconds and six digits.
        let ts = format!("{}.{number:06}", now.as_second());
        let reference = MessageRef {
            channel: channel_id(channel),
            ts: ts.clone(),
        };
        self.messages.push(Posted {
            reference: reference.clone(),
            channel: channel.clone(),
            thread: thread.map(|thread| thread.first.clone()),
            broadcast: thread.is_some_and(|thread| thread.broadcast),
            versions: vec![(now, message.clone())],
        });
        self.keys.insert(key, number);
        self.by_ts.insert(ts, number);
        self.said.push((number, 0));
        Ok(reference)
    }

    fn update(
        &mut self,
        now: Timestamp,
        posted: &MessageRef,
        message: &Message,
    ) -> Result<(), ChatError> {
        let Some(number) = self.by_ts.get(&posted.ts).copied() else {
            return Err(ChatError::new(
                Refusal::Deleted,
                format!(
                    "Slack has no message {} in {}: it was deleted",
                    posted.ts, posted.channel
                ),
            ));
        };
        let channel = &self.messages[number].channel;
        if !self.channels.contains(channel) {
            return Err(ChatError::new(
                Refusal::Setting,
                format!("Slack refused chat.update for {channel} (is_archived)"),
            ));
        }
        self.spend(now, "chat.update", "")?;
        let there = &mut self.messages[number];
        if there.says() != message {
            there.versions.push((now, message.clone()));
            self.said.push((number, there.versions.len() - 1));
        }
        Ok(())
    }

    fn down_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.outages
            .iter()
            .filter(|(from, until)| *from <= now && now < *until)
            .map(|(_, until)| *until)
            .max()
    }
}

/// Slack's ids begin with C; messages are updated by id, never by name.
fn channel_id(channel: &ChannelName) -> String {
    format!(
        "C{}",
        channel.as_str().trim_start_matches('#').to_uppercase()
    )
}

/// Slack.
pub struct SlackModel {
    workspace: Mutex<Workspace>,
    gate: Gate,
}

impl SlackModel {
    /// A workspace without channels and people.
    pub fn new(gate: Gate) -> Self {
        Self {
            workspace: Mutex::default(),
            gate,
        }
    }

    fn workspace(&self) -> MutexGuard<'_, Workspace> {
        self.workspace
            .lock()
            .expect("no function panics while it holds the workspace")
    }

    /// Creates a channel.
    pub fn add_channel(&self, channel: &ChannelName) {
        self.workspace().channels.insert(channel.clone());
    }

    /// Archives a channel: nothing can be posted in it any more.
    pub fn remove_channel(&self, channel: &ChannelName) {
        self.workspace().channels.remove(channel);
    }

    /// Somebody deletes a message.
    pub fn delete_message(&self, posted: &MessageRef) {
        self.workspace().by_ts.remove(&posted.ts);
    }

    /// Says who is in a group from now on.
    pub fn set_group(&self, group: &GroupId, members: impl IntoIterator<Item = UserId>) {
        self.workspace()
            .groups
            .insert(group.clone(), members.into_iter().collect());
    }

    /// Somebody has this e-mail address.
    pub fn set_address(&self, email: &str, user: UserId) {
        self.workspace().addresses.insert(email.to_owned(), user);
    }

    /// These ids are one person, in an organisation with several workspaces.
    pub fn add_person(&self, ids: impl IntoIterator<Item = UserId>) {
        self.workspace().people.push(ids.into_iter().collect());
    }

    /// The workspace belongs to this organisation.
    pub fn set_organisation(&self, organisation: &str) {
        self.workspace().organisation = Some(organisation.to_owned());
    }

    /// Slack takes no more calls than this from now on.
    pub fn set_limits(&self, limits: Limits) {
        self.workspace().limits = Some(limits);
    }

    /// How many calls were over the limits so far.
    pub fn over_limit(&self) -> usize {
        self.workspace().over_limit
    }

    /// Slack is down from `from` until `until`.
    pub fn plan_outage(&self, from: Timestamp, until: Timestamp) {
        self.workspace().outages.push((from, until));
    }

    /// Slack is not down any more, and will not be.
    pub(crate) fn end_outages(&self) {
        self.workspace().outages.clear();
    }

    /// When Slack is back, if it is down at `now`.
    pub fn down_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.workspace().down_until(now)
    }

    /// Every message, in the order of posting.
    pub fn messages(&self) -> Vec<Posted> {
        self.workspace().messages.clone()
    }

    /// Every form that was put before somebody, in order.
    pub fn modals(&self) -> Vec<Modal> {
        self.workspace().modals.clone()
    }

    /// What the person's home page says, if it was ever made.
    pub fn home(&self, user: &UserId) -> Option<Home> {
        self.workspace().homes.get(user).cloned()
    }

    /// What was said since the cursor was here last; a new cursor begins at 0.
    pub fn said_since(&self, cursor: &mut usize) -> Vec<Said> {
        let workspace = self.workspace();
        let new = workspace.said.get(*cursor..).unwrap_or_default();
        *cursor = workspace.said.len();
        new.iter()
            .map(|(number, version)| {
                let posted = &workspace.messages[*number];
                let (at, message) = &posted.versions[*version];
                Said {
                    reference: posted.reference.clone(),
                    channel: posted.channel.clone(),
                    thread: posted.thread.clone(),
                    is_update: *version > 0,
                    at: *at,
                    message: message.clone(),
                }
            })
            .collect()
    }

    /// The buttons that were shown since the cursor was here last, each with its message.
    pub fn buttons_since(&self, cursor: &mut usize) -> Vec<(MessageRef, Button)> {
        let workspace = self.workspace();
        let new = workspace.said.get(*cursor..).unwrap_or_default();
        *cursor = workspace.said.len();
        new.iter()
            .flat_map(|(number, version)| {
                let posted = &workspace.messages[*number];
                let (_, message) = &posted.versions[*version];
                buttons(message).map(|button| (posted.reference.clone(), button.clone()))
            })
            .collect()
    }

    /// Whether `text` was ever said in any message.
    pub fn was_ever_said(&self, text: &str) -> bool {
        let workspace = self.workspace();
        let mut versions = workspace
            .messages
            .iter()
            .flat_map(|posted| &posted.versions);
        versions.any(|(_, message)| format!("{message:?}").contains(text))
    }

    async fn call<T, E: From<PortError>>(
        &self,
        operation: Operation,
        act: impl FnOnce(&mut Workspace, Timestamp) -> Result<T, E>,
    ) -> Result<T, E> {
        self.gate
            .call(operation, || {
                let now = self.gate.now();
                let mut workspace = self.workspace();
                if workspace.down_until(now).is_some() {
                    return Err(E::from(PortError::retryable(
                        "Slack does not answer (503): it is retried automatically",
                    )));
                }
                act(&mut workspace, now)
            })
            .await?
    }
}

#[async_trait]
impl Chat for SlackModel {
    async fn ensure_posted(
        &self,
        key: &str,
        channel: &ChannelName,
        thread: Option<Thread<'_>>,
        message: &Message,
    ) -> Result<MessageRef, ChatError> {
        self.call(Operation::PostMessage, |workspace, now| {
            workspace.post(now, key, channel, thread, message)
        })
        .await
    }

    async fn update(&self, posted: &MessageRef, message: &Message) -> Result<(), ChatError> {
        self.call(Operation::UpdateMessage, |workspace, now| {
            workspace.update(now, posted, message)
        })
        .await
    }

    async fn open_modal(&self, _: &TriggerId, modal: &Modal) -> Result<(), PortError> {
        self.call(Operation::OpenModal, |workspace, _| {
            workspace.modals.push(modal.clone());
            Ok(())
        })
        .await
    }

    async fn publish_home(&self, user: &UserId, home: &Home) -> Result<(), PortError> {
        self.call(Operation::PublishHome, |workspace, _| {
            workspace.homes.insert(user.clone(), home.clone());
            Ok(())
        })
        .await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<UserId>, PortError> {
        self.call(Operation::LookupUser, |workspace, _| {
            Ok(workspace.addresses.get(email).cloned())
        })
        .await
    }

    async fn ids_of(&self, user: &UserId) -> Result<BTreeSet<UserId>, PortError> {
        self.call(Operation::LookupUser, |workspace, _| {
            let person = workspace.people.iter().find(|ids| ids.contains(user));
            let alone = || BTreeSet::from([user.clone()]);
            Ok(person.cloned().unwrap_or_else(alone))
        })
        .await
    }

    async fn organisation(&self) -> Result<Option<String>, PortError> {
        self.call(Operation::LookupUser, |workspace, _| {
            Ok(workspace.organisation.clone())
        })
        .await
    }

    async fn group_members(&self, group: &GroupId) -> Result<BTreeSet<UserId>, PortError> {
        self.call(Operation::ListGroupMembers, |workspace, _| {
            Ok(workspace.groups.get(group).cloned().unwrap_or_default())
        })
        .await
    }
}
