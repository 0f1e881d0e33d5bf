//! Acts: each by the code that carries it out for Slack.

use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{DeploymentId, Hash, UserId};
use sluice_core::rollback::ReleaseReference;
use sluice_words::message::{ButtonAction, Message};
use sluice_words::modal::{BEFORE, Input, InputKind, InputName, Purpose, Submission};
use sluice_words::operate::{Answer, Order, Outcome, said};
use sluice_words::slash::{Ask, Decision, Reason, Slash};

use super::{Command, Failed, Paper};
use crate::App;
use crate::asked::{Request, RollBack};
use crate::decide::Decide;
use crate::ports::TriggerId;

/// Who acts, and with what.
pub(super) struct Act<'a> {
    pub(super) order: &'a Order,
    pub(super) trigger: TriggerId,
    pub(super) by: UserId,
}

impl Act<'_> {
    fn has(&self, names: &[InputName]) -> bool {
        names
            .iter()
            .all(|name| self.order.answers.contains_key(name))
    }

    fn submission(&self, purpose: Purpose) -> Submission {
        Submission {
            id: self.trigger.0.clone(),
            purpose,
            answers: self.order.answers.clone(),
            by: self.by.clone(),
        }
    }

    fn request(&self, environment: &EnvironmentKey) -> Request {
        Request {
            id: self.trigger.0.clone(),
            by: self.by.clone(),
            environment: environment.clone(),
        }
    }
}

impl App {
    pub(super) async fn act(
        &self,
        command: &Command,
        at: &EnvironmentKey,
        act: &Act<'_>,
        paper: &Paper,
    ) -> Result<Answer, Failed> {
        let (said, deployment) = match command {
            Command::Slash(Slash::Decision(Decision::Approve(_))) => {
                return self.verdict(ButtonAction::Approve, at, None, act).await;
            }
            Command::Slash(Slash::Decision(Decision::Reject { reason, .. })) => {
                return self
                    .verdict(ButtonAction::Reject, at, Some(reason), act)
                    .await;
            }
            Command::Slash(Slash::Ask(Ask::RollBack { to, .. })) => {
                // A deployment's id is written like a tag.
                let to = to
                    .as_ref()
                    .map(|to| ReleaseReference::parse(&to.to_string()));
                if !act.has(&[InputName::Reason]) {
                    self.ask_where_to(at, &act.by, to.as_ref(), &act.trigger)
                        .await?;
                    return Ok(asks(paper, act));
                }
                let form = act.submission(Purpose::RollBack { at: at.clone() });
                let order = RollBack {
                    to,
                    reason: form.reason()?.to_string(),
                    force: form.is_forced(),
                };
                let asked = self.roll_back(&act.request(at), &order).await?;
                (asked.reply, Some(asked.deployment))
            }
            Command::Slash(Slash::Ask(Ask::Restore(_))) => {
                use InputName::{Confirm, Point, Reason};
                if !act.has(&[Point, Reason, Confirm]) {
                    self.ask_what_to_restore(at, &act.by, &act.trigger).await?;
                    return Ok(asks(paper, act));
                }
                let form = act.submission(Purpose::Restore { at: at.clone() });
                let id = act.request(at).deployment();
                (self.submit(&form).await?.reply, Some(id))
            }
            Command::Slash(slash) => {
                let reply = self.slash(slash, &act.by, &act.trigger).await?;
                let Some(message) = reply.message else {
                    return Ok(asks(paper, act));
                };
                // A request that has opened a deployment has given it its name.
                let id = act.request(at).deployment();
                return Ok(Answer {
                    deployment: self.glimpse(&id).await.unwrap_or_default(),
                    ..Answer::new(Outcome::Done, message)
                });
            }
            Command::Button(button, subject) => {
                let id = self.meant(subject).await?.id;
                return self.button(*button, &id, act, paper).await;
            }
            Command::Show(_) | Command::Export(_) => unreachable!("they change nothing"),
        };
        self.done(&said, deployment.as_ref()).await
    }

    /// What a button does that has no command in Slack.
    async fn button(
        &self,
        action: ButtonAction,
        id: &DeploymentId,
        act: &Act<'_>,
        paper: &Paper,
    ) -> Result<Answer, Failed> {
        let said = if action == ButtonAction::Override && act.has(&[InputName::Reason]) {
            let deployment = id.clone();
            let form = act.submission(Purpose::Override { deployment });
            self.submit(&form).await?.reply
        } else {
            let click = Decide {
                action,
                deployment: id.clone(),
                plan: None,
                by: act.by.clone(),
                reason: None,
            };
            match self.click(&click, Some(&act.trigger)).await? {
                Some(decided) => decided.reply,
                None => return Ok(asks(paper, act)),
            }
        };
        self.done(&said, Some(id)).await
    }

    /// A decision on a plan. A yes is for the plan that somebody has read, and says which that is.
    async fn verdict(
        &self,
        action: ButtonAction,
        at: &EnvironmentKey,
        reason: Option<&Reason>,
        act: &Act<'_>,
    ) -> Result<Answer, Failed> {
        let d = self.waits(Some(at)).await?;
        let waits = d.plan.as_ref().map(|sealed| sealed.hash.clone());
        let same = |seen: &str| waits.as_ref().is_some_and(|hash| names(seen, hash));
        match &act.order.plan {
            Some(seen) if !same(seen) => return self.other_plan(&d, seen).await,
            None if action == ButtonAction::Approve => return self.unread(&d).await,
            Some(_) | None => {}
        }
        let decide = Decide {
            action,
            plan: waits,
            deployment: d.id.clone(),
            by: act.by.clone(),
            reason: reason.cloned(),
        };
        let decided = self.decide(&decide).await?;
        self.done(&decided.reply, Some(&d.id)).await
    }

    async fn unread(&self, d: &Deployment) -> Result<Answer, Failed> {
        let mut answer = self.shown(d, Outcome::NeedsAnswers).await?;
        let plan = answer.deployment.as_ref().and_then(|it| it.plan.clone());
        answer.message = preceded(&said::unread(&plan.unwrap_or_default()), answer.message);
        Ok(answer)
    }

    async fn other_plan(&self, d: &Deployment, seen: &str) -> Result<Answer, Failed> {
        let mut answer = self.shown(d, Outcome::Refused).await?;
        let seen: String = seen.chars().take(64).collect();
        answer.message = preceded(&said::other_plan(&seen), answer.message);
        Ok(answer)
    }

    /// It is done. What it has led to is shown where that can be read.
    async fn done(&self, said: &str, id: Option<&DeploymentId>) -> Result<Answer, Failed> {
        let deployment = match id {
            Some(id) => self.glimpse(id).await.unwrap_or_default(),
            None => None,
        };
        Ok(Answer {
            deployment,
            ..Answer::line(Outcome::Done, said)
        })
    }
}

/// Whether somebody who has read `seen` means this plan.
fn names(seen: &str, plan: &Hash) -> bool {
    seen.len() >= plan.short().len() && plan.as_str().starts_with(seen)
}

fn preceded(line: &str, mut message: Message) -> Message {
    let mut said = Message::line(line);
    said.blocks.append(&mut message.blocks);
    said
}

/// The form that Slack would have opened, and which of its questions must be answered.
fn asks(paper: &Paper, act: &Act<'_>) -> Answer {
    let form = paper.form();
    let inputs = form.iter().flat_map(|form| &form.inputs);
    let open = inputs.filter(|input| !has_default(input) && !act.has(&[input.name]));
    let open: Vec<&str> = open.map(|input| input.name.id()).collect();
    let mut answer = Answer::line(Outcome::NeedsAnswers, said::not_done_yet(&open));
    answer.form = form.map(Box::new);
    answer
}

/// The previous version unless another is named, and no rollback onto a newer schema unless someone
/// says that it is compatible.
fn has_default(input: &Input) -> bool {
    match (input.name, &input.kind) {
        (InputName::Schema, _) => true,
        (InputName::Release, InputKind::Select(choices)) => {
            choices.iter().any(|choice| choice.value == BEFORE)
        }
        _ => false,
    }
}
