//! A world that is not kind: reads that lag, functions that race or are away, tasks that get lost,
//! hands in the console.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails its test"
)]

use std::collections::BTreeSet;

use jiff::SignedDuration;
use sluice_core::command::Command;
use sluice_core::deployment::{Requester, Way};
use sluice_core::event::{Event, Outcome};
use sluice_core::failure::{Cause, PortError};
use sluice_core::history::replay;
use sluice_core::hook::{HookAnswer, HookCall, answer};
use sluice_core::id::{GroupId, TaskDefinitionArn, UserId};
use sluice_core::intent::{CALL, LAG, LEASE};
use sluice_core::machine::wake_at;
use sluice_core::observation::{ProofObservation, RolloutStatus, ServiceObservation, Stage};
use sluice_core::phase::Phase;
use sluice_words::refusal::rejected;

use super::view::broadcasts;
use super::world::{APPROVER, at_head, deployment_arn, inspection, rollout};
use crate::{Run, World};

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn cancel(run: &mut Run) -> Result<(), String> {
    let event = Event::Cancel {
        by: UserId::new(APPROVER),
        groups: BTreeSet::from([GroupId::new("S0604QSJC")]),
    };
    run.event(&event).map(drop).map_err(|why| rejected(&why))
}

fn go_back(run: &mut Run) -> Result<(), String> {
    let event = Event::GoBack {
        by: UserId::new(APPROVER),
        reason: "orders fail".to_owned(),
        request: "request-1".to_owned(),
        way: Way::Back,
    };
    run.event(&event).map(drop).map_err(|why| rejected(&why))
}

pub(crate) fn given(run: &Run, key: &str) -> usize {
    run.given.iter().filter(|given| *given == key).count()
}

/// Looks every minute for so long.
pub(crate) fn for_minutes(run: &mut Run, world: &World, time: i64) {
    for _ in 0..time {
        if run.d.phase.is_terminal() {
            return;
        }
        run.look(world);
        run.now += minutes(1);
    }
}

fn service<'a>(world: &'a mut World, name: &str) -> &'a mut ServiceObservation {
    let mut services = world.services.iter_mut();
    services
        .find(|service| service.service.as_str() == name)
        .unwrap()
}

pub(crate) fn asks(run: &Run, service: &str, number: u32, stage: Stage) -> HookAnswer {
    let call = HookCall {
        deployment: Some(run.d.id.clone()),
        direction: None,
        service_deployment: deployment_arn(service, number),
        stage: Some(stage),
        going_back: false,
    };
    answer(&run.d, &call, run.now)
}

#[test]
fn what_changes_the_world_is_stored_before_it_is_done_and_only_one_function_does_it() {
    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "BackingUp");
    let first = run.event(&Event::Wake).unwrap();
    assert_eq!(first.len(), 1, "{first:?}");
    let record = run.history.last().unwrap();
    assert_eq!(record.intends, [first[0].key()], "it is on record");
    // Another function wakes: it has seen the intent, and leaves it to the first.
    assert_eq!(run.event(&Event::Wake).unwrap(), []);
    // The first one has died. When its time is over the next one takes it up.
    assert_eq!(wake_at(&run.d, run.now), Some(run.now + LEASE));
    run.now += LEASE;
    assert_eq!(run.event(&Event::Wake).unwrap(), first);
    assert_eq!(replay(&run.history).unwrap(), run.d);
}

#[test]
fn a_service_that_ecs_may_have_been_asked_for_is_not_untouched() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "UpdatingWorkers");
    // A function has stored that it asks for the worker and beat, and nothing was heard of it yet.
    let commands = run.event(&Event::Wake).unwrap();
    assert!(commands.iter().all(Command::has_effect), "{commands:?}");
    let asked_at = run.now;
    go_back(&mut run).unwrap();
    world.web(RolloutStatus::RollbackSuccessful, Stage::CleanUp);
    for name in ["worker", "beat"] {
        world.rollouts.insert(name_of(name), None);
    }
    for_minutes(&mut run, &world, 5);
    assert_eq!(run.phase(), "RollingBack", "ECS may take it yet");
    // It has, and shows it now.
    for name in ["worker", "beat"] {
        let ours = rollout(name, RolloutStatus::Successful, Stage::CleanUp);
        world.rollouts.insert(name_of(name), Some(ours));
    }
    run.until(&world, "RolledBack");
    assert_eq!(given(&run, "start-rollout/worker/back"), 1);
    assert!(run.now < asked_at + minutes(10));
    assert_eq!(replay(&run.history).unwrap(), run.d);
}

impl World {
    /// What ECS says of the service deployment that brought it forward.
    fn answer_rollout(&self, service: &str) -> Outcome {
        let service = name_of(service);
        let rollout = self.rollouts[&service].clone();
        Outcome::Rollout { service, rollout }
    }
}

pub(crate) fn name_of(service: &str) -> sluice_core::id::ServiceName {
    sluice_core::id::ServiceName::new(service)
}

#[test]
fn what_ecs_never_took_is_absent_once_nothing_can_arrive_any_more() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "UpdatingWorkers");
    run.event(&Event::Wake).unwrap();
    let verified_from = run.now + LEASE + CALL + LAG;
    go_back(&mut run).unwrap();
    world.web(RolloutStatus::RollbackSuccessful, Stage::CleanUp);
    for name in ["worker", "beat"] {
        world.rollouts.insert(name_of(name), None);
    }
    run.until(&world, "RolledBack");
    assert!(run.now >= verified_from, "{} {verified_from}", run.now);
    assert_eq!(given(&run, "start-rollout/worker/back"), 0);
}

#[test]
fn a_slow_look_at_ours_says_nothing_of_what_brings_the_old_version_back() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.smoke_failure = Some("wrong".to_owned());
    run.approved_until(&world, "RollingBack");
    run.look(&world);
    let slow = Event::Done {
        command: Command::ReadRollout {
            service: name_of("worker"),
            ecs_service: sluice_core::id::EcsServiceName::new("erp-worker"),
            task_definition: TaskDefinitionArn::new("arn:task-definition/erp-worker:42"),
            since: run.now,
        }
        .key(),
        outcome: world.answer_rollout("worker"),
    };
    while given(&run, "start-rollout/worker/back") == 0 {
        run.look(&world);
        run.now += SignedDuration::from_secs(10);
    }
    let before = run.d.clone();
    assert!(run.event(&slow).is_err());
    assert_eq!(run.d, before);
}

#[test]
fn rolled_back_is_said_only_after_a_look_at_every_service() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.smoke_failure = Some("wrong".to_owned());
    run.approved_until(&world, "RollingBack");
    // ECS says that it went back, and the worker runs the new version all the same.
    let new = TaskDefinitionArn::new("arn:task-definition/erp-worker:42");
    service(&mut world, "worker").task_definition = new;
    for name in ["web", "worker", "beat"] {
        let back = rollout(name, RolloutStatus::RollbackSuccessful, Stage::CleanUp);
        world.rollouts.insert(name_of(name), Some(back));
    }
    run.until(&world, "RollbackFailed");
    assert!(run.report().contains("worker"), "{}", run.report());
}

/// ECS lists the service deployment as rolled back, and DescribeServices still shows what it ran
/// before that: the two looks must not chase each other at one moment.
#[test]
fn two_looks_that_contradict_each_other_are_settled_by_time() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.smoke_failure = Some("wrong".to_owned());
    run.approved_until(&world, "RollingBack");
    let before = service(&mut world, "worker").task_definition.clone();
    let ours = run.d.touched.task_definitions[&name_of("worker")].clone();
    service(&mut world, "worker").task_definition = ours;
    for name in ["web", "worker", "beat"] {
        let back = rollout(name, RolloutStatus::RollbackSuccessful, Stage::CleanUp);
        world.rollouts.insert(name_of(name), Some(back));
    }
    // As the driver does: it looks again for as long as something changes.
    let changes = |run: &mut Run| {
        let before = run.history.len();
        run.look(&world);
        run.history.len() > before
    };
    let rounds = (0..64).take_while(|_| changes(&mut run)).count();
    assert!(rounds < 8, "{rounds} rounds at one moment");
    assert_eq!(run.phase(), "RollingBack");
    run.now += minutes(1);
    service(&mut world, "worker").task_definition = before;
    run.until(&world, "RolledBack");
    assert_eq!(given(&run, "start-rollout/worker/back"), 0);
}

#[test]
fn what_somebody_deployed_by_hand_meanwhile_is_left_and_named() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.smoke_failure = Some("wrong".to_owned());
    run.approved_until(&world, "RollingBack");
    let theirs = TaskDefinitionArn::new("arn:task-definition/erp-web:57");
    service(&mut world, "web").task_definition = theirs;
    for name in ["worker", "beat"] {
        let back = rollout(name, RolloutStatus::RollbackSuccessful, Stage::CleanUp);
        world.rollouts.insert(name_of(name), Some(back));
    }
    world.web(RolloutStatus::Stopped, Stage::PostTestTrafficShift);
    run.until(&world, "RollbackFailed");
    assert_eq!(given(&run, "start-rollout/web/back"), 0);
    assert!(run.report().contains("erp-web:57"), "{}", run.report());
}

#[test]
fn what_ecs_went_back_to_is_seen_before_it_is_told() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "RollingOut");
    // Somebody deployed web by hand before ours began, so ECS goes back to that.
    let by_hand =
        TaskDefinitionArn::new("arn:aws:ecs:eu-central-1:222222222222:task-definition/erp-web:99");
    service(&mut world, "web").task_definition = by_hand;
    go_back(&mut run).unwrap();
    world.web(RolloutStatus::RollbackSuccessful, Stage::CleanUp);
    run.until(&world, "RollbackFailed");
    let told = run.story().join("\n");
    assert!(!told.contains("web runs the previous version"), "{told}");
    assert!(
        told.contains("someone else has deployed erp-web:99"),
        "{told}"
    );
}

/// ECS was never asked for ours, and somebody has deployed by hand meanwhile: the same is told.
#[test]
fn what_was_never_asked_for_is_seen_too_before_it_is_told() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world
        .rollouts
        .values_mut()
        .for_each(|rollout| *rollout = None);
    run.approved_until(&world, "RollingOut");
    let throttled = PortError::retryable("ecs:UpdateService: rate exceeded");
    world.failing.insert("start-rollout".to_owned(), throttled);
    for_minutes(&mut run, &world, 2);
    let by_hand =
        TaskDefinitionArn::new("arn:aws:ecs:eu-central-1:222222222222:task-definition/erp-web:99");
    service(&mut world, "web").task_definition = by_hand;
    go_back(&mut run).unwrap();
    run.until(&world, "RollbackFailed");
    let told = run.story().join("\n");
    assert!(!told.contains("web runs the previous version"), "{told}");
}

#[test]
fn a_release_that_somebody_replaces_while_it_bakes_is_left_to_people() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.until(&world, "Baking");
    world.web(RolloutStatus::Stopped, Stage::BakeTime);
    let before = run.given.len();
    run.until(&world, "AwaitingRestoreDecision");
    // Who replaced it may have given users another version: Sluice does not know which one they have.
    let alert = broadcasts(&run).pop().unwrap();
    assert!(alert.contains("Users may be served by"), "{alert}");
    for_minutes(&mut run, &world, 60);
    let changed = run.given[before..].iter();
    let changed: Vec<&String> = changed.filter(|key| key.starts_with("start-")).collect();
    assert_eq!(changed, Vec::<&String>::new());
    run.until(&world, "Unverified");
}

#[test]
fn a_task_that_ecs_does_not_show_yet_is_waited_for() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let shown = world.migration.take();
    run.approved_until(&world, "Migrating");
    for_minutes(&mut run, &world, 4);
    assert_eq!(run.phase(), "Migrating");
    world.migration = shown;
    run.until(&world, "RollingOut");
}

#[test]
fn a_migration_that_ecs_has_forgotten_is_looked_for_in_the_database() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.migration = None;
    world.confirmation = at_head();
    run.approved_until(&world, "RollingOut");
    assert!(run.story().iter().any(|told| told.contains("3f2a9c")));
}

#[test]
fn a_migration_whose_outcome_is_unknown_is_for_a_person_and_holds_the_environment() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.migration = None;
    world.confirmation = inspection(Vec::new());
    run.approved_until(&world, "AwaitingRestoreDecision");
    let told = run.story().join("\n");
    assert!(told.contains("is unknown"), "{told}");
    assert!(!told.contains("undid"), "{told}");
}

#[test]
fn a_task_that_stopped_without_an_exit_code_is_no_success_and_no_failure() {
    for (confirmation, end) in [
        (at_head(), "RollingOut"),
        (inspection(Vec::new()), "AwaitingRestoreDecision"),
    ] {
        let (mut run, mut world) = Run::new(Requester::Push);
        let task = world.migration.as_mut().unwrap();
        task.exit_codes.values_mut().for_each(|code| *code = None);
        world.confirmation = confirmation;
        run.approved_until(&world, end);
    }
}

#[test]
fn a_task_that_never_started_is_run_again_a_few_times() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let task = world.migration.as_mut().unwrap();
    (task.started, task.stopped_reason) = (false, Some("Timeout waiting for network".to_owned()));
    task.exit_codes.clear();
    run.approved_until(&world, "Migrating");
    for _ in 0..3 {
        run.look(&world);
    }
    let task = world.migration.as_mut().unwrap();
    task.started = true;
    let container = sluice_core::id::ContainerName::new("app");
    task.exit_codes.insert(container, Some(0));
    run.until(&world, "RollingOut");
    assert_eq!(given(&run, "start-migration"), 2);

    let (mut run, mut world) = Run::new(Requester::Push);
    let task = world.migration.as_mut().unwrap();
    task.started = false;
    task.exit_codes.clear();
    run.approved_until(&world, "Failed");
    assert_eq!(given(&run, "start-migration"), 3);
    assert!(run.report().contains("never started"), "{}", run.report());
}

#[test]
fn a_slow_look_at_a_task_says_nothing_of_the_next_one() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let task = world.migration.as_mut().unwrap();
    task.started = false;
    task.exit_codes.clear();
    run.approved_until(&world, "Migrating");
    run.look(&world);
    run.look(&world);
    let looks = run.event(&Event::Wake).unwrap();
    let slow = Event::Done {
        command: looks[0].key(),
        outcome: world.answer(&looks[0], run.now),
    };
    run.event(&slow).unwrap();
    assert_eq!(run.d.touched.never_started.migration, 1);
    run.now += minutes(1);
    for command in run.event(&Event::Wake).unwrap() {
        let task = sluice_core::id::TaskArn::new("arn:task/erp/m2");
        let event = Event::Done {
            command: command.key(),
            outcome: Outcome::MigrationStarted(task),
        };
        run.event(&event).unwrap();
    }
    // Another function looked at the first task too, and comes back only now.
    let before = run.d.clone();
    assert!(run.event(&slow).is_err());
    assert_eq!(run.d, before);
}

#[test]
fn a_migration_over_its_limit_is_stopped_before_anything_is_concluded() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.migration.as_mut().unwrap().stopped = false;
    run.approved_until(&world, "Migrating");
    while given(&run, "stop-migration") == 0 {
        run.look(&world);
        run.now += minutes(1);
        assert_eq!(run.phase(), "Migrating");
    }
    run.look(&world);
    assert_eq!(given(&run, "stop-migration"), 1);
    let task = world.migration.as_mut().unwrap();
    task.stopped = true;
    task.exit_codes
        .values_mut()
        .for_each(|code| *code = Some(137));
    world.confirmation = inspection(Vec::new());
    run.until(&world, "Failed");
    assert!(
        run.report().contains("Sluice stopped it"),
        "{}",
        run.report()
    );
    assert_eq!(replay(&run.history).unwrap(), run.d);
}

#[test]
fn a_migration_that_does_not_stop_is_not_said_to_have() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.migration.as_mut().unwrap().stopped = false;
    world.confirmation = inspection(Vec::new());
    run.approved_until(&world, "AwaitingRestoreDecision");
    assert!(matches!(
        &run.d.phase,
        Phase::AwaitingRestoreDecision {
            cause: Cause::MigrationUnknown { task: Some(_), .. }
        }
    ));
}

#[test]
fn it_can_be_called_off_until_the_migration_is_asked_for() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.snapshot.as_mut().unwrap().status = "creating".to_owned();
    run.approved_until(&world, "BackingUp");
    run.look(&world);
    cancel(&mut run).unwrap();
    assert_eq!(run.phase(), "Cancelled");

    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "Migrating");
    assert!(!run.d.may_have_migrated());
    go_back(&mut run).unwrap();
    assert_eq!(run.phase(), "Cancelled");
}

#[test]
fn a_stop_during_the_migration_is_carried_out_when_it_has_ended() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.migration.as_mut().unwrap().stopped = false;
    run.approved_until(&world, "Migrating");
    for_minutes(&mut run, &world, 3);
    cancel(&mut run).unwrap();
    assert_eq!(run.phase(), "Migrating");
    assert!(run.story().last().unwrap().contains("not interrupted"));
    for_minutes(&mut run, &world, 3);
    assert_eq!(run.phase(), "Migrating");
    world.migration.as_mut().unwrap().stopped = true;
    run.until(&world, "Cancelled");
    assert_eq!(given(&run, "start-rollout/web"), 0);
}

#[test]
fn no_traffic_before_every_planned_rollout_is_known() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.rollouts.insert(name_of("web"), None);
    run.approved_until(&world, "RollingOut");
    for_minutes(&mut run, &world, 2);
    // ECS has taken it, and does not list it yet: its hook is asked already.
    let stage = Stage::PostTestTrafficShift;
    assert_eq!(asks(&run, "web", 1, stage), HookAnswer::WAIT);
}

#[test]
fn a_second_rollout_of_ours_that_nobody_has_seen_gets_no_traffic() {
    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "UpdatingWorkers");
    let stage = Stage::PostTestTrafficShift;
    assert_eq!(asks(&run, "web", 1, stage), HookAnswer::WAIT);
    // The answer to the first request was lost, ECS did not list it, and was asked again.
    assert_eq!(asks(&run, "web", 2, stage), HookAnswer::WAIT);
    go_back(&mut run).unwrap();
    assert_eq!(asks(&run, "web", 2, stage), HookAnswer::WAIT);
}

#[test]
fn the_hook_holds_nobody_elses_deployment() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.smoke_failure = Some("wrong".to_owned());
    run.approved_until(&world, "RollingBack");
    for name in ["web", "worker", "beat"] {
        let back = rollout(name, RolloutStatus::RollbackSuccessful, Stage::CleanUp);
        world.rollouts.insert(name_of(name), Some(back));
    }
    let stage = Stage::PostTestTrafficShift;
    run.look(&world);
    assert_eq!(asks(&run, "web", 1, stage), HookAnswer::Failed);
    run.until(&world, "RolledBack");
    assert_eq!(asks(&run, "web", 1, stage), HookAnswer::Failed);
    assert_eq!(
        asks(&run, "web", 2, stage),
        HookAnswer::Succeeded,
        "by hand"
    );
}

#[test]
fn a_release_waits_for_the_environment_before_it_as_long_as_that_takes() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let proof = std::mem::replace(&mut world.proof, ProofObservation::UnderWay);
    for_minutes(&mut run, &world, 6 * 60);
    assert_eq!(run.phase(), "Planning");
    world.proof = proof;
    run.until(&world, "AwaitingApproval");
}

#[test]
fn a_snapshot_that_rds_does_not_list_yet_has_not_vanished() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let snapshot = world.snapshot.take();
    run.approved_until(&world, "BackingUp");
    for_minutes(&mut run, &world, 4);
    assert_eq!(run.phase(), "BackingUp");
    world.snapshot = snapshot;
    run.until(&world, "Migrating");
}
