//! CloudFormation: stacks, their change sets and their events.
//!
//! What a template would change is told by a story ([`Cloud::plan_stack_changes`]): the next change
//! sets show it, until one of them is executed.

mod update;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use sluice_core::failure::PortError;
use sluice_core::stack::{ChangeSetOrder, StackChange};

use super::Cloud;
use super::agenda::Due;
use super::lag::Read;
use super::place::Place;
use update::Updating;

/// CloudFormation's type of a stack, in its events.
const STACK: &str = "AWS::CloudFormation::Stack";

/// What becomes of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StackFate {
    /// Everything is changed.
    #[default]
    Completes,
    /// A resource fails for this reason, and everything is taken back.
    RollsBack(String),
    /// A resource fails for this reason, and cannot be taken back.
    Sticks(String),
}

/// An event of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackRow {
    /// When.
    pub at: Timestamp,
    /// `ClientRequestToken`.
    pub token: String,
    /// The logical id: the stack's name where it is the stack's own.
    pub resource: String,
    /// The type.
    pub kind: String,
    /// CloudFormation's word.
    pub status: &'static str,
    /// And its reason.
    pub reason: Option<String>,
}

impl StackRow {
    /// Whether it is the stack's own, and not of something in it.
    pub fn is_of_the_stack(&self) -> bool {
        self.kind == STACK
    }
}

/// What a change set looks like from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cloud) struct Look {
    pub(in crate::cloud) status: &'static str,
    pub(in crate::cloud) execution: &'static str,
    pub(in crate::cloud) reason: Option<String>,
    pub(in crate::cloud) gone: bool,
}

impl Look {
    fn new(status: &'static str, execution: &'static str) -> Self {
        Self {
            status,
            execution,
            reason: None,
            gone: false,
        }
    }
}

#[derive(Clone, Debug)]
pub(in crate::cloud) struct ChangeSet {
    pub(in crate::cloud) order: ChangeSetOrder,
    pub(in crate::cloud) id: String,
    pub(in crate::cloud) changes: Vec<StackChange>,
    /// What it looked like, from when on.
    looks: Vec<(Timestamp, Look)>,
}

impl ChangeSet {
    fn now(&self) -> &Look {
        let last = self.looks.last();
        &last.expect("one is pushed when it is made").1
    }

    /// What it looked like then; `None` before it was made.
    pub(in crate::cloud) fn as_of(&self, then: Timestamp) -> Option<&Look> {
        let mut looks = self.looks.iter().rev();
        looks
            .find(|(since, _)| *since <= then)
            .map(|(_, look)| look)
    }
}

#[derive(Clone, Debug)]
pub(in crate::cloud) struct Stack {
    pub(in crate::cloud) place: Arc<Place>,
    pub(in crate::cloud) name: String,
    pub(in crate::cloud) id: String,
    pub(in crate::cloud) status: &'static str,
    pub(in crate::cloud) created_at: Timestamp,
    pub(in crate::cloud) parameters: BTreeMap<String, String>,
    pub(in crate::cloud) template: String,
    pub(in crate::cloud) change_sets: Vec<ChangeSet>,
    pub(in crate::cloud) events: Vec<StackRow>,
    pending: Vec<StackChange>,
    fates: VecDeque<StackFate>,
    updating: Option<Updating>,
}

impl Cloud {
    pub(super) fn furnish_stack(&mut self, place: &Arc<Place>, name: &str) {
        if self.stack(place, name).is_some() {
            return;
        }
        let id = self.ids.uuid();
        let id = place.arn("cloudformation", format!("stack/{name}/{id:032x}"));
        self.stacks.push(Stack {
            place: place.clone(),
            name: name.to_owned(),
            id,
            status: "UPDATE_COMPLETE",
            created_at: self.now,
            parameters: BTreeMap::from([("Environment".to_owned(), name.to_owned())]),
            template: "Resources: {}".to_owned(),
            change_sets: Vec::new(),
            events: Vec::new(),
            pending: Vec::new(),
            fates: VecDeque::new(),
            updating: None,
        });
    }

    fn stacks_named(&mut self, name: &str) -> impl Iterator<Item = &mut Stack> {
        self.stacks.iter_mut().filter(move |one| one.name == name)
    }

    /// What the next change sets of the stack would change.
    pub fn plan_stack_changes(&mut self, name: &str, changes: &[StackChange]) {
        for stack in self.stacks_named(name) {
            stack.pending = changes.to_vec();
        }
    }

    /// Decides what becomes of the next update of the stack; called again, of the one after.
    pub fn plan_stack_fate(&mut self, name: &str, fate: &StackFate) {
        for stack in self.stacks_named(name) {
            stack.fates.push_back(fate.clone());
        }
    }

    /// Someone changes the template of the stack, or one of its parameters.
    pub fn set_stack(&mut self, name: &str, template: Option<&str>, parameters: &[(&str, &str)]) {
        for stack in self.stacks_named(name) {
            stack.template = template.unwrap_or(&stack.template).to_owned();
            let parameters = parameters.iter();
            let given = parameters.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            stack.parameters.extend(given);
        }
    }

    /// Someone else updates the stack, from now on. What is to change for a release stays.
    pub fn someone_updates_stack(&mut self, name: &str) {
        let all = 0..self.stacks.len();
        let those: Vec<usize> = all.filter(|at| self.stacks[*at].name == name).collect();
        for at in those {
            let token = format!("Console-UpdateStack-{:08x}", self.ids.number());
            self.begin_update(at, token, Vec::new(), None);
        }
    }

    pub(in crate::cloud) fn stack(&self, place: &Place, name: &str) -> Option<usize> {
        let is_it = |one: &Stack| *one.place == *place && one.name == name;
        self.stacks.iter().position(is_it)
    }

    pub(in crate::cloud) fn stack_or_refuse(
        &self,
        place: &Place,
        name: &str,
    ) -> Result<usize, PortError> {
        self.stack(place, name).ok_or_else(|| {
            PortError::permanent(format!("ValidationError: Stack [{name}] does not exist"))
        })
    }

    /// CreateChangeSet.
    ///
    /// # Errors
    ///
    /// As CloudFormation refuses it.
    pub fn create_change_set(
        &mut self,
        place: &Place,
        order: &ChangeSetOrder,
    ) -> Result<(), PortError> {
        let at = self.stack_or_refuse(place, &order.stack)?;
        let stack = &self.stacks[at];
        let mut there = stack.change_sets.iter();
        if there.any(|one| one.order.name == order.name && !one.now().gone) {
            return Err(PortError::permanent(format!(
                "AlreadyExistsException: ChangeSet {} cannot be created due to a mismatch with \
                 existing attribute",
                order.name
            )));
        }
        self.refuse_busy(at)?;
        let id = self.ids.uuid();
        let id = place.arn(
            "cloudformation",
            format!("changeSet/{}/{id:032x}", order.name),
        );
        let (now, stack) = (self.now, &mut self.stacks[at]);
        let look = Look::new("CREATE_IN_PROGRESS", "UNAVAILABLE");
        stack.change_sets.push(ChangeSet {
            order: order.clone(),
            id,
            changes: stack.pending.clone(),
            looks: vec![(now, look)],
        });
        let change_set = stack.change_sets.len() - 1;
        let due = Due::ChangeSetMade {
            stack: at,
            change_set,
        };
        self.agenda.plan(now + self.tempo.change_set, due);
        Ok(())
    }

    fn refuse_busy(&self, at: usize) -> Result<(), PortError> {
        let Stack { id, status, .. } = &self.stacks[at];
        let said = || format!("Stack:{id} is in {status} state and can not be updated.");
        if status.ends_with("_IN_PROGRESS") {
            return Err(PortError::retryable(format!("ValidationError: {}", said())));
        }
        if status.ends_with("_FAILED") {
            return Err(PortError::permanent(format!("ValidationError: {}", said())));
        }
        Ok(())
    }

    pub(super) fn change_set_made(&mut self, at: usize, which: usize) {
        let now = self.now;
        let one = &mut self.stacks[at].change_sets[which];
        if one.now().status != "CREATE_IN_PROGRESS" {
            return;
        }
        let mut look = Look::new("CREATE_COMPLETE", "AVAILABLE");
        if one.changes.is_empty() {
            look = Look::new("FAILED", "UNAVAILABLE");
            let said = "The submitted information didn't contain changes. Submit different \
                        information to create a change set.";
            look.reason = Some(said.to_owned());
        }
        one.looks.push((now, look));
    }

    pub(in crate::cloud) fn change_set_named(
        &self,
        at: usize,
        name: &str,
    ) -> Option<(usize, &ChangeSet)> {
        let all = self.stacks[at].change_sets.iter().enumerate();
        all.rev().find(|(_, one)| one.order.name == name)
    }

    fn no_change_set(name: &str) -> PortError {
        PortError::permanent(format!(
            "ChangeSetNotFound: ChangeSet [{name}] does not exist"
        ))
    }

    /// DeleteChangeSet; nothing if there is none.
    ///
    /// # Errors
    ///
    /// As CloudFormation refuses it.
    pub fn delete_change_set(
        &mut self,
        place: &Place,
        stack: &str,
        name: &str,
    ) -> Result<(), PortError> {
        let at = self.stack_or_refuse(place, stack)?;
        let now = self.now;
        let Some((which, one)) = self.change_set_named(at, name) else {
            return Ok(());
        };
        let look = one.now().clone();
        let busy = ["CREATE_IN_PROGRESS"].contains(&look.status)
            || look.execution == "EXECUTE_IN_PROGRESS";
        if busy && !look.gone {
            return Err(PortError::retryable(format!(
                "InvalidChangeSetStatus: ChangeSet [{name}] cannot be deleted in its current status"
            )));
        }
        let one = &mut self.stacks[at].change_sets[which];
        one.looks.push((now, Look { gone: true, ..look }));
        Ok(())
    }

    /// ExecuteChangeSet. A retry with the token of an update is that update.
    ///
    /// # Errors
    ///
    /// As CloudFormation refuses it: what was executed already, or cannot be any more.
    pub fn execute_change_set(
        &mut self,
        place: &Place,
        stack: &str,
        name: &str,
        token: &str,
    ) -> Result<(), PortError> {
        let at = self.stack_or_refuse(place, stack)?;
        if self.stacks[at].events.iter().any(|row| row.token == token) {
            return Ok(());
        }
        let found = self.change_set_named(at, name);
        let found = found.filter(|(_, one)| !one.now().gone);
        let (which, one) = found.ok_or_else(|| Self::no_change_set(name))?;
        let (look, changes) = (one.now().clone(), one.changes.clone());
        self.refuse_busy(at)?;
        if look.execution != "AVAILABLE" {
            return Err(PortError::permanent(format!(
                "InvalidChangeSetStatus: ChangeSet [{name}] cannot be executed in its current \
                 execution status [{}]",
                look.execution
            )));
        }
        self.begin_update(at, token.to_owned(), changes, Some(which));
        Ok(())
    }

    /// As of when stacks are seen.
    pub(in crate::cloud) fn stacks_seen_as_of(&self) -> Timestamp {
        self.seen_as_of(Read::Stacks).unwrap_or(self.now)
    }

    /// The events of a stack as DescribeStackEvents has them: the newest first.
    ///
    /// # Errors
    ///
    /// There is no such stack.
    pub fn stack_events(&self, place: &Place, stack: &str) -> Result<Vec<StackRow>, PortError> {
        let at = self.stack_or_refuse(place, stack)?;
        let then = self.stacks_seen_as_of();
        let events = self.stacks[at].events.iter().rev();
        Ok(events.filter(|one| one.at <= then).cloned().collect())
    }
}
