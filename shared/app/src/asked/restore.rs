//! A restore of the database, when someone asks for it.

mod form;
mod points;

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_core::deployment::DeploymentKind;
use sluice_core::deployment::{Deployment, Opening, Requester, Way};
use sluice_core::failure::PortError;
use sluice_core::id::ServiceName;
use sluice_core::phase::{Phase, PhaseKind};
use sluice_core::release::Release;
use sluice_core::restore::{self, PointReference, Restore};
use sluice_core::rollback::ImageReference;

use super::form::leads_back_already;
use super::roll_back::RECENT;
use super::{Asked, Place, Request};
use crate::App;
use crate::ports::{DeploymentSummary, EnvironmentState, ImageQuery};
use points::{Point, database_of};
use sluice_words::refusal::AskError;

/// Someone wants the database as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreDatabase {
    /// To which point.
    pub to: PointReference,
    /// Why: everyone reads it.
    pub reason: String,
}

impl App {
    pub(super) async fn restore_once(
        &self,
        request: &Request,
        place: &Place<'_>,
        order: &RestoreDatabase,
    ) -> Result<Asked, AskError> {
        let store = &self.ports.store;
        let state = store.environment(&request.environment).await?;
        let recent = store.deployments(&request.environment, RECENT).await?;
        if let Some(other) = self.loaded(state.rollback.as_ref()).await? {
            return Err(leads_back_already(&other));
        }
        let active = self.loaded(state.active.as_ref()).await?;
        let points = self
            .points(request, place, &recent, active.as_ref())
            .await?;
        let mut found = points.found.into_iter();
        let point = found
            .find(|point| point.reference == order.to)
            .ok_or(AskError::PointGone)?;
        let tasks = self.left_stopped(&recent).await?;
        let opening = self
            .restore_opening(request, place, order, &state, point, tasks)
            .await?;
        if let Some(active) = &active
            && makes_way(active)
        {
            self.tell_to_go_back(request, &order.reason, Way::Restore, active)
                .await?;
        }
        self.open_asked(&opening, &state).await
    }

    /// How many tasks each service had that the last restore stopped and may have left so.
    async fn left_stopped(
        &self,
        recent: &[DeploymentSummary],
    ) -> Result<BTreeMap<ServiceName, u32>, PortError> {
        let last = recent
            .iter()
            .filter(|one| one.ended_at.is_some())
            .max_by_key(|one| one.ended_at);
        let failed = last.filter(|one| one.phase == Some(PhaseKind::RestoreFailed));
        let failed = self.loaded(failed.map(|one| &one.id)).await?;
        let plan = failed.and_then(|failed| failed.plan);
        let services = plan.iter().flat_map(|sealed| &sealed.plan.services);
        Ok(services
            .filter_map(|service| Some((service.service.clone(), service.desired?)))
            .collect())
    }

    async fn restore_opening(
        &self,
        request: &Request,
        place: &Place<'_>,
        order: &RestoreDatabase,
        state: &EnvironmentState,
        point: Point,
        tasks: BTreeMap<ServiceName, u32>,
    ) -> Result<Opening, AskError> {
        let id = request.deployment();
        let (database, to) = (database_of(place)?, &point.to);
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
        let settings = restore::settings(&now, &then.settings);
        let restore = Restore {
            database: database.clone(),
            point: point.point(),
            until: point.until,
            before: point.before,
            undoes: point.undoes,
            to: to.clone(),
            from: state.verified.as_ref().map(|live| live.release.tag.clone()),
            reason: order.reason.clone(),
            revisions: then.touched.task_definitions.clone(),
            secrets: then.sealed_plan().plan.secrets.clone(),
            tasks,
        };
        Ok(Opening {
            id,
            settings: Arc::new(settings),
            release: Release {
                registry: query.registry,
                ..to.release.clone()
            },
            requested_by: Requester::Person(request.by.clone()),
            kind: DeploymentKind::Restore(Box::new(restore)),
            hotfix: None,
        })
    }
}

/// Whether it was told to roll back, or to end: the restore waits until it has.
fn makes_way(active: &Deployment) -> bool {
    matches!(
        active.phase,
        Phase::BackingUp(_)
            | Phase::Migrating
            | Phase::RollingOut
            | Phase::UpdatingWorkers
            | Phase::Verifying { .. }
            | Phase::Shifting { .. }
            | Phase::Baking { .. }
            | Phase::CleaningUp { .. }
            | Phase::AwaitingRestoreDecision { .. }
    )
}
