//! People's hands on an environment and on a deployment: freeze, hold, override, pause. Whether
//! they may is read from `sluice.toml` and from Slack's groups as they ask.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use sluice_core::config::Environment;
use sluice_core::controls::{Controls, Freeze, Hold};
use sluice_core::deployment::Deployment;
use sluice_core::event::Event;
use sluice_core::failure::PortError;
use sluice_core::id::{DeploymentId, GroupId, UserId};
use sluice_core::note::Note;
use sluice_core::phase::Phase;
use sluice_core::roles::{Action, may};
use sluice_words::message::Message;
use sluice_words::refusal::ControlError;
use sluice_words::reply;

use crate::App;
use crate::decide::Decided;
use crate::ports::{EnvironmentKey, EnvironmentState};

/// How often a change is retried because someone else was faster.
const CONFLICTS: u8 = 8;

impl App {
    /// Freezes an environment: no one's deployment begins, until `until` or until it is thawed. A
    /// existing freeze is replaced by this one. Deployments in progress continue.
    ///
    /// # Errors
    /// They may not, `until` is past, or it did not go through.
    pub async fn freeze(
        &self,
        key: &EnvironmentKey,
        by: &UserId,
        reason: &str,
        until: Option<Timestamp>,
    ) -> Result<Decided, ControlError> {
        let environment = self.controlled(key)?;
        self.authorise(environment, Action::Freeze, by).await?;
        let at = self.ports.clock.now();
        if let Some(until) = until.filter(|until| *until <= at) {
            return Err(ControlError::Past { until });
        }
        let freeze = Freeze {
            by: by.clone(),
            at,
            until,
            reason: reason.to_owned(),
        };
        let set = |state: &EnvironmentState| {
            Ok(Controls {
                freeze: Some(freeze.clone()),
                ..state.controls()
            })
        };
        self.set_controls(key, set).await?;
        let said = reply::froze(environment, by, reason, until);
        Ok(self.announce(key, environment, "freeze", said).await)
    }

    /// Ends a freeze that someone set. Deployments that waited for it go on.
    ///
    /// # Errors
    /// They may not, it is not frozen by anyone, or it did not go through.
    pub async fn thaw(&self, key: &EnvironmentKey, by: &UserId) -> Result<Decided, ControlError> {
        let environment = self.controlled(key)?;
        self.authorise(environment, Action::Thaw, by).await?;
        let now = self.ports.clock.now();
        let lift = |state: &EnvironmentState| {
            let controls = state.controls();
            match controls.freeze_at(now) {
                Some(_) => Ok(Controls {
                    freeze: None,
                    ..controls
                }),
                None => Err(not_set(environment, "frozen by anyone")),
            }
        };
        self.set_controls(key, lift).await?;
        let said = format!("<@{by}> thawed {}", environment.name);
        Ok(self.announce(key, environment, "thaw", said).await)
    }

    /// Holds an environment: deployments that pushes ask for do not begin until it is released.
    /// `by` is no one where Sluice holds it itself, and no one's role is asked then.
    ///
    /// # Errors
    /// They may not, or it did not go through.
    pub async fn hold(
        &self,
        key: &EnvironmentKey,
        by: Option<&UserId>,
        reason: &str,
    ) -> Result<Decided, ControlError> {
        let environment = self.controlled(key)?;
        if let Some(by) = by {
            self.authorise(environment, Action::Hold, by).await?;
        }
        let hold = Hold {
            by: by.cloned(),
            at: self.ports.clock.now(),
            reason: reason.to_owned(),
        };
        let set = |state: &EnvironmentState| {
            Ok(Controls {
                hold: Some(hold.clone()),
                ..state.controls()
            })
        };
        self.set_controls(key, set).await?;
        let said = reply::holds(environment, by, reason);
        Ok(self.announce(key, environment, "hold", said).await)
    }

    /// Releases a hold. Deployments that waited for it go on.
    ///
    /// # Errors
    /// They may not, it is not held, or it did not go through.
    pub async fn release(
        &self,
        key: &EnvironmentKey,
        by: &UserId,
    ) -> Result<Decided, ControlError> {
        let environment = self.controlled(key)?;
        self.authorise(environment, Action::Release, by).await?;
        let lift = |state: &EnvironmentState| match &state.hold {
            Some(_) => Ok(Controls {
                hold: None,
                ..state.controls()
            }),
            None => Err(not_set(environment, "held")),
        };
        self.set_controls(key, lift).await?;
        let said = format!("<@{by}> released {}", environment.name);
        Ok(self.announce(key, environment, "release", said).await)
    }

    /// Pauses a deployment.
    ///
    /// # Errors
    /// They may not, it cannot be paused any more, or it did not go through.
    pub async fn pause(
        &self,
        deployment: &DeploymentId,
        by: &UserId,
        reason: &str,
    ) -> Result<Decided, ControlError> {
        let groups = self.groups_there(deployment, Action::Pause, by).await?;
        let event = Event::Pause {
            by: by.clone(),
            groups,
            reason: reason.to_owned(),
        };
        self.steer(deployment, event, reply::PAUSED).await
    }

    /// Lets a paused deployment go on.
    ///
    /// # Errors
    /// They may not, it is not paused, or it did not go through.
    pub async fn resume(
        &self,
        deployment: &DeploymentId,
        by: &UserId,
    ) -> Result<Decided, ControlError> {
        let groups = self.groups_there(deployment, Action::Resume, by).await?;
        let by = by.clone();
        let event = Event::Resume { by, groups };
        self.steer(deployment, event, reply::RESUMED).await
    }

    /// Lets one deployment begin while its environment is closed.
    ///
    /// # Errors
    /// They may not, it does not wait for its environment to open, or it did not go through.
    pub async fn override_gate(
        &self,
        deployment: &DeploymentId,
        by: &UserId,
        reason: &str,
    ) -> Result<Decided, ControlError> {
        let said = reply::OVERRIDDEN;
        let stored = self.ports.store.load(deployment).await?;
        if let Some(d) = stored.map(|stored| stored.deployment)
            && d.overridden
                .as_ref()
                .is_some_and(|it| it.by == *by && it.reason == reason)
        {
            // The same form again: its answer was lost.
            return Ok(steered(&d, said));
        }
        let groups = self.groups_there(deployment, Action::Override, by).await?;
        let event = Event::Override {
            by: by.clone(),
            groups,
            reason: reason.to_owned(),
        };
        self.steer(deployment, event, said).await
    }

    /// Leaves a failed release as it is, for a newer one to fix.
    ///
    /// # Errors
    /// They may not, no one's decision is waited for, or it did not go through.
    pub async fn roll_forward(
        &self,
        deployment: &DeploymentId,
        by: &UserId,
    ) -> Result<Decided, ControlError> {
        let said = reply::ROLLED_FORWARD;
        let stored = self.ports.store.load(deployment).await?;
        if let Some(d) = stored.map(|stored| stored.deployment)
            && matches!(&d.phase, Phase::RolledForward { by: who, .. } if who == by)
        {
            return Ok(steered(&d, said));
        }
        let action = Action::RollForward;
        let groups = self.groups_there(deployment, action, by).await?;
        let by = by.clone();
        self.steer(deployment, Event::RollForward { by, groups }, said)
            .await
    }

    /// Accepts a person's confirmation that a version is healthy where the samples do not show it.
    ///
    /// # Errors
    /// They may not, no one is asked about it, or it did not go through.
    pub async fn keep(
        &self,
        deployment: &DeploymentId,
        by: &UserId,
    ) -> Result<Decided, ControlError> {
        let said = reply::KEPT;
        let stored = self.ports.store.load(deployment).await?;
        if let Some(d) = stored.map(|stored| stored.deployment)
            && d.story
                .iter()
                .any(|entry| matches!(&entry.note, Note::Kept { by: kept } if kept == by))
        {
            // The same click again: its answer was lost.
            return Ok(steered(&d, said));
        }
        let groups = self.groups_there(deployment, Action::Keep, by).await?;
        let by = by.clone();
        self.steer(deployment, Event::Keep { by, groups }, said)
            .await
    }

    async fn steer(
        &self,
        id: &DeploymentId,
        event: Event,
        said: &str,
    ) -> Result<Decided, ControlError> {
        let unknown = || ControlError::UnknownDeployment(id.clone());
        let after = self.apply(id, event).await?.ok_or_else(unknown)??;
        self.wake(id, None, SignedDuration::ZERO).await?;
        Ok(steered(&after.deployment, said))
    }

    /// The environment as it is configured now.
    pub(crate) fn controlled(&self, key: &EnvironmentKey) -> Result<&Environment, ControlError> {
        self.configured(key)
            .ok_or_else(|| ControlError::UnknownEnvironment(key.clone()))
    }

    pub(crate) async fn authorise(
        &self,
        environment: &Environment,
        action: Action,
        by: &UserId,
    ) -> Result<(), ControlError> {
        let groups = self.groups_for(environment, action, by).await?;
        Ok(may(environment, action, by, &groups)?)
    }

    async fn groups_there(
        &self,
        id: &DeploymentId,
        action: Action,
        by: &UserId,
    ) -> Result<BTreeSet<GroupId>, ControlError> {
        let stored = self.ports.store.load(id).await?;
        let stored = stored.ok_or_else(|| ControlError::UnknownDeployment(id.clone()))?;
        if let Action::Pause | Action::Resume = action {
            self.is_after_pause(&stored.deployment)?;
        }
        Ok(self.authority(&stored.deployment, action, by).await??)
    }

    /// The groups that let someone do this and that they are in now.
    pub(crate) async fn groups_for(
        &self,
        environment: &Environment,
        action: Action,
        by: &UserId,
    ) -> Result<BTreeSet<GroupId>, PortError> {
        let members = environment.members_for(action).into_iter();
        self.groups_among(members, by).await
    }

    /// When the current action was requested.
    fn asked_now(&self) -> Timestamp {
        self.asked_at.unwrap_or_else(|| self.ports.clock.now())
    }

    /// Sees that nothing was set or lifted after this command was given: it was on its way for
    /// long, or is one that someone sends again. Slack signs whole seconds.
    fn is_in_order(&self, state: &EnvironmentState) -> Result<(), ControlError> {
        let changes = [
            state.controls_asked_at,
            state.hold.as_ref().map(|hold| hold.at),
            state.freeze.as_ref().map(|freeze| freeze.at),
        ];
        let last = changes.into_iter().flatten().max();
        match last.filter(|last| last.as_second() > self.asked_now().as_second()) {
            Some(at) => Err(ControlError::Overtaken { at }),
            None => Ok(()),
        }
    }

    /// The same for a pause.
    fn is_after_pause(&self, d: &Deployment) -> Result<(), ControlError> {
        let pauses = d.story.iter().rev();
        let last = pauses
            .filter(|entry| matches!(entry.note, Note::Paused { .. } | Note::Resumed { .. }))
            .map(|entry| entry.at)
            .next();
        let last = d.paused.as_ref().map(|paused| paused.at).max(last);
        match last.filter(|last| last.as_second() > self.asked_now().as_second()) {
            Some(at) => Err(ControlError::Overtaken { at }),
            None => Ok(()),
        }
    }

    /// Changes the controls and wakes the deployments that wait there.
    async fn set_controls(
        &self,
        key: &EnvironmentKey,
        change: impl Fn(&EnvironmentState) -> Result<Controls, ControlError>,
    ) -> Result<(), ControlError> {
        let store = &self.ports.store;
        for _ in 0..CONFLICTS {
            let state = store.environment(key).await?;
            self.is_in_order(&state)?;
            let controls = Controls {
                asked_at: Some(self.asked_now()),
                ..change(&state)?
            };
            if !store.set_controls(key, state.version, &controls).await? {
                continue;
            }
            let newest = state.newest.map(|newest| newest.deployment);
            let waiting: BTreeSet<DeploymentId> =
                [state.active, newest].into_iter().flatten().collect();
            for id in waiting {
                // It is set. One that is not woken looks again by itself within minutes.
                if let Err(error) = self.wake(&id, None, SignedDuration::ZERO).await {
                    tracing::warn!(deployment.id = %id, %error, "{id} is not woken: {error}");
                }
            }
            return Ok(());
        }
        Err(ControlError::Port(PortError::retryable(format!(
            "{} kept being changed by others",
            key.environment
        ))))
    }

    /// Says it in the environment's channel too. It is done: a channel that does not take it only
    /// leaves a line in the log.
    async fn announce(
        &self,
        key: &EnvironmentKey,
        environment: &Environment,
        what: &str,
        said: String,
    ) -> Decided {
        let (app, name) = (&key.app, &key.environment);
        let at = self.ports.clock.now();
        let posted = self
            .ports
            .chat
            .ensure_posted(
                &format!("{what}/{app}/{name}/{at}"),
                &environment.channel,
                None,
                &Message::line(format!("{app}: {said}")),
            )
            .await;
        if let Err(error) = posted {
            tracing::warn!(%app, environment = %name, %error, "{what} of {name} is set, but could \
                not be announced");
        }
        Decided { reply: said }
    }
}

fn steered(d: &Deployment, said: &str) -> Decided {
    let reply = format!("{said}. {} to {}.", d.release.tag, d.environment());
    Decided { reply }
}

fn not_set(environment: &Environment, what: &'static str) -> ControlError {
    ControlError::NotSet {
        environment: environment.name.to_string(),
        what,
    }
}
