//! Bugs of the machine, as the store sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{
    AllMonitored, DeploymentSummary, Due, EnvironmentKey, EnvironmentState, Monitored, Opened,
    Save, SaveError, Shown, Store, Stored,
};
use sluice_core::controls::Controls;
use sluice_core::deployment::{Deployment, Pause};
use sluice_core::event::Claim;
use sluice_core::failure::PortError;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::id::{DeploymentId, Digest};
use sluice_core::phase::Phase;
use sluice_core::release::VerifiedRelease;

use super::Bug;

/// The store, told by somebody with a bug.
pub(super) struct Buggy {
    bug: Bug,
    inner: Arc<dyn Store>,
    /// The pauses that are hidden.
    hidden: Mutex<BTreeMap<DeploymentId, Pause>>,
    /// The deployments that were revived.
    revived: Mutex<BTreeSet<DeploymentId>>,
}

impl Buggy {
    pub(super) fn new(bug: Bug, inner: Arc<dyn Store>) -> Self {
        Self {
            bug,
            inner,
            hidden: Mutex::default(),
            revived: Mutex::default(),
        }
    }

    fn hidden(&self) -> std::sync::MutexGuard<'_, BTreeMap<DeploymentId, Pause>> {
        self.hidden.lock().expect("nobody panics with it")
    }

    fn revived(&self) -> std::sync::MutexGuard<'_, BTreeSet<DeploymentId>> {
        self.revived.lock().expect("nobody panics with it")
    }

    fn spoil(&self, save: &mut Save) {
        let d = Arc::make_mut(&mut save.deployment);
        let over = d.phase.is_terminal();
        match (self.bug, &d.phase) {
            (Bug::ForgetsToLookAgain, _) if !over => save.due_at = None,
            (Bug::ApprovesItself, Phase::AwaitingApproval) => d.phase = Phase::RollingOut,
            (Bug::SeesNoPause, _) => {
                if let Some(pause) = self.hidden().get(&d.id) {
                    d.paused = Some(pause.clone());
                }
            }
            (Bug::RollbackGivesWay, Phase::Planning { .. }) if d.kind.goes_first() => {
                let by = d.id.clone();
                d.phase = Phase::Superseded { by };
            }
            (Bug::ForgetsTheMigration, _) if over => {
                d.touched.migration = None;
                d.intents.clear();
            }
            (Bug::RollsBackInWords, Phase::RollingBack { cause, .. }) => {
                let cause = cause.clone();
                d.phase = Phase::RolledBack { cause };
                save.frees_environment = true;
            }
            (Bug::RewritesHistory, _) => {
                if let Some(last) = save.records.last_mut() {
                    last.at += SignedDuration::from_secs(1);
                }
            }
            _ => {}
        }
    }
}

#[async_trait]
impl Store for Buggy {
    async fn open(
        &self,
        deployment: &Deployment,
        first: &Record,
        chain: &ChainEnd,
        due_at: Timestamp,
        environment_version: u64,
    ) -> Result<Opened, PortError> {
        self.inner
            .open(deployment, first, chain, due_at, environment_version)
            .await
    }

    async fn load(&self, id: &DeploymentId) -> Result<Option<Stored>, PortError> {
        let mut stored = self.inner.load(id).await?;
        if let (Bug::SeesNoPause, Some(stored)) = (self.bug, &mut stored)
            && let Some(pause) = Arc::make_mut(&mut stored.deployment).paused.take()
        {
            self.hidden().insert(id.clone(), pause);
        }
        Ok(stored)
    }

    async fn save(&self, mut save: Save) -> Result<(), SaveError> {
        self.spoil(&mut save);
        let is_over = save.deployment.phase.is_terminal();
        // Each once: nothing would ever be over.
        let revives = self.bug == Bug::RevivesWhatIsOver
            && is_over
            && self.revived().insert(save.deployment.id.clone());
        let revived = revives.then(|| Save {
            deployment: Arc::new(Deployment {
                phase: Phase::Queued,
                ..(*save.deployment).clone()
            }),
            expected_version: save.expected_version + 1,
            records: Vec::new(),
            ..save.clone()
        });
        self.inner.save(save).await?;
        match revived {
            Some(revived) => self.inner.save(revived).await,
            None => Ok(()),
        }
    }

    async fn set_due(
        &self,
        id: &DeploymentId,
        version: u64,
        due_at: Option<Timestamp>,
    ) -> Result<(), PortError> {
        self.inner.set_due(id, version, due_at).await
    }

    async fn claim(&self, key: &EnvironmentKey, id: &DeploymentId) -> Result<Claim, PortError> {
        match (self.bug, self.inner.claim(key, id).await?) {
            (Bug::ClaimsWhatIsTaken, Claim::HeldBy(_)) => Ok(Claim::Granted),
            (_, claim) => Ok(claim),
        }
    }

    async fn environment(&self, key: &EnvironmentKey) -> Result<EnvironmentState, PortError> {
        let mut state = self.inner.environment(key).await?;
        if self.bug == Bug::SeesNoFreeze {
            (state.freeze, state.hold) = (None, None);
        }
        Ok(state)
    }

    async fn set_controls(
        &self,
        key: &EnvironmentKey,
        version: u64,
        controls: &Controls,
    ) -> Result<bool, PortError> {
        self.inner.set_controls(key, version, controls).await
    }

    async fn verified(
        &self,
        key: &EnvironmentKey,
        digest: &Digest,
    ) -> Result<Option<VerifiedRelease>, PortError> {
        self.inner.verified(key, digest).await
    }

    async fn verified_releases(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<VerifiedRelease>, PortError> {
        self.inner.verified_releases(key, limit).await
    }

    async fn deployments(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        self.inner.deployments(key, limit).await
    }

    async fn deployments_since(
        &self,
        key: &EnvironmentKey,
        since: Timestamp,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        self.inner.deployments_since(key, since).await
    }

    async fn due(
        &self,
        before: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, PortError> {
        self.inner.due(before, after, limit).await
    }

    async fn history(&self, id: &DeploymentId) -> Result<Vec<Record>, PortError> {
        self.inner.history(id).await
    }

    async fn shown(&self, id: &DeploymentId) -> Result<Shown, PortError> {
        self.inner.shown(id).await
    }

    async fn set_shown(&self, id: &DeploymentId, shown: &Shown) -> Result<(), PortError> {
        self.inner.set_shown(id, shown).await
    }

    async fn monitored(&self, id: &DeploymentId) -> Result<AllMonitored, PortError> {
        self.inner.monitored(id).await
    }

    async fn set_monitored(
        &self,
        id: &DeploymentId,
        monitor: &str,
        monitored: &Monitored,
    ) -> Result<bool, PortError> {
        self.inner.set_monitored(id, monitor, monitored).await
    }
}
