//! How far an update of a stack is, by the events that carry its token.

use aws_sdk_cloudformation::types::{ResourceStatus, StackEvent as Event};
use sluice_core::failure::PortError;
use sluice_core::stack::{EVENTS, StackEnd, StackEvent, StackUpdate};

use super::failed;
use crate::clients::ClientSet;

/// Pages of events that are read: a hundred each, the newest first.
const PAGES_MAX: usize = 30;

/// What CloudFormation says of resources that it calls off since another one failed.
const CALLED_OFF: &str = "cancelled";

pub(super) async fn update(
    clients: &ClientSet,
    stack: &str,
    token: &str,
) -> Result<StackUpdate, PortError> {
    const ACTION: &str = "cloudformation:DescribeStackEvents";
    let mut pages = clients
        .cloudformation()
        .describe_stack_events()
        .stack_name(stack)
        .into_paginator()
        .send();
    let mut ours: Vec<Event> = Vec::new();
    let mut read = 0;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed(ACTION, stack, error))?;
        let is_ours = |event: &Event| event.client_request_token() == Some(token);
        let ends_with_ours = page.stack_events().last().is_some_and(is_ours);
        ours.extend(
            page.stack_events
                .unwrap_or_default()
                .into_iter()
                .filter(is_ours),
        );
        read += 1;
        // What is older is of updates before ours.
        if read >= PAGES_MAX || (!ours.is_empty() && !ends_with_ours) {
            break;
        }
    }
    Ok(told(&ours))
}

fn told(ours: &[Event]) -> StackUpdate {
    // Of a stack within the stack the events have the same type, and another id.
    let own = ours.iter().filter(|one| is_of_the_stack(one));
    let mut ends = own.filter_map(|one| StackEnd::of(one.resource_status()?.as_str()));
    let is_failure = |one: &&Event| {
        let status = one.resource_status().map(ResourceStatus::as_str);
        !is_of_the_stack(one) && status.is_some_and(|status| status.ends_with("_FAILED"))
    };
    let is_the_cause = |one: &&Event| {
        let reason = one.resource_status_reason();
        reason.is_none_or(|reason| !reason.contains(CALLED_OFF))
    };
    let oldest = || ours.iter().rev().filter(is_failure);
    let failed = oldest().find(is_the_cause).or_else(|| oldest().next());
    StackUpdate {
        end: ends.next(),
        events: ours.iter().take(EVENTS).map(event).collect(),
        failed: failed.map(event),
    }
}

fn is_of_the_stack(event: &Event) -> bool {
    event.physical_resource_id().is_some() && event.physical_resource_id() == event.stack_id()
}

fn event(one: &Event) -> StackEvent {
    let status = one.resource_status().map(ResourceStatus::as_str);
    StackEvent {
        resource: one.logical_resource_id().unwrap_or_default().to_owned(),
        status: status.unwrap_or_default().to_owned(),
        reason: one.resource_status_reason().map(str::to_owned),
    }
}
