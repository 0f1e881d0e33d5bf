//! The course of an update: its resources one after the other, and back again where one fails.

use jiff::SignedDuration;
use sluice_core::stack::{StackAction, StackChange};

use super::{Look, STACK, StackFate, StackRow};
use crate::cloud::Cloud;
use crate::cloud::agenda::Due;
use crate::cloud::ledger::Happened;

/// From the last resource to the end of the update.
const CLEANUP: SignedDuration = SignedDuration::from_secs(5);

/// An update under way.
#[derive(Clone, Debug)]
pub(super) struct Updating {
    token: String,
    changes: Vec<StackChange>,
    fate: StackFate,
    change_set: Option<usize>,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Changing,
    CleaningUp,
    TakingBack,
}

impl Cloud {
    pub(super) fn begin_update(
        &mut self,
        at: usize,
        token: String,
        changes: Vec<StackChange>,
        change_set: Option<usize>,
    ) {
        let now = self.now;
        let stack = &mut self.stacks[at];
        // A change set is of the stack as it was.
        for (which, one) in stack.change_sets.iter_mut().enumerate() {
            let look = one.now().clone();
            if Some(which) == change_set {
                let execution = "EXECUTE_IN_PROGRESS";
                one.looks.push((now, Look { execution, ..look }));
            } else if look.execution == "AVAILABLE" {
                let execution = "OBSOLETE";
                one.looks.push((now, Look { execution, ..look }));
            }
        }
        stack.updating = Some(Updating {
            token: token.clone(),
            changes: changes.clone(),
            fate: match change_set {
                Some(_) => stack.fates.pop_front().unwrap_or_default(),
                None => StackFate::Completes,
            },
            change_set,
            step: Step::Changing,
        });
        self.stack_tells(at, "UPDATE_IN_PROGRESS", Some("User Initiated"));
        for change in &changes {
            self.resource_tells(at, change, "UPDATE_IN_PROGRESS", None);
        }
        let stack = &self.stacks[at];
        let loses = |change: &&StackChange| {
            matches!(change.action, StackAction::Replace | StackAction::Remove)
        };
        let replaced = changes.iter().filter(loses);
        let what = Happened::StackUpdateBegan {
            account: stack.place.account.clone(),
            stack: stack.name.clone(),
            token,
            replaced: replaced.map(|one| one.resource.clone()).collect(),
        };
        self.note(what);
        let due = Due::StackMoves { stack: at };
        self.agenda.plan(now + self.tempo.stack_update, due);
    }

    fn stack_tells(&mut self, at: usize, status: &'static str, reason: Option<&str>) {
        let now = self.now;
        let stack = &mut self.stacks[at];
        stack.status = status;
        let token = stack.updating.as_ref().map(|one| one.token.clone());
        stack.events.push(StackRow {
            at: now,
            token: token.unwrap_or_default(),
            resource: stack.name.clone(),
            kind: STACK.to_owned(),
            status,
            reason: reason.map(str::to_owned),
        });
    }

    fn resource_tells(
        &mut self,
        at: usize,
        change: &StackChange,
        status: &'static str,
        reason: Option<&str>,
    ) {
        let now = self.now;
        let stack = &mut self.stacks[at];
        let token = stack.updating.as_ref().map(|one| one.token.clone());
        stack.events.push(StackRow {
            at: now,
            token: token.unwrap_or_default(),
            resource: change.resource.clone(),
            kind: change.kind.clone(),
            status,
            reason: reason.map(str::to_owned),
        });
    }

    pub(in crate::cloud) fn stack_moves(&mut self, at: usize) {
        let Some(updating) = self.stacks[at].updating.clone() else {
            return;
        };
        let changes = &updating.changes;
        match (updating.step, &updating.fate) {
            (Step::Changing, StackFate::Completes) => {
                for change in changes {
                    self.resource_tells(at, change, "UPDATE_COMPLETE", None);
                }
                self.stack_tells(at, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
                self.step_to(at, Step::CleaningUp, CLEANUP);
            }
            (Step::Changing, StackFate::RollsBack(reason) | StackFate::Sticks(reason)) => {
                // One fails, and CloudFormation calls the others off.
                if let Some(change) = changes.first() {
                    self.resource_tells(at, change, "UPDATE_FAILED", Some(reason));
                }
                for change in changes.iter().skip(1) {
                    let said = "Resource update cancelled";
                    self.resource_tells(at, change, "UPDATE_FAILED", Some(said));
                }
                let failed: Vec<&str> = changes.iter().map(|one| one.resource.as_str()).collect();
                let said = format!(
                    "The following resource(s) failed to update: [{}].",
                    failed.join(", ")
                );
                self.stack_tells(at, "UPDATE_ROLLBACK_IN_PROGRESS", Some(&said));
                let takes = self.tempo.stack_update;
                self.step_to(at, Step::TakingBack, takes);
            }
            (Step::CleaningUp, _) => self.update_ends(at, &updating, "UPDATE_COMPLETE"),
            (Step::TakingBack, StackFate::Sticks(reason)) => {
                for change in changes {
                    self.resource_tells(at, change, "UPDATE_FAILED", Some(reason));
                }
                self.update_ends(at, &updating, "UPDATE_ROLLBACK_FAILED");
            }
            (Step::TakingBack, _) => {
                for change in changes {
                    self.resource_tells(at, change, "UPDATE_COMPLETE", None);
                }
                let cleanup = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS";
                self.stack_tells(at, cleanup, None);
                self.update_ends(at, &updating, "UPDATE_ROLLBACK_COMPLETE");
            }
        }
    }

    fn step_to(&mut self, at: usize, step: Step, takes: SignedDuration) {
        if let Some(updating) = &mut self.stacks[at].updating {
            updating.step = step;
        }
        let due = Due::StackMoves { stack: at };
        self.agenda.plan(self.now + takes, due);
    }

    fn update_ends(&mut self, at: usize, updating: &Updating, status: &'static str) {
        self.stack_tells(at, status, None);
        let (now, stack) = (self.now, &mut self.stacks[at]);
        stack.updating = None;
        let done = status == "UPDATE_COMPLETE";
        if let Some(which) = updating.change_set {
            let one = &mut stack.change_sets[which];
            if done {
                stack.pending.clear();
                stack.parameters.extend(one.order.parameters.clone());
            }
            let look = one.now().clone();
            let execution = if done {
                "EXECUTE_COMPLETE"
            } else {
                "EXECUTE_FAILED"
            };
            // What was executed is not kept.
            let gone = done;
            one.looks.push((
                now,
                Look {
                    execution,
                    gone,
                    ..look
                },
            ));
        }
        let what = Happened::StackUpdateEnded {
            account: stack.place.account.clone(),
            stack: stack.name.clone(),
            token: updating.token.clone(),
            status: status.to_owned(),
        };
        self.note(what);
    }
}
