//! Images that people ask for by name, or by what is verified elsewhere.

use std::sync::Arc;

use sluice_core::deployment::DeploymentKind;
use sluice_core::deployment::{Deployment, Hotfix, Opening, Requester};
use sluice_core::id::{DeploymentId, Digest, EnvironmentName, ImageTag};
use sluice_core::intake::about_an_image;
use sluice_core::observation::ProofObservation;
use sluice_core::release::Release;
use sluice_core::rollback::ImageReference;
use sluice_words::refusal::AskError;
use sluice_words::reply;

use super::{Asked, Place, Request, on_its_way};
use crate::App;
use crate::ports::{EnvironmentKey, EnvironmentState, FoundImage, ImageQuery};

impl App {
    pub(super) async fn deploy_once(
        &self,
        request: &Request,
        place: &Place<'_>,
        image: &ImageReference,
    ) -> Result<Asked, AskError> {
        let state = self.ports.store.environment(&request.environment).await?;
        let release = self.find(place, request.deployment(), image).await?;
        self.judge_after(place, &release.digest).await?;
        self.open_release(request, place, &state, release, None)
            .await
    }

    pub(super) async fn hotfix_once(
        &self,
        request: &Request,
        place: &Place<'_>,
        image: &ImageReference,
        reason: &str,
    ) -> Result<Asked, AskError> {
        if place.environment.after.is_none() {
            return Err(AskError::SkipsNothing(place.environment.name.clone()));
        }
        let state = self.ports.store.environment(&request.environment).await?;
        let release = self.find(place, request.deployment(), image).await?;
        self.open_release(request, place, &state, release, Some(reason))
            .await
    }

    pub(super) async fn promote_once(
        &self,
        request: &Request,
        place: &Place<'_>,
    ) -> Result<Asked, AskError> {
        let name = &place.environment.name;
        let Some(after) = &place.environment.after else {
            return Err(AskError::ComesAfterNone(name.clone()));
        };
        let state = self.ports.store.environment(&request.environment).await?;
        let there = self.ports.store.environment(&key_in(place, after)).await?;
        let Some(verified) = there.verified else {
            return Err(AskError::NothingVerified(after.clone()));
        };
        let live = state.verified.as_ref().map(|live| &live.release.digest);
        if live == Some(&verified.release.digest) {
            return Err(AskError::PromotedAlready {
                release: verified.release.tag,
                environment: name.clone(),
                after: after.clone(),
            });
        }
        let release = Release {
            registry: place.registry()?,
            ..verified.release
        };
        self.open_release(request, place, &state, release, None)
            .await
    }

    async fn open_release(
        &self,
        request: &Request,
        place: &Place<'_>,
        state: &EnvironmentState,
        release: Release,
        hotfix: Option<&str>,
    ) -> Result<Asked, AskError> {
        if let Some(other) = self.brings(state, &release.digest).await? {
            // One that waits for the success elsewhere would wait on: the hotfix takes its place.
            let waits = other.phase.is_untouched() && other.settings.environment.after.is_some();
            if hotfix.is_none() || !waits {
                return Ok(on_its_way(&other));
            }
        }
        let mut settings = place.config.settings(place.environment);
        let hotfix = hotfix.and_then(|reason| Hotfix::of(&request.by, reason, &mut settings));
        let opening = Opening {
            id: request.deployment(),
            settings: Arc::new(settings),
            release,
            requested_by: Requester::Person(request.by.clone()),
            kind: DeploymentKind::Release,
            hotfix,
        };
        let mut asked = self.open_asked(&opening, state).await?;
        let release = &opening.release;
        if let Some(hotfix) = &opening.hotfix {
            asked.reply += &reply::skips(hotfix, place.environment);
        }
        if let Some(live) = state.verified.as_ref().map(|verified| &verified.release) {
            if live.digest == release.digest {
                asked.reply += reply::IS_LIVE;
            } else if release.pushed_at < live.pushed_at {
                asked.reply += &reply::is_older(&live.tag);
            }
        }
        Ok(asked)
    }

    /// The deployment under way that brings this image.
    async fn brings(
        &self,
        state: &EnvironmentState,
        digest: &Digest,
    ) -> Result<Option<Deployment>, AskError> {
        let newest = state.newest.as_ref().map(|newest| &newest.deployment);
        for id in [state.active.as_ref(), newest].into_iter().flatten() {
            let stored = self.ports.store.load(id).await?;
            let deployment = stored.map(|stored| stored.deployment);
            if let Some(deployment) = deployment
                && deployment.release.digest == *digest
                && !deployment.phase.is_terminal()
            {
                return Ok(Some(Arc::unwrap_or_clone(deployment)));
            }
        }
        Ok(None)
    }

    async fn find(
        &self,
        place: &Place<'_>,
        deployment: DeploymentId,
        image: &ImageReference,
    ) -> Result<Release, AskError> {
        let target = place.target(deployment);
        let query = ImageQuery {
            registry: place.registry()?,
            repository: place.config.repository.clone(),
            image: image.clone(),
        };
        let found = self.ports.registry.find(&target, &query).await?;
        let Some(found) = found else {
            return Err(AskError::NoSuchImage {
                image: image.clone(),
                repository: query.repository,
            });
        };
        let tag = tag_of(place, image, &found);
        if let Some(what) = about_an_image(&tag, found.artifact_media_type.as_deref()) {
            return Err(AskError::NotAnImage { tag, what });
        }
        Ok(Release {
            registry: query.registry,
            repository: query.repository,
            tag,
            digest: found.digest,
            pushed_at: found.pushed_at,
        })
    }

    /// Planning waits for a proof that may be on its way; a person gets the answer at once if none
    /// is.
    async fn judge_after(&self, place: &Place<'_>, digest: &Digest) -> Result<(), AskError> {
        let Some(after) = &place.environment.after else {
            return Ok(());
        };
        match self.proof_of(&key_in(place, after), digest).await? {
            ProofObservation::Verified(_) | ProofObservation::UnderWay => Ok(()),
            ProofObservation::NotVerified => Err(AskError::NotVerified {
                digest: digest.clone(),
                environment: place.environment.name.clone(),
                after: after.clone(),
            }),
        }
    }
}

fn key_in(place: &Place<'_>, environment: &EnvironmentName) -> EnvironmentKey {
    EnvironmentKey {
        app: place.config.app.clone(),
        environment: environment.clone(),
    }
}

/// The tag by which people will know it: the one they named, else one that the environment takes,
/// else any it has. An image without a tag goes by its digest.
fn tag_of(place: &Place<'_>, image: &ImageReference, found: &FoundImage) -> ImageTag {
    if let ImageReference::Tag(tag) = image {
        return tag.clone();
    }
    let taken = |tag: &&ImageTag| {
        let mut patterns = place.environment.tags.iter();
        patterns.any(|pattern| pattern.matches(tag))
    };
    let tags = &found.tags;
    let tag = tags.iter().find(taken).or_else(|| tags.first());
    tag.cloned()
        .unwrap_or_else(|| ImageTag::new(found.digest.short()))
}
