//! What holds an environment closed, by command or by calendar, and what a deployment sees of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::calendar::{DatedFreeze, Zone};
use crate::config::{Environment, Member};
use crate::deployment::{Deployment, Requester};
use crate::id::SlackUserId;
use crate::phase::Phase;
use crate::roles::Role;
use crate::words;

/// Nobody's deployment begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Who froze it.
    pub by: SlackUserId,
    /// When.
    pub at: Timestamp,
    /// Until when; `None` until somebody thaws it.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// No deployment begins that an image push asked for. Those that people ask for do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who holds it; `None` for Sluice itself.
    pub by: Option<SlackUserId>,
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl Hold {
    /// Sluice's own hold, once a deployment has ended on the way back or without a proof: the next push
    /// might bring the same fault again. `None` for every other end, and for what is not over.
    pub fn after(d: &Deployment) -> Option<Self> {
        let release = &d.release.tag;
        let reason = match &d.phase {
            Phase::RolledBack { .. } => format!("{release} was taken back"),
            Phase::RollbackFailed { .. } if d.rollback().is_some() => {
                format!("the rollback to {release} failed")
            }
            Phase::RollbackFailed { .. } => format!("{release} could not be taken back"),
            Phase::Unproven { .. } => format!("nobody knows whether {release} is well"),
            Phase::Succeeded if d.rollback().is_some() => {
                format!("it was rolled back to {release}")
            }
            Phase::Restored => format!("its database was restored, and {release} with it"),
            Phase::RestoreFailed { .. } => "the restore of its database failed".to_owned(),
            _ => return None,
        };
        Some(Self {
            by: None,
            at: d.entered_at,
            reason: format!("{reason} ({})", d.id),
        })
    }
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
    pub lapsed: BTreeMap<SlackUserId, Lapse>,
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

impl Lapse {
    /// Why the approval of `by` does not count.
    pub fn words(&self, by: &SlackUserId) -> String {
        match self {
            Self::TooOld { expires } => format!(
                "the approval by <@{by}> is older than {}",
                words::duration(*expires)
            ),
            Self::NoApprover => format!("<@{by}> may not approve any more"),
            Self::NotConfigured => {
                format!("<@{by}> approved it for an environment that sluice.toml has no more")
            }
        }
    }
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

    fn is_closed_to_all(&self) -> bool {
        self.freeze.is_some() || self.dated_freeze.is_some() || self.outside_window
    }

    fn holds(&self, requester: &Requester) -> bool {
        match requester {
            Requester::Push => self.hold.is_some(),
            Requester::Person(_) => false,
        }
    }

    /// Why a deployment that was asked for like this does not begin, and until when.
    pub fn words(&self, environment: &Environment, requester: &Requester) -> String {
        let zone = zone(environment);
        let mut why = Vec::new();
        if let Some(Freeze { by, reason, .. }) = &self.freeze {
            why.push(format!("frozen by <@{by}>: {reason}"));
        }
        if let Some(freeze) = &self.dated_freeze {
            why.push(format!("frozen by sluice.toml: {}", freeze.reason));
        }
        if self.outside_window {
            why.push("outside the deployment window".to_owned());
        }
        let held = self.hold.as_ref().filter(|_| self.holds(requester));
        if let Some(Hold { by, reason, .. }) = held {
            let by = by
                .as_ref()
                .map_or_else(|| "Sluice".to_owned(), |by| format!("<@{by}>"));
            why.push(format!("what pushes ask for is held by {by}: {reason}"));
        }
        let until = match (self.opens_at, held) {
            (_, Some(_)) if !self.is_closed_to_all() => "until somebody releases it".to_owned(),
            (Some(at), Some(_)) => format!(
                "opens {}, once somebody has released the hold",
                zone.says(at)
            ),
            (Some(at), None) => format!("opens {}", zone.says(at)),
            (None, _) => "until somebody thaws it".to_owned(),
        };
        format!("{}; {until}", why.join("; "))
    }
}

/// Who may let a deployment begin all the same, in words.
pub fn overriders(environment: &Environment) -> String {
    let who = environment.who_may(Role::Override);
    if who.is_empty() {
        return "nobody may override that".to_owned();
    }
    let who: Vec<String> = who.iter().map(Member::to_string).collect();
    format!("{} may override that", who.join(" or "))
}

/// The clocks that an environment's people look at.
pub fn zone(environment: &Environment) -> Zone {
    environment.calendar.zone()
}
