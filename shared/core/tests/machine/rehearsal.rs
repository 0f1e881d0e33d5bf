//! A migration that runs on a copy of the database before anybody is asked.

use jiff::SignedDuration;
use sluice_core::database::CopyStatus;
use sluice_core::deployment::Requester;
use sluice_core::event::Event;
use sluice_core::failure::PortError;
use sluice_core::id::{DeploymentId, UserId};
use sluice_core::migration::{HeldLock, RehearsalReading};

use crate::Run;
use crate::world::{APPROVER, World, at_head, inspection};

/// To a production that rehearses.
fn rehearsing() -> (Run, World) {
    Run::to(Requester::Push, |environment| {
        if let Some(backup) = &mut environment.backup {
            backup.rehearse = true;
        }
    })
}

fn removed(run: &Run) -> bool {
    ["remove-copy", "remove-snapshot"]
        .iter()
        .all(|key| run.given.iter().any(|given| given == key))
}

#[test]
fn it_runs_on_a_copy_and_the_copy_is_gone_before_anybody_is_asked() {
    let (mut run, mut world) = rehearsing();
    world.rehearsal = RehearsalReading::Done {
        took_ms: 42_300,
        locks: vec![HeldLock {
            table: "orders".to_owned(),
            mode: "AccessExclusiveLock".to_owned(),
            held_ms: 3_100,
        }],
    };
    run.until(&world, "AwaitingApproval");
    assert!(removed(&run), "{:?}", run.given);
    assert!(!run.given.iter().any(|key| key == "start-migration"));
    insta::assert_json_snapshot!(sluice_words::view::message(&run.d, None).blocks[3]);
    insta::assert_snapshot!("story", run.story().join("\n"));
    run.approve(APPROVER).unwrap();
    run.until(&world, "BackingUp");
    let copies = run.given.iter().filter(|key| *key == "start-rehearsal");
    assert_eq!(copies.count(), 1, "the same SQL is not rehearsed again");
}

#[test]
fn what_fails_on_the_copy_never_meets_the_database() {
    let (mut run, mut world) = rehearsing();
    world.rehearsal = RehearsalReading::Failed("column \"note\" already exists".to_owned());
    run.until(&world, "Failed");
    assert!(removed(&run), "{:?}", run.given);
    insta::assert_snapshot!(run.report());
}

#[test]
fn without_a_migration_there_is_nothing_to_rehearse() {
    let (mut run, mut world) = rehearsing();
    world.inspection = at_head();
    run.until(&world, "AwaitingApproval");
    assert!(!run.given.iter().any(|key| key == "start-copy"));
}

#[test]
fn another_sql_is_rehearsed_again() {
    let (mut run, mut world) = rehearsing();
    run.until(&world, "AwaitingApproval");
    world.inspection = inspection(vec![crate::world::finding(
        "index-not-concurrent",
        sluice_core::migration::Risk::Locking,
    )]);
    if let sluice_core::migration::InspectionReading::Seen(seen) = &mut world.inspection {
        seen.judgement.sql = sluice_core::id::Hash::of_json(&"CREATE INDEX …");
    }
    run.approve(APPROVER).unwrap();
    run.until(&world, "Rehearsing");
    run.until(&world, "AwaitingApproval");
    let copies = run.given.iter().filter(|key| *key == "start-rehearsal");
    assert_eq!(copies.count(), 2);
}

#[test]
fn whoever_calls_it_off_or_comes_later_leaves_no_copy_behind() {
    let stop: [(&str, Event); 2] = [
        (
            "Cancelled",
            Event::Cancel {
                by: UserId::new(APPROVER),
                groups: std::iter::empty().collect(),
            },
        ),
        (
            "Superseded",
            Event::SupersededBy {
                deployment: DeploymentId::from_outside("dep-later"),
            },
        ),
    ];
    for (end, event) in stop {
        let (mut run, mut world) = rehearsing();
        world.copy = CopyStatus::Creating("creating".to_owned());
        run.until(&world, "Rehearsing");
        for _ in 0..10 {
            run.look(&world);
            run.now += SignedDuration::from_secs(30);
        }
        run.event(&event).unwrap();
        assert_eq!(run.phase(), "Rehearsing", "the copy is removed first");
        run.until(&world, end);
        assert!(removed(&run), "{end}: {:?}", run.given);
    }
}

#[test]
fn a_copy_that_never_comes_is_removed_and_told() {
    let (mut run, mut world) = rehearsing();
    world.copy = CopyStatus::Creating("creating".to_owned());
    run.until(&world, "Failed");
    assert!(removed(&run));
    assert!(
        run.report().contains("was not done after"),
        "{}",
        run.report()
    );
}

#[test]
fn a_copy_that_rds_does_not_remove_is_named_to_people() {
    let (mut run, mut world) = rehearsing();
    world.failing.insert(
        "remove-copy".to_owned(),
        PortError::permanent("InvalidDBInstanceState: it has deletion protection"),
    );
    run.until(&world, "AwaitingApproval");
    let told = run.story().join("\n");
    assert!(told.contains("could NOT be removed"), "{told}");
}
