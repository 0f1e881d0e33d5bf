//! Commands that show the status, and the home page, which shows the same.

use std::sync::Arc;

use futures::future::{join_all, try_join_all};
use sluice_core::controls::{Controls, ControlsObservation};
use sluice_core::deployment::{Deployment, Requester};
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::PortError;
use sluice_core::id::{DeploymentId, UserId};
use sluice_core::phase::Phase;
use sluice_core::roles::{Action, may};
use sluice_words::message::{Block, Message};
use sluice_words::operate::Metrics;
use sluice_words::overview::{Figures, figures_since};
use sluice_words::parity::LINES_IN_CHAT;
use sluice_words::refusal::SlashFailed;
use sluice_words::reply;
use sluice_words::slash::{Look, help};
use sluice_words::source::missing_line;
use sluice_words::view::{
    Glance, history_message, home, metrics_message, status_message, who_message,
};

use super::SERVED;
use crate::ports::EnvironmentState;
use crate::{App, parity};

/// Deployments that a history lists.
const NEWEST: usize = 10;

impl App {
    pub(crate) async fn look(&self, look: &Look) -> Result<Message, SlashFailed> {
        Ok(match look {
            Look::Status(at) => {
                let glances = self.glances(at.as_ref()).await?;
                let mut message = status_message(&self.with_running(glances).await);
                message.blocks.extend(self.merge_backs(at.as_ref()).await);
                message
            }
            Look::History(at) => self.history_of(at.as_ref()).await?,
            Look::Metrics(at) => metrics_message(&self.metrics(at.as_ref()).await?),
            Look::Parity([one, other]) => {
                let named = [one.as_ref(), other.as_ref()];
                let (app, parity) = self.parity(named, parity::IN_CHAT).await?;
                sluice_words::parity::message(&app, &parity, LINES_IN_CHAT)
            }
            Look::Who(at) => self.who(at),
            Look::Help(about) => help(*about, &SERVED),
        })
    }

    /// The figures of the environment, or of all, of a month and of a quarter.
    pub(crate) async fn metrics(
        &self,
        at: Option<&EnvironmentKey>,
    ) -> Result<Vec<Metrics>, PortError> {
        let keys = at.map_or_else(|| self.environment_keys(), |key| vec![key.clone()]);
        let figures = try_join_all(keys.into_iter().map(|key| self.figures(key))).await?;
        Ok(figures.iter().flat_map(Figures::metrics).collect())
    }

    /// The figures of the environment.
    pub(crate) async fn figures(&self, key: EnvironmentKey) -> Result<Figures, PortError> {
        let until = self.ports.clock.now();
        let store = &self.ports.store;
        let since = figures_since(until);
        let deployments = store.deployments_since(&key, since).await?;
        Ok(Figures::of(key, &deployments, until))
    }

    /// A line for each application, or that of the environment, whose merge-back is missing.
    async fn merge_backs(&self, at: Option<&EnvironmentKey>) -> Vec<Block> {
        let configs = self.configs.iter();
        let configs = configs.filter(|config| at.is_none_or(|key| key.app == config.app));
        let lines = configs.filter_map(|config| Some((config, config.source.as_ref()?)));
        let lines = lines.map(|(config, source)| async {
            let app = &config.app;
            match self.ports.sources.source(app).await {
                Ok(stored) => {
                    let line = missing_line(source, &stored?.watch)?;
                    Some(Block::Text(format!("{app}: {line}")))
                }
                Err(error) => {
                    tracing::error!(%app, %error, "what is known of the source code of {app} cannot \
                        be read: {error}");
                    None
                }
            }
        });
        join_all(lines).await.into_iter().flatten().collect()
    }

    /// Brings the person's home page up to date.
    ///
    /// # Errors
    /// The store or the chat did not answer.
    pub async fn show_home(&self, user: &UserId) -> Result<(), PortError> {
        let known = &self.known_as(user).await;
        let glances = self.glances(None).await?;
        let mut waits = Vec::new();
        let active = glances.iter().filter_map(|glance| glance.active.as_ref());
        for d in active.filter(|d| matches!(d.phase, Phase::AwaitingApproval)) {
            if !d.approvals.contains_key(known) && self.is_approver(d, known).await? {
                waits.push(d);
            }
        }
        let home = home(&waits, &glances, &SERVED);
        self.ports.chat.publish_home(user, &home).await
    }

    async fn is_approver(&self, d: &Deployment, user: &UserId) -> Result<bool, PortError> {
        let pinned = &d.settings.environment;
        let groups = self.authority(d, Action::Approve, user).await?;
        Ok(groups.is_ok_and(|groups| may(pinned, Action::Approve, user, &groups).is_ok()))
    }

    /// The environment at a glance; without one, all of them. One of all that cannot be read is
    /// shown as such.
    pub(crate) async fn glances(
        &self,
        at: Option<&EnvironmentKey>,
    ) -> Result<Vec<Glance>, PortError> {
        if let Some(key) = at {
            return Ok(vec![self.glance(key.clone()).await?]);
        }
        let keys = self.environment_keys().into_iter();
        let glances = keys.map(|key| async {
            let glance = self.glance(key.clone()).await;
            glance.unwrap_or_else(|error| {
                tracing::error!(environment = %key, %error, "{key} cannot be read: {error}");
                Glance::unreadable(key, error.message)
            })
        });
        Ok(join_all(glances).await)
    }

    pub(crate) async fn glance(&self, key: EnvironmentKey) -> Result<Glance, PortError> {
        let state = self.ports.store.environment(&key).await?;
        let [active, next, before] = state.glanced();
        let active = self.deployment(active).await?;
        let next = self.deployment(next).await?;
        // Only for where it comes from.
        let before = self.deployment(before).await.unwrap_or_default();
        Ok(self.glance_of(key, &state, [active, next, before]))
    }

    /// The environment at a glance, with the deployments that [`EnvironmentState::glanced`] names.
    pub fn glance_of(
        &self,
        key: EnvironmentKey,
        state: &EnvironmentState,
        [active, next, before]: [Option<Deployment>; 3],
    ) -> Glance {
        let (next, last) = match next {
            Some(d) if d.phase.is_terminal() => (None, Some(d)),
            other => (other, None),
        };
        Glance {
            closed: self.why_closed(&key, &state.controls()),
            key,
            verified: state.verified.clone(),
            origin: before.as_ref().and_then(Deployment::origin).cloned(),
            active,
            next,
            last,
            running: None,
            unreadable: None,
        }
    }

    async fn deployment(&self, id: Option<&DeploymentId>) -> Result<Option<Deployment>, PortError> {
        let Some(id) = id else {
            return Ok(None);
        };
        let stored = self.ports.store.load(id).await?;
        Ok(stored.map(|stored| Arc::unwrap_or_clone(stored.deployment)))
    }

    /// What keeps a push from being deployed; nothing if it would be.
    fn why_closed(&self, key: &EnvironmentKey, controls: &Controls) -> Vec<String> {
        let Some(environment) = self.configured(key) else {
            return Vec::new();
        };
        let seen = ControlsObservation::read(environment, controls, self.ports.clock.now());
        if seen.is_open_to(&Requester::Push) {
            return Vec::new();
        }
        vec![sluice_words::controls::closed(
            &seen,
            environment,
            &Requester::Push,
        )]
    }

    async fn history_of(&self, at: Option<&EnvironmentKey>) -> Result<Message, PortError> {
        let keys = match at {
            Some(key) => vec![key.clone()],
            None => self.environment_keys(),
        };
        let now = self.ports.clock.now();
        let told = keys.into_iter().map(|key| async move {
            match self.ports.store.deployments(&key, NEWEST).await {
                Ok(newest) => Ok(history_message(&key, &newest, now)),
                Err(error) if at.is_some() => Err(error),
                Err(error) => Ok(Message::line(reply::no_history(&key, &error))),
            }
        });
        let messages = try_join_all(told).await?;
        let summaries: Vec<&str> = messages.iter().map(|m| m.summary.as_str()).collect();
        let summary = summaries.join("; ");
        let blocks = messages.into_iter().flat_map(|message| message.blocks);
        Ok(Message {
            summary,
            blocks: blocks.collect(),
        })
    }

    pub(crate) fn who(&self, at: &EnvironmentKey) -> Message {
        match self.configured(at) {
            Some(environment) => who_message(at, environment),
            None => Message {
                summary: format!("There is no {at}"),
                blocks: vec![Block::Text(format!("No sluice.toml names {at}."))],
            },
        }
    }
}
