//! What happened to the cloud, and what of it must not have.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sluice_core::command::Direction;
use sluice_core::config::{ServiceKind, Settings};
use sluice_core::id::{
    DeploymentId, EcsServiceName, ServiceDeploymentArn, SnapshotId, TaskDefinitionArn,
};

use super::facts::{REHEARSAL, Rollout, migrates};
use super::{Invariant, Violation, Watcher};
use crate::cloud::{Happened, LedgerEntry};

/// A snapshot is verified again before a migration that was held up for longer.
const SEEN_WITHIN: SignedDuration = SignedDuration::from_mins(10);

impl Watcher {
    pub(super) fn now(&self) -> Timestamp {
        self.cloud
            .lock()
            .expect("no port panics while it holds the cloud")
            .now()
    }

    /// Reads what happened since it was last read.
    pub(in crate::world) fn read_ledger(&mut self) {
        let new: Vec<LedgerEntry> = {
            let cloud = self
                .cloud
                .lock()
                .expect("no port panics while it holds the cloud");
            let ledger = cloud.ledger();
            if ledger.len() == self.read {
                return;
            }
            ledger[self.read..].to_vec()
        };
        self.read += new.len();
        for entry in new {
            self.judge_fact(entry);
        }
    }

    /// Singletons of which two tasks ever ran at once.
    pub(in crate::world) fn running_twice(&self) -> Vec<Violation> {
        let cloud = self
            .cloud
            .lock()
            .expect("no port panics while it holds the cloud");
        let mut twice = BTreeMap::new();
        for seen in self.seen.values() {
            let singletons = seen
                .settings
                .services
                .iter()
                .filter(|service| service.kind == ServiceKind::Singleton);
            for service in singletons {
                let cluster = &seen.settings.environment.cluster;
                let ecs_service = &seen.settings.placement(&service.name).ecs_service;
                let most = cloud
                    .service(cluster, ecs_service)
                    .map_or(0, |view| view.most_running);
                if most > 1 {
                    twice.insert((cluster, ecs_service), most);
                }
            }
        }
        let violation = |((cluster, service), most)| Violation {
            at: cloud.now(),
            invariant: Invariant::OneSingleton,
            deployment: None,
            detail: format!("{most} tasks of {service} in {cluster} ran at once"),
        };
        twice.into_iter().map(violation).collect()
    }

    pub(super) fn judge_fact(&mut self, LedgerEntry { at, what }: LedgerEntry) {
        match what {
            Happened::SnapshotAvailable { snapshot, .. } => {
                self.facts.available.insert(snapshot, at);
            }
            Happened::SnapshotGone {
                snapshot, asked, ..
            } => self.facts.snapshot_gone(at, snapshot, asked),
            Happened::TaskRun { token, .. } => self.judge_migration(at, token),
            Happened::TaskStopped {
                token, exit_code, ..
            } => self.facts.task_stopped(token, exit_code),
            Happened::SchemaChanged { token, .. } => {
                self.facts.applied.insert(migrates(&token).to_owned());
            }
            Happened::ServiceUpdated {
                cluster,
                service,
                task_definition,
                rollout,
                by,
            } => {
                let started = Rollout {
                    service,
                    task_definition,
                    by,
                    started_at: at,
                    ended: None,
                };
                self.facts.rollout_started(cluster, rollout, started);
            }
            Happened::TrafficShifted {
                cluster,
                service,
                rollout,
                percent,
            } => {
                self.facts.traffic_shifted(at, (cluster, service), percent);
                if percent > 0 {
                    self.judge_shift(at, &rollout);
                }
            }
            Happened::WeightsSet { cluster, service } => {
                self.facts.weights_by_hand.insert((cluster, service));
            }
            Happened::RolloutEnded {
                cluster,
                service,
                rollout,
                status,
            } => self
                .facts
                .rollout_ended(at, (cluster, service), &rollout, status),
            Happened::CopyCreated {
                copy,
                deployment: Some(deployment),
                purpose: Some(purpose),
                ..
            } if purpose == REHEARSAL => {
                self.facts.copies.insert(copy, deployment);
            }
            Happened::DatabaseGone {
                database,
                deployment,
                purpose,
                asked,
                ..
            } => {
                self.facts.copies.remove(&database);
                if asked {
                    self.judge_database_gone(at, &database, purpose.as_deref(), deployment);
                }
            }
            Happened::TaskDefinitionRegistered {
                task_definition,
                by: Some(by),
                ..
            } => self.judge_registered(at, &task_definition, &by),
            Happened::StackUpdateBegan { token, .. } => {
                self.facts.stack_updates.insert(token, None);
            }
            Happened::StackUpdateEnded { token, status, .. } => {
                self.facts.stack_updates.insert(token, Some(status));
            }
            Happened::SnapshotCreated { .. }
            | Happened::SnapshotFailed { .. }
            | Happened::CopyCreated { .. }
            | Happened::CopyAvailable { .. }
            | Happened::DatabaseRenamed { .. }
            | Happened::ServiceScaled { .. }
            | Happened::TaskDefinitionRegistered { by: None, .. }
            | Happened::TestTrafficShifted { .. } => {}
        }
    }

    /// Nothing is registered in a service's family by a deployment that nobody let through; what is
    /// only looked at has a family of its own.
    fn judge_registered(&mut self, at: Timestamp, revision: &TaskDefinitionArn, by: &DeploymentId) {
        let looks = revision.family().as_str().ends_with("-inspection");
        if !looks && self.seen.contains_key(by) && !self.facts.let_through.contains(by) {
            let detail = format!("it registered {revision} before it was approved");
            self.broken(at, Invariant::Approved, by, detail);
        }
    }

    /// The migration's token is the deployment's id, and of what never started another.
    fn judge_migration(&mut self, at: Timestamp, token: String) {
        let id = DeploymentId::from_outside(migrates(&token));
        let migrations = &mut self.facts.migrations;
        let before = migrations.insert(id.to_string(), (at, token));
        if before.is_some_and(|(_, before)| !self.facts.never_ran.contains(&before)) {
            self.broken(
                at,
                Invariant::MigratedOnce,
                &id,
                "its migration task was run twice",
            );
        }
        let Some(seen) = self.seen.get(&id) else {
            return;
        };
        if seen.leads_back {
            let detail = "a rollback ran a migration";
            self.broken(at, Invariant::PlainRollback, &id, detail);
            return;
        }
        if seen.settings.environment.backup.is_none() {
            return;
        }
        let verified = seen.snapshot.as_ref();
        // What was deleted since it was looked at nobody could see.
        let deleted = verified.and_then(|snapshot| self.facts.deleted_by_hand.get(snapshot));
        if deleted.is_some_and(|deleted| at.duration_since(*deleted) <= SEEN_WITHIN) {
            return;
        }
        let available = verified.and_then(|snapshot| self.facts.available.get(snapshot));
        if available.is_none_or(|available| *available < seen.requested_at) {
            let detail = format!(
                "the migration was started after the snapshot {}, which was available {}",
                verified.map_or("(none)", SnapshotId::as_str),
                available.map_or_else(|| "never".to_owned(), ToString::to_string),
            );
            self.broken(at, Invariant::BackedUp, &id, detail);
        }
    }

    fn judge_shift(&mut self, at: Timestamp, rollout: &ServiceDeploymentArn) {
        let Some(facts) = self.facts.rollouts.get(rollout) else {
            return;
        };
        let Some((id, Direction::Forward)) = facts.by.clone() else {
            return;
        };
        let service = facts.service.clone();
        let Some(seen) = self.seen.get(&id) else {
            return;
        };
        let mut missing = Vec::new();
        if seen.migrates && !self.facts.migrated.contains(id.as_str()) {
            missing.push("the migration has not succeeded");
        }
        if tests_green(&seen.settings, &service) && !seen.smoke_tests_passed {
            missing.push("the smoke tests have not passed");
        }
        if !missing.is_empty() {
            let detail = format!(
                "traffic of {service} was shifted although {}",
                missing.join(", ")
            );
            self.broken(at, Invariant::Tested, &id, detail);
        }
    }
}

/// Whether the service has a green that smoke tests must see before it gets traffic.
fn tests_green(settings: &Settings, ecs_service: &EcsServiceName) -> bool {
    !settings.smoke_tests.is_empty()
        && settings.services.iter().any(|service| {
            let placement = settings.placement(&service.name);
            service.kind == ServiceKind::Web
                && placement.ecs_service == *ecs_service
                && placement.strategy.shifts_traffic()
        })
}
