//! What becomes of the environment's stack: judged from the change set that CloudFormation made.

use super::draw::Findings;
use super::vouched::is_vouched_for;
use crate::command::{Command, StackCommand};
use crate::config::{RiskRule, Stack, WaivedChange};
use crate::deployment::Deployment;
use crate::plan::PlannedStack;
use crate::plan::survey::Survey;
use crate::stack::{ChangeSetOrder, ChangeSetReading, StackAction, StackChange, StackChanges};

/// The stack that the deployment changes. A release does; what leads back leaves infrastructure as
/// it is.
pub(crate) fn stack_of(d: &Deployment) -> Option<&Stack> {
    let stack = d.settings.environment.stack.as_ref();
    stack.filter(|_| d.kind.is_release())
}

impl Survey {
    /// The next thing to be done to see what would become of the stack. Nothing for an image that is
    /// not vouched for: what it says of itself would choose the template.
    pub(super) fn missing_of_stack(&self, d: &Deployment) -> Option<Command> {
        let stack = stack_of(d)?;
        if !is_vouched_for(d, self) {
            return None;
        }
        let (stack_name, name) = (stack.name.clone(), d.change_sets.name(&d.id));
        let remove = Command::Stack(StackCommand::RemoveChangeSet {
            stack: stack_name.clone(),
            name: name.clone(),
        });
        match &self.stack {
            Some(ChangeSetReading::Available(_)) => None,
            // It is of no more use, and would stay.
            Some(ChangeSetReading::Unchanged | ChangeSetReading::Failed(_)) => {
                d.change_sets.is_open().then_some(remove)
            }
            Some(ChangeSetReading::Void(_)) => Some(remove),
            Some(ChangeSetReading::Absent | ChangeSetReading::UnderWay) | None => {
                if d.change_sets.is_taken() {
                    return Some(Command::Stack(StackCommand::ReadChangeSet {
                        stack: stack_name,
                        name,
                    }));
                }
                Some(Command::Stack(StackCommand::StartChangeSet(
                    ChangeSetOrder {
                        template: stack.template_for(self.commit().as_deref()).ok()?,
                        stack: stack_name,
                        name,
                        parameters: stack.parameters.clone(),
                    },
                )))
            }
        }
    }

    /// The commit that Sluice shows for the release.
    fn commit(&self) -> Option<String> {
        let commit = self.image.as_ref()?.origin.commit.as_ref()?;
        Some(commit.as_str().to_owned())
    }
}

impl Findings {
    pub(super) fn judge_stack(&mut self, d: &Deployment, survey: &Survey) -> Option<PlannedStack> {
        let stack = stack_of(d)?;
        let Ok(template) = stack.template_for(survey.commit().as_deref()) else {
            self.problems.push(format!(
                "the template of the stack {} is one of the release's commit, and no one says which \
                 that is: annotate the image with org.opencontainers.image.revision, or take \
                 `{{commit}}` out of `template`",
                stack.name
            ));
            return None;
        };
        let changes = match &survey.stack {
            Some(ChangeSetReading::Available(changes)) => {
                let mut changes = (**changes).clone();
                for change in &mut changes.changes {
                    change.waiver = waiver(stack, change);
                }
                self.judge_changes(d, stack, &changes);
                Some(changes)
            }
            Some(ChangeSetReading::Unchanged) => Some(StackChanges::default()),
            Some(ChangeSetReading::Failed(why)) => {
                self.problems.push(format!(
                    "CloudFormation cannot make a change set for the stack {}: {why}",
                    stack.name
                ));
                None
            }
            Some(
                ChangeSetReading::Void(_) | ChangeSetReading::Absent | ChangeSetReading::UnderWay,
            )
            | None => None,
        };
        Some(PlannedStack {
            name: stack.name.clone(),
            template,
            parameters: stack.parameters.clone(),
            changes,
        })
    }

    fn judge_changes(&mut self, d: &Deployment, stack: &Stack, changes: &StackChanges) {
        let environment = d.environment();
        let is_refused = |risk| stack.rules.get(&risk) == Some(&RiskRule::Refuse);
        for change in &changes.changes {
            let Some(risk) = change.risk().filter(|risk| is_refused(*risk)) else {
                continue;
            };
            if change.waiver.is_some() {
                continue;
            }
            let for_what: Vec<&str> = change.replaced_for().collect();
            let property = match for_what.is_empty() {
                true => String::new(),
                false => format!(" and `property` {}", for_what.join(", ")),
            };
            self.problems.push(format!(
                "the stack {} would {change}, which {}, and {environment} refuses that: change the \
                 template, or have someone answer for it in `waivers` of [environments.\
                 {environment}.stack], with `resource` {}{property}",
                stack.name,
                risk.in_words(),
                change.resource,
            ));
        }
        for risk in changes
            .left_out_risks
            .iter()
            .filter(|risk| is_refused(**risk))
        {
            self.problems.push(format!(
                "the stack {} would change more than Sluice shows, and some of that {} and would be \
                 replaced or removed: change the stack in smaller steps",
                stack.name,
                risk.in_words()
            ));
        }
    }
}

/// Who answers for a change: for its removal, or for every property for which it is replaced.
fn waiver(stack: &Stack, change: &StackChange) -> Option<crate::migration::Waiver> {
    change.risk()?;
    let of_it = |property: Option<&str>| {
        let is_it = |waived: &&WaivedChange| {
            waived.resource == change.resource && waived.property.as_deref() == property
        };
        stack
            .waivers
            .iter()
            .find(is_it)
            .map(|one| one.waiver.clone())
    };
    if change.action == StackAction::Remove || change.action == StackAction::Modify {
        return of_it(None);
    }
    let mut all = change.replaced_for().map(|property| of_it(Some(property)));
    let first = all.next()??;
    all.all(|one| one.is_some()).then_some(first)
}
