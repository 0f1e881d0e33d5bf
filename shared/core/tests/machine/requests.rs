//! The requests to both versions, compared while they share the traffic and in the bake.

use jiff::{SignedDuration, Timestamp};
use sluice_core::deployment::Requester;
use sluice_core::failure::PortError;
use sluice_core::history::{replay, verify};
use sluice_core::hook::HookAnswer;
use sluice_core::metrics::{Counts, Measured, minute_of};
use sluice_core::observation::{RolloutStatus, Stage};
use sluice_core::phase::Phase;

use super::canary::{at_step, canary};
use super::unkind::{asks, minutes};
use crate::{Run, World};

/// What CloudWatch has half a minute late: `new` of the minutes since the shift, if there are any.
fn users(
    shift: Timestamp,
    old: [u32; 3],
    new: Option<[u32; 3]>,
) -> Box<dyn Fn(Timestamp) -> Measured> {
    let counts = |[requests, errors, p90_ms]: [u32; 3]| Counts {
        requests,
        errors,
        p90_ms: Some(p90_ms),
    };
    Box::new(move |now| {
        let mut measured = Measured::default();
        let mut at = minute_of(shift - SignedDuration::from_mins(40));
        while at + SignedDuration::from_secs(90) <= now {
            measured.old.insert(at, counts(old));
            if let Some(new) = new.filter(|_| at >= minute_of(shift)) {
                measured.new.insert(at, counts(new));
            }
            at += minutes(1);
        }
        measured
    })
}

fn look_for(run: &mut Run, world: &World, time: SignedDuration) {
    let until = run.now + time;
    while run.now < until && !run.d.phase.is_terminal() {
        run.look(world);
        run.now += SignedDuration::from_secs(10);
    }
}

/// A canary of a tenth, which has just got its part of the traffic.
fn at_a_tenth() -> (Run, World) {
    let (mut run, mut world) = canary();
    run.approved_until(&world, "Shifting");
    at_step(&mut world, 10, Stage::ProductionTrafficShift);
    (run, world)
}

#[test]
fn a_canary_with_more_errors_goes_back_within_minutes_and_people_read_the_numbers() {
    let (mut run, mut world) = at_a_tenth();
    world.measured = users(run.now, [2700, 3, 200], Some([300, 7, 210]));
    let since = run.now;
    run.until(&world, "RollingBack");
    assert!(run.now <= since + minutes(3), "{}", run.now - since);
    let told = run.story().join("\n");
    let said = "the new version answers worse than the old one at 10 % of the traffic: web: 2.33 %";
    assert!(told.contains(said), "{told}");
    verify(&run.history).unwrap();
    assert_eq!(replay(&run.history).unwrap(), run.d);
}

#[test]
fn a_canary_that_is_as_good_goes_on_and_people_read_the_numbers() {
    let (mut run, mut world) = at_a_tenth();
    world.measured = users(run.now, [2700, 3, 200], Some([300, 0, 210]));
    look_for(&mut run, &world, minutes(16));
    let told = run.story().join("\n");
    assert!(told.contains("healthy at 10 % of the traffic: "), "{told}");
    assert!(told.contains("web: 0 % of "), "{told}");
    assert!(
        told.contains("p90 210 ms, 200 ms on the old version"),
        "{told}"
    );
}

#[test]
fn a_step_waits_for_numbers_that_are_late_and_not_for_ever() {
    let (mut run, mut world) = at_a_tenth();
    world.measured = users(run.now, [2700, 3, 200], None);
    let hold = Stage::PreProductionTrafficShift;
    look_for(&mut run, &world, minutes(4));
    at_step(&mut world, 10, hold);
    look_for(&mut run, &world, minutes(8));
    assert_eq!(asks(&run, "web", 1, hold), HookAnswer::WAIT);
    look_for(&mut run, &world, minutes(20));
    assert_eq!(asks(&run, "web", 1, hold), HookAnswer::Succeeded);
    let told = run.story().join("\n");
    let said = "web: CloudWatch shows 0 requests to the new version, after 81000 to the old one";
    assert!(told.contains(said), "{told}");
}

/// In production's bake.
fn baking() -> (Run, World) {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.until(&world, "Baking");
    (run, world)
}

#[test]
fn a_bake_without_the_data_that_was_there_before_asks() {
    let (mut run, mut world) = baking();
    world.measured = users(run.now, [2700, 3, 200], None);
    look_for(&mut run, &world, minutes(60));
    let Phase::Baking { asked_at, .. } = &run.d.phase else {
        panic!("{:?}", run.d.phase);
    };
    assert!(asked_at.is_some());
    let told = run.story().join("\n");
    assert!(
        told.contains("CloudWatch shows 0 requests to the new version"),
        "{told}"
    );
    // It comes after all.
    world.measured = users(run.now - minutes(20), [2700, 3, 200], Some([2700, 3, 205]));
    run.until(&world, "CleaningUp");
}

#[test]
fn a_right_that_is_missing_asks_and_takes_nothing_back() {
    let (mut run, mut world) = baking();
    let denied = PortError::permanent("cloudwatch:GetMetricData: access denied");
    world.failing.insert("read-metrics".to_owned(), denied);
    look_for(&mut run, &world, minutes(60));
    assert_eq!(run.phase(), "Baking");
    let told = run.story().join("\n");
    assert_eq!(told.matches("needs a person").count(), 1, "{told}");
    assert!(
        told.contains("cannot tell whether v1.4.0 is healthy"),
        "{told}"
    );
}

#[test]
fn a_bake_says_what_was_compared_and_a_worse_version_goes_back() {
    let (mut run, mut world) = baking();
    world.measured = users(run.now, [2700, 3, 200], Some([2700, 4, 205]));
    run.until(&world, "CleaningUp");
    let told = run.story().join("\n");
    assert!(
        told.contains("before the shift; p90 205 ms, 200 ms on the old version"),
        "{told}"
    );

    let (mut run, mut world) = baking();
    world.measured = users(run.now, [2700, 3, 200], Some([2700, 4, 550]));
    let since = run.now;
    run.until(&world, "RollingBack");
    assert!(run.now <= since + minutes(9), "{}", run.now - since);
    let told = run.story().join("\n");
    assert!(
        told.contains("is 550 ms on the new version, 200 ms"),
        "{told}"
    );
}

#[test]
fn nothing_is_read_where_it_is_switched_off_or_all_traffic_comes_at_once() {
    let (mut run, mut world) = Run::to(Requester::Push, |environment| environment.metrics = None);
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.until(&world, "CleaningUp");
    assert!(!run.given.iter().any(|key| key.starts_with("read-metrics")));
    let (mut run, world) = baking();
    assert!(!run.given.iter().any(|key| key.starts_with("read-metrics")));
    run.look(&world);
    assert!(run.given.contains(&"read-metrics/web".to_owned()));
}
