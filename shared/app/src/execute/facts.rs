//! What a plan is drawn from: the image and what vouches for it, its secrets, who may approve.

use std::collections::BTreeMap;

use futures::future::join_all;
use sluice_core::config::{Member, SecretSource};
use sluice_core::controls::ControlsObservation;
use sluice_core::deployment::Deployment;
use sluice_core::failure::PortError;
use sluice_core::id::{AlarmName, Digest, EnvironmentName};
use sluice_core::observation::{
    AlarmState, ApproversObservation, ImageObservation, PinnedSecret, ProofObservation,
    ScanObservation, SecretProblem,
};
use sluice_core::origin::PushedBy;
use sluice_core::signature::{PublicKey, SignatureObservation, observe};
use sluice_signatures::is_signed;

use crate::App;
use crate::ports::{EnvironmentKey, EnvironmentState, Target};

impl App {
    /// The image, and who pushed it: an address that its annotations hold is asked about, and goes
    /// no further.
    pub(super) async fn image(
        &self,
        d: &Deployment,
        target: &Target,
    ) -> Result<ImageObservation, PortError> {
        let described = self.ports.registry.image(target, &d.release).await?;
        let annotations = described.annotations;
        let mut stranger = annotations.name_nobody();
        let pushed_by = match annotations.pushed_by() {
            None => None,
            Some(PushedBy::User(user)) => Some(user.clone()),
            Some(PushedBy::Email(email)) => match self.ports.chat.user_by_email(email).await {
                Ok(known) => {
                    stranger = known.is_none();
                    known
                }
                // Where no one is asked, nothing depends on it: the chat must not hold it up.
                Err(error) if d.settings.environment.approval.is_none() => {
                    tracing::warn!(
                        deployment.id = %d.id,
                        %error,
                        "it is not known who pushed the image of {}",
                        d.id
                    );
                    None
                }
                Err(error) => return Err(error),
            },
        };
        Ok(ImageObservation {
            present: described.present,
            tag_points_at: described.tag_points_at,
            origin: annotations.origin(&described.tags, pushed_by, &d.settings.source_hosts),
            pushed_by_stranger: stranger,
        })
    }

    /// Which of the configured keys has signed the image.
    pub(super) async fn signature(
        &self,
        d: &Deployment,
        target: &Target,
    ) -> Result<SignatureObservation, PortError> {
        let stored = self.ports.registry.signatures(target, &d.release).await?;
        let keys = d.settings.signatures.iter().flat_map(|it| &it.keys);
        let keys: Vec<PublicKey> = keys.cloned().collect();
        Ok(observe(&stored, &d.release.digest, &keys, is_signed))
    }

    pub(super) async fn proof(
        &self,
        d: &Deployment,
        environment: &EnvironmentName,
    ) -> Result<ProofObservation, PortError> {
        let key = EnvironmentKey {
            app: d.app().clone(),
            environment: environment.clone(),
        };
        self.proof_of(&key, &d.release.digest).await
    }

    /// Whether the digest has succeeded there, or is on its way.
    pub(crate) async fn proof_of(
        &self,
        key: &EnvironmentKey,
        digest: &Digest,
    ) -> Result<ProofObservation, PortError> {
        if let Some(verified) = self.ports.store.verified(key, digest).await? {
            return Ok(ProofObservation::Verified(verified));
        }
        let state = self.ports.store.environment(key).await?;
        let newest = state.newest.map(|newest| newest.deployment);
        for id in [state.active, newest].into_iter().flatten() {
            let stored = self.ports.store.load(&id).await?;
            if stored.is_some_and(|stored| {
                stored.deployment.release.digest == *digest
                    && !stored.deployment.phase.is_terminal()
            }) {
                return Ok(ProofObservation::UnderWay);
            }
        }
        Ok(ProofObservation::NotVerified)
    }

    pub(super) async fn pin_secrets(
        &self,
        d: &Deployment,
        target: &Target,
    ) -> Result<Result<Vec<PinnedSecret>, Vec<SecretProblem>>, PortError> {
        let secrets = &d.settings.environment.secrets;
        let pins = secrets
            .iter()
            .map(|(variable, source)| self.pin(d, target, variable, source));
        let (mut pinned, mut problems) = (Vec::new(), Vec::new());
        for pin in join_all(pins).await {
            match pin? {
                Ok(secret) => pinned.push(secret),
                Err(problem) => problems.push(problem),
            }
        }
        Ok(match problems.is_empty() {
            true => Ok(pinned),
            false => Err(problems),
        })
    }

    /// The version that the release had which comes back, if it is still there; else the current
    /// one.
    async fn pin(
        &self,
        d: &Deployment,
        target: &Target,
        variable: &str,
        source: &SecretSource,
    ) -> Result<Result<PinnedSecret, SecretProblem>, PortError> {
        let secrets = &self.ports.secrets;
        let mut then = d.kind.secrets().iter();
        let before = then.find(|secret| secret.variable == variable && secret.pinned);
        if let Some(before) = before
            && secrets.is_there(target, before).await?
        {
            return Ok(Ok(before.clone()));
        }
        secrets.pin(target, variable, source).await
    }

    pub(super) async fn approvers(
        &self,
        d: &Deployment,
    ) -> Result<ApproversObservation, PortError> {
        let mut users = Vec::new();
        for approver in d
            .settings
            .environment
            .approval
            .iter()
            .flat_map(|approval| &approval.approvers)
        {
            match approver {
                Member::User(user) => users.push(user.clone()),
                Member::Group(group) => {
                    users.extend(self.ports.chat.group_members(group).await?);
                }
            }
        }
        users.sort();
        users.dedup();
        Ok(ApproversObservation { users })
    }

    /// The scan of the image.
    pub(super) async fn scan(
        &self,
        d: &Deployment,
        target: &Target,
    ) -> Result<ScanObservation, PortError> {
        let named = d.settings.environment.scan.excepted_ids();
        let registry = &self.ports.registry;
        registry.scan(target, &d.release, &named).await
    }

    /// The alarms that are to stay quiet.
    pub(super) async fn alarms(
        &self,
        d: &Deployment,
        target: &Target,
    ) -> Result<BTreeMap<AlarmName, AlarmState>, PortError> {
        let alarms = &d.settings.environment.alarms;
        self.ports.alarms.states(target, alarms).await
    }

    /// What is stored about the environment.
    pub(super) async fn state(&self, d: &Deployment) -> Result<EnvironmentState, PortError> {
        self.ports.store.environment(&EnvironmentKey::of(d)).await
    }

    /// What closes the environment, and whose approval counts no more.
    pub(super) async fn controls(&self, d: &Deployment) -> Result<ControlsObservation, PortError> {
        let controls = self.state(d).await?.controls();
        let (environment, now) = (&d.settings.environment, self.ports.clock.now());
        let seen = ControlsObservation::read(environment, &controls, now);
        Ok(ControlsObservation {
            lapsed: self.lapsed(d, now).await?,
            ..seen
        })
    }
}
