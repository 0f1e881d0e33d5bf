//! Slash commands and forms, carried out. One file for each group of commands.

mod decision;
mod look;
mod submit;

use jiff::tz::TimeZone;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::PortError;
use sluice_core::id::SlackUserId;
use sluice_core::message::Message;
use sluice_core::slash::{self, Group, Known, Slash, SlashError, Verb};

use crate::App;
use crate::decide::DecideError;

pub use submit::SubmitFailed;

/// The groups of commands that are carried out here: the help lists no others.
pub const SERVED: [Group; 2] = [Group::Look, Group::Decision];

/// The answer to a command, for the one who typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlashReply {
    /// What they are told.
    pub message: Message,
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlashFailed {
    /// It is no command.
    #[error("{0}")]
    NotACommand(#[from] SlashError),
    /// No part of this Sluice carries it out.
    #[error("this Sluice takes no `{0}`; `/sluice help` lists what it takes")]
    NotServed(Verb),
    /// Nothing is there to decide on.
    #[error("nothing waits for an approval in {0}")]
    NothingWaits(String),
    /// More than one thing is.
    #[error("several deployments wait for an approval: name one of {0}")]
    SeveralWait(String),
    /// Nothing is there to call off.
    #[error("nothing is being deployed to {0}")]
    NothingUnderWay(EnvironmentKey),
    /// It is not allowed, comes too late, or did not go through.
    #[error(transparent)]
    Decide(#[from] DecideError),
    /// Something did not answer.
    #[error("that may not have gone through: {0}. Type it again in a moment; twice counts once")]
    Port(#[from] PortError),
}

impl App {
    /// Carries out what somebody typed after `/sluice`, as Slack sends it.
    ///
    /// # Errors
    /// See [`SlashFailed`]; each says what to do to the one who typed it.
    pub async fn typed(&self, text: &str, by: &SlackUserId) -> Result<SlashReply, SlashFailed> {
        let slash = slash::parse(text, &self.known(), self.ports.clock.now())?;
        self.slash(&slash, by).await
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// See [`SlashFailed`].
    pub async fn slash(&self, slash: &Slash, by: &SlackUserId) -> Result<SlashReply, SlashFailed> {
        let message = match slash {
            Slash::Look(look) => self.look(look).await?,
            Slash::Decision(decision) => self.decision(decision, by).await?,
            Slash::Ask(_) | Slash::Control(_) => return Err(SlashFailed::NotServed(slash.verb())),
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

    /// What a command can name. No environment says whose clock its people live by: a time of day
    /// must name its zone.
    fn known(&self) -> Vec<Known> {
        let zone: Option<TimeZone> = None;
        let keys = self.environment_keys().into_iter();
        keys.map(|key| Known {
            key,
            zone: zone.clone(),
        })
        .collect()
    }
}
