//! Someone at the prompt, and what Slack shows them: they click its buttons, fill in its forms,
//! read its threads and type `/sluice …`, whenever they are asked or want to.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use jiff::SignedDuration;
use sluice_app::ports::MessageRef;
use sluice_core::config::Member;
use sluice_core::deployment::Deployment;
use sluice_core::id::{DeploymentId, Hash, UserId};
use sluice_core::phase::Phase;
use sluice_core::roles::Role;
use sluice_sim::workplace::Posted;
use sluice_sim::world::{Click, members};
use sluice_words::message::{Block, Button, ButtonAction, Message};
use sluice_words::slash::{COMMAND, Group, Verb};
use sluice_words::view;

use super::Play;
use super::audience::{Aside, Audience, Filled, Question, Wish};
use super::desk::Came;
use crate::scenario::Approver;

/// A wake-up, and what it makes Sluice post, take at most this many steps of the world.
const MOMENT_STEPS: usize = 6;

/// What was asked so far, and what was made of it.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// The plans that someone was asked about.
    asked: BTreeSet<(DeploymentId, Hash)>,
    /// Someone goes with this deployment step by step, and was asked about it in this phase.
    step: Option<(DeploymentId, &'static str)>,
    pub(super) decided: Decided,
    /// Whether they have left before the end.
    pub(super) left: bool,
}

/// How the story differs from the script, because of what someone at the prompt did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Decided {
    /// Not at all.
    #[default]
    AsTold,
    /// The deployment of this tag ends like this, and everything scripted after it is skipped.
    Ends(String, &'static str),
    /// In unpredictable ways.
    Otherwise,
}

impl Play {
    /// Asks the person at the prompt, if there is something to ask or they want to do something.
    pub(super) fn ask(&mut self, audience: &mut dyn Audience) -> io::Result<()> {
        let interrupts = audience.interrupts();
        let Some(d) = self.about(interrupts) else {
            return Ok(());
        };
        let Some((mut question, posted)) = self.question(&d.id) else {
            return Ok(());
        };
        if !interrupts && question.asks && !self.is_free() {
            audience.ask(&question, false)?;
            self.as_in_the_story(&question, &posted);
            return Ok(());
        }
        loop {
            match audience.ask(&question, true)? {
                Wish::AsInTheStory => {
                    self.conversation.step = None;
                    self.as_in_the_story(&question, &posted);
                    return Ok(());
                }
                Wish::Leave => {
                    self.conversation.left = true;
                    return Ok(());
                }
                Wish::GoOn => return Ok(()),
                Wish::Wait(time) => {
                    self.waits(&question, time);
                    return Ok(());
                }
                Wish::Step => {
                    let phase = self.phase(&question.deployment);
                    self.conversation.step = Some((question.deployment.clone(), phase));
                    if !question.asks {
                        return Ok(());
                    }
                }
                Wish::Thread => audience.show(&Aside::Thread(self.thread(&posted.reference)))?,
                Wish::Command(text) => {
                    self.types(audience, &text)?;
                    if !is_look(&text) {
                        self.catch_up(audience, &question.deployment)?;
                    }
                }
                Wish::Click(action) => {
                    self.clicks(audience, &question, action)?;
                    if !self.asks_more(&question.deployment) {
                        return Ok(());
                    }
                    self.catch_up(audience, &question.deployment)?;
                }
            }
            match self.question(&question.deployment) {
                Some((current, _)) => question = current,
                None => return Ok(()),
            }
        }
    }

    /// Whether nothing continues before someone does something more.
    fn asks_more(&self, id: &DeploymentId) -> bool {
        let d = self.deployment(id).filter(|d| !d.phase.is_terminal());
        d.is_some_and(|d| matches!(d.phase, Phase::AwaitingApproval) || d.paused.is_some())
    }

    /// Lets Slack show what was just done, which takes it no longer than someone looks.
    fn catch_up(&mut self, audience: &mut dyn Audience, id: &DeploymentId) -> io::Result<()> {
        for _ in 0..MOMENT_STEPS {
            let shown = self.deployment(id).is_none_or(|d| self.shows_what_is(&d));
            if shown || self.stage.is_over() {
                break;
            }
            self.stage.step(audience)?;
            self.stage.tell(audience)?;
        }
        Ok(())
    }

    /// Whether the answer to a plan is the one at the prompt's to give.
    fn is_free(&self) -> bool {
        matches!(
            self.scenario.approver,
            Approver::Clicks(ButtonAction::Approve, _) | Approver::AsManyAsItTakes(_)
        )
    }

    /// The deployment to ask about, if there is one.
    fn about(&mut self, interrupts: bool) -> Option<Deployment> {
        let mut stored = self.stage.world.store().deployments();
        stored.sort_by_key(|stored| stored.deployment.requested_at);
        let all = stored.into_iter();
        let all: Vec<Deployment> = all
            .map(|stored| Arc::unwrap_or_clone(stored.deployment))
            .collect();
        for again in self.stage.take_reminders() {
            self.conversation.asked.retain(|(id, _)| *id != again);
        }
        let waits = all.iter().find(|d| {
            let plan = d
                .plan
                .as_ref()
                .map(|sealed| (d.id.clone(), sealed.hash.clone()));
            matches!(d.phase, Phase::AwaitingApproval)
                && plan.is_some_and(|plan| !self.conversation.asked.contains(&plan))
                && self.shows_what_is(d)
        });
        if let Some(d) = waits {
            let plan = d.sealed_plan().hash.clone();
            self.conversation.asked.insert((d.id.clone(), plan));
            return Some(d.clone());
        }
        let steps_on = |d: &&Deployment| match &self.conversation.step {
            Some((id, phase)) => {
                *id == d.id
                    && *phase != d.phase.name()
                    && self.shows_what_is(d)
                    && buttons(&view::message(d, None)).next().is_some()
            }
            None => false,
        };
        if let Some(d) = all.iter().find(steps_on) {
            self.conversation.step = Some((d.id.clone(), d.phase.name()));
            return Some(d.clone());
        }
        let newest = all.iter().rev().find(|d| !d.phase.is_terminal());
        let newest = newest.or(all.last()).filter(|_| interrupts);
        newest.cloned()
    }

    /// Whether Slack's message of the deployment is current: it is updated a moment later.
    fn shows_what_is(&self, d: &Deployment) -> bool {
        let Some(posted) = self.posted(&d.id) else {
            return false;
        };
        gist(&view::message(d, None)) == gist(posted.says())
    }

    /// The deployment's message in Slack, and what can be done about it.
    fn question(&self, id: &DeploymentId) -> Option<(Question, Posted)> {
        let d = self.deployment(id)?;
        let posted = self.posted(id)?;
        let question = Question {
            deployment: d.id.clone(),
            channel: posted.channel.to_string(),
            message: posted.says().clone(),
            buttons: buttons(posted.says()).cloned().collect(),
            environment: d.environment().to_string(),
            tag: d.release.tag.to_string(),
            asks: matches!(d.phase, Phase::AwaitingApproval),
        };
        Some((question, posted))
    }

    fn deployment(&self, id: &DeploymentId) -> Option<Deployment> {
        let stored = self.stage.world.store().deployment(id)?;
        Some(Arc::unwrap_or_clone(stored.deployment))
    }

    fn phase(&self, id: &DeploymentId) -> &'static str {
        self.deployment(id).map_or("", |d| d.phase.name())
    }

    /// The newest message at the head of a thread that names the deployment.
    fn posted(&self, id: &DeploymentId) -> Option<Posted> {
        let names_it = |block: &Block| match block {
            Block::Context(text) => text.starts_with(id.as_str()),
            _ => false,
        };
        let posted = self.stage.world.slack().messages();
        posted
            .into_iter()
            .rev()
            .find(|posted| posted.thread.is_none() && posted.says().blocks.iter().any(names_it))
    }

    fn thread(&self, first: &MessageRef) -> Vec<Message> {
        let posted = self.stage.world.slack().messages().into_iter();
        let of_it = posted.filter(|posted| posted.thread.as_ref() == Some(first));
        of_it.map(|posted| posted.says().clone()).collect()
    }

    /// What the story's own approvers do, if they are there.
    fn as_in_the_story(&mut self, question: &Question, posted: &Posted) {
        let (action, after, users) = match self.scenario.approver {
            Approver::Clicks(action, after) => (action, after, vec![self.desk.user().clone()]),
            Approver::AsManyAsItTakes(after) => {
                let users = self.still_to_approve(&question.deployment);
                (ButtonAction::Approve, after, users)
            }
            Approver::IsAway => return,
        };
        let approve = question
            .buttons
            .iter()
            .find(|button| button.action == ButtonAction::Approve);
        let Some(button) = approve.filter(|_| question.asks) else {
            return;
        };
        for user in users {
            let button = Button {
                action,
                ..button.clone()
            };
            let message = posted.reference.clone();
            let click = Click {
                user,
                message,
                button,
            };
            self.stage.world.click(after, click);
        }
    }

    /// Those who may approve and have not, as many as are missing; the one at the prompt first.
    fn still_to_approve(&self, id: &DeploymentId) -> Vec<UserId> {
        let Some(d) = self.deployment(id) else {
            return Vec::new();
        };
        let quorum = d.demands().map_or(0, |demands| usize::from(demands.quorum));
        let approvers = d.settings.environment.who_may(Role::Approve);
        let members = approvers.iter().flat_map(|member| match member {
            Member::User(user) => vec![user.clone()],
            Member::Group(group) => {
                let prompt = self.desk.user().clone();
                std::iter::once(prompt).chain(members(group)).collect()
            }
        });
        let mut users: Vec<UserId> = Vec::new();
        for user in members.filter(|user| !d.approvals.contains_key(user)) {
            if !users.contains(&user) {
                users.push(user);
            }
        }
        users.sort_by_key(|user| user != self.desk.user());
        users.truncate(quorum.saturating_sub(d.approvals.len()));
        users
    }

    fn waits(&mut self, question: &Question, time: SignedDuration) {
        if question.asks {
            // Asked again then, unless it has expired.
            let expires = Decided::Ends(question.tag.clone(), "Expired");
            self.decide(expires);
        }
        self.stage.remind(time, question.deployment.clone());
    }

    fn decide(&mut self, decided: Decided) {
        if self.conversation.decided != Decided::Otherwise {
            self.conversation.decided = decided;
        }
    }

    fn clicks(
        &mut self,
        audience: &mut dyn Audience,
        question: &Question,
        action: ButtonAction,
    ) -> io::Result<()> {
        let mut shown = question.buttons.iter();
        let Some(button) = shown.find(|button| button.action == action) else {
            return Ok(());
        };
        let came = self.desk.click(&self.stage.world, button);
        let did = format!("@{} clicks {} in Slack", self.desk.user(), action.label());
        self.came(audience, did, came)?;
        let phase = self.phase(&question.deployment);
        if action == ButtonAction::Approve {
            self.decide(Decided::AsTold);
        } else if action != ButtonAction::Reject {
            self.decide(Decided::Otherwise);
        } else if phase == "Rejected" {
            self.decide(Decided::Ends(question.tag.clone(), "Rejected"));
        }
        Ok(())
    }

    fn types(&mut self, audience: &mut dyn Audience, text: &str) -> io::Result<()> {
        if !is_look(text) {
            self.decide(Decided::Otherwise);
        }
        let came = self.desk.types(&self.stage.world, text);
        let did = format!("@{} types {COMMAND} {text}", self.desk.user());
        self.came(audience, did, came)
    }

    /// Prints what someone did, its result, and what it changed.
    fn came(&mut self, audience: &mut dyn Audience, did: String, came: Came) -> io::Result<()> {
        match came {
            Came::Words(message) if message == Message::line(&message.summary) => {
                let told = format!("{did} and is told: {}", message.summary);
                self.stage.somebody(audience, told)?;
            }
            Came::Words(message) => {
                self.stage.somebody(audience, did)?;
                audience.show(&Aside::OnlyForThem(message))?;
            }
            Came::Nothing => self.stage.somebody(audience, did)?,
            Came::Form(form, id) => {
                self.stage
                    .somebody(audience, format!("{did}: a form opens"))?;
                let mut filled = Filled::default();
                while let Some(answers) = audience.fill(&form, &filled)? {
                    let world = &self.stage.world;
                    let wrong = self.desk.sends(world, &form, &id, answers.clone());
                    if wrong.is_empty() {
                        audience.show(&Aside::FormCloses)?;
                        break;
                    }
                    filled = Filled { answers, wrong };
                }
            }
        }
        self.stage.tell(audience)
    }
}

/// Whether what is typed changes nothing: it shows the status, or is not a command.
fn is_look(text: &str) -> bool {
    let word = text
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let verb = Verb::ALL.into_iter().find(|verb| verb.word() == word);
    verb.is_none_or(|verb| verb.group() == Group::Look)
}

/// What distinguishes one state of a message from another: its title, its status, its buttons.
fn gist(message: &Message) -> (Option<&Block>, Option<&str>, Vec<&Button>) {
    let status = message.blocks.iter().find_map(|block| match block {
        Block::Fields(fields) => fields.first().map(|(_, value)| value.as_str()),
        _ => None,
    });
    (message.blocks.first(), status, buttons(message).collect())
}

fn buttons(message: &Message) -> impl Iterator<Item = &Button> {
    message.blocks.iter().flat_map(|block| match block {
        Block::Buttons(buttons) => buttons.as_slice(),
        _ => &[],
    })
}
