//! Service deployments that shift traffic, on their way forward.

use jiff::SignedDuration;
use sluice_core::config::{Steps, Strategy};
use sluice_core::hook::HookAnswer;
use sluice_core::observation::{HttpObservation, RolloutStatus, Stage};

use crate::cloud::behaviour::{ImageBehaviour, Start};
use crate::cloud::ledger::Happened;
use crate::cloud::test_config::{
    furnished, let_through, minutes, next_hook, order, pass, release, roll_out, rollout, view, web,
};
use crate::cloud::{Cloud, Fault, Operation};

fn get(cloud: &mut Cloud, url: &str) -> u16 {
    match cloud.answer("GET", url, SignedDuration::from_secs(5)) {
        HttpObservation::Answered { status, .. } => status,
        HttpObservation::NoAnswer(reason) | HttpObservation::Unreachable(reason) => {
            panic!("{url}: {reason}")
        }
    }
}

fn percents(cloud: &Cloud) -> Vec<u8> {
    let shifts = cloud.ledger().iter().filter_map(|entry| match &entry.what {
        Happened::TrafficShifted { percent, .. } => Some(*percent),
        _ => None,
    });
    shifts.collect()
}

#[test]
fn blue_green_waits_for_the_hook_with_green_on_the_test_listener_only() {
    let mut cloud = furnished();
    let green = release(
        &mut cloud,
        &web(),
        "v1",
        ImageBehaviour {
            ready: Some(503),
            ..ImageBehaviour::default()
        },
    );
    let order = order(&cloud, &web(), Strategy::BlueGreen, &green);
    roll_out(&mut cloud, &order).unwrap();
    let call = next_hook(&mut cloud).unwrap();

    assert_eq!(call.stage, Stage::PostTestTrafficShift);
    assert!(!call.hook_call().going_back);
    assert_eq!(
        get(&mut cloud, "https://erp.example.com/healthz/ready"),
        200
    );
    assert_eq!(
        get(&mut cloud, "https://erp.example.com:8443/healthz/ready"),
        503
    );
    assert_eq!(view(&cloud, &web()).revisions.len(), 2);
    assert_eq!(rollout(&mut cloud, &order).traffic_percent, Some(0));
}

#[test]
fn a_hook_that_is_in_progress_is_called_again_by_the_same_execution() {
    let mut cloud = furnished();
    let green = release(&mut cloud, &web(), "v1", ImageBehaviour::default());
    let order = order(&cloud, &web(), Strategy::BlueGreen, &green);
    roll_out(&mut cloud, &order).unwrap();
    let call = next_hook(&mut cloud).unwrap();
    let asked_at = cloud.now();
    cloud.hook_answered(&call, Ok(HookAnswer::InProgress { again_in_s: 15 }));
    let again = next_hook(&mut cloud).unwrap();

    assert_eq!(again.execution_id, call.execution_id);
    assert_eq!(cloud.now(), asked_at + SignedDuration::from_secs(15));
    cloud.hook_answered(&again, Ok(HookAnswer::Succeeded));
    // A late second answer of the same execution is heard by nobody.
    cloud.hook_answered(&again, Err("timed out".into()));
    pass(&mut cloud, minutes(30));
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::Successful
    );
}

#[test]
fn blue_green_shifts_at_once_bakes_as_ordered_and_cleans_up() {
    let mut cloud = furnished();
    let green = release(&mut cloud, &web(), "v1", ImageBehaviour::default());
    let order = order(&cloud, &web(), Strategy::BlueGreen, &green);
    roll_out(&mut cloud, &order).unwrap();
    let_through(&mut cloud);
    pass(&mut cloud, minutes(5));
    assert_eq!(rollout(&mut cloud, &order).stage, Some(Stage::BakeTime));
    assert_eq!(rollout(&mut cloud, &order).traffic_percent, Some(100));
    assert_eq!(
        view(&cloud, &web()).revisions.len(),
        2,
        "blue stays while it bakes"
    );

    pass(&mut cloud, minutes(10));
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::Successful
    );
    let after = view(&cloud, &web());
    assert_eq!(after.revisions.len(), 1);
    assert_eq!(after.revisions[0].task_definition, green);
    assert_eq!(after.revisions[0].running, after.desired);
    assert_eq!(percents(&cloud), [100]);
    assert_eq!(cloud.next_change(), None, "nothing is left to happen");
}

#[test]
fn canary_and_linear_shift_in_their_steps() {
    let steps = |percent| Steps {
        percent,
        bake: minutes(2),
    };
    for (strategy, expected) in [
        (Strategy::Canary(steps(10)), vec![10, 100]),
        (Strategy::Linear(steps(30)), vec![30, 60, 90, 100]),
    ] {
        let mut cloud = furnished();
        let green = release(&mut cloud, &web(), "v1", ImageBehaviour::default());
        let order = order(&cloud, &web(), strategy, &green);
        roll_out(&mut cloud, &order).unwrap();
        let_through(&mut cloud);
        // ECS asks before each step, and takes a yes for that step only.
        let mut asked = 0;
        while let Some(call) = next_hook(&mut cloud) {
            assert_eq!(call.stage, Stage::PreProductionTrafficShift);
            asked += 1;
            cloud.hook_answered(&call, Ok(HookAnswer::Succeeded));
        }
        assert_eq!(asked, expected.len());
        pass(&mut cloud, minutes(40));
        assert_eq!(percents(&cloud), expected);
        assert_eq!(
            rollout(&mut cloud, &order).status,
            RolloutStatus::Successful
        );
    }
}

#[test]
fn green_that_never_comes_up_stays_in_scale_up_since_the_breaker_is_for_rolling_only() {
    let mut cloud = furnished();
    let crashing = ImageBehaviour {
        web: Start::Crashes(1),
        ..ImageBehaviour::default()
    };
    let green = release(&mut cloud, &web(), "v1", crashing);
    let order = order(&cloud, &web(), Strategy::BlueGreen, &green);
    roll_out(&mut cloud, &order).unwrap();
    pass(&mut cloud, minutes(60));
    let seen = rollout(&mut cloud, &order);
    assert_eq!(
        (seen.status, seen.stage),
        (RolloutStatus::InProgress, Some(Stage::ScaleUp))
    );
    assert!(next_hook(&mut cloud).is_none());
}

#[test]
fn asked_twice_it_starts_once_even_if_the_answer_was_lost() {
    let mut cloud = furnished();
    let green = release(&mut cloud, &web(), "v1", ImageBehaviour::default());
    let order = order(&cloud, &web(), Strategy::BlueGreen, &green);
    cloud
        .faults()
        .nth(Operation::UpdateService, 1, Fault::LoseAnswer);
    assert!(roll_out(&mut cloud, &order).is_err());
    roll_out(&mut cloud, &order).unwrap();
    assert_eq!(view(&cloud, &web()).rollouts.len(), 1);
}

#[test]
fn a_service_scaled_to_zero_is_brought_over_without_tasks() {
    let mut cloud = furnished();
    let cluster = view(&cloud, &web()).cluster;
    cloud.scale(&cluster, &web(), 0);
    let green = release(&mut cloud, &web(), "v1", ImageBehaviour::default());
    let order = order(&cloud, &web(), Strategy::BlueGreen, &green);
    roll_out(&mut cloud, &order).unwrap();
    let_through(&mut cloud);
    pass(&mut cloud, minutes(30));
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::Successful
    );
    assert_eq!(view(&cloud, &web()).desired, 0);
}

#[test]
fn weights_that_somebody_changed_by_hand_show_to_whoever_reads_them() {
    let mut cloud = furnished();
    let cluster = view(&cloud, &web()).cluster;
    cloud.set_weights(&cluster, &web(), [50, 50]);
    let answers: Vec<u16> = (0..10)
        .map(|_| get(&mut cloud, "https://erp.example.com/healthz/live"))
        .collect();
    assert!(
        answers.contains(&200) && answers.contains(&503),
        "{answers:?}"
    );
    assert_eq!(
        view(&cloud, &web()).revisions[0].production_percent,
        Some(50)
    );
}
