//! What is asked for, and by whom.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::Settings;
use crate::id::{DeploymentId, EnvironmentName, ServiceName, TaskDefinitionArn, UserId};
use crate::observation::PinnedSecret;
use crate::release::VerifiedRelease;
use crate::restore::Restore;
use crate::rollback::Rollback;

/// What a deployment is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentKind {
    /// To bring an image here.
    #[default]
    Release,
    /// To bring back what was verified here before.
    Rollback(Box<Rollback>),
    /// To bring back the database, and the code that fits it.
    Restore(Box<Restore>),
}

impl DeploymentKind {
    /// Whether it brings an image here, which is what is meant where nothing is stored.
    pub fn is_release(&self) -> bool {
        matches!(self, Self::Release)
    }

    /// What is brought back, if this is a rollback.
    pub fn rollback(&self) -> Option<&Rollback> {
        match self {
            Self::Rollback(rollback) => Some(rollback),
            Self::Release | Self::Restore(_) => None,
        }
    }

    /// What is brought back, if this is a restore of the database.
    pub fn restore(&self) -> Option<&Restore> {
        match self {
            Self::Restore(restore) => Some(restore),
            Self::Release | Self::Rollback(_) => None,
        }
    }

    /// Whether it leads back. What does goes before every release: it gives way to none, and comes
    /// through an environment that is closed.
    pub fn goes_first(&self) -> bool {
        match self {
            Self::Release => false,
            Self::Rollback(_) | Self::Restore(_) => true,
        }
    }

    /// The deployment that proved what comes back.
    pub fn restores(&self) -> Option<&DeploymentId> {
        self.brings_back().map(|to| &to.deployment)
    }

    /// The verified release that comes back.
    pub fn brings_back(&self) -> Option<&VerifiedRelease> {
        match self {
            Self::Release => None,
            Self::Rollback(rollback) => Some(&rollback.to),
            Self::Restore(restore) => Some(&restore.to),
        }
    }

    /// The secrets of what comes back, at the versions that it had.
    pub fn secrets(&self) -> &[PinnedSecret] {
        match self {
            Self::Release => &[],
            Self::Rollback(rollback) => &rollback.secrets,
            Self::Restore(restore) => &restore.secrets,
        }
    }

    /// The task definition revisions of what comes back.
    pub fn revision(&self, service: &ServiceName) -> Option<&TaskDefinitionArn> {
        match self {
            Self::Release => None,
            Self::Rollback(rollback) => rollback.revisions.get(service),
            Self::Restore(restore) => restore.revisions.get(service),
        }
    }
}

/// A release that skips the environment it should have passed. Its settings have no `after`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hotfix {
    /// The environment that is skipped.
    pub skips: EnvironmentName,
    /// Who said so.
    pub by: UserId,
    /// Why, in their words.
    pub reason: String,
}

impl Hotfix {
    /// What is deployed with it: all that is demanded otherwise, but no success elsewhere. `None`
    /// where none is demanded, so that nothing is skipped.
    pub fn of(by: &UserId, reason: &str, settings: &mut Settings) -> Option<Self> {
        Some(Self {
            skips: settings.environment.after.take()?,
            by: by.clone(),
            reason: reason.to_owned(),
        })
    }
}

impl fmt::Display for Hotfix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "skips {}: <@{}>: {}", self.skips, self.by, self.reason)
    }
}

/// Who asked for a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requester {
    /// An image push. ECR's event does not say whose.
    Push,
    /// Somebody in Slack.
    Person(UserId),
}

impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Push => f.write_str("an image push"),
            Self::Person(user) => write!(f, "<@{user}>"),
        }
    }
}
