//! Freezes, windows and holds: what begins, what waits, and who lets it through.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use sluice_core::calendar::{DatedFreeze, Window, Zone};
use sluice_core::config::Environment;
use sluice_core::controls::{Freeze, Hold, Lapse};
use sluice_core::deployment::Requester;
use sluice_core::event::Event;
use sluice_core::failure::RejectedEvent;
use sluice_core::history::replay;
use sluice_core::id::{DeploymentId, UserId};
use sluice_core::machine::{deadline, wake_at};
use sluice_words::refusal::rejected;
use sluice_words::view;
use sluice_words::waits::waits_for;

use super::world::{APPROVER, start};
use crate::Run;

fn person() -> Requester {
    Requester::Person(UserId::new("U0ASKS"))
}

fn freeze(until_mins: Option<i64>) -> Freeze {
    Freeze {
        by: UserId::new("U0FREEZER"),
        at: start(),
        until: until_mins.map(|mins| start() + SignedDuration::from_mins(mins)),
        reason: "the auditors are here".to_owned(),
    }
}

fn hold() -> Hold {
    Hold {
        by: None,
        at: start(),
        reason: "v1.3.9 was rolled back".to_owned(),
    }
}

/// One window; the stories begin on a Monday at ten in Berlin.
fn windows(text: &str) -> impl FnOnce(&mut Environment) {
    let window = Window::parse(text).expect("it is a window");
    move |environment| {
        environment.calendar.windows = vec![window];
    }
}

fn override_it(by: &str) -> Event {
    Event::Override {
        by: UserId::new(by),
        groups: BTreeSet::new(),
        reason: "the fix of the outage".to_owned(),
    }
}

#[test]
fn a_frozen_environment_is_not_touched_until_it_is_thawed() {
    let (mut run, mut world) = Run::new(person());
    world.controls.freeze = Some(freeze(None));
    run.approved_until(&world, "AwaitingWindow");
    for _ in 0..500 {
        run.now += SignedDuration::from_mins(10);
        run.look(&world);
    }
    assert_eq!(run.phase(), "AwaitingWindow");
    assert!(!run.world_touched());
    let told = run
        .story()
        .iter()
        .filter(|line| line.contains("auditors"))
        .count();
    assert_eq!(told, 1, "{:?}", run.story());
    insta::assert_json_snapshot!("frozen", view::message(&run.d, None));

    world.controls.freeze = None;
    run.until(&world, "BackingUp");
    insta::assert_snapshot!("frozen-and-thawed", run.story().join("\n"));
}

#[test]
fn after_the_wait_the_world_is_read_again_and_a_changed_one_asks_again() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.controls.freeze = Some(freeze(Some(120)));
    run.approved_until(&world, "AwaitingWindow");
    world.secret_version = "v2";
    run.until(&world, "AwaitingApproval");
    assert!(!run.world_touched());
    run.approve(APPROVER).unwrap();
    run.until(&world, "BackingUp");
}

#[test]
fn it_begins_when_the_window_opens_and_is_woken_then() {
    let (mut run, world) = Run::to(Requester::Push, windows("Tue 09:00-17:00 Europe/Berlin"));
    run.approved_until(&world, "AwaitingWindow");
    run.look(&world);
    assert!(waits_for(&run.d).contains("opens Tue 6 Jan 09:00 Europe/Berlin"));
    let opens = "2026-01-06T08:00:00Z".parse().unwrap();
    run.now = opens - SignedDuration::from_mins(1);
    assert_eq!(wake_at(&run.d, run.now), Some(opens));
    run.look(&world);
    assert_eq!(run.phase(), "AwaitingWindow");
    run.now = opens;
    run.until(&world, "BackingUp");
    assert!(run.now < opens + SignedDuration::from_mins(5));
}

#[test]
fn a_window_that_closes_under_way_does_not_stop_it() {
    // Berlin is an hour ahead: it closes two minutes after the story begins.
    let (mut run, world) = Run::to(Requester::Push, windows("Mon 10:00-10:02 Europe/Berlin"));
    run.approved_until(&world, "BackingUp");
    run.now += SignedDuration::from_mins(5);
    run.until(&world, "Shifting");
}

#[test]
fn a_window_that_closes_before_the_yes_is_missed() {
    let (mut run, world) = Run::to(Requester::Push, windows("Mon 10:00-10:30 Europe/Berlin"));
    run.until(&world, "AwaitingApproval");
    run.now += SignedDuration::from_mins(30);
    run.approve(APPROVER).unwrap();
    run.until(&world, "AwaitingWindow");
    run.look(&world);
    assert!(waits_for(&run.d).contains("opens Mon 12 Jan 10:00 Europe/Berlin"));
    run.now = "2026-01-12T09:00:00Z".parse().unwrap();
    run.until(&world, "BackingUp");
}

#[test]
fn a_dated_freeze_says_its_reason_and_its_end() {
    let (mut run, world) = Run::to(Requester::Push, |environment| {
        let calendar = &mut environment.calendar;
        calendar.windows.clear();
        calendar.freezes = vec![DatedFreeze {
            from: start(),
            until: start() + SignedDuration::from_hours(50),
            zone: Zone::new("Europe/Berlin").unwrap(),
            reason: "stocktaking".to_owned(),
        }];
    });
    run.approved_until(&world, "AwaitingWindow");
    run.look(&world);
    let waits = waits_for(&run.d);
    assert!(
        waits.contains("stocktaking; opens Wed 7 Jan 12:00 Europe/Berlin"),
        "{waits}"
    );
    run.until(&world, "BackingUp");
}

#[test]
fn an_approval_that_does_not_count_any_more_is_asked_for_again() {
    let lapses = [
        Lapse::TooOld {
            expires: SignedDuration::from_hours(8),
        },
        Lapse::NoApprover,
        Lapse::NotConfigured,
    ];
    let mut told = Vec::new();
    for lapse in lapses {
        let (mut run, mut world) = Run::new(Requester::Push);
        world.controls.freeze = Some(freeze(Some(120)));
        world.lapsed = BTreeMap::from([(UserId::new(APPROVER), lapse)]);
        run.approved_until(&world, "AwaitingWindow");
        run.look(&world);
        assert_eq!(run.phase(), "AwaitingWindow", "nobody is asked in a freeze");
        run.until(&world, "AwaitingApproval");
        assert!(run.d.approvals.is_empty());
        assert!(!run.world_touched());
        told.extend(run.story().pop());
        assert_eq!(replay(&run.history).unwrap(), run.d);
        world.lapsed.clear();
        run.approve(APPROVER).unwrap();
        run.until(&world, "BackingUp");
    }
    insta::assert_snapshot!("lapsed", told.join("\n"));
}

#[test]
fn of_two_approvals_the_one_that_still_counts_stays() {
    let (mut run, mut world) = Run::to(Requester::Push, |environment| {
        let approval = environment.approval.as_mut().unwrap();
        approval.quorum = 2;
        let other = sluice_core::config::Member::User(UserId::new("U0SECOND"));
        approval.approvers.push(other);
    });
    world.approvers.push(UserId::new("U0SECOND"));
    run.until(&world, "AwaitingApproval");
    run.approve(APPROVER).unwrap();
    run.approve("U0SECOND").unwrap();
    world.lapsed = BTreeMap::from([(UserId::new("U0SECOND"), Lapse::NoApprover)]);
    run.until(&world, "AwaitingApproval");
    let left: Vec<&str> = run.d.approvals.keys().map(UserId::as_str).collect();
    assert_eq!(left, [APPROVER]);
    assert!(run.approve(APPROVER).is_err(), "one person is not two");
}

#[test]
fn a_hold_stops_what_pushes_ask_for_and_nothing_else() {
    let (mut run, mut world) = Run::new(person());
    world.controls.hold = Some(hold());
    run.approved_until(&world, "BackingUp");
    let (mut run, mut world) = Run::new(Requester::Push);
    world.controls.hold = Some(hold());
    run.approved_until(&world, "AwaitingWindow");
    run.look(&world);
    assert_eq!(
        waits_for(&run.d),
        "production to open: automatic deployments are paused by Sluice: v1.3.9 was rolled back; until \
         someone resumes automatic deployments"
    );
    world.controls.hold = None;
    run.until(&world, "BackingUp");
}

#[test]
fn somebody_who_may_lets_one_deployment_through() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.controls.freeze = Some(freeze(None));
    run.until(&world, "AwaitingApproval");
    assert!(matches!(
        run.event(&override_it(APPROVER)),
        Err(RejectedEvent::NothingToOverride { .. })
    ));
    run.approve(APPROVER).unwrap();
    run.until(&world, "AwaitingWindow");
    run.look(&world);
    let refused = run.event(&override_it("U0STRANGER")).unwrap_err();
    insta::assert_snapshot!("override-refused", rejected(&refused));
    run.event(&override_it(APPROVER)).unwrap();
    run.until(&world, "BackingUp");
    assert!(
        run.story()
            .iter()
            .any(|line| line.contains("the fix of the outage"))
    );
    assert_eq!(replay(&run.history).unwrap(), run.d);
}

#[test]
fn it_expires_untouched_after_a_week_and_says_what_it_waited_for() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.controls.freeze = Some(freeze(None));
    run.approved_until(&world, "AwaitingWindow");
    run.look(&world);
    let end = deadline(&run.d).unwrap();
    assert_eq!(end.duration_since(run.d.entered_at).as_hours(), 7 * 24);
    run.now = end;
    run.until(&world, "Expired");
    assert!(!run.world_touched());
    insta::assert_snapshot!("expired", run.report());
}

#[test]
fn while_it_waits_it_can_be_superseded_and_cancelled() {
    let waiting = || {
        let (mut run, mut world) = Run::new(Requester::Push);
        world.controls.freeze = Some(freeze(None));
        run.approved_until(&world, "AwaitingWindow");
        run.look(&world);
        run
    };
    let mut run = waiting();
    let deployment = DeploymentId::from_outside("dep-newer");
    run.event(&Event::SupersededBy { deployment }).unwrap();
    assert_eq!(run.phase(), "Superseded");
    let mut run = waiting();
    let cancel = |by: &str| Event::Cancel {
        by: UserId::new(by),
        groups: BTreeSet::new(),
    };
    let refused = run.event(&cancel("U0STRANGER"));
    assert!(matches!(refused, Err(RejectedEvent::NotAllowed(_))));
    run.event(&cancel(APPROVER)).unwrap();
    assert_eq!(run.phase(), "Cancelled");
}

#[test]
fn the_way_back_is_open_in_a_freeze() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "Verifying");
    world.controls.freeze = Some(freeze(None));
    world.smoke_failure = Some("answered 503".to_owned());
    run.until(&world, "RollingBack");
    let before = run.given.len();
    run.look(&world);
    assert!(run.given.len() > before, "it goes back");
}
