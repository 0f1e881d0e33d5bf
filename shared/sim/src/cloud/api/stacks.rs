//! Stacks and change sets as CloudFormation describes them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sluice_core::failure::PortError;
use sluice_core::stack::{ChangeSetOrder, StackChange};

use crate::cloud::{Cloud, Place};

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackDescription {
    /// Its ARN.
    pub id: String,
    /// Its name.
    pub name: String,
    /// CloudFormation's word for its state.
    pub status: &'static str,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
    /// Its template.
    pub template: String,
}

/// A change set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSetDescription {
    /// Its ARN.
    pub id: String,
    /// What it was made from.
    pub order: ChangeSetOrder,
    /// `Status`.
    pub status: &'static str,
    /// `ExecutionStatus`.
    pub execution: &'static str,
    /// `StatusReason`.
    pub reason: Option<String>,
    /// What it would change.
    pub changes: Vec<StackChange>,
}

impl Cloud {
    /// A stack of the place.
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn stack_described(
        &self,
        place: &Place,
        name: &str,
    ) -> Result<StackDescription, PortError> {
        let stack = &self.stacks[self.stack_or_refuse(place, name)?];
        Ok(StackDescription {
            id: stack.id.clone(),
            name: stack.name.clone(),
            status: stack.status,
            created_at: stack.created_at,
            parameters: stack.parameters.clone(),
            template: stack.template.clone(),
        })
    }

    /// A change set as DescribeChangeSet has it; `None` where it shows none of that name.
    ///
    /// # Errors
    ///
    /// There is no such stack.
    pub fn change_set_seen(
        &self,
        place: &Place,
        stack: &str,
        name: &str,
    ) -> Result<Option<ChangeSetDescription>, PortError> {
        let at = self.stack_or_refuse(place, stack)?;
        let then = self.stacks_seen_as_of();
        let found = self.change_set_named(at, name);
        let seen = found.and_then(|(_, one)| Some((one, one.as_of(then)?)));
        let seen = seen.filter(|(_, look)| !look.gone);
        Ok(seen.map(|(one, look)| ChangeSetDescription {
            id: one.id.clone(),
            order: one.order.clone(),
            status: look.status,
            execution: look.execution,
            reason: look.reason.clone(),
            changes: match look.status {
                "CREATE_COMPLETE" => one.changes.clone(),
                _ => Vec::new(),
            },
        }))
    }
}
