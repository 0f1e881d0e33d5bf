//! A rollback that someone requests.

use std::sync::Arc;

use jiff::SignedDuration;
use sluice_core::deployment::DeploymentKind;
use sluice_core::deployment::{Deployment, Opening, Requester, Way};
use sluice_core::event::Event;
use sluice_core::failure::{Cause, PortError, RejectedEvent};
use sluice_core::id::{DeploymentId, ImageTag};
use sluice_core::phase::{Phase, PhaseKind};
use sluice_core::release::{Release, VerifiedRelease};
use sluice_core::rollback::{
    self, ImageReference, ReleaseReference, Rollback, before, migrated_since, named, still_verified,
};
use sluice_words::refusal::AskError;
use sluice_words::reply;

use super::form::leads_back_already;
use super::{Asked, AskedHow, Place, Request, on_its_way};
use crate::App;
use crate::ports::{DeploymentSummary, EnvironmentState, ImageQuery};

/// Verified releases that are considered: no one rolls back further.
pub(super) const PROVEN: usize = 50;

/// Deployments that are looked at, to find the same request and migrations of what failed.
pub(super) const RECENT: usize = 50;

/// Releases that are named to someone who named another.
const NAMED: usize = 5;

/// The ends of what has changed services.
const ENDED_ON_SERVICES: [PhaseKind; 5] = [
    PhaseKind::Succeeded,
    PhaseKind::Unverified,
    PhaseKind::RolledBack,
    PhaseKind::RollbackFailed,
    PhaseKind::Restored,
];

/// Two who see the same fault ask within minutes. The second must not roll back one release
/// further.
const JUST_NOW: SignedDuration = SignedDuration::from_mins(10);

/// Someone requests a rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollBack {
    /// To which release that was verified here; `None` for the previous version.
    pub to: Option<ReleaseReference>,
    /// Why: everyone reads it.
    pub reason: String,
    /// The old code may meet a newer schema: the person knows.
    pub force: bool,
}

impl App {
    pub(super) async fn roll_back_once(
        &self,
        request: &Request,
        place: &Place<'_>,
        order: &RollBack,
    ) -> Result<Asked, AskError> {
        let store = &self.ports.store;
        let state = store.environment(&request.environment).await?;
        let recent = store.deployments(&request.environment, RECENT).await?;
        if let Some(taken) = self.taken_before(request, &recent).await? {
            return Ok(match taken.stop {
                Some(_) => stopping(&taken),
                None => going_back(&taken, AskedHow::Again),
            });
        }
        if order.to.is_none() {
            self.stopped_just_now(&recent).await?;
        }
        let verified = store
            .verified_releases(&request.environment, PROVEN)
            .await?;
        let verified = still_verified(verified);
        let to = chosen(place, &verified, order.to.as_ref())?;
        if let Some(asked) = self.other_rollback(&state, to).await? {
            return Ok(asked);
        }
        let active = self.loaded(state.active.as_ref()).await?;
        let leaves_for_before = to.is_none_or(|to| is_last(&verified, to));
        let mut goes_back = None;
        if let Some(active) = &active {
            match self
                .go_back(request, order, active, leaves_for_before)
                .await?
            {
                GoBack::All(asked) => return Ok(asked),
                GoBack::First => goes_back = Some(active),
                GoBack::No => {}
            }
        }
        let to = match to {
            Some(to) => to,
            None => self.before_what_runs(place, &verified, &recent)?,
        };
        let since = migrations(&verified, &recent, active.as_ref(), to);
        if !since.is_empty() && !order.force {
            return Err(AskError::SchemaMoved {
                to: to.release.tag.clone(),
                since,
            });
        }
        let opening = self
            .opening(request, place, order, what_runs(&state, &recent), to, since)
            .await?;
        if let Some(active) = goes_back {
            self.tell_to_go_back(request, &order.reason, Way::Back, active)
                .await?;
        }
        self.open_asked(&opening, &state).await
    }

    /// The deployment that went back for this very request.
    async fn taken_before(
        &self,
        request: &Request,
        recent: &[DeploymentSummary],
    ) -> Result<Option<Deployment>, PortError> {
        let back = [
            PhaseKind::RollingBack,
            PhaseKind::RolledBack,
            PhaseKind::RollbackFailed,
            PhaseKind::Migrating,
            PhaseKind::Cancelled,
            PhaseKind::AwaitingRestoreDecision,
        ];
        let went_back = recent
            .iter()
            .filter(|summary| summary.phase.is_some_and(|phase| back.contains(&phase)));
        for summary in went_back {
            let deployment = self.loaded(Some(&summary.id)).await?;
            if let Some(deployment) = deployment
                && asked_for_by(&deployment, request)
            {
                return Ok(Some(deployment));
            }
        }
        Ok(None)
    }

    /// A deployment that was stopped before it changed any service was all there was to roll back
    /// from: the next who asks within minutes has not seen that yet.
    async fn stopped_just_now(&self, recent: &[DeploymentSummary]) -> Result<(), AskError> {
        let now = self.ports.clock.now();
        for one in recent
            .iter()
            .filter(|one| one.phase == Some(PhaseKind::Cancelled))
        {
            let ago = one.ended_at.map(|ended| now.duration_since(ended));
            let Some(ago) = ago.filter(|ago| *ago < JUST_NOW) else {
                continue;
            };
            if let Some(stopped) = self.loaded(Some(&one.id)).await?
                && stopped.stop.is_some_and(|stop| stop.request.is_some())
            {
                return Err(AskError::StoppedJustNow {
                    release: one.tag.clone(),
                    ago,
                });
            }
        }
        Ok(())
    }

    pub(crate) async fn loaded(
        &self,
        id: Option<&DeploymentId>,
    ) -> Result<Option<Deployment>, PortError> {
        match id {
            Some(id) => Ok(self
                .ports
                .store
                .load(id)
                .await?
                .map(|stored| Arc::unwrap_or_clone(stored.deployment))),
            None => Ok(None),
        }
    }

    /// A rollback that is not over: one at a time.
    pub(super) async fn other_rollback(
        &self,
        state: &EnvironmentState,
        to: Option<&VerifiedRelease>,
    ) -> Result<Option<Asked>, AskError> {
        let Some(other) = self.loaded(state.rollback.as_ref()).await? else {
            return Ok(None);
        };
        if other.restore().is_some() {
            return Err(leads_back_already(&other));
        }
        if to.is_none_or(|to| to.release.digest == other.release.digest) {
            return Ok(Some(on_its_way(&other)));
        }
        Err(leads_back_already(&other))
    }

    /// What the deployment under way has to do with it. One that has changed services is rolled
    /// back; if that restores the requested release, it is all there is to do.
    async fn go_back(
        &self,
        request: &Request,
        order: &RollBack,
        active: &Deployment,
        all: bool,
    ) -> Result<GoBack, AskError> {
        match &active.phase {
            phase if is_at_the_database(phase) && !all => Ok(GoBack::First),
            phase if is_at_the_database(phase) => {
                let after = self
                    .tell_to_go_back(request, &order.reason, Way::Back, active)
                    .await?;
                Ok(GoBack::All(stopping(&after)))
            }
            Phase::AwaitingRestoreDecision { .. } if active.touched.rollouts_since.is_none() => {
                Err(RejectedEvent::OnlyDatabase.into())
            }
            Phase::AwaitingRestoreDecision { .. }
            | Phase::Shifting { .. }
            | Phase::Baking { .. }
            | Phase::CleaningUp { .. }
                if all && active.breaks_what_ran_before() && !order.force =>
            {
                let previous = active
                    .plan
                    .as_ref()
                    .and_then(|sealed| sealed.seen.previous.as_ref());
                Err(AskError::SchemaMoved {
                    to: previous.map_or_else(
                        || active.release.tag.clone(),
                        |previous| previous.release.tag.clone(),
                    ),
                    since: vec![active.release.tag.clone()],
                })
            }
            Phase::RollingBack { .. } if all => {
                Ok(GoBack::All(going_back(active, AskedHow::OnItsWay)))
            }
            Phase::RollingOut
            | Phase::UpdatingWorkers
            | Phase::Verifying { .. }
            | Phase::Shifting { .. }
            | Phase::Baking { .. }
            | Phase::CleaningUp { .. }
            | Phase::AwaitingRestoreDecision { .. } => {
                if !all {
                    return Ok(GoBack::First);
                }
                let after = self
                    .tell_to_go_back(request, &order.reason, Way::Back, active)
                    .await?;
                let how = if asked_for_by(&after, request) {
                    AskedHow::GoesBack
                } else {
                    AskedHow::OnItsWay
                };
                Ok(GoBack::All(going_back(&after, how)))
            }
            _ => Ok(GoBack::No),
        }
    }

    /// Someone else may have been faster: then it is already rolled back, which is fine too.
    pub(super) async fn tell_to_go_back(
        &self,
        request: &Request,
        reason: &str,
        way: Way,
        active: &Deployment,
    ) -> Result<Deployment, AskError> {
        let event = Event::GoBack {
            by: request.by.clone(),
            reason: reason.to_owned(),
            request: request.id.clone(),
            way,
        };
        let after = match self.apply(&active.id, event).await? {
            Some(Ok(stored)) => Arc::unwrap_or_clone(stored.deployment),
            Some(Err(RejectedEvent::GoingBackAlready)) => {
                let current = self.loaded(Some(&active.id)).await?;
                current.unwrap_or_else(|| active.clone())
            }
            // It ended in between: what to do now is determined again.
            Some(Err(RejectedEvent::Late { phase, .. })) => {
                return Err(PortError::retryable(format!("{} is now {phase}", active.id)).into());
            }
            Some(Err(rejected)) => return Err(rejected.into()),
            None => active.clone(),
        };
        self.wake(&active.id, None, SignedDuration::ZERO).await?;
        Ok(after)
    }

    /// The version before the running one.
    pub(super) fn before_what_runs<'a>(
        &self,
        place: &Place<'_>,
        verified: &'a [VerifiedRelease],
        recent: &[DeploymentSummary],
    ) -> Result<&'a VerifiedRelease, AskError> {
        let environment = &place.environment.name;
        let nothing = || AskError::NothingBefore(environment.clone());
        let last = verified.first().ok_or_else(nothing)?;
        let ended = recent
            .iter()
            .filter_map(|one| Some((one.ended_at?, one)))
            .filter(|(_, one)| {
                one.phase
                    .is_some_and(|phase| ENDED_ON_SERVICES.contains(&phase))
            })
            .max_by_key(|(ended_at, _)| *ended_at);
        let Some((ended_at, ended)) = ended else {
            return before(verified).ok_or_else(nothing);
        };
        let ago = self.ports.clock.now().duration_since(ended_at);
        let failed = ended.phase == Some(PhaseKind::RollbackFailed);
        let leads_back = ended.is_rollback || ended.is_restore;
        let went_back = ended.phase == Some(PhaseKind::RolledBack) || (leads_back && !failed);
        if went_back && ago < JUST_NOW {
            return Err(AskError::WentBackJustNow {
                environment: environment.clone(),
                release: last.release.tag.clone(),
                ago,
            });
        }
        // A release that could not be taken back left a mixture, and one that is unverified runs:
        // before them ran what was verified last.
        if ended.phase == Some(PhaseKind::Unverified) || (failed && !ended.is_rollback) {
            return Ok(last);
        }
        before(verified).ok_or_else(nothing)
    }

    async fn opening(
        &self,
        request: &Request,
        place: &Place<'_>,
        order: &RollBack,
        from: Option<ImageTag>,
        to: &VerifiedRelease,
        migrated: Vec<ImageTag>,
    ) -> Result<Opening, AskError> {
        let id = request.deployment();
        let query = ImageQuery {
            registry: place.registry()?,
            repository: to.release.repository.clone(),
            image: ImageReference::Digest(to.release.digest.clone()),
        };
        let target = place.target(id.clone());
        if self.ports.registry.find(&target, &query).await?.is_none() {
            return Err(AskError::ImageGone {
                tag: to.release.tag.clone(),
                digest: to.release.digest.clone(),
                repository: query.repository,
            });
        }
        let then = self.loaded(Some(&to.deployment)).await?;
        let then = then.filter(|then| then.plan.is_some()).ok_or_else(|| {
            PortError::permanent(format!(
                "{} verified {}, but is missing in the store, where nothing is ever removed",
                to.deployment, to.release.tag
            ))
        })?;
        let now = place.config.settings(place.environment);
        let rollback = Rollback {
            to: to.clone(),
            from,
            reason: order.reason.clone(),
            revisions: then.touched.task_definitions.clone(),
            secrets: then.sealed_plan().plan.secrets.clone(),
            migrated,
        };
        Ok(Opening {
            id,
            settings: Arc::new(rollback::settings(&now, &then.settings)),
            release: Release {
                registry: query.registry,
                ..to.release.clone()
            },
            requested_by: Requester::Person(request.by.clone()),
            kind: DeploymentKind::Rollback(Box::new(rollback)),
            hotfix: None,
        })
    }
}

/// How the deployment in progress relates to a rollback.
enum GoBack {
    /// It is rolled back, and that is all.
    All(Asked),
    /// It must be rolled back first.
    First,
    /// Nothing: a rollback takes its turn before it or after it.
    No,
}

pub(super) fn chosen<'a>(
    place: &Place<'_>,
    verified: &'a [VerifiedRelease],
    to: Option<&ReleaseReference>,
) -> Result<Option<&'a VerifiedRelease>, AskError> {
    let Some(reference) = to else {
        return Ok(None);
    };
    let found = named(verified, reference).ok_or_else(|| {
        let mut tags: Vec<ImageTag> = Vec::new();
        for release in verified {
            if tags.len() < NAMED && !tags.contains(&release.release.tag) {
                tags.push(release.release.tag.clone());
            }
        }
        let environment = place.environment.name.clone();
        if tags.is_empty() {
            return AskError::NothingBefore(environment);
        }
        AskError::NeverVerified {
            reference: reference.clone(),
            environment,
            verified: tags,
        }
    })?;
    Ok(Some(found))
}

/// The release that runs: what was verified last, unless one came after it that no one could judge.
fn what_runs(state: &EnvironmentState, recent: &[DeploymentSummary]) -> Option<ImageTag> {
    let verified = state.verified.as_ref();
    let after = |at| verified.is_none_or(|verified| at > verified.at);
    let unverified = recent
        .iter()
        .filter(|one| one.phase == Some(PhaseKind::Unverified))
        .filter_map(|one| Some((one.ended_at.filter(|at| after(*at))?, &one.tag)))
        .max_by_key(|(ended_at, _)| *ended_at);
    let runs = unverified.map(|(_, tag)| tag);
    runs.or(verified.map(|live| &live.release.tag)).cloned()
}

fn is_last(verified: &[VerifiedRelease], to: &VerifiedRelease) -> bool {
    let last = verified.first().map(|last| &last.release.digest);
    last == Some(&to.release.digest)
}

/// Releases whose migration ran after `to` was verified: those that succeeded, those that did not,
/// and the one under way.
pub(super) fn migrations(
    verified: &[VerifiedRelease],
    recent: &[DeploymentSummary],
    active: Option<&Deployment>,
    to: &VerifiedRelease,
) -> Vec<ImageTag> {
    let mut tags = migrated_since(verified, to);
    let failed = recent
        .iter()
        .rev()
        .filter(|one| {
            one.migrated && !one.additive && one.ended_at.is_some_and(|ended| ended > to.at)
        })
        .map(|one| &one.tag);
    let active = active.filter(|active| {
        let plan = active.plan.as_ref();
        let migrates = plan.is_some_and(|plan| plan.plan.migration.is_some());
        !active.phase.is_untouched() && migrates && !active.is_additive()
    });
    for tag in failed.chain(active.map(|active| &active.release.tag)) {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

/// Whether no service is changed yet and the database is worked on, or about to be.
pub(super) fn is_at_the_database(phase: &Phase) -> bool {
    matches!(phase, Phase::BackingUp(_) | Phase::Migrating)
}

/// The previous version is still running: the deployment is stopped, and that is all.
fn stopping(d: &Deployment) -> Asked {
    Asked {
        deployment: d.id.clone(),
        how: AskedHow::GoesBack,
        reply: reply::stopping(d),
    }
}

fn asked_for_by(deployment: &Deployment, request: &Request) -> bool {
    let stop = deployment.stop.as_ref();
    if stop.is_some_and(|stop| stop.request.as_ref() == Some(&request.id)) {
        return true;
    }
    let (Phase::RollingBack { cause, .. }
    | Phase::RolledBack { cause }
    | Phase::RollbackFailed { cause, .. }) = &deployment.phase
    else {
        return false;
    };
    matches!(cause, Cause::AskedFor { request: by, .. } if *by == request.id)
}

fn going_back(d: &Deployment, how: AskedHow) -> Asked {
    Asked {
        deployment: d.id.clone(),
        how,
        reply: match how {
            AskedHow::OnItsWay => reply::going_back_already(d),
            AskedHow::Opened | AskedHow::Again | AskedHow::GoesBack => reply::going_back(d),
        },
    }
}
