//! The tables behind [`MemoryStore`](super::MemoryStore), with DynamoDB's conditional writes: each
//! function here is one request, done whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use sluice_app::ports::{
    AllMonitored, DeploymentSummary, EnvironmentKey, EnvironmentState, Monitored, Newest, Opened,
    Save, SaveError, Shown, Stored, StoredSource,
};
use sluice_core::controls::Controls;
use sluice_core::deployment::Deployment;
use sluice_core::event::Claim;
use sluice_core::failure::PortError;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::id::{AppName, DeploymentId, Digest};
use sluice_core::release::VerifiedRelease;

use super::configurations::Files;
use super::index::DueIndex;

/// Everything that is stored.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) deployments: BTreeMap<DeploymentId, Stored>,
    pub(super) environments: BTreeMap<EnvironmentKey, EnvironmentState>,
    pub(super) histories: BTreeMap<DeploymentId, Vec<Record>>,
    pub(super) shown: BTreeMap<DeploymentId, Shown>,
    pub(super) monitored: BTreeMap<DeploymentId, AllMonitored>,
    verified: BTreeMap<EnvironmentKey, BTreeMap<Digest, VerifiedRelease>>,
    /// Every success, oldest first.
    verified_releases: BTreeMap<EnvironmentKey, Vec<VerifiedRelease>>,
    pub(super) due: DueIndex,
    /// What is remembered of source code, and when it is due.
    pub(super) sources: BTreeMap<AppName, (StoredSource, Timestamp)>,
    /// The files that people have changed.
    pub(super) files: Files,
    /// Deployments whose items somebody damaged.
    pub(super) damaged: BTreeSet<DeploymentId>,
}

impl Tables {
    pub(super) fn open(
        &mut self,
        deployment: &Deployment,
        first: &Record,
        chain: &ChainEnd,
        due_at: Timestamp,
        environment_version: u64,
    ) -> Opened {
        let id = &deployment.id;
        if self.deployments.contains_key(id) {
            return Opened::AlreadyThere;
        }
        let environment = self
            .environments
            .entry(EnvironmentKey::of(deployment))
            .or_default();
        if environment.version != environment_version {
            return Opened::Conflict;
        }
        let order = deployment.turn();
        let is_newest = environment
            .newest
            .as_ref()
            .is_none_or(|newest| order > (newest.pushed_at, &newest.deployment));
        if is_newest {
            environment.newest = Some(Newest {
                deployment: id.clone(),
                digest: deployment.release.digest.clone(),
                pushed_at: order.0,
            });
        }
        if deployment.kind.goes_first() {
            environment.rollback = Some(id.clone());
        }
        // Even one that is not the newest: two that open at once must not both believe they saw
        // the environment as it is.
        environment.version += 1;
        self.histories.insert(id.clone(), vec![first.clone()]);
        self.due.change(id, None, Some(due_at));
        let stored = Stored {
            deployment: Arc::new(deployment.clone()),
            version: 1,
            chain: chain.clone(),
            due_at: Some(due_at),
        };
        self.deployments.insert(id.clone(), stored);
        Opened::New
    }

    /// The deployment, if it can be read.
    pub(super) fn load(&self, id: &DeploymentId) -> Result<Option<Stored>, PortError> {
        if self.damaged.contains(id) {
            return Err(PortError::permanent(format!(
                "the stored item of {id} cannot be read: restore it from the table's backup"
            )));
        }
        Ok(self.deployments.get(id).cloned())
    }

    /// Stores the change; the deployment as it was before comes back.
    pub(super) fn save(&mut self, save: Save) -> Result<Stored, SaveError> {
        let id = &save.deployment.id;
        let Some(stored) = self.deployments.get_mut(id) else {
            return Err(nothing_of(id).into());
        };
        if stored.version != save.expected_version {
            return Err(SaveError::Conflict);
        }
        let fastened = save.records.first().is_none_or(|first| {
            first.seq == stored.chain.next_seq && first.previous == stored.chain.hash
        });
        if !fastened {
            // A record of that number is there already: DynamoDB refuses the second.
            return Err(SaveError::Conflict);
        }
        self.due.change(id, stored.due_at, save.due_at);
        self.histories
            .entry(id.clone())
            .or_default()
            .extend(save.records);
        if save.frees_environment || save.holds_environment.is_some() || save.proves.is_some() {
            let key = EnvironmentKey::of(&save.deployment);
            let environment = self.environments.entry(key.clone()).or_default();
            environment.version += 1;
            if save.frees_environment && environment.active.as_ref() == Some(id) {
                environment.active = None;
            }
            if save.frees_environment && environment.rollback.as_ref() == Some(id) {
                environment.rollback = None;
            }
            if environment.hold.is_none() {
                environment.hold = save.holds_environment;
            }
            if let Some(verified) = save.proves {
                environment.verified = Some(verified.clone());
                let releases = self.verified_releases.entry(key.clone()).or_default();
                releases.push(verified.clone());
                let digests = self.verified.entry(key).or_default();
                digests.insert(verified.release.digest.clone(), verified);
            }
        }
        let after = Stored {
            deployment: save.deployment,
            version: stored.version + 1,
            chain: save.chain,
            due_at: save.due_at,
        };
        Ok(std::mem::replace(stored, after))
    }

    pub(super) fn set_due(&mut self, id: &DeploymentId, version: u64, due_at: Option<Timestamp>) {
        if let Some(stored) = self.deployments.get_mut(id)
            && stored.version == version
        {
            self.due.change(id, stored.due_at, due_at);
            stored.due_at = due_at;
        }
    }

    pub(super) fn claim(
        &mut self,
        key: &EnvironmentKey,
        id: &DeploymentId,
    ) -> Result<Claim, PortError> {
        let Some(stored) = self.deployments.get(id) else {
            return Err(nothing_of(id));
        };
        if stored.deployment.phase.is_terminal() {
            return Err(PortError::permanent(format!(
                "{id} is over, so it is given no environment any more"
            )));
        }
        let environment = self.environments.entry(key.clone()).or_default();
        if environment.active.as_ref() == Some(id) {
            return Ok(Claim::Granted);
        }
        let order = stored.deployment.turn();
        if environment.rollback.as_ref() != Some(id) {
            if let Some(newest) = &environment.newest
                && (newest.pushed_at, &newest.deployment) > order
            {
                return Ok(Claim::SupersededBy(newest.deployment.clone()));
            }
            if let Some(rollback) = &environment.rollback {
                return Ok(Claim::HeldBy(rollback.clone()));
            }
        }
        if let Some(holder) = &environment.active {
            return Ok(Claim::HeldBy(holder.clone()));
        }
        environment.active = Some(id.clone());
        environment.version += 1;
        Ok(Claim::Granted)
    }

    /// Sets the controls, if the environment is still as it was read.
    pub(super) fn set_controls(
        &mut self,
        key: &EnvironmentKey,
        version: u64,
        controls: &Controls,
    ) -> bool {
        let environment = self.environments.entry(key.clone()).or_default();
        if environment.version != version {
            return false;
        }
        environment.version += 1;
        environment.freeze.clone_from(&controls.freeze);
        environment.hold.clone_from(&controls.hold);
        environment.controls_asked_at = controls.asked_at;
        true
    }

    /// Remembers what a monitor has heard, if that is still as it was read.
    pub(super) fn set_monitored(
        &mut self,
        id: &DeploymentId,
        monitor: &str,
        monitored: &Monitored,
    ) -> bool {
        let all = self.monitored.entry(id.clone()).or_default();
        let there = all.get(monitor).map_or(0, |it| it.version);
        if there != monitored.version {
            return false;
        }
        let next = Monitored {
            version: there + 1,
            ..monitored.clone()
        };
        all.insert(monitor.to_owned(), next);
        true
    }

    /// What people have set on the deployment's environment.
    pub(super) fn controls_of(&self, deployment: &Deployment) -> Controls {
        let environment = self.environments.get(&EnvironmentKey::of(deployment));
        environment
            .map(EnvironmentState::controls)
            .unwrap_or_default()
    }

    pub(super) fn verified(
        &self,
        key: &EnvironmentKey,
        digest: &Digest,
    ) -> Option<VerifiedRelease> {
        self.verified.get(key)?.get(digest).cloned()
    }

    pub(super) fn verified_releases(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Vec<VerifiedRelease> {
        let releases = self.verified_releases.get(key).into_iter().flatten();
        releases.rev().take(limit).cloned().collect()
    }

    pub(super) fn deployments(&self, key: &EnvironmentKey, limit: usize) -> Vec<DeploymentSummary> {
        let stored = self.deployments.values().map(|stored| &*stored.deployment);
        let mut found: Vec<DeploymentSummary> = stored
            .filter(|deployment| EnvironmentKey::of(deployment) == *key)
            .map(DeploymentSummary::of)
            .collect();
        found.sort_by(|a, b| (b.requested_at, &b.id).cmp(&(a.requested_at, &a.id)));
        found.truncate(limit);
        found
    }

    /// How many deployments are due some day.
    pub(super) fn unfinished(&self) -> usize {
        self.due.len()
    }
}

fn nothing_of(id: &DeploymentId) -> PortError {
    PortError::permanent(format!(
        "there is no deployment {id} in the store: check its id"
    ))
}
