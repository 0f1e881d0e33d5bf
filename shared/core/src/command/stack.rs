//! What CloudFormation is asked for.

use super::CommandKind;
use crate::stack::ChangeSetOrder;

/// What CloudFormation is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StackCommand {
    /// Have CloudFormation make a change set. One of that name that is there already is this one.
    StartChangeSet(ChangeSetOrder),
    /// See what the change set would do, and whether it can be executed.
    ReadChangeSet {
        /// Of which stack.
        stack: String,
        /// Its name.
        name: String,
    },
    /// Have CloudFormation remove a change set that nothing executes.
    RemoveChangeSet {
        /// Of which stack.
        stack: String,
        /// Its name.
        name: String,
    },
    /// Have CloudFormation execute the change set, once.
    ExecuteChangeSet {
        /// Of which stack.
        stack: String,
        /// Its name, and the token of the request: the events of the update carry it.
        name: String,
    },
    /// See how far the update of the stack is that has this token.
    ReadStackUpdate {
        /// Which stack.
        stack: String,
        /// The token.
        token: String,
    },
}

impl StackCommand {
    /// Of which change set: each look makes one of its own.
    pub(super) fn about(&self) -> &str {
        match self {
            Self::StartChangeSet(ChangeSetOrder { name, .. })
            | Self::ReadChangeSet { name, .. }
            | Self::RemoveChangeSet { name, .. }
            | Self::ExecuteChangeSet { name, .. }
            | Self::ReadStackUpdate { token: name, .. } => name,
        }
    }

    pub(super) fn kind(&self) -> CommandKind {
        match self {
            Self::StartChangeSet(_) => CommandKind::StartChangeSet,
            Self::ReadChangeSet { .. } => CommandKind::ReadChangeSet,
            Self::RemoveChangeSet { .. } => CommandKind::RemoveChangeSet,
            Self::ExecuteChangeSet { .. } => CommandKind::ExecuteChangeSet,
            Self::ReadStackUpdate { .. } => CommandKind::ReadStackUpdate,
        }
    }

    pub(super) fn has_effect(&self) -> bool {
        match self {
            Self::StartChangeSet(_)
            | Self::RemoveChangeSet { .. }
            | Self::ExecuteChangeSet { .. } => true,
            Self::ReadChangeSet { .. } | Self::ReadStackUpdate { .. } => false,
        }
    }

    /// A change set that nothing executes changes nothing.
    pub(super) fn changes_the_world(&self) -> bool {
        matches!(self, Self::ExecuteChangeSet { .. })
    }
}
