//! What holds an environment closed, by command or by calendar, and what a deployment sees of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::calendar::{DatedFreeze, Zone};
use crate::config::Environment;
use crate::id::UserId;
use crate::request::Requester;

/// Nobody's deployment begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Who froze it.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// Until when; `None` until someone thaws it.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// No deployment begins that an image push asked for. Those that people ask for do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who holds it; `None` for Sluice itself.
    pub by: Option<UserId>,
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What people have set on an environment by command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controls {
    /// The freeze, if there is one; it may be over.
    pub freeze: Option<Freeze>,
    /// The hold, if there is one.
    pub hold: Option<Hold>,
    /// When the last command was given that set or lifted one. An older one that arrives now, or
    /// again, does nothing any more.
    pub asked_at: Option<Timestamp>,
}

impl Controls {
    /// The freeze that is in force.
    pub fn freeze_at(&self, now: Timestamp) -> Option<&Freeze> {
        let freeze = self.freeze.as_ref()?;
        freeze
            .until
            .is_none_or(|until| now < until)
            .then_some(freeze)
    }
}

/// What closes an environment at a moment, and until when.
///
/// The calendar is read by whoever carries the command out, not by the machine: a history replays
/// the same under a later time zone database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlsObservation {
    /// The freeze by command that is in force.
    pub freeze: Option<Freeze>,
    /// The hold.
    pub hold: Option<Hold>,
    /// The freeze of `sluice.toml` that is in force.
    pub dated_freeze: Option<DatedFreeze>,
    /// Whether it is outside every window.
    pub outside_window: bool,
    /// When freezes and windows let deployments begin; `None` if they do now, or if that is not known.
    pub opens_at: Option<Timestamp>,
    /// The approvals that do not count any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lapsed: BTreeMap<UserId, Lapse>,
}

/// Why an approval does not count any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lapse {
    /// It was given too long ago.
    TooOld {
        /// For how long it counted.
        expires: SignedDuration,
    },
    /// They may not approve any more.
    NoApprover,
    /// The environment was taken out of `sluice.toml`.
    NotConfigured,
}

impl ControlsObservation {
    /// Reads the controls of an environment.
    pub fn read(environment: &Environment, controls: &Controls, now: Timestamp) -> Self {
        let calendar = &environment.calendar;
        let freeze = controls.freeze_at(now).cloned();
        let thawed_at = match &freeze {
            Some(freeze) => freeze.until,
            None => Some(now),
        };
        Self {
            hold: controls.hold.clone(),
            dated_freeze: calendar.freeze(now).cloned(),
            outside_window: !calendar.in_window(now),
            opens_at: thawed_at
                .and_then(|at| calendar.opens_at(at))
                .filter(|at| *at > now),
            freeze,
            lapsed: BTreeMap::new(),
        }
    }

    /// Whether people who were told of `other` know why it is closed. A window that opens and closes
    /// behind a freeze is no news to them.
    pub fn is_told_by(&self, other: &Self) -> bool {
        self.freeze == other.freeze
            && self.hold == other.hold
            && self.dated_freeze == other.dated_freeze
    }

    /// Whether a deployment that was asked for like this may begin.
    pub fn is_open_to(&self, requester: &Requester) -> bool {
        !self.is_closed_to_all() && !self.holds(requester)
    }

    /// Whether nobody's deployment may begin.
    pub fn is_closed_to_all(&self) -> bool {
        self.freeze.is_some() || self.dated_freeze.is_some() || self.outside_window
    }

    /// Whether the hold counts for one that was asked for like this.
    pub fn holds(&self, requester: &Requester) -> bool {
        match requester {
            Requester::Push => self.hold.is_some(),
            Requester::Person(_) => false,
        }
    }
}

/// The clocks that an environment's people look at.
pub fn zone(environment: &Environment) -> Zone {
    environment.calendar.zone()
}
