//! Databases and their snapshots.

use sluice_app::ports::{Databases, Target};
use sluice_core::config::Database;
use sluice_core::failure::ErrorClass;
use sluice_core::id::{DeploymentId, SnapshotId};
use sluice_core::observation::SnapshotObservation;
use sluice_sim::cloud::SnapshotFate;

use crate::faces::Model;

/// An instance and an Aurora cluster, both `available` and named `erp`, each in a place of its own.
pub(crate) trait Stage {
    fn databases(&self) -> &dyn Databases;

    /// Both, each with its place.
    fn both(&self) -> [(Target, Database); 2];

    /// Lets the snapshots that are being taken become whole.
    async fn finish(&self);

    /// A snapshot that somebody took by hand, of this database.
    async fn take_by_hand(&self, target: &Target, database: &Database, snapshot: &SnapshotId);
}

fn id(name: &str) -> SnapshotId {
    SnapshotId::new(name)
}

/// A database of the same kind that is not there.
fn other(database: &Database) -> Database {
    match database {
        Database::Instance(_) => Database::Instance("other".to_owned()),
        Database::Cluster(_) => Database::Cluster("other".to_owned()),
    }
}

async fn snapshot(
    stage: &impl Stage,
    (target, database): &(Target, Database),
    name: &str,
) -> Option<SnapshotObservation> {
    let id = id(name);
    let seen = stage.databases().snapshot(target, database, &id);
    seen.await.unwrap()
}

async fn our_ids(stage: &impl Stage, (target, database): &(Target, Database)) -> Vec<String> {
    let ours = stage.databases().our_snapshots(target, database).await;
    let ours = ours.unwrap();
    let mut ids: Vec<_> = ours.iter().map(|one| one.id.to_string()).collect();
    ids.sort();
    ids
}

async fn a_database_is_described_and_one_that_is_not_there_is_none(stage: &impl Stage) {
    for (target, database) in stage.both() {
        let seen = stage.databases().database(&target, &database).await;
        let seen = seen.unwrap().unwrap();
        let engine = match &database {
            Database::Instance(_) => "postgres",
            Database::Cluster(_) => "aurora-postgresql",
        };
        assert_eq!((&*seen.status, &*seen.engine), ("available", engine));
        assert!(!seen.engine_version.is_empty(), "{seen:?}");
        let nobody = stage.databases().database(&target, &other(&database)).await;
        assert_eq!(nobody.unwrap(), None);
    }
}

async fn a_snapshot_is_taken_once_seen_and_removed(stage: &impl Stage) {
    let databases = stage.databases();
    for place in stage.both() {
        let (target, database) = &place;
        let id = id("sluice-1");
        assert_eq!(snapshot(stage, &place, "sluice-1").await, None);
        for _ in 0..2 {
            let taken = databases.ensure_snapshot(target, database, &id);
            taken.await.unwrap();
        }
        stage.finish().await;
        let seen = snapshot(stage, &place, "sluice-1").await.unwrap();
        assert_eq!((seen.id.as_str(), &*seen.status), ("sluice-1", "available"));
        assert!(seen.created_at.is_some(), "{seen:?}");
        let described = databases.database(target, database).await;
        let described = described.unwrap().unwrap();
        assert_eq!(
            (seen.engine, seen.engine_version, seen.encrypted),
            (
                described.engine,
                described.engine_version,
                described.encrypted
            )
        );
        assert_eq!(our_ids(stage, &place).await, ["sluice-1"]);
        for _ in 0..2 {
            let removed = databases.ensure_no_snapshot(target, database, &id);
            removed.await.unwrap();
        }
        assert_eq!(snapshot(stage, &place, "sluice-1").await, None);
        assert!(our_ids(stage, &place).await.is_empty());
    }
}

async fn a_database_that_is_not_there_gives_no_snapshot(stage: &impl Stage) {
    for (target, database) in stage.both() {
        let databases = stage.databases();
        let refused = databases
            .ensure_snapshot(&target, &other(&database), &id("sluice-1"))
            .await;
        let error = refused.unwrap_err();
        assert_eq!(error.class, ErrorClass::Permanent, "{error}");
        assert!(error.message.contains("other"), "{error}");
    }
}

async fn a_foreign_snapshot_is_neither_counted_nor_touched(stage: &impl Stage) {
    let databases = stage.databases();
    for place in stage.both() {
        let (target, database) = &place;
        let by_hand = id("by-hand");
        stage.take_by_hand(target, database, &by_hand).await;
        databases
            .ensure_snapshot(target, database, &id("sluice-1"))
            .await
            .unwrap();
        stage.finish().await;
        assert_eq!(our_ids(stage, &place).await, ["sluice-1"]);
        assert_eq!(snapshot(stage, &place, "by-hand").await, None);

        let taken = databases.ensure_snapshot(target, database, &by_hand).await;
        let error = taken.unwrap_err();
        assert_eq!(error.class, ErrorClass::NeedsPerson, "{error}");
        let kept = databases
            .ensure_no_snapshot(target, database, &by_hand)
            .await;
        let error = kept.unwrap_err();
        assert_eq!(error.class, ErrorClass::Permanent, "{error}");
        // Its name is still taken, so it is still there.
        let taken = databases.ensure_snapshot(target, database, &by_hand).await;
        assert!(taken.is_err());
    }
}

async fn a_snapshot_of_another_deployment_is_not_ours_to_take_for_a_backup(stage: &impl Stage) {
    let (databases, id) = (stage.databases(), id("sluice-1"));
    for (target, database) in stage.both() {
        databases
            .ensure_snapshot(&target, &database, &id)
            .await
            .unwrap();
        let later = Target {
            deployment: DeploymentId::from_outside("dep-0000000000000002"),
            ..target
        };
        let refused = databases.ensure_snapshot(&later, &database, &id);
        let error = refused.await.unwrap_err();
        assert_eq!(error.class, ErrorClass::NeedsPerson, "{error}");
        assert!(error.message.contains("sluice-1"), "{error}");
    }
}

/// moto has no snapshot that is not whole: see `moto::cannot`.
async fn a_snapshot_makes_progress_until_it_is_whole(stage: &Model) {
    for place in stage.both() {
        let (target, database) = &place;
        let taken = Stage::databases(stage)
            .ensure_snapshot(target, database, &id("sluice-1"))
            .await;
        taken.unwrap();
        let mut seen = snapshot(stage, &place, "sluice-1").await.unwrap();
        assert_eq!((&*seen.status, seen.progress), ("creating", 0));
        assert_eq!(seen.created_at, None, "RDS tells the time once it begins");
        let mut progress = vec![seen.progress];
        while seen.status == "creating" {
            stage.cloud(|cloud| {
                let next = cloud.next_change().unwrap();
                cloud.advance_to(next);
            });
            seen = snapshot(stage, &place, "sluice-1").await.unwrap();
            progress.push(seen.progress);
        }
        assert!(progress.is_sorted() && progress.len() > 3, "{progress:?}");
        assert_eq!((&*seen.status, seen.progress), ("available", 100));
    }
}

/// Nor one that fails.
async fn a_snapshot_that_fails_says_how_far_it_came(stage: &Model) {
    // Of both: the instance and the cluster have one name.
    stage.cloud(|cloud| cloud.plan_snapshot_fate("erp", SnapshotFate::FailsAt(50)));
    for place in stage.both() {
        let (target, database) = &place;
        let taken = Stage::databases(stage)
            .ensure_snapshot(target, database, &id("sluice-1"))
            .await;
        taken.unwrap();
        stage.finish().await;
        let seen = snapshot(stage, &place, "sluice-1").await.unwrap();
        assert_eq!((&*seen.status, seen.progress), ("failed", 50));
    }
}

/// moto's databases are never busy: see `moto::cannot`.
async fn a_busy_database_is_asked_again_later(stage: &Model) {
    for (target, database) in stage.both() {
        stage.cloud(|cloud| cloud.set_database_status(database.identifier(), "modifying"));
        let databases = Stage::databases(stage);
        let taken = databases
            .ensure_snapshot(&target, &database, &id("sluice-1"))
            .await;
        let error = taken.unwrap_err();
        assert_eq!(error.class, ErrorClass::Retryable, "{error}");
        assert!(error.message.contains("modifying"), "{error}");
        stage.cloud(|cloud| cloud.set_database_status(database.identifier(), "available"));
        databases
            .ensure_snapshot(&target, &database, &id("sluice-1"))
            .await
            .unwrap();
    }
}

contract! {
    a_database_is_described_and_one_that_is_not_there_is_none on sim, wire, moto;
    a_snapshot_is_taken_once_seen_and_removed on sim, wire, moto;
    a_database_that_is_not_there_gives_no_snapshot on sim, wire, moto;
    a_foreign_snapshot_is_neither_counted_nor_touched on sim, wire, moto;
    a_snapshot_of_another_deployment_is_not_ours_to_take_for_a_backup on sim, wire, moto;
    a_snapshot_makes_progress_until_it_is_whole on sim, wire;
    a_snapshot_that_fails_says_how_far_it_came on sim, wire;
    a_busy_database_is_asked_again_later on sim, wire;
}
