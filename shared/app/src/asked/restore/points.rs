//! The points that a database can be restored to, and which code fits each.

use futures::future::{join_all, try_join};
use jiff::Timestamp;
use sluice_core::config::Database;
use sluice_core::database::RestorePoint;
use sluice_core::deployment::Deployment;
use sluice_core::failure::PortError;
use sluice_core::id::{DeploymentId, ImageTag, SnapshotId};
use sluice_core::observation::{DatabaseObservation, SnapshotObservation};
use sluice_core::phase::PhaseKind;
use sluice_core::release::VerifiedRelease;
use sluice_core::restorable::before_migration;
use sluice_core::restore::{PointReference, taken_by};
use sluice_words::refusal::{AskError, NoPoint, OutOfReach};

use super::super::{Place, Request};
use crate::App;
use crate::ports::DeploymentSummary;

/// Snapshots that someone chooses from: no one wants an older one, and a form has its limits.
const SNAPSHOTS: usize = 6;

/// A point, and what comes back with it.
pub(super) struct Point {
    pub(super) reference: PointReference,
    snapshot: Option<SnapshotId>,
    pub(super) until: Timestamp,
    pub(super) before: DeploymentId,
    pub(super) undoes: ImageTag,
    pub(super) to: VerifiedRelease,
}

impl Point {
    pub(super) fn point(&self) -> RestorePoint {
        match &self.snapshot {
            Some(snapshot) => RestorePoint::Snapshot(snapshot.clone()),
            None => RestorePoint::Time(self.until),
        }
    }
}

/// What can be restored now.
pub(super) struct Points {
    pub(super) database: DatabaseObservation,
    /// The one that loses least first.
    pub(super) found: Vec<Point>,
    /// Why others are not among them.
    pub(super) missing: Vec<String>,
}

/// The database of an environment.
pub(super) fn database_of<'a>(place: &Place<'a>) -> Result<&'a Database, AskError> {
    let environment = place.environment;
    let backup = environment.backup.as_ref();
    let backup = backup.ok_or_else(|| AskError::NoDatabase(environment.name.clone()))?;
    Ok(&backup.database)
}

impl App {
    /// The moment right before the last migration that is in the database, and the snapshots that
    /// Sluice has verified.
    pub(super) async fn points(
        &self,
        request: &Request,
        place: &Place<'_>,
        recent: &[DeploymentSummary],
        active: Option<&Deployment>,
    ) -> Result<Points, AskError> {
        let (name, target) = (database_of(place)?, place.target(request.deployment()));
        let databases = &self.ports.databases;
        let (database, snapshots) = try_join(
            databases.database(&target, name),
            databases.our_snapshots(&target, name),
        )
        .await?;
        let database = database.ok_or_else(|| AskError::DatabaseGone {
            database: name.identifier().to_owned(),
            environment: place.environment.name.clone(),
        })?;
        let mut points = Points {
            database,
            found: Vec::new(),
            missing: Vec::new(),
        };
        match self.last_migrated(recent, active).await? {
            Some(last) => points.add_moment(&last),
            None => points.missing.push(NoPoint::NoMigration.to_string()),
        }
        for (snapshot, taken_by) in self.verified_snapshots(place, snapshots).await? {
            points.add_snapshot(&snapshot, &taken_by);
        }
        Ok(points)
    }

    /// The last deployment whose migration is in the database: what a restore has undone is not.
    async fn last_migrated(
        &self,
        recent: &[DeploymentSummary],
        active: Option<&Deployment>,
    ) -> Result<Option<Deployment>, PortError> {
        if let Some(active) = active.filter(|active| active.touched.migration.is_some()) {
            return Ok(Some(active.clone()));
        }
        let mut ended: Vec<(Timestamp, &DeploymentSummary)> = recent
            .iter()
            .filter_map(|one| Some((one.ended_at?, one)))
            .filter(|(_, one)| {
                one.migrated || (one.is_restore && one.phase == Some(PhaseKind::Restored))
            })
            .collect();
        ended.sort_by_key(|(ended_at, _)| std::cmp::Reverse(*ended_at));
        let mut undone_from: Option<Timestamp> = None;
        for (_, one) in ended {
            let Some(d) = self.loaded(Some(&one.id)).await? else {
                continue;
            };
            if let Some(restore) = d.restore() {
                let until = restore.until;
                undone_from = Some(undone_from.map_or(until, |from| from.min(until)));
                continue;
            }
            let began = before_migration(&d).unwrap_or(d.requested_at);
            if undone_from.is_none_or(|from| began < from) {
                return Ok(Some(d));
            }
        }
        Ok(None)
    }

    /// Available snapshots that a deployment of this environment has verified, the newest first.
    async fn verified_snapshots(
        &self,
        place: &Place<'_>,
        snapshots: Vec<SnapshotObservation>,
    ) -> Result<Vec<(SnapshotObservation, Deployment)>, PortError> {
        let mut available: Vec<SnapshotObservation> = snapshots
            .into_iter()
            .filter(|snapshot| snapshot.status == "available" && snapshot.created_at.is_some())
            .collect();
        available.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.created_at));
        available.truncate(SNAPSHOTS);
        let environment = &place.environment.name;
        let takers = available.iter().map(|snapshot| async move {
            let taken_by = taken_by(environment, &snapshot.id);
            self.loaded(taken_by.as_ref()).await
        });
        let takers = join_all(takers).await;
        let mut verified = Vec::new();
        for (snapshot, taken_by) in available.into_iter().zip(takers) {
            if let Some(taken_by) = taken_by?
                && taken_by.touched.snapshot.as_ref() == Some(&snapshot.id)
            {
                verified.push((snapshot, taken_by));
            }
        }
        Ok(verified)
    }
}

impl Points {
    fn add_moment(&mut self, d: &Deployment) {
        let undoes = &d.release.tag;
        let Some(until) = before_migration(d) else {
            let why = NoPoint::NotKnown(undoes.clone());
            self.missing.push(why.to_string());
            return;
        };
        let (earliest, latest) = (
            self.database.earliest_restorable,
            self.database.latest_restorable,
        );
        let why_not = match (earliest, latest) {
            (Some(earliest), Some(latest)) if until < earliest => {
                Some(OutOfReach::Later { earliest, latest })
            }
            (Some(_), Some(latest)) if until > latest => Some(OutOfReach::Earlier(latest)),
            (Some(_), Some(_)) => None,
            _ => Some(OutOfReach::NoBackups),
        };
        match why_not {
            None => self.add(PointReference::Moment(d.id.clone()), None, until, d),
            Some(why) => {
                let undoes = undoes.clone();
                let why = NoPoint::NotPossible { undoes, until, why };
                self.missing.push(why.to_string());
            }
        }
    }

    fn add_snapshot(&mut self, snapshot: &SnapshotObservation, d: &Deployment) {
        if let Some(until) = snapshot.created_at {
            let reference = PointReference::Snapshot(d.id.clone());
            self.add(reference, Some(snapshot.id.clone()), until, d);
        }
    }

    fn add(
        &mut self,
        reference: PointReference,
        snapshot: Option<SnapshotId>,
        until: Timestamp,
        d: &Deployment,
    ) {
        let sealed = d.plan.as_ref();
        let Some(to) = sealed.and_then(|sealed| sealed.seen.previous.clone()) else {
            let why = NoPoint::NoCode(d.release.tag.clone());
            self.missing.push(why.to_string());
            return;
        };
        self.found.push(Point {
            reference,
            snapshot,
            until,
            before: d.id.clone(),
            undoes: d.release.tag.clone(),
            to,
        });
    }
}
