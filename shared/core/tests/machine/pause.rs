//! Pausing and resuming one deployment.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use sluice_core::command::Command;
use sluice_core::deployment::Requester;
use sluice_core::event::Event;
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::history::replay;
use sluice_core::hook::{HookAnswer, HookCall, answer};
use sluice_core::id::UserId;
use sluice_core::machine::deadline;
use sluice_core::observation::Stage;
use sluice_words::refusal::rejected;
use sluice_words::view;

use super::unkind::asks;
use super::world::{APPROVER, World, deployment_arn};
use crate::Run;

fn pause(run: &mut Run, by: &str) -> Result<(), RejectedEvent> {
    let event = Event::Pause {
        by: UserId::new(by),
        groups: BTreeSet::new(),
        reason: "the shop is on the radio".to_owned(),
    };
    run.event(&event).map(drop)
}

fn resume(run: &mut Run) -> Result<(), RejectedEvent> {
    let event = Event::Resume {
        by: UserId::new(APPROVER),
        groups: BTreeSet::new(),
    };
    run.event(&event).map(drop)
}

/// Looks for so many hours, every ten minutes.
fn hours(run: &mut Run, world: &World, hours: i64) {
    for _ in 0..hours * 6 {
        run.now += SignedDuration::from_mins(10);
        run.look(world);
    }
}

fn changes(run: &Run) -> usize {
    let changes = ["start-", "register-", "stop-", "run-", "prune-", "claim-"];
    // Looking goes on: a task that only looks changes nothing.
    let looks = ["register-inspector", "start-inspection"];
    run.given
        .iter()
        .filter(|key| !looks.contains(&key.as_str()))
        .filter(|key| changes.iter().any(|change| key.starts_with(change)))
        .count()
}

/// Nothing is tried while it is paused, so a try that is due is no reason to look at once, and again.
#[test]
fn what_failed_before_the_pause_does_not_keep_waking_it() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "RollingOut");
    let throttled = PortError::retryable("ecs:UpdateService: rate exceeded");
    world.failing.insert("start-rollout".to_owned(), throttled);
    run.look(&world);
    assert!(!run.d.setbacks.is_empty());
    pause(&mut run, APPROVER).unwrap();
    hours(&mut run, &world, 1);
    world.failing.clear();
    resume(&mut run).unwrap();
    run.until(&world, "Verifying");
}

#[test]
fn a_paused_deployment_begins_nothing_and_goes_on_where_it_was() {
    let all = [
        "Queued",
        "Planning",
        "AwaitingApproval",
        "BackingUp",
        "Migrating",
        "RollingOut",
        "UpdatingWorkers",
        "Verifying",
    ];
    for phase in all {
        let (mut run, world) = Run::new(Requester::Push);
        if ["Queued", "Planning", "AwaitingApproval"].contains(&phase) {
            run.until(&world, phase);
        } else {
            run.approved_until(&world, phase);
        }
        pause(&mut run, APPROVER).unwrap();
        let before = changes(&run);
        hours(&mut run, &world, 11);
        assert_eq!(changes(&run), before, "{phase}: {:?}", run.given);
        assert!(!run.d.phase.is_terminal(), "{phase} became {}", run.phase());
        resume(&mut run).unwrap();
        if run.d.phase.is_untouched() && run.d.approvals.is_empty() {
            run.until(&world, "AwaitingApproval");
            run.approve(APPROVER).unwrap();
        }
        run.until(&world, "Shifting");
        assert_eq!(replay(&run.history).unwrap(), run.d, "{phase}");
    }
}

/// A function that was testing when somebody paused it must not have traffic moved by what it found.
#[test]
fn smoke_tests_that_were_under_way_when_it_was_paused_are_run_again_after_it() {
    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "Verifying");
    let asked = run.event(&Event::Wake).unwrap();
    let tests = asked.iter().find(|one| **one == Command::RunSmokeTests);
    let passed = Event::Done {
        command: tests.unwrap().key(),
        outcome: world.answer(&Command::RunSmokeTests, run.now),
    };
    pause(&mut run, APPROVER).unwrap();
    let late = run.event(&passed);
    assert!(matches!(late, Err(RejectedEvent::Late { .. })), "{late:?}");
    hours(&mut run, &world, 3);
    assert_eq!(run.phase(), "Verifying");
    resume(&mut run).unwrap();
    run.until(&world, "Shifting");
}

#[test]
fn green_is_held_at_the_hook_while_it_is_paused() {
    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "Verifying");
    pause(&mut run, APPROVER).unwrap();
    hours(&mut run, &world, 3);
    let call = HookCall {
        deployment: Some(run.d.id.clone()),
        direction: None,
        service_deployment: deployment_arn("web", 1),
        stage: Some(Stage::PostTestTrafficShift),
        going_back: false,
    };
    assert_eq!(answer(&run.d, &call, run.now), HookAnswer::WAIT);
    insta::assert_json_snapshot!("paused", view::message(&run.d, None));
    resume(&mut run).unwrap();
    run.until(&world, "Shifting");
    assert_eq!(answer(&run.d, &call, run.now), HookAnswer::Succeeded);
}

#[test]
fn a_yes_during_the_pause_is_kept_and_the_plan_read_again_after_it() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    pause(&mut run, APPROVER).unwrap();
    run.approve(APPROVER).unwrap();
    hours(&mut run, &world, 2);
    assert_eq!(run.phase(), "AwaitingWindow");
    world.secret_version = "v2";
    resume(&mut run).unwrap();
    run.until(&world, "AwaitingApproval");
}

#[test]
fn deadlines_stand_still_while_it_is_paused() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    run.now += SignedDuration::from_hours(6);
    let left = deadline(&run.d).unwrap().duration_since(run.now);
    pause(&mut run, APPROVER).unwrap();
    hours(&mut run, &world, 5);
    resume(&mut run).unwrap();
    assert_eq!(deadline(&run.d).unwrap().duration_since(run.now), left);
}

#[test]
fn a_pause_that_nobody_ends_expires_what_is_untouched_and_takes_back_the_rest() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    pause(&mut run, APPROVER).unwrap();
    hours(&mut run, &world, 12);
    assert_eq!(run.phase(), "Expired");
    insta::assert_snapshot!("pause-expired", run.report());

    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "UpdatingWorkers");
    pause(&mut run, APPROVER).unwrap();
    hours(&mut run, &world, 12);
    assert_eq!(run.phase(), "RollingBack");
    assert!(
        run.story()
            .last()
            .unwrap()
            .contains("no one resumed it in 12h")
    );
}

#[test]
fn however_often_it_is_paused_ecs_gets_its_answer_within_a_day() {
    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "Verifying");
    let since = run.d.touched.rollouts_since.unwrap();
    pause(&mut run, APPROVER).unwrap();
    hours(&mut run, &world, 11);
    resume(&mut run).unwrap();
    pause(&mut run, APPROVER).unwrap();
    while run.phase() == "Verifying" {
        run.now += SignedDuration::from_mins(1);
        run.look(&world);
    }
    assert!(run.story().join("\n").contains("no one resumed it"));
    assert!(run.now.duration_since(since) < SignedDuration::from_hours(21));
}

#[test]
fn only_whoever_may_pauses_and_only_what_can_be_paused() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    let refused = pause(&mut run, "U0STRANGER").unwrap_err();
    insta::assert_snapshot!("pause-refused", rejected(&refused));
    assert!(matches!(
        resume(&mut run),
        Err(RejectedEvent::NotPaused { .. })
    ));
    pause(&mut run, APPROVER).unwrap();
    assert!(matches!(
        pause(&mut run, APPROVER),
        Err(RejectedEvent::AlreadyPaused { .. })
    ));

    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    assert!(matches!(
        pause(&mut run, APPROVER),
        Err(RejectedEvent::CannotPause { .. })
    ));
}

#[test]
fn a_rollout_that_nobody_heard_of_is_held_as_long_as_it_is_paused() {
    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "RollingOut");
    let asked = run.event(&Event::Wake).unwrap();
    assert_eq!(asked[0].key().to_string(), "start-rollout/web", "{asked:?}");
    // ECS has taken it, and the answer is lost. Nobody looks before it is resumed.
    run.event(&Event::CommandFailed {
        command: asked[0].key(),
        error: PortError::retryable("UpdateService: no answer"),
    })
    .unwrap();
    pause(&mut run, APPROVER).unwrap();
    hours(&mut run, &world, 3);
    let stage = Stage::PostTestTrafficShift;
    assert_eq!(asks(&run, "web", 1, stage), HookAnswer::WAIT);
}
