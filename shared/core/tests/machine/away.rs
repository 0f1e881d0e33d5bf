//! Sluice, its table or an AWS API is away for a while.

use jiff::SignedDuration;
use sluice_core::deployment::Requester;
use sluice_core::failure::PortError;
use sluice_core::history::replay;
use sluice_core::observation::{RolloutStatus, Stage};
use sluice_core::phase::Phase;

use super::canary::{at_step, canary};
use super::unkind::{for_minutes, minutes, name_of};
use super::world::rollout;
use crate::Run;

#[test]
fn an_outage_takes_no_healthy_release_back() {
    // Sluice is away while ECS shifts all traffic.
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.now += SignedDuration::from_hours(3);
    run.look(&world);
    assert_eq!(run.phase(), "Baking");
    // And while it bakes: the samples that are missing are taken before anybody is asked.
    run.now += SignedDuration::from_hours(3);
    run.until(&world, "CleaningUp");
    assert!(!run.story().iter().any(|told| told.contains("cannot tell")));
    // And while ECS takes the old version down.
    world.web(RolloutStatus::Successful, Stage::CleanUp);
    run.now += SignedDuration::from_hours(3);
    run.look(&world);
    assert_eq!(run.phase(), "Succeeded");
    assert_eq!(replay(&run.history).unwrap(), run.d);
}

#[test]
fn a_phase_is_over_only_after_a_look_that_succeeded() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    let outage = PortError::retryable("ecs: 500");
    world.failing.insert("read-rollout/web".to_owned(), outage);
    for_minutes(&mut run, &world, 5 * 60);
    assert_eq!(run.phase(), "Shifting");
    let told = run.story();
    let blind = told.iter().filter(|told| told.contains("cannot see why"));
    assert_eq!(blind.count(), 1, "people are told once: {told:?}");
    world.failing.clear();
    run.until(&world, "Baking");
}

#[test]
fn a_cleanup_that_cannot_be_seen_neither_succeeds_nor_goes_back() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.until(&world, "CleaningUp");
    let denied = PortError::needs_person("denied ecs:ListServiceDeployments");
    world.failing.insert("read-rollout/web".to_owned(), denied);
    for_minutes(&mut run, &world, 24 * 60);
    let Phase::Unverified { reason } = &run.d.phase else {
        panic!("{:?}", run.d.phase);
    };
    assert!(reason.contains("denied"), "{reason}");
}

#[test]
fn time_in_which_nobody_looked_does_not_count_where_ecs_was_held() {
    // At a step of the traffic: the samples that are missing are taken when Sluice is back.
    let (mut run, mut world) = canary();
    run.approved_until(&world, "Shifting");
    at_step(&mut world, 10, Stage::PreProductionTrafficShift);
    run.look(&world);
    run.now += SignedDuration::from_hours(3);
    for_minutes(&mut run, &world, 20);
    assert_eq!(run.phase(), "Shifting", "{:?}", run.story());
    let told = run.story();
    let gone = told.iter().filter(|told| told.contains("does not count"));
    assert_eq!(gone.count(), 1, "{told:?}");
    assert_eq!(replay(&run.history).unwrap(), run.d);

    // While workers are replaced: beat was not even asked for.
    let (mut run, mut world) = Run::new(Requester::Push);
    let outage = PortError::retryable("ecs: 500");
    world
        .failing
        .insert("start-rollout/beat".to_owned(), outage);
    run.approved_until(&world, "UpdatingWorkers");
    for_minutes(&mut run, &world, 29);
    world.failing.clear();
    let replaced = world.rollouts[&name_of("beat")].clone();
    let replacing = rollout("beat", RolloutStatus::InProgress, Stage::ScaleUp);
    world.rollouts.insert(name_of("beat"), Some(replacing));
    for_minutes(&mut run, &world, 10);
    world.rollouts.insert(name_of("beat"), replaced);
    run.until(&world, "Verifying");
}

#[test]
fn what_stands_still_while_it_is_looked_at_goes_back_in_time() {
    let (mut run, mut world) = canary();
    run.approved_until(&world, "Shifting");
    at_step(&mut world, 0, Stage::PreProductionTrafficShift);
    let since = run.now;
    run.until(&world, "RollingBack");
    assert!(
        run.now <= since + minutes(91),
        "half an hour beside its step"
    );
}

#[test]
fn a_snapshot_that_somebody_removed_meanwhile_is_missed_before_the_migration() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "Migrating");
    // Sluice was away before it asked for the migration.
    run.now += SignedDuration::from_hours(2);
    world.snapshot = None;
    run.until(&world, "Failed");
    assert!(run.d.touched.migration.is_none());
    let told = run.story().join("\n");
    assert!(told.contains("is gone: it was removed"), "{told}");
}
