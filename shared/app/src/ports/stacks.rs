//! CloudFormation.

use async_trait::async_trait;
use sluice_core::failure::PortError;
use sluice_core::stack::{ChangeSetOrder, ChangeSetReading, Execution, StackReading, StackUpdate};

use super::Target;

/// Stacks (CloudFormation), changed by change set.
#[async_trait]
pub trait Stacks: Send + Sync {
    /// The stack as it is: its template and its parameters.
    ///
    /// # Errors
    ///
    /// Permanent where there is none of that name.
    async fn stack(&self, target: &Target, stack: &str) -> Result<StackReading, PortError>;

    /// Has the change set made. One of that name that is there already is this one: the name is the
    /// deployment's. Retryable while someone else updates the stack.
    async fn ensure_change_set(
        &self,
        target: &Target,
        order: &ChangeSetOrder,
    ) -> Result<(), PortError>;

    /// What the change set would do, and whether it can be executed.
    async fn change_set(
        &self,
        target: &Target,
        stack: &str,
        name: &str,
    ) -> Result<ChangeSetReading, PortError>;

    /// Removes the change set; nothing if there is none of that name.
    async fn ensure_no_change_set(
        &self,
        target: &Target,
        stack: &str,
        name: &str,
    ) -> Result<(), PortError>;

    /// Executes the change set, once: its name is the token of the request, and every event of the
    /// update carries it. Retryable while someone else updates the stack.
    async fn ensure_executed(
        &self,
        target: &Target,
        stack: &str,
        name: &str,
    ) -> Result<Execution, PortError>;

    /// How far the update with that token is, by its events alone: what others do to the stack is none
    /// of them.
    async fn update(
        &self,
        target: &Target,
        stack: &str,
        token: &str,
    ) -> Result<StackUpdate, PortError>;
}
