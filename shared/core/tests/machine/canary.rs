//! Traffic that is shifted step by step: each is judged before the next.

use sluice_core::config::{Steps, Strategy};
use sluice_core::deployment::Requester;
use sluice_core::hook::{HookAnswer, HookCall, answer};
use sluice_core::observation::{RolloutStatus, Stage};

use super::unkind::{asks, for_minutes, minutes, name_of};
use super::world::{deployment_arn, rollout};
use crate::{Run, World};

pub(crate) fn canary() -> (Run, World) {
    Run::to(Requester::Push, |environment| {
        environment.alarms.clear();
        for placement in environment.services.values_mut() {
            if placement.strategy.shifts_traffic() {
                placement.strategy = Strategy::Canary(Steps {
                    percent: 10,
                    bake: minutes(60),
                });
            }
        }
    })
}

/// ECS has given green so much of the traffic, and stands at the stage.
pub(crate) fn at_step(world: &mut World, percent: u8, stage: Stage) {
    let mut seen = rollout("web", RolloutStatus::InProgress, stage);
    seen.traffic_percent = Some(percent);
    world.rollouts.insert(name_of("web"), Some(seen));
}

#[test]
fn a_canary_that_is_unhealthy_goes_back_at_its_step() {
    let (mut run, mut world) = canary();
    run.approved_until(&world, "Shifting");
    at_step(&mut world, 10, Stage::ProductionTrafficShift);
    world.health = vec!["web /healthz/ready answered 500".to_owned()];
    let since = run.now;
    run.until(&world, "RollingBack");
    assert!(run.now < since + minutes(10));
    let told = run.story().join("\n");
    assert!(told.contains("at 10 % of the traffic"), "{told}");
}

#[test]
fn ecs_is_held_before_the_next_step_until_this_one_is_healthy() {
    let (mut run, mut world) = canary();
    run.approved_until(&world, "Shifting");
    let stage = Stage::PreProductionTrafficShift;
    assert_eq!(
        asks(&run, "web", 1, stage),
        HookAnswer::WAIT,
        "not seen yet"
    );
    at_step(&mut world, 0, stage);
    run.look(&world);
    assert_eq!(
        asks(&run, "web", 1, stage),
        HookAnswer::Succeeded,
        "the first"
    );
    at_step(&mut world, 10, Stage::ProductionTrafficShift);
    for_minutes(&mut run, &world, 2);
    at_step(&mut world, 10, stage);
    run.look(&world);
    assert_eq!(asks(&run, "web", 1, stage), HookAnswer::WAIT);
    for_minutes(&mut run, &world, 15);
    run.look(&world);
    assert_eq!(asks(&run, "web", 1, stage), HookAnswer::Succeeded);
    run.now += minutes(2);
    assert_eq!(asks(&run, "web", 1, stage), HookAnswer::WAIT, "an old look");
}

#[test]
fn whatever_goes_back_is_never_held() {
    let (mut run, world) = canary();
    run.approved_until(&world, "RollingOut");
    for phase in ["RollingOut", "UpdatingWorkers", "Verifying", "Shifting"] {
        run.until(&world, phase);
        for arn in [deployment_arn("web", 1), deployment_arn("web", 2)] {
            let call = HookCall {
                deployment: Some(run.d.id.clone()),
                direction: None,
                service_deployment: arn,
                stage: Some(Stage::PreProductionTrafficShift),
                going_back: true,
            };
            let answer = answer(&run.d, &call, run.now);
            assert_eq!(answer, HookAnswer::Succeeded, "{phase}");
        }
    }
}
