//! Copies, names and what is in a database.

use jiff::Timestamp;
use sluice_app::ports::{Databases as _, Services as _, Target};
use sluice_core::config::Database;
use sluice_core::database::{CopyOrder, CopyPurpose, CopyStatus, RestorePoint};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{DeploymentId, EcsServiceName, SnapshotId};

use crate::cloud::test_config::{furnished, minutes, pass, target, through, web, worker};
use crate::cloud::{Cloud, CopyFate, DatabaseRestore, Fault, Happened, Lag, Operation, Tempo};

fn erp() -> Database {
    Database::Instance("erp".into())
}

fn order(from: RestorePoint, purpose: CopyPurpose) -> CopyOrder {
    CopyOrder {
        source: erp(),
        from,
        copy: Database::Instance("erp-copy".into()),
        purpose,
    }
}

/// A snapshot that is whole, and when it was made.
fn snapshot(cloud: &mut Cloud) -> (SnapshotId, Timestamp) {
    let id = SnapshotId::new("sluice-one");
    let taken = through(cloud, async |ports| {
        ports.ensure_snapshot(&target(), &erp(), &id).await
    });
    taken.unwrap();
    pass(cloud, minutes(10));
    let place = cloud.place(&target()).unwrap();
    let seen = cloud.describe_snapshot(&place, &erp(), &id).unwrap();
    (id, seen.created_at.unwrap())
}

fn ensure(cloud: &mut Cloud, order: &CopyOrder) -> Result<(), PortError> {
    through(cloud, async |ports| {
        ports.ensure_copy(&target(), order).await
    })
}

fn status(cloud: &mut Cloud, order: &CopyOrder) -> CopyStatus {
    let seen = through(cloud, async |ports| ports.copy(&target(), order).await);
    seen.unwrap().status
}

/// Asks for the copy and looks at it by turns; how it ends within an hour.
fn made(cloud: &mut Cloud, order: &CopyOrder) -> CopyStatus {
    for _ in 0..60 {
        ensure(cloud, order).unwrap();
        match status(cloud, order) {
            CopyStatus::Absent | CopyStatus::Creating(_) | CopyStatus::Settling(_) => {
                pass(cloud, minutes(1));
            }
            end @ (CopyStatus::Available { .. } | CopyStatus::Failed(_)) => return end,
        }
    }
    panic!("there is no copy after an hour");
}

fn resource_of(status: CopyStatus) -> String {
    match status {
        CopyStatus::Available { resource_id, .. } => resource_id,
        other => panic!("{other:?}"),
    }
}

fn count(cloud: &mut Cloud, service: &EcsServiceName, desired: u32) {
    let counted = through(cloud, async |ports| {
        ports.ensure_count(&target(), service, desired).await
    });
    counted.unwrap();
}

#[test]
fn a_copy_has_what_was_written_until_the_snapshot_and_no_more() {
    let mut cloud = furnished();
    let source = cloud.database_named("erp").unwrap().to_owned();
    cloud.set_revision(&source, &["3f2a"]);
    pass(&mut cloud, minutes(30));
    let (id, created_at) = snapshot(&mut cloud);
    cloud.set_revision(&source, &["9c1d"]);
    pass(&mut cloud, minutes(30));
    let order = order(RestorePoint::Snapshot(id), CopyPurpose::Replacement);
    let copy = resource_of(made(&mut cloud, &order));
    let (before, after) = (cloud.writes_of(&copy), cloud.writes_of(&source));
    assert_eq!(before.len(), 30, "{before:?}");
    assert!(after.len() > 70 && after.starts_with(&before), "{after:?}");
    assert!(before.last().is_some_and(|last| *last <= created_at));
    assert_eq!(cloud.revision_of(&copy), ["3f2a"]);
    assert_eq!(cloud.revision_of(&source), ["9c1d"]);
}

#[test]
fn a_copy_as_of_a_moment_has_what_was_written_until_then() {
    let mut cloud = furnished();
    pass(&mut cloud, minutes(60));
    let at = cloud.now() - minutes(20);
    let wanted = order(RestorePoint::Time(at), CopyPurpose::Rehearsal);
    let copy = resource_of(made(&mut cloud, &wanted));
    assert_eq!(cloud.writes_of(&copy).last(), Some(&at));
    // RDS has not written out its backups of the last minutes.
    let now = RestorePoint::Time(cloud.now());
    let too_late = CopyOrder {
        copy: Database::Instance("erp-now".into()),
        ..order(now, CopyPurpose::Rehearsal)
    };
    let refused = ensure(&mut cloud, &too_late).unwrap_err();
    assert_eq!(refused.class, ErrorClass::Permanent, "{refused}");
}

#[test]
fn nothing_is_written_while_no_task_runs() {
    let mut cloud = furnished();
    let source = cloud.database_named("erp").unwrap().to_owned();
    for service in [web(), worker()] {
        count(&mut cloud, &service, 0);
    }
    pass(&mut cloud, minutes(5));
    assert!(cloud.writes_of(&source).is_empty());
    count(&mut cloud, &worker(), 2);
    pass(&mut cloud, minutes(5));
    assert_eq!(cloud.writes_of(&source).len(), 5);
}

#[test]
fn a_replacement_settles_until_it_is_as_its_source() {
    let mut cloud = furnished();
    let (id, _) = snapshot(&mut cloud);
    let order = order(RestorePoint::Snapshot(id), CopyPurpose::Replacement);
    ensure(&mut cloud, &order).unwrap();
    assert_eq!(
        status(&mut cloud, &order),
        CopyStatus::Creating("creating".into())
    );
    pass(&mut cloud, minutes(15));
    let CopyStatus::Settling(missing) = status(&mut cloud, &order) else {
        panic!("its backups are not kept as the source's");
    };
    assert!(missing.contains("BackupRetentionPeriod"), "{missing}");
    ensure(&mut cloud, &order).unwrap();
    assert_eq!(
        status(&mut cloud, &order),
        CopyStatus::Settling("modifying".into())
    );
    pass(&mut cloud, minutes(2));
    resource_of(status(&mut cloud, &order));
    let place = cloud.place(&target()).unwrap();
    let all = cloud.databases_in(&place);
    let [source, copy] = [&all[0], &all[1]];
    assert_eq!(source.settings, copy.settings);
    assert_eq!(copy.tags["team"], "erp");
}

#[test]
fn two_databases_swap_names_and_the_writes_follow_the_name() {
    let mut cloud = furnished();
    let (id, _) = snapshot(&mut cloud);
    let order = order(RestorePoint::Snapshot(id), CopyPurpose::Replacement);
    let copy = resource_of(made(&mut cloud, &order));
    let old = cloud.database_named("erp").unwrap().to_owned();
    let rename = |cloud: &mut Cloud, from: &str, resource_id: &str, to: &str| {
        let from = Database::Instance(from.to_owned());
        through(cloud, async |ports| {
            ports
                .ensure_renamed(&target(), &from, resource_id, to)
                .await
        })
    };
    rename(&mut cloud, "erp", &old, "erp-old").unwrap();
    rename(&mut cloud, "erp", &old, "erp-old").unwrap();
    pass(&mut cloud, minutes(1) / 2);
    let between = rename(&mut cloud, "erp", &old, "erp-old").unwrap_err();
    assert_eq!(between.class, ErrorClass::Retryable, "{between}");
    assert_eq!(cloud.database_named("erp"), None);
    pass(&mut cloud, minutes(1));
    rename(&mut cloud, "erp", &old, "erp-old").unwrap();
    rename(&mut cloud, "erp-copy", &copy, "erp").unwrap();
    let foreign = rename(&mut cloud, "erp-copy", &old, "erp").unwrap_err();
    assert_eq!(foreign.class, ErrorClass::NeedsPerson, "{foreign}");
    pass(&mut cloud, minutes(2));
    assert_eq!(cloud.database_named("erp"), Some(copy.as_str()));
    assert_eq!(cloud.database_named("erp-old"), Some(old.as_str()));
    let (of_copy, of_old) = (cloud.writes_of(&copy).len(), cloud.writes_of(&old).len());
    pass(&mut cloud, minutes(10));
    assert_eq!(cloud.writes_of(&copy).len(), of_copy + 10);
    assert_eq!(cloud.writes_of(&old).len(), of_old);
    let renamed = |what: &Happened| matches!(what, Happened::DatabaseRenamed { .. });
    let renames = cloud.ledger().iter().filter(|entry| renamed(&entry.what));
    assert_eq!(renames.count(), 2);
}

#[test]
fn only_a_rehearsal_of_the_same_deployment_is_deleted() {
    let mut cloud = furnished();
    let (id, _) = snapshot(&mut cloud);
    let rehearsal = order(RestorePoint::Snapshot(id.clone()), CopyPurpose::Rehearsal);
    made(&mut cloud, &rehearsal);
    let go = |cloud: &mut Cloud, target: &Target, order: &CopyOrder| {
        through(cloud, async |ports| {
            ports.ensure_no_copy(target, order).await
        })
    };
    let other = Target {
        deployment: DeploymentId::from_outside("dep-0000000000000002"),
        ..target()
    };
    let replacement = order(RestorePoint::Snapshot(id), CopyPurpose::Replacement);
    let source = CopyOrder {
        copy: erp(),
        ..rehearsal.clone()
    };
    for (target, order) in [
        (&other, &rehearsal),
        (&target(), &replacement),
        (&target(), &source),
    ] {
        let refused = go(&mut cloud, target, order).unwrap_err();
        assert_eq!(refused.class, ErrorClass::Permanent, "{refused}");
    }
    cloud
        .faults()
        .next(Operation::DeleteDbInstance, 1, Fault::Throttle);
    go(&mut cloud, &target(), &rehearsal).unwrap_err();
    assert!(!go(&mut cloud, &target(), &rehearsal).unwrap());
    assert!(!go(&mut cloud, &target(), &rehearsal).unwrap());
    pass(&mut cloud, minutes(5));
    assert!(go(&mut cloud, &target(), &rehearsal).unwrap());
    let gone = |what: &Happened| matches!(what, Happened::DatabaseGone { asked: true, .. });
    assert_eq!(
        cloud
            .ledger()
            .iter()
            .filter(|entry| gone(&entry.what))
            .count(),
        1
    );
}

#[test]
fn a_copy_fails_or_vanishes_as_is_decided() {
    let mut cloud = furnished();
    let (id, _) = snapshot(&mut cloud);
    cloud.plan_copy_fate("erp", CopyFate::EndsAs("incompatible-restore".into()));
    cloud.plan_copy_fate("erp", CopyFate::Vanishes);
    let order = order(RestorePoint::Snapshot(id), CopyPurpose::Rehearsal);
    let failed = CopyStatus::Failed("incompatible-restore".into());
    assert_eq!(made(&mut cloud, &order), failed);
    let second = CopyOrder {
        copy: Database::Instance("erp-second".into()),
        ..order
    };
    ensure(&mut cloud, &second).unwrap();
    pass(&mut cloud, minutes(15));
    assert_eq!(status(&mut cloud, &second), CopyStatus::Absent);
}

#[test]
fn what_somebody_made_is_never_taken_for_the_copy() {
    let mut cloud = furnished();
    let (id, _) = snapshot(&mut cloud);
    let theirs = CopyOrder {
        copy: erp(),
        ..order(RestorePoint::Snapshot(id), CopyPurpose::Replacement)
    };
    let refused = ensure(&mut cloud, &theirs).unwrap_err();
    assert_eq!(refused.class, ErrorClass::NeedsPerson, "{refused}");
}

#[test]
fn a_service_at_zero_answers_nobody_and_comes_back_by_a_rollout() {
    use crate::cloud::ImageBehaviour;
    use crate::cloud::test_config::{let_through, order, release, roll_out, rollout, view};
    use jiff::SignedDuration;
    use sluice_core::config::Strategy;
    use sluice_core::observation::{HttpObservation, RolloutStatus};

    let mut cloud = furnished();
    let url = "https://erp.example.com/healthz/ready";
    count(&mut cloud, &web(), 0);
    assert_eq!(
        view(&cloud, &web()).live_image().map(str::is_empty),
        Some(false)
    );
    pass(&mut cloud, minutes(2));
    let seen = cloud.answer("GET", url, SignedDuration::from_secs(5));
    assert!(
        matches!(seen, HttpObservation::Answered { status: 503, .. }),
        "{seen:?}"
    );
    let new = release(&mut cloud, &web(), "v1", ImageBehaviour::default());
    let mut order = order(&cloud, &web(), Strategy::BlueGreen, &new);
    order.desired = Some(2);
    roll_out(&mut cloud, &order).unwrap();
    let_through(&mut cloud);
    pass(&mut cloud, minutes(30));
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::Successful
    );
    let seen = cloud.answer("GET", url, SignedDuration::from_secs(5));
    assert!(
        matches!(seen, HttpObservation::Answered { status: 200, .. }),
        "{seen:?}"
    );
    assert_eq!(view(&cloud, &web()).revisions[0].running, 2);
}

#[test]
fn snapshots_copies_and_names_are_seen_late_and_nothing_is_made_twice() {
    let lag = jiff::SignedDuration::from_secs(30);
    let second = jiff::SignedDuration::from_secs(1);
    let mut cloud = furnished();
    cloud.set_lag(Lag::exactly(lag));
    let place = cloud.place(&target()).unwrap();
    let id = SnapshotId::new("sluice-one");
    let taken = through(&mut cloud, async |ports| {
        ports.ensure_snapshot(&target(), &erp(), &id).await
    });
    taken.unwrap();
    pass(&mut cloud, lag - second);
    assert_eq!(cloud.describe_snapshot(&place, &erp(), &id), None);
    assert!(cloud.describe_our_snapshots(&place, &erp()).is_empty());
    assert!(cloud.snapshots_seen(&place).is_empty());
    assert_eq!(cloud.snapshots_in(&place).len(), 1);
    pass(&mut cloud, second);
    // In truth it has got on: RDS moves it every 24 s.
    let seen = cloud.describe_snapshot(&place, &erp(), &id).unwrap();
    assert_eq!(seen.progress, 0);
    assert_eq!(cloud.snapshots_in(&place)[0].seen.progress, 10);
    pass(&mut cloud, minutes(10));

    let order = order(RestorePoint::Snapshot(id), CopyPurpose::Rehearsal);
    ensure(&mut cloud, &order).unwrap();
    pass(&mut cloud, second);
    assert_eq!(status(&mut cloud, &order), CopyStatus::Absent);
    // Whoever believes that asks RDS again, which says that it is there.
    assert_eq!(
        ensure(&mut cloud, &order).unwrap_err().class,
        ErrorClass::Retryable
    );
    pass(&mut cloud, lag);
    assert!(matches!(
        status(&mut cloud, &order),
        CopyStatus::Creating(_)
    ));
    assert_eq!(cloud.databases_in(&place).len(), 2);

    cloud.order_rename(&place, &erp(), "erp-before").unwrap();
    pass(&mut cloud, minutes(1));
    let named = |cloud: &Cloud, name: &str| {
        let name = Database::Instance(name.to_owned());
        cloud.describe_database(&place, &name).is_some()
    };
    assert!(cloud.database_named("erp-before").is_some());
    assert!(!named(&cloud, "erp-before"));
    pass(&mut cloud, lag);
    assert!(named(&cloud, "erp-before") && !named(&cloud, "erp"));
}

#[test]
fn a_restored_database_that_keeps_its_backups_makes_one_for_hours_before_it_is_available() {
    let mut cloud = furnished();
    let long = Tempo {
        baseline_backup: minutes(150),
        ..Tempo::default()
    };
    cloud.set_tempo(long);
    let place = cloud.place(&target()).unwrap();
    let (id, _) = snapshot(&mut cloud);
    for (name, days, status) in [
        ("erp-kept", "7", "backing-up"),
        ("erp-bare", "0", "available"),
    ] {
        let restore = DatabaseRestore {
            copy: Database::Instance(name.to_owned()),
            source: None,
            from: RestorePoint::Snapshot(id.clone()),
            settings: [("BackupRetentionPeriod".to_owned(), days.to_owned())].into(),
            tags: Default::default(),
        };
        cloud.order_restore(&place, &restore).unwrap();
        pass(&mut cloud, minutes(13));
        let seen = cloud.describe_database(&place, &restore.copy).unwrap();
        assert_eq!(seen.status, status, "{name}");
    }
    let kept = Database::Instance("erp-kept".to_owned());
    let renamed = cloud.order_rename(&place, &kept, "erp-new").unwrap_err();
    assert_eq!(renamed.class, ErrorClass::Retryable);
    pass(&mut cloud, minutes(150));
    cloud.order_rename(&place, &kept, "erp-new").unwrap();
}
