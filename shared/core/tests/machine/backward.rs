//! What goes wrong, and the way back.

use sluice_core::deployment::Requester;
use sluice_core::event::Event;
use sluice_core::failure::PortError;
use sluice_core::id::ServiceName;
use sluice_core::observation::{RolloutStatus, Stage};

use super::world::rollout;
use crate::{Run, World};

fn back(run: &mut Run, world: &mut World) {
    run.look(world);
    run.look(world);
    world.web(
        RolloutStatus::RollbackSuccessful,
        Stage::PostTestTrafficShift,
    );
    run.until(world, "RolledBack");
}

#[test]
fn a_snapshot_that_proves_nothing_ends_it_before_the_migration() {
    type Spoil = fn(&mut World);
    let spoils: [(&str, Spoil); 6] = [
        ("removed outside Sluice", |world| world.snapshot = None),
        ("RDS says", |world| {
            world.snapshot.as_mut().unwrap().status = "failed".to_owned()
        }),
        ("only 99 %", |world| {
            world.snapshot.as_mut().unwrap().progress = 99
        }),
        ("is of postgres 14", |world| {
            world.snapshot.as_mut().unwrap().engine_version = "14".to_owned();
        }),
        ("not encrypted", |world| {
            world.snapshot.as_mut().unwrap().encrypted = false
        }),
        ("before this deployment began", |world| {
            world.snapshot.as_mut().unwrap().created_at =
                Some("2026-01-04T00:00:00Z".parse().unwrap());
        }),
    ];
    for (word, spoil) in spoils {
        let (mut run, mut world) = Run::new(Requester::Push);
        spoil(&mut world);
        run.approved_until(&world, "Failed");
        assert!(run.report().contains(word), "{word}: {}", run.report());
        assert!(
            !run.given.iter().any(|key| key == "start-migration"),
            "{word}"
        );
    }
}

#[test]
fn a_failed_migration_leaves_the_services_alone_and_says_what_may_be_half_done() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let task = world.migration.as_mut().unwrap();
    task.exit_codes
        .values_mut()
        .for_each(|code| *code = Some(1));
    task.log_tail = vec!["psycopg.errors.LockNotAvailable: canceling statement".to_owned()];
    run.approved_until(&world, "Failed");
    assert!(!run.given.iter().any(|key| key.starts_with("start-rollout")));
    insta::assert_snapshot!(run.report());
}

#[test]
fn only_what_was_seen_of_a_failed_migration_is_told() {
    let undone = "PostgreSQL undid it";
    let not_known = "Whether the migration of v1.4.0 changed the schema is not known";
    for (exit_code, told, not_told) in [
        (Some(1), undone, not_known),
        // Killed: it may have been after the commit.
        (Some(137), not_known, undone),
    ] {
        let (mut run, mut world) = Run::new(Requester::Push);
        let codes = world.migration.as_mut().unwrap().exit_codes.values_mut();
        codes.for_each(|code| *code = exit_code);
        run.approved_until(&world, "Failed");
        let report = run.report();
        assert!(report.contains(told), "{exit_code:?}: {report}");
        assert!(!report.contains(not_told), "{exit_code:?}: {report}");
    }
}

#[test]
fn failing_smoke_tests_take_web_workers_and_beat_back() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.smoke_failure = Some("GET /healthz/ready answered 503, not 200".to_owned());
    run.approved_until(&world, "RollingBack");
    assert_eq!(
        run.given
            .iter()
            .filter(|key| *key == "run-smoke-tests")
            .count(),
        3
    );
    back(&mut run, &mut world);
    for key in [
        "stop-rollout/web",
        "start-rollout/worker/back",
        "start-rollout/beat/back",
    ] {
        assert!(
            run.given.iter().any(|given| given == key),
            "{key} is not in {:?}",
            run.given
        );
    }
    insta::assert_snapshot!(run.report());
}

#[test]
fn one_failed_round_of_smoke_tests_is_forgiven() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.smoke_failure = Some("slow".to_owned());
    run.approved_until(&world, "Verifying");
    run.look(&world);
    world.smoke_failure = None;
    run.until(&world, "Shifting");
}

#[test]
fn ecs_going_back_by_itself_is_never_taken_for_success() {
    for status in [
        RolloutStatus::RollbackRequested,
        RolloutStatus::RollbackInProgress,
        RolloutStatus::RollbackSuccessful,
        RolloutStatus::RollbackFailed,
    ] {
        let (mut run, mut world) = Run::new(Requester::Push);
        run.approved_until(&world, "Shifting");
        world.web(RolloutStatus::InProgress, Stage::BakeTime);
        run.until(&world, "Baking");
        world.web(status, Stage::CleanUp);
        run.until(&world, "RollingBack");
        assert!(run.d.touched.snapshot.is_some());
    }
}

#[test]
fn an_unwell_release_is_taken_back_while_it_bakes() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.until(&world, "Baking");
    world.health = vec!["web /healthz/ready answered 503".to_owned()];
    run.until(&world, "RollingBack");
    back(&mut run, &mut world);
    assert!(run.report().contains("answered 503"), "{}", run.report());
}

#[test]
fn a_rollout_whose_start_was_never_answered_is_looked_for_on_the_way_back() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let lost = PortError::retryable("the answer was lost");
    world.failing.insert("start-rollout/web".to_owned(), lost);
    run.approved_until(&world, "RollingBack");
    back(&mut run, &mut world);
    assert!(
        run.given.iter().any(|key| key == "stop-rollout/web"),
        "{:?}",
        run.given
    );
}

#[test]
fn a_service_that_cannot_go_back_is_named_with_the_command_that_helps() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.smoke_failure = Some("wrong".to_owned());
    run.approved_until(&world, "RollingBack");
    let refused = PortError::permanent("the service is DRAINING");
    world
        .failing
        .insert("start-rollout/beat/back".to_owned(), refused);
    world.web(
        RolloutStatus::RollbackSuccessful,
        Stage::PostTestTrafficShift,
    );
    run.until(&world, "RollbackFailed");
    insta::assert_snapshot!(run.report());
}

#[test]
fn a_rollback_that_never_ends_is_given_to_a_person() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.smoke_failure = Some("wrong".to_owned());
    run.approved_until(&world, "RollingBack");
    let stuck = rollout(
        "web",
        RolloutStatus::RollbackInProgress,
        Stage::PostTestTrafficShift,
    );
    world.rollouts.insert(ServiceName::new("web"), Some(stuck));
    run.until(&world, "RollbackFailed");
    assert!(
        run.report().contains("web could NOT be rolled back"),
        "{}",
        run.report()
    );
}

#[test]
fn an_answer_to_a_question_of_a_phase_gone_by_changes_nothing() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    let before = run.d.clone();
    let late = Event::Done {
        command: sluice_core::command::Command::ReadImage.key(),
        outcome: sluice_core::event::Outcome::Image(world.image.clone()),
    };
    assert!(run.event(&late).is_err());
    assert_eq!(run.d, before);
}
