//! What people ask for from a terminal, through the function `operate`. AWS says which principal
//! calls, `sluice.toml` which person that is; what that person may, and everything that is done,
//! goes the way that a command or a click in Slack goes.

mod act;
mod command;
mod configuration;
mod evidence;
mod failed;
mod look;
mod paper;
mod show;

use std::sync::Arc;

use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::PortError;
use sluice_core::id::{AppName, DeploymentId, Hash, PrincipalArn, UserId};
use sluice_words::operate::said::stranger;
use sluice_words::operate::{Answer, Compared, Glimpse, Order, Outcome};
use sluice_words::refusal::SlashFailed;
use sluice_words::slash::{Ask, Control, Decision, Look, Slash};
use sluice_words::view::metrics_message;

use crate::ports::{Chat, TriggerId};
use crate::{App, parity};
use act::Act;
use command::{Command, Subject};
use failed::Failed;
use paper::Paper;

impl App {
    /// Carries out what somebody asked for from a terminal. `by` is who AWS says they are: the caller
    /// has seen to that.
    pub async fn operate(&self, order: &Order, by: &PrincipalArn) -> Answer {
        let paper = Arc::new(Paper::before(self.ports.chat.clone()));
        let app = self.with_chat(paper.clone());
        match app.carried_out(order, by, &paper).await {
            Ok(answer) => answer,
            Err(failed) => failed.answer(paper.is_group_unknown()),
        }
    }

    async fn carried_out(
        &self,
        order: &Order,
        by: &PrincipalArn,
        paper: &Paper,
    ) -> Result<Answer, Failed> {
        match order.command.split_whitespace().next() {
            Some("config") => return self.configure(order, by).await,
            Some(evidence::EVIDENCE) => return self.evidence(&order.command).await,
            _ => {}
        }
        if let Some(look) = &order.look {
            return self.looked_at(look).await;
        }
        let now = self.ports.clock.now();
        let command = command::parse(&order.command, &self.known(), now)?;
        let at = match &command {
            Command::Slash(Slash::Look(look)) => return self.looked(look).await,
            Command::Show(subject) => return self.show(subject).await,
            Command::Export(subject) => return self.export(subject).await,
            Command::Slash(slash) => match place(slash) {
                Some(key) => key.clone(),
                None => EnvironmentKey::of(&self.waits(None).await?),
            },
            Command::Button(_, subject) => EnvironmentKey::of(&self.meant(subject).await?),
        };
        let Some(person) = self.person(&at.app, by) else {
            return Ok(stranger(&at.app, by));
        };
        let act = Act {
            order,
            // Whose requests they are is part of their names, and nothing of it can be read in
            // what is stored: the name of a session may be an e-mail address.
            trigger: TriggerId(format!("operate-{}", Hash::of_json(&(by, &order.request)))),
            by: person.clone(),
        };
        self.act(&command, &at, &act, paper).await
    }

    async fn looked(&self, look: &Look) -> Result<Answer, Failed> {
        if let Look::Metrics(at) = look {
            let metrics = self.metrics(at.as_ref()).await?;
            return Ok(Answer {
                metrics: metrics.clone(),
                ..Answer::new(Outcome::Done, metrics_message(&metrics))
            });
        }
        if let Look::Parity([one, other]) = look {
            let named = [one.as_ref(), other.as_ref()];
            let compared = self.parity(named, parity::AT_TERMINAL).await;
            let (app, parity) = compared.map_err(SlashFailed::from)?;
            let message = sluice_words::parity::message(&app, &parity, usize::MAX);
            let compared = Compared {
                app,
                verdict: parity.verdict(),
                parity,
            };
            return Ok(Answer {
                parity: Some(Box::new(compared)),
                ..Answer::new(Outcome::Done, message)
            });
        }
        Ok(Answer::new(Outcome::Done, self.look(look).await?))
    }

    /// The person that a principal is for an application: each application's own file says so.
    fn person(&self, app: &AppName, by: &PrincipalArn) -> Option<&UserId> {
        self.configs.app(app)?.people.who_is(by)
    }

    /// The same with another chat.
    fn with_chat(&self, chat: Arc<dyn Chat>) -> Self {
        let mut app = self.clone();
        app.ports.chat = chat;
        app
    }

    async fn glimpse(&self, id: &DeploymentId) -> Result<Option<Box<Glimpse>>, PortError> {
        let d = self.loaded(Some(id)).await?;
        Ok(d.map(|d| Box::new(Glimpse::of(&d))))
    }
}

/// Where a command leads that changes something.
fn place(slash: &Slash) -> Option<&EnvironmentKey> {
    match slash {
        Slash::Look(_) => None,
        Slash::Decision(Decision::Approve(at) | Decision::Reject { at, .. }) => at.as_ref(),
        Slash::Decision(Decision::Cancel(at))
        | Slash::Ask(
            Ask::Deploy { to: at, .. }
            | Ask::Promote(at)
            | Ask::RollBack { at, .. }
            | Ask::Restore(at),
        )
        | Slash::Control(
            Control::Pause { at, .. }
            | Control::Resume(at)
            | Control::Hold { at, .. }
            | Control::Release(at)
            | Control::Freeze { at, .. }
            | Control::Thaw(at),
        ) => Some(at),
    }
}
