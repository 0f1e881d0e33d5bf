//! The methods of Slack's Web API that are called, and the scopes the bot's token needs for each.

use std::fmt;

/// A method of Slack's Web API. <https://docs.slack.dev/reference/methods>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Posts a message.
    PostMessage,
    /// Edits a message.
    UpdateMessage,
    /// Finds a message again whose posting was not answered.
    ReadChannel,
    /// The same in a thread.
    ReadThread,
    /// Finds a channel by its name, among those that the bot is in.
    ListOwnChannels,
    /// Tells who is in a group of approvers.
    ListGroupMembers,
    /// Tells all ids of a person, where an organisation has several workspaces.
    ReadUser,
    /// Tells whether the workspace belongs to such an organisation.
    TestToken,
    /// Finds the person whose image is deployed, by an e-mail address.
    LookupUser,
    /// Opens a form for someone.
    OpenView,
    /// Fills someone's App Home.
    PublishView,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::PostMessage,
        Self::UpdateMessage,
        Self::ReadChannel,
        Self::ReadThread,
        Self::ListOwnChannels,
        Self::ListGroupMembers,
        Self::ReadUser,
        Self::TestToken,
        Self::LookupUser,
        Self::OpenView,
        Self::PublishView,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::PostMessage => "chat.postMessage",
            Self::UpdateMessage => "chat.update",
            Self::ReadChannel => "conversations.history",
            Self::ReadThread => "conversations.replies",
            Self::ListOwnChannels => "users.conversations",
            Self::ListGroupMembers => "usergroups.users.list",
            Self::ReadUser => "users.info",
            Self::TestToken => "auth.test",
            Self::LookupUser => "users.lookupByEmail",
            Self::OpenView => "views.open",
            Self::PublishView => "views.publish",
        }
    }

    /// The scopes it needs, for public and for private channels; some need none.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::PostMessage | Self::UpdateMessage => &["chat:write"],
            Self::ReadChannel | Self::ReadThread => &["channels:history", "groups:history"],
            Self::ListOwnChannels => &["channels:read", "groups:read"],
            Self::ListGroupMembers => &["usergroups:read"],
            Self::ReadUser => &["users:read"],
            // Slack gives the second only together with the first.
            Self::LookupUser => &["users:read", "users:read.email"],
            Self::TestToken | Self::OpenView | Self::PublishView => &[],
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
