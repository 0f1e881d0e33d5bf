//! Copies of databases, and their names.

use sluice_app::ports::Target;
use sluice_core::config::Database;
use sluice_core::database::{CopyOrder, CopyPurpose, CopyStatus, RestorePoint};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{DeploymentId, SnapshotId};
use sluice_sim::cloud::CopyFate;

use super::databases::Stage;
use crate::faces::Model;

/// A database of the same kind with another identifier.
fn called(database: &Database, name: &str) -> Database {
    match database {
        Database::Instance(_) => Database::Instance(name.to_owned()),
        Database::Cluster(_) => Database::Cluster(name.to_owned()),
    }
}

fn order(source: &Database, from: RestorePoint, purpose: CopyPurpose) -> CopyOrder {
    CopyOrder {
        source: source.clone(),
        from,
        copy: called(source, "erp-copy"),
        purpose,
    }
}

/// A copy for this purpose of a snapshot that is whole.
async fn of_snapshot(
    stage: &impl Stage,
    (target, database): &(Target, Database),
    purpose: CopyPurpose,
) -> CopyOrder {
    let id = SnapshotId::new("sluice-1");
    let taken = stage.databases().ensure_snapshot(target, database, &id);
    taken.await.unwrap();
    stage.finish().await;
    order(database, RestorePoint::Snapshot(id), purpose)
}

async fn status(stage: &impl Stage, target: &Target, order: &CopyOrder) -> CopyStatus {
    let seen = stage.databases().copy(target, order).await;
    seen.unwrap().status
}

/// Asks for the copy and looks at it by turns, as whoever waits for it does.
async fn made(stage: &impl Stage, target: &Target, order: &CopyOrder) -> CopyStatus {
    for _ in 0..12 {
        let asked = stage.databases().ensure_copy(target, order).await;
        asked.unwrap();
        match status(stage, target, order).await {
            CopyStatus::Absent | CopyStatus::Creating(_) | CopyStatus::Settling(_) => {}
            end @ (CopyStatus::Available { .. } | CopyStatus::Failed(_)) => return end,
        }
        stage.finish().await;
    }
    panic!("{order:?} was not made");
}

fn is_available(status: &CopyStatus) -> bool {
    matches!(status, CopyStatus::Available { .. })
}

async fn a_copy_is_made_and_is_the_deployments_own(stage: &impl Stage) {
    for place in stage.both() {
        let (target, database) = &place;
        for (purpose, name) in [
            (CopyPurpose::Rehearsal, "erp-rehearsal"),
            (CopyPurpose::Replacement, "erp-replacement"),
        ] {
            let order = CopyOrder {
                copy: called(database, name),
                ..of_snapshot(stage, &place, purpose).await
            };
            assert_eq!(status(stage, target, &order).await, CopyStatus::Absent);
            let made = made(stage, target, &order).await;
            assert!(is_available(&made), "{made:?}");
            let seen = stage.databases().database(target, &order.copy).await;
            let seen = seen.unwrap().unwrap();
            assert_eq!(seen.deployment.as_ref(), Some(&target.deployment));
            // Asked again it is there: nothing begins anew.
            let asked = stage.databases().ensure_copy(target, &order).await;
            asked.unwrap();
            assert!(is_available(&status(stage, target, &order).await));
        }
    }
}

async fn what_has_the_name_of_a_copy_needs_a_person(stage: &impl Stage) {
    for place in stage.both() {
        let (target, database) = &place;
        let order = CopyOrder {
            copy: database.clone(),
            ..of_snapshot(stage, &place, CopyPurpose::Rehearsal).await
        };
        let databases = stage.databases();
        let asked = databases.ensure_copy(target, &order).await.unwrap_err();
        assert_eq!(asked.class, ErrorClass::NeedsPerson, "{asked}");
        let looked = databases.copy(target, &order).await.unwrap_err();
        assert_eq!(looked.class, ErrorClass::NeedsPerson, "{looked}");
        let kept = databases.ensure_no_copy(target, &order).await.unwrap_err();
        assert_eq!(kept.class, ErrorClass::Permanent, "{kept}");
        let there = databases.database(target, database).await.unwrap();
        assert_eq!(there.unwrap().status, "available");
    }
}

async fn without_a_source_or_a_snapshot_there_is_no_copy(stage: &impl Stage) {
    for place in stage.both() {
        let (target, database) = &place;
        let whole = of_snapshot(stage, &place, CopyPurpose::Rehearsal).await;
        let no_source = CopyOrder {
            source: called(database, "nothing"),
            ..whole.clone()
        };
        let asked = stage.databases().ensure_copy(target, &no_source).await;
        let error = asked.unwrap_err();
        assert_eq!(error.class, ErrorClass::NeedsPerson, "{error}");
        let no_snapshot = CopyOrder {
            from: RestorePoint::Snapshot(SnapshotId::new("nothing")),
            ..whole
        };
        let asked = stage.databases().ensure_copy(target, &no_snapshot).await;
        let error = asked.unwrap_err();
        assert_eq!(error.class, ErrorClass::Permanent, "{error}");
    }
}

async fn go(stage: &impl Stage, target: &Target, order: &CopyOrder) -> Result<bool, PortError> {
    stage.databases().ensure_no_copy(target, order).await
}

async fn a_rehearsal_goes_and_a_replacement_never(stage: &impl Stage) {
    for place in stage.both() {
        let (target, _) = &place;
        let rehearsal = of_snapshot(stage, &place, CopyPurpose::Rehearsal).await;
        made(stage, target, &rehearsal).await;
        let other = Target {
            deployment: DeploymentId::from_outside("dep-0000000000000002"),
            ..target.clone()
        };
        let kept = go(stage, &other, &rehearsal).await.unwrap_err();
        assert_eq!(kept.class, ErrorClass::Permanent, "{kept}");
        let replacement = CopyOrder {
            purpose: CopyPurpose::Replacement,
            ..rehearsal.clone()
        };
        let kept = go(stage, target, &replacement).await.unwrap_err();
        assert_eq!(kept.class, ErrorClass::Permanent, "{kept}");

        for _ in 0..4 {
            if go(stage, target, &rehearsal).await.unwrap() {
                break;
            }
            stage.finish().await;
        }
        assert!(go(stage, target, &rehearsal).await.unwrap());
        let seen = stage.databases().database(target, &rehearsal.copy).await;
        assert_eq!(seen.unwrap(), None);
    }
}

async fn resource_id(stage: &impl Stage, target: &Target, database: &Database) -> Option<String> {
    let seen = stage.databases().database(target, database).await;
    seen.unwrap()?.resource_id
}

async fn a_database_gets_another_name_and_stays_what_it_is(stage: &impl Stage) {
    for (target, database) in stage.both() {
        let id = resource_id(stage, &target, &database).await.unwrap();
        let renamed = called(&database, "erp-old");
        let databases = stage.databases();
        for _ in 0..2 {
            databases
                .ensure_renamed(&target, &database, &id, "erp-old")
                .await
                .unwrap();
        }
        stage.finish().await;
        assert_eq!(resource_id(stage, &target, &database).await, None);
        let seen = resource_id(stage, &target, &renamed).await;
        assert_eq!(seen.as_ref(), Some(&id));
        databases
            .ensure_renamed(&target, &database, &id, "erp-old")
            .await
            .unwrap();
    }
}

// From here on only of the model: see `moto::cannot`.

/// moto gives every instance the same resource id.
async fn a_name_of_something_else_needs_a_person(stage: &Model) {
    for (target, database) in stage.both() {
        let databases = Stage::databases(stage);
        let foreign = databases
            .ensure_renamed(&target, &database, "db-of-others", "erp-old")
            .await;
        let error = foreign.unwrap_err();
        assert_eq!(error.class, ErrorClass::NeedsPerson, "{error}");
        let id = resource_id(stage, &target, &database).await.unwrap();
        let taken = databases
            .ensure_renamed(
                &target,
                &called(&database, "erp-copy"),
                "db-of-others",
                "erp",
            )
            .await;
        let error = taken.unwrap_err();
        assert_eq!(error.class, ErrorClass::NeedsPerson, "{error}");
        assert_eq!(resource_id(stage, &target, &database).await, Some(id));
    }
}

/// moto renames at once.
async fn between_two_names_a_database_has_none(stage: &Model) {
    for (target, database) in stage.both() {
        let databases = Stage::databases(stage);
        let id = resource_id(stage, &target, &database).await.unwrap();
        let rename = || databases.ensure_renamed(&target, &database, &id, "erp-old");
        rename().await.unwrap();
        let seen = databases.database(&target, &database).await.unwrap();
        assert_eq!(seen.unwrap().status, "renaming");
        stage.cloud(|cloud| {
            let next = cloud.next_change().unwrap();
            cloud.advance_to(next);
        });
        let renamed = called(&database, "erp-old");
        for name in [&database, &renamed] {
            assert_eq!(resource_id(stage, &target, name).await, None);
        }
        let error = rename().await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Retryable, "{error}");
        stage.finish().await;
        assert_eq!(resource_id(stage, &target, &renamed).await, Some(id));
    }
}

/// Nor does it keep backups by time.
async fn a_moment_within_the_backups_is_restored(stage: &Model) {
    for (target, database) in stage.both() {
        stage.pass(60);
        let databases = Stage::databases(stage);
        let seen = databases.database(&target, &database).await.unwrap();
        let seen = seen.unwrap();
        let latest = seen.latest_restorable.unwrap();
        assert!(seen.earliest_restorable.unwrap() < latest);
        let at = |time| order(&database, RestorePoint::Time(time), CopyPurpose::Rehearsal);
        let now = stage.cloud(|cloud| cloud.now());
        let refused = databases.ensure_copy(&target, &at(now)).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Permanent, "{refused}");
        let CopyStatus::Available { resource_id, .. } = made(stage, &target, &at(latest)).await
        else {
            panic!("it is within the backups");
        };
        let last = stage.cloud(|cloud| cloud.writes_of(&resource_id).last().copied());
        assert!(last.is_some_and(|last| last <= latest), "{last:?}");
    }
}

/// Nor does a copy of its ever fail.
async fn a_copy_that_fails_says_how(stage: &Model) {
    // Of both: the instance and the cluster have one name.
    let fate = CopyFate::EndsAs("incompatible-restore".to_owned());
    stage.cloud(|cloud| cloud.plan_copy_fate("erp", fate));
    for place in stage.both() {
        let order = of_snapshot(stage, &place, CopyPurpose::Rehearsal).await;
        let failed = CopyStatus::Failed("incompatible-restore".to_owned());
        assert_eq!(made(stage, &place.0, &order).await, failed);
    }
}

/// Its copies have all that the source has, at once.
async fn a_replacement_settles_before_it_is_available(stage: &Model) {
    for place in stage.both() {
        let (target, _) = &place;
        let order = of_snapshot(stage, &place, CopyPurpose::Replacement).await;
        let mut seen = Vec::new();
        while !seen.last().is_some_and(is_available) {
            let asked = Stage::databases(stage).ensure_copy(target, &order).await;
            asked.unwrap();
            seen.push(status(stage, target, &order).await);
            stage.finish().await;
        }
        assert_eq!(seen[0], CopyStatus::Creating("creating".to_owned()));
        let settles = |status: &&CopyStatus| matches!(status, CopyStatus::Settling(_));
        assert!(seen.iter().filter(settles).count() > 0, "{seen:?}");
        let (copy, source) = stage.cloud(|cloud| {
            let place = cloud.place_of(&target.account, &target.region).unwrap();
            let all = cloud.databases_in(&place);
            let named = |name: &Database| all.iter().find(|one| one.database == *name).cloned();
            (named(&order.copy).unwrap(), named(&order.source).unwrap())
        });
        // Backups an instance may get with its source's name.
        let but_for_backups = |one: &sluice_sim::cloud::DatabaseDescription| {
            let mut settings = one.settings.clone();
            settings.remove("BackupRetentionPeriod");
            settings
        };
        assert_eq!(but_for_backups(&copy), but_for_backups(&source));
        assert_eq!(copy.tags["team"], "erp");
        let set_up = |members: &[sluice_sim::cloud::DatabaseMember]| -> Vec<_> {
            let members = members.iter();
            members
                .map(|one| (one.writes, one.settings.clone()))
                .collect()
        };
        assert_eq!(set_up(&copy.members), set_up(&source.members));
    }
}

/// Nor does it say how long it keeps backups.
async fn with_its_sources_name_a_replacement_keeps_backups_as_long(stage: &Model) {
    for place in stage.both() {
        let (target, database) = &place;
        let order = of_snapshot(stage, &place, CopyPurpose::Replacement).await;
        let CopyStatus::Available {
            resource_id: copy, ..
        } = made(stage, target, &order).await
        else {
            panic!("it takes its source's place");
        };
        let kept_for = || {
            stage.cloud(|cloud| {
                let place = cloud.place_of(&target.account, &target.region).unwrap();
                let all = cloud.databases_in(&place);
                let named = all.iter().find(|one| one.database == *database);
                named.unwrap().settings["BackupRetentionPeriod"].clone()
            })
        };
        let before = kept_for();
        let old = resource_id(stage, target, database).await.unwrap();
        for (from, id, to) in [(database, old, "erp-old"), (&order.copy, copy, "erp")] {
            let databases = Stage::databases(stage);
            let renamed = databases.ensure_renamed(target, from, &id, to).await;
            renamed.unwrap();
            stage.finish().await;
        }
        assert_eq!(kept_for(), before, "{database:?}");
    }
}

contract! {
    a_copy_is_made_and_is_the_deployments_own on sim, wire, moto;
    what_has_the_name_of_a_copy_needs_a_person on sim, wire, moto;
    without_a_source_or_a_snapshot_there_is_no_copy on sim, wire, moto;
    a_rehearsal_goes_and_a_replacement_never on sim, wire, moto;
    a_database_gets_another_name_and_stays_what_it_is on sim, wire, moto;
    a_name_of_something_else_needs_a_person on sim, wire;
    between_two_names_a_database_has_none on sim, wire;
    a_moment_within_the_backups_is_restored on sim, wire;
    a_copy_that_fails_says_how on sim, wire;
    a_replacement_settles_before_it_is_available on sim, wire;
    with_its_sources_name_a_replacement_keeps_backups_as_long on sim, wire;
}
