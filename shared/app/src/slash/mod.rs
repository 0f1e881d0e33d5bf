//! Slash commands and forms, carried out. One file for each group of commands.

mod ask;
mod control;
mod decision;
mod look;
mod running;
mod submit;

use jiff::tz::TimeZone;
use sluice_core::calendar::Zone;
use sluice_core::config::Environment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::UserId;
use sluice_words::message::Message;
use sluice_words::refusal::SlashFailed;
use sluice_words::slash::{self, Group, Known, Slash};

use crate::App;
use crate::ports::TriggerId;

/// The groups of commands that are carried out here: the help lists no others.
pub const SERVED: [Group; 4] = [Group::Look, Group::Decision, Group::Ask, Group::Control];

/// What everyone reads where no reason was given.
pub(crate) const NO_REASON: &str = "no reason given";

/// The answer to a command, for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlashReply {
    /// The answer; `None` if a form was opened instead.
    pub message: Option<Message>,
}

impl App {
    /// Carries out what someone typed after `/sluice`, as Slack sends it. `trigger` is Slack's
    /// leave to put a form before them, and the command's own id: typed once, it counts once.
    ///
    /// # Errors
    /// See [`SlashFailed`]; each tells the person who typed it what to do.
    pub async fn typed(
        &self,
        text: &str,
        by: &UserId,
        trigger: &TriggerId,
    ) -> Result<SlashReply, SlashFailed> {
        let slash = slash::parse(text, &self.known(), self.ports.clock.now())?;
        let by = self.known_as(by).await;
        self.slash(&slash, &by, trigger).await
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// See [`SlashFailed`].
    pub async fn slash(
        &self,
        slash: &Slash,
        by: &UserId,
        trigger: &TriggerId,
    ) -> Result<SlashReply, SlashFailed> {
        let message = match slash {
            Slash::Look(look) => Some(self.look(look).await?),
            Slash::Decision(decision) => Some(self.decision(decision, by).await?),
            Slash::Ask(ask) => self.asked_for(ask, by, trigger).await?,
            Slash::Control(control) => Some(self.controlled_by(control, by).await?),
        };
        Ok(SlashReply { message })
    }

    /// Every environment of every application, in the order of the files.
    pub(crate) fn environment_keys(&self) -> Vec<EnvironmentKey> {
        let of_each = self.configs.iter().flat_map(|config| {
            config
                .environments
                .iter()
                .map(|environment| EnvironmentKey {
                    app: config.app.clone(),
                    environment: environment.name.clone(),
                })
        });
        of_each.collect()
    }

    /// What a command can name, and whose clock its people live by where sluice.toml names one.
    pub(crate) fn known(&self) -> Vec<Known> {
        let keys = self.environment_keys().into_iter();
        keys.map(|key| Known {
            zone: self.configured(&key).and_then(own_zone),
            key,
        })
        .collect()
    }

    /// The environment as it is configured now.
    pub(crate) fn configured(&self, key: &EnvironmentKey) -> Option<&Environment> {
        let config = self.configs.app(&key.app)?;
        config.environment(&key.environment)
    }
}

fn own_zone(environment: &Environment) -> Option<TimeZone> {
    environment.calendar.own_zone().map(Zone::rules)
}
