//! Stacks: CloudFormation.

use async_trait::async_trait;
use sluice_app::ports::{Stacks, Target};
use sluice_core::failure::PortError;
use sluice_core::id::Hash;
use sluice_core::stack::{
    ChangeSetOrder, ChangeSetReading, EVENTS, Execution, StackChanges, StackEnd, StackEvent,
    StackReading, StackUpdate,
};

use super::CloudPorts;
use crate::cloud::{ChangeSetDescription, Operation, StackRow};

/// What CloudFormation tells in the place of the value of a parameter with `NoEcho`.
const NO_ECHO: &str = "****";

/// An event as the port has it.
fn event(row: &StackRow) -> StackEvent {
    StackEvent {
        resource: row.resource.clone(),
        status: row.status.to_owned(),
        reason: row.reason.clone(),
    }
}

fn begins(error: &PortError, code: &str) -> bool {
    error.message.starts_with(code)
}

#[async_trait]
impl Stacks for CloudPorts {
    async fn stack(&self, target: &Target, stack: &str) -> Result<StackReading, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeStacks)?;
        let place = cloud.place(target)?;
        let described = cloud.stack_described(&place, stack)?;
        let parameters = described.parameters.into_iter();
        reply.with(StackReading {
            template: Hash::of_json(&described.template),
            parameters: parameters
                .map(|(name, value)| (name, (value != NO_ECHO).then_some(value)))
                .collect(),
        })
    }

    async fn ensure_change_set(
        &self,
        target: &Target,
        order: &ChangeSetOrder,
    ) -> Result<(), PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::CreateChangeSet)?;
        let place = cloud.place(target)?;
        match cloud.create_change_set(&place, order) {
            Err(error) if !begins(&error, "AlreadyExistsException") => Err(error),
            _ => reply.with(()),
        }
    }

    async fn change_set(
        &self,
        target: &Target,
        stack: &str,
        name: &str,
    ) -> Result<ChangeSetReading, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeChangeSet)?;
        let place = cloud.place(target)?;
        let seen = cloud.change_set_seen(&place, stack, name)?;
        reply.with(seen.map_or(ChangeSetReading::Absent, reading))
    }

    async fn ensure_no_change_set(
        &self,
        target: &Target,
        stack: &str,
        name: &str,
    ) -> Result<(), PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DeleteChangeSet)?;
        let place = cloud.place(target)?;
        cloud.delete_change_set(&place, stack, name)?;
        reply.with(())
    }

    async fn ensure_executed(
        &self,
        target: &Target,
        stack: &str,
        name: &str,
    ) -> Result<Execution, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::ExecuteChangeSet)?;
        let place = cloud.place(target)?;
        match cloud.execute_change_set(&place, stack, name, name) {
            Ok(()) => reply.with(Execution::Taken),
            Err(error)
                if begins(&error, "InvalidChangeSetStatus")
                    || begins(&error, "ChangeSetNotFound") =>
            {
                reply.with(Execution::Void(error.message))
            }
            Err(error) => Err(error),
        }
    }

    async fn update(
        &self,
        target: &Target,
        stack: &str,
        token: &str,
    ) -> Result<StackUpdate, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeStackEvents)?;
        let place = cloud.place(target)?;
        let rows = cloud.stack_events(&place, stack)?;
        let ours: Vec<&StackRow> = rows.iter().filter(|row| row.token == token).collect();
        let mut own = ours.iter().filter(|row| row.is_of_the_stack());
        let end = own.find_map(|row| StackEnd::of(row.status));
        let mut resources = ours.iter().rev().filter(|row| !row.is_of_the_stack());
        let failed = resources.find(|row| row.status.ends_with("_FAILED"));
        reply.with(StackUpdate {
            end,
            events: ours.iter().take(EVENTS).map(|row| event(row)).collect(),
            failed: failed.map(|row| event(row)),
        })
    }
}

/// What a change set of that state is to the port.
fn reading(one: ChangeSetDescription) -> ChangeSetReading {
    let reason = one.reason.unwrap_or_default();
    match (one.status, one.execution) {
        ("CREATE_IN_PROGRESS", _) => ChangeSetReading::UnderWay,
        ("FAILED", _) if reason.contains("didn't contain changes") => ChangeSetReading::Unchanged,
        ("FAILED", _) => ChangeSetReading::Failed(reason),
        (_, "AVAILABLE") => {
            let changes: Vec<String> = one.changes.iter().map(ToString::to_string).collect();
            let hash = Hash::of_json(&(&one.order.template, &one.order.parameters, changes));
            let changes = StackChanges::new(one.changes, hash);
            ChangeSetReading::Available(Box::new(changes))
        }
        (_, execution) => ChangeSetReading::Void(execution.to_owned()),
    }
}
