//! What was told is made false on purpose: a release that went all the way, told of as something else.

use std::sync::Arc;

use jiff::SignedDuration;
use sluice_core::controls::Controls;
use sluice_core::deployment::Deployment;
use sluice_core::failure::Cause;
use sluice_core::id::{ServiceName, SnapshotId, TaskDefinitionArn, UserId};
use sluice_core::note::{Entry, Note};
use sluice_core::phase::Phase;

use super::super::Invariant;
use super::{at, config};
use crate::cloud::{Push, digest_of};
use crate::workplace::{Change, Weather};
use crate::world::{Bounds, World};

/// A world in which a release is live in staging, and its deployment.
fn live() -> (World, Deployment) {
    let config = config();
    let mut world = World::with_app(1, at(0), std::slice::from_ref(&config), Weather::default());
    let push = Push::image(&config.repository, "release-1.4.0", digest_of("one"));
    world.with_cloud(|cloud| cloud.push_image(push));
    world.run(Bounds::default(), |_| false);
    let mut stored = world.store().deployments();
    let live = Arc::unwrap_or_clone(stored.remove(0).deployment);
    assert_eq!(live.phase.name(), "Succeeded");
    assert_eq!(world.violations_so_far(), []);
    (world, live)
}

/// The invariants that break when this is saved and told.
fn told(
    world: &World,
    before: Option<&Deployment>,
    after: &Deployment,
) -> Vec<(Invariant, String)> {
    let known = world.violations_so_far().len();
    world.watcher().judge_account(&Change {
        before,
        after,
        records: &[],
        due_at: None,
        controls: Controls::default(),
    });
    let violations = world.violations_so_far().into_iter().skip(known);
    violations
        .map(|violation| (violation.invariant, violation.detail))
        .collect()
}

fn asked_for() -> Cause {
    Cause::AskedFor {
        by: UserId::new("U024BE7LH"),
        reason: "invoices are wrong".to_owned(),
        request: "r-1".to_owned(),
    }
}

fn migration_failed(exit_code: Option<i32>) -> Phase {
    Phase::Failed {
        during: "Migrating".to_owned(),
        cause: Cause::MigrationFailed {
            exit_code,
            reason: "it failed".to_owned(),
            log_tail: Vec::new(),
        },
    }
}

#[track_caller]
fn assert_seen(broken: &[(Invariant, String)], invariant: Invariant, detail: &str) {
    assert!(
        broken
            .iter()
            .any(|(which, said)| *which == invariant && said.contains(detail)),
        "{invariant:?}, {detail}: {broken:?}"
    );
}

#[test]
fn a_rollback_that_left_the_new_version_running_is_seen_for_every_service() {
    let (world, mut d) = live();
    d.phase = Phase::RolledBack { cause: asked_for() };
    let broken = told(&world, None, &d);
    let of_services = broken
        .iter()
        .filter(|(invariant, _)| *invariant == Invariant::RolledBackIsBack);
    assert_eq!(of_services.count(), 3, "{broken:?}");
    assert_seen(&broken, Invariant::NoFalseAccount, "not held");
}

#[test]
fn every_kind_of_false_fact_is_seen() {
    let (world, live) = live();
    let seen = |change: &dyn Fn(&mut Deployment), detail: &str| {
        let mut d = live.clone();
        change(&mut d);
        assert_seen(&told(&world, None, &d), Invariant::NoFalseAccount, detail);
    };
    let by = || UserId::new("U024BE7LH");
    seen(
        &|d| d.phase = Phase::Cancelled { by: by() },
        "had ECS update a service",
    );
    let failed = |d: &mut Deployment| {
        d.phase = migration_failed(Some(1));
        d.touched.migration.as_mut().unwrap().ended = None;
    };
    seen(&failed, "had ECS update a service");
    seen(&failed, "has changed the schema");
    let unverified = |d: &mut Deployment| {
        d.phase = Phase::Unverified {
            reason: "no one can see it".to_owned(),
        };
    };
    seen(
        &|d| {
            unverified(d);
            d.touched.snapshot = Some(SnapshotId::new("gone"));
        },
        "the snapshot gone is not available",
    );
    seen(
        &|d| {
            let other = TaskDefinitionArn::new("erp-worker:7");
            let worker = ServiceName::new("worker");
            d.touched.task_definitions.insert(worker, other);
        },
        "not erp-worker:7",
    );
    seen(&unverified, "not held");
}

#[test]
fn a_note_of_the_story_that_is_not_so_is_seen() {
    let (world, d) = live();
    let mut after = d.clone();
    after.story.push(
        Entry {
            at: at(0),
            note: Note::ServiceReturned(ServiceName::new("worker")),
        }
        .into(),
    );
    let broken = told(&world, Some(&d), &after);
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_seen(&broken, Invariant::NoFalseAccount, "erp-worker is to run");
}

#[test]
fn somebody_elses_hand_is_an_excuse_only_after_the_last_look() {
    let (mut world, d) = live();
    let cluster = d.settings.environment.cluster.clone();
    let worker = d.settings.placement(&ServiceName::new("worker"));
    let service = worker.ecs_service.clone();
    world.with_cloud(|cloud| cloud.deploy_by_hand(&cluster, &service, "v0"));
    world.step();
    assert_eq!(told(&world, None, &d), []);

    let now = world.now() + SignedDuration::from_mins(1);
    let looked = |world: &World| {
        let mut watcher = world.watcher();
        let seen = watcher.seen.get_mut(&d.id).unwrap();
        seen.looked.insert(ServiceName::new("worker"), now);
    };
    looked(&world);
    let broken = told(&world, None, &d);
    assert_seen(&broken, Invariant::NoFalseAccount, "erp-worker is to run");
}
