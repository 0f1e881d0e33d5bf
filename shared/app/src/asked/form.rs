//! The form that asks which release to roll an environment back to, and why.

use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{Digest, ImageTag, UserId};
use sluice_core::phase::Phase;
use sluice_core::release::VerifiedRelease;
use sluice_core::roles::Action;
use sluice_core::rollback::{ReleaseReference, still_verified};
use sluice_words::refusal::AskError;
use sluice_words::view::{WaysBack, rollback_modal};

use super::roll_back::{PROVEN, RECENT, chosen, is_at_the_database, migrations};
use super::{Place, Request};
use crate::App;
use crate::ports::{DeploymentSummary, TriggerId};

/// Releases that someone chooses from: no one reads more.
const CHOICES: usize = 20;

impl App {
    /// Asks which release to roll the environment back to, and why. A release that is named `to`
    /// stands first. Whether they may is seen now, and again when they have answered.
    ///
    /// # Errors
    /// They may not, no rollback is possible, or the form could not be shown.
    pub async fn ask_where_to(
        &self,
        at: &EnvironmentKey,
        by: &UserId,
        to: Option<&ReleaseReference>,
        trigger: &TriggerId,
    ) -> Result<(), AskError> {
        let request = Request {
            id: trigger.0.clone(),
            by: by.clone(),
            environment: at.clone(),
        };
        let place = self.place(&request)?;
        self.may_ask(&request, &place, Action::RollBack).await?;
        let store = &self.ports.store;
        let state = store.environment(at).await?;
        let recent = store.deployments(at, RECENT).await?;
        let verified = still_verified(store.verified_releases(at, PROVEN).await?);
        let named = chosen(&place, &verified, to)?;
        if let Some(other) = self.loaded(state.rollback.as_ref()).await? {
            return Err(leads_back_already(&other));
        }
        let active = self.loaded(state.active.as_ref()).await?;
        let runs = state.verified.as_ref();
        let before = self.before(&place, &verified, &recent, active.as_ref());
        // Where releases can be chosen, that there is none before is no error yet.
        let (before, why_not) = match before {
            Ok(before) => (Some(before), None),
            Err(why) => (None, Some(why)),
        };
        let named_it = |before: &&VerifiedRelease| {
            named.is_some_and(|named| named.release.digest == before.release.digest)
        };
        let before = before.filter(|before| !named_it(before));
        let listed = [runs, before, named];
        let others = others(&verified, &listed);
        let under_way = active.as_ref().filter(|active| goes_back(&active.phase));
        let leads_through = |release: &&VerifiedRelease| {
            // What a deployment in progress rolls back to runs on the current schema, unless its
            // migration was found to break it, or may.
            let breaks = under_way.is_some_and(has_traffic);
            under_way.is_none()
                || breaks
                || Some(&release.deployment) != runs.map(|runs| &runs.deployment)
        };
        let targets = before
            .into_iter()
            .chain(named)
            .chain(others.iter().copied());
        let mut migrated: Vec<ImageTag> = Vec::new();
        for target in targets.filter(leads_through) {
            for tag in migrations(&verified, &recent, active.as_ref(), target) {
                if !migrated.contains(&tag) {
                    migrated.push(tag);
                }
            }
        }
        let ways = WaysBack {
            at,
            runs,
            under_way: active.as_ref().filter(|active| makes_way(&active.phase)),
            before,
            named,
            others,
            migrated,
        };
        let nothing = || AskError::NothingBefore(place.environment.name.clone());
        let modal = rollback_modal(&ways).ok_or_else(|| why_not.unwrap_or_else(nothing))?;
        Ok(self.ports.chat.open_modal(trigger, &modal).await?)
    }

    /// What [`App::roll_back`] without a name would lead to.
    fn before<'a>(
        &self,
        place: &Place<'_>,
        verified: &'a [VerifiedRelease],
        recent: &[DeploymentSummary],
        active: Option<&Deployment>,
    ) -> Result<&'a VerifiedRelease, AskError> {
        match active.map(|active| &active.phase) {
            // No service is changed yet: it is stopped, and the previous version keeps running.
            Some(phase) if makes_way(phase) => {
                let nothing = || AskError::NothingBefore(place.environment.name.clone());
                verified.first().ok_or_else(nothing)
            }
            _ => self.before_what_runs(place, verified, recent),
        }
    }
}

/// Another rollback is already in progress: one at a time.
pub(super) fn leads_back_already(other: &Deployment) -> AskError {
    let (environment, deployment) = (other.environment().clone(), other.id.clone());
    match other.restore() {
        Some(_) => AskError::RestoreUnderWay {
            environment,
            deployment,
        },
        None => AskError::OtherRollback {
            environment,
            release: other.release.tag.clone(),
            deployment,
        },
    }
}

/// Whether a deployment has traffic on a schema that the previous version may not run on.
fn has_traffic(active: &Deployment) -> bool {
    let moved = matches!(
        active.phase,
        Phase::Shifting { .. }
            | Phase::Baking { .. }
            | Phase::CleaningUp { .. }
            | Phase::AwaitingRestoreDecision { .. }
    );
    moved && active.breaks_what_ran_before()
}

/// Whether a deployment there ends before the rollback begins.
pub(super) fn makes_way(phase: &Phase) -> bool {
    goes_back(phase) || is_at_the_database(phase)
}

/// Whether a deployment there was told to roll back, or already does.
fn goes_back(phase: &Phase) -> bool {
    matches!(
        phase,
        Phase::RollingOut
            | Phase::UpdatingWorkers
            | Phase::Verifying { .. }
            | Phase::Shifting { .. }
            | Phase::Baking { .. }
            | Phase::CleaningUp { .. }
            | Phase::AwaitingRestoreDecision { .. }
            | Phase::RollingBack { .. }
    )
}

/// Verified releases, each image once, without those that are listed already.
fn others<'a>(
    verified: &'a [VerifiedRelease],
    listed: &[Option<&VerifiedRelease>],
) -> Vec<&'a VerifiedRelease> {
    let listed = listed.iter().flatten();
    let mut seen: Vec<&Digest> = listed.map(|listed| &listed.release.digest).collect();
    let mut others = Vec::new();
    for release in verified {
        if others.len() < CHOICES && !seen.contains(&&release.release.digest) {
            seen.push(&release.release.digest);
            others.push(release);
        }
    }
    others
}
