//! What a page about an installation is made of: environments at a glance, what was deployed, the
//! figures, one deployment with its history. Data, with the words that people read where it needs any:
//! `operate` answers it, and a recorded history gives the same.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use sluice_core::delivery::Delivery;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::DeploymentId;
use sluice_core::plan::SealedPlan;
use sluice_core::summary::DeploymentSummary;

use crate::message::Message;
use crate::operate::{Export, Metrics};

/// Environments on one page.
pub const ENVIRONMENTS: usize = 50;
/// Deployments in progress that are shown at once.
pub const UNDERWAY: usize = 100;
/// Environments whose histories or figures are read at once.
pub const AT_ONCE: usize = 20;
/// Deployments of each environment's history.
pub const NEWEST: usize = 100;

/// Days of the figures.
pub const MONTH: u16 = 30;
/// The same, for longer.
pub const QUARTER: u16 = 90;
/// Weeks of the plots.
pub const WEEKS: i64 = 13;
/// From a request to the first users: an approval waits for a day at most, a window for a weekend.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Look {
    /// What is in progress, and a page of environments.
    Overview {
        /// Only environments whose `app/env` has this in it.
        #[serde(default)]
        matching: String,
        /// How many of them come before the page.
        #[serde(default)]
        from: usize,
    },
    /// One environment.
    Environment(EnvironmentKey),
    /// What was deployed, in the first [`AT_ONCE`] environments that match.
    History {
        /// As in an overview.
        #[serde(default)]
        matching: String,
    },
    /// The figures of DORA, of the first [`AT_ONCE`] environments that match.
    Figures {
        /// As in an overview.
        #[serde(default)]
        matching: String,
    },
    /// One deployment.
    Deployment(DeploymentId),
}

/// What is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is its type, documented there")]
pub enum Seen {
    Overview(Overview),
    Environment(Box<EnvironmentSeen>),
    History(Page<History>),
    Figures(Page<Figures>),
    Deployment(Box<DeploymentSeen>),
}

/// Some of the environments that match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// When it was looked at.
    pub at: Timestamp,
    /// They.
    pub shown: Vec<T>,
    /// How many match.
    pub matching: usize,
    /// How many come before.
    pub from: usize,
}

/// How everything stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Deployments that are not over, those of all environments, [`UNDERWAY`] at most.
    pub underway: Vec<Underway>,
    /// Whether there are more.
    pub more_underway: bool,
    /// The environments.
    pub environments: Page<Standing>,
}

/// An environment at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Which.
    pub environment: EnvironmentKey,
    /// The release verified last, in words.
    pub version: String,
    /// The deployment that verified it.
    pub verified: Option<DeploymentId>,
    /// What keeps pushes from being deployed; empty where nothing does, `None` where it is not known.
    pub closed: Option<Vec<String>>,
    /// The deployment that has it to itself.
    pub active: Option<Underway>,
    /// The one that waits behind.
    pub next: Option<Underway>,
    /// How the newest ended, if it is over.
    pub last: Option<Ended>,
    /// What AWS shows now, where it was looked at.
    pub running: Option<String>,
    /// What the last health sample said, while a release bakes.
    pub health: Option<String>,
    /// Why nothing else is known.
    pub unreadable: Option<String>,
}

/// A deployment that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Underway {
    /// Its id.
    pub id: DeploymentId,
    /// Where it leads.
    pub environment: EnvironmentKey,
    /// The version, or the database that is restored.
    pub what: String,
    /// How far it is.
    pub status: String,
    /// By whom it is paused, and why.
    pub paused: Option<String>,
    /// What it waits for.
    pub waits: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether a person must decide.
    pub needs_decision: bool,
}

impl Underway {
    /// What needs a person comes first, then what has waited longest.
    pub fn sort(all: &mut [Self]) {
        all.sort_by_key(|one| (!one.needs_decision, one.since, one.id.clone()));
    }
}

/// A deployment that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Its id.
    pub id: DeploymentId,
    /// The version, or the database that was restored.
    pub what: String,
    /// How it ended.
    pub status: String,
    /// The same in a sentence.
    pub happened: String,
    /// When.
    pub at: Timestamp,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentSeen {
    /// When it was looked at.
    pub at: Timestamp,
    /// How it stands.
    pub standing: Standing,
    /// Who may do what.
    pub who: Option<Message>,
    /// What was deployed last.
    pub history: History,
    /// The figures.
    pub figures: Figures,
}

/// What was deployed to an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Which.
    pub environment: EnvironmentKey,
    /// Newest first, [`NEWEST`] at most.
    pub deployments: Vec<DeploymentSummary>,
    /// Why there are none, where they cannot be read.
    pub unreadable: Option<String>,
}

/// How often, how fast and how safely was deployed to an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Which.
    pub environment: EnvironmentKey,
    /// In the last [`MONTH`].
    pub month: Delivery,
    /// In the last [`QUARTER`].
    pub quarter: Delivery,
    /// Week by week, oldest first, [`WEEKS`] of them.
    pub weeks: Vec<Week>,
}

/// What was delivered in a week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Week {
    /// When it began.
    pub from: Timestamp,
    /// What.
    pub delivery: Delivery,
}

/// Whether an environment's `app/env` has this in it; nothing is in all.
pub fn matches(environment: &EnvironmentKey, matching: &str) -> bool {
    let name = environment.to_string().to_lowercase();
    name.contains(&matching.trim().to_lowercase())
}

/// From when deployments are read for the figures: what was requested before the time that counts may
/// begin to serve users in it.
pub fn figures_since(until: Timestamp) -> Timestamp {
    days_before(until, i64::from(QUARTER).max(WEEKS * 7)) - LONGEST_WAIT
}

/// So many days before.
pub fn days_before(until: Timestamp, days: i64) -> Timestamp {
    until - SignedDuration::from_hours(24 * days)
}

impl Figures {
    /// The figures of an environment's deployments, of those at least that were requested since
    /// [`figures_since`].
    pub fn of(
        environment: EnvironmentKey,
        deployments: &[DeploymentSummary],
        until: Timestamp,
    ) -> Self {
        let of = |days: u16| {
            let from = days_before(until, i64::from(days));
            Delivery::of(deployments, from, until)
        };
        let weeks = (1..=WEEKS).rev().map(|ago| {
            let from = days_before(until, 7 * ago);
            let delivery = Delivery::of(deployments, from, days_before(until, 7 * (ago - 1)));
            Week { from, delivery }
        });
        Self {
            environment,
            month: of(MONTH),
            quarter: of(QUARTER),
            weeks: weeks.collect(),
        }
    }

    /// The same as `sluice metrics` tells them.
    pub fn metrics(&self) -> [Metrics; 2] {
        [(MONTH, &self.month), (QUARTER, &self.quarter)].map(|(days, delivery)| Metrics {
            environment: self.environment.clone(),
            days,
            delivery: delivery.clone(),
        })
    }
}

/// A deployment with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentSeen {
    /// When it was looked at.
    pub at: Timestamp,
    /// Its state and its history.
    pub export: Export,
    /// The plan of what was verified before, where it is known.
    pub before: Option<Box<SealedPlan>>,
}

impl DeploymentSeen {
    /// The deployment; an export of one has it.
    pub fn state(&self) -> Option<&Deployment> {
        let first = self.export.deployments.first();
        first.map(|exported| &exported.state)
    }
}
