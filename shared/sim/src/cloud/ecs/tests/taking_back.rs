//! The ways back: stops, hooks, alarms, newer deployments.

use sluice_core::config::Strategy;
use sluice_core::hook::HookAnswer;
use sluice_core::id::AlarmName;
use sluice_core::observation::{AlarmState, RolloutStatus, Stage};

use crate::cloud::behaviour::{ImageBehaviour, UnderTraffic};
use crate::cloud::test_config::{
    furnished, let_through, minutes, next_hook, order, pass, release, roll_out, rollout, view, web,
};
use crate::cloud::{Cloud, Emitted};
use sluice_core::command::{Direction, RolloutOrder};

fn baking(cloud: &mut Cloud, behaviour: ImageBehaviour) -> RolloutOrder {
    let green = release(cloud, &web(), "v1", behaviour);
    let order = order(cloud, &web(), Strategy::BlueGreen, &green);
    roll_out(cloud, &order).unwrap();
    let_through(cloud);
    pass(cloud, minutes(5));
    assert_eq!(rollout(cloud, &order).stage, Some(Stage::BakeTime));
    order
}

fn runs_the_first_release(cloud: &Cloud) -> bool {
    let view = view(cloud, &web());
    let [only] = view.revisions.as_slice() else {
        return false;
    };
    only.task_definition.as_str().ends_with(":1")
        && only.running == view.desired
        && only.production_percent == Some(100)
}

#[test]
fn a_stop_while_baking_asks_the_shift_hooks_with_green_at_0_and_goes_back() {
    let mut cloud = furnished();
    let order = baking(&mut cloud, ImageBehaviour::default());
    let arn = rollout(&mut cloud, &order).arn;
    cloud.stop_rollout(&arn).unwrap();
    cloud.stop_rollout(&arn).unwrap();
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::RollbackRequested
    );

    let mut stages = Vec::new();
    while let Some(call) = next_hook(&mut cloud) {
        assert!(call.hook_call().going_back, "{call:?}");
        stages.push(call.stage);
        cloud.hook_answered(&call, Ok(HookAnswer::Succeeded));
    }
    assert_eq!(
        stages,
        [Stage::ProductionTrafficShift, Stage::TestTrafficShift]
    );
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::RollbackSuccessful
    );
    assert!(runs_the_first_release(&cloud));
    assert_eq!(cloud.next_change(), None);

    cloud.stop_rollout(&arn).unwrap();
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::RollbackSuccessful
    );
}

#[test]
fn a_hook_that_says_no_or_breaks_sends_it_back_before_any_traffic_moved() {
    for answer in [Ok(HookAnswer::Failed), Err("panicked".to_owned())] {
        let mut cloud = furnished();
        let green = release(&mut cloud, &web(), "v1", ImageBehaviour::default());
        let order = order(&cloud, &web(), Strategy::BlueGreen, &green);
        roll_out(&mut cloud, &order).unwrap();
        let call = next_hook(&mut cloud).unwrap();
        cloud.hook_answered(&call, answer);
        let back = next_hook(&mut cloud).unwrap();
        assert_eq!(back.stage, Stage::TestTrafficShift);
        assert_ne!(back.execution_id, call.execution_id);
        cloud.hook_answered(&back, Ok(HookAnswer::Succeeded));
        pass(&mut cloud, minutes(5));
        assert_eq!(
            rollout(&mut cloud, &order).status,
            RolloutStatus::RollbackSuccessful
        );
        assert!(runs_the_first_release(&cloud));
    }
}

#[test]
fn a_hook_that_never_answers_sends_it_back_after_a_day() {
    let mut cloud = furnished();
    let green = release(&mut cloud, &web(), "v1", ImageBehaviour::default());
    let order = order(&cloud, &web(), Strategy::BlueGreen, &green);
    roll_out(&mut cloud, &order).unwrap();
    next_hook(&mut cloud).unwrap();
    pass(&mut cloud, minutes(24 * 60 - 1));
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::InProgress
    );
    pass(&mut cloud, minutes(2));
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::RollbackInProgress
    );
}

#[test]
fn an_alarm_sends_it_back_but_one_that_was_there_before_is_ignored() {
    for (before, expected) in [
        (AlarmState::Ok, RolloutStatus::RollbackRequested),
        (AlarmState::Alarm, RolloutStatus::InProgress),
    ] {
        let mut cloud = furnished();
        let alarm = AlarmName::new("errors");
        cloud.set_alarm(&alarm, before);
        let order = baking(&mut cloud, ImageBehaviour::default());
        cloud.set_alarm(&alarm, AlarmState::Ok);
        cloud.set_alarm(&alarm, AlarmState::Alarm);
        assert_eq!(rollout(&mut cloud, &order).status, expected);
    }
}

#[test]
fn trouble_under_traffic_fires_the_alarm_by_itself() {
    let mut cloud = furnished();
    let trouble = UnderTraffic {
        after: minutes(6),
        status: 500,
        fires_alarms: true,
    };
    let behaviour = ImageBehaviour {
        under_traffic: Some(trouble),
        ..ImageBehaviour::default()
    };
    let order = baking(&mut cloud, behaviour);
    pass(&mut cloud, minutes(5));
    let seen = rollout(&mut cloud, &order);
    assert_eq!(seen.status, RolloutStatus::RollbackInProgress);
    assert_eq!(seen.reason.as_deref(), Some("alarm errors is in ALARM"));
    assert_eq!(seen.traffic_percent, Some(0));
}

#[test]
fn a_newer_service_deployment_stops_the_one_under_way() {
    let mut cloud = furnished();
    let green = release(&mut cloud, &web(), "v1", ImageBehaviour::default());
    let ours = order(&cloud, &web(), Strategy::BlueGreen, &green);
    roll_out(&mut cloud, &ours).unwrap();
    let held = next_hook(&mut cloud).unwrap();
    let cluster = view(&cloud, &web()).cluster;
    let image = view(&cloud, &web()).revisions[0].image.clone();
    cloud.deploy_by_hand(&cluster, &web(), &image).unwrap();

    let seen = rollout(&mut cloud, &ours);
    assert_eq!(seen.status, RolloutStatus::Stopped);
    assert_eq!(
        seen.reason.as_deref(),
        Some("stopped: a newer service deployment has started")
    );
    cloud.hook_answered(&held, Ok(HookAnswer::Succeeded));
    // Somebody else's deployment still carries our hook.
    let theirs = next_hook(&mut cloud).unwrap();
    assert_ne!(theirs.service_deployment, held.service_deployment);
    assert_eq!(theirs.deployment, held.deployment);
    cloud.hook_answered(&theirs, Ok(HookAnswer::Succeeded));
    pass(&mut cloud, minutes(30));
    let rollouts = view(&cloud, &web()).rollouts;
    assert_eq!(rollouts.last().unwrap().status, RolloutStatus::Successful);
}

#[test]
fn a_way_back_after_the_end_is_a_new_deployment_that_no_hook_holds() {
    let mut cloud = furnished();
    let before = view(&cloud, &web()).revisions[0].task_definition.clone();
    let order = baking(&mut cloud, ImageBehaviour::default());
    pass(&mut cloud, minutes(15));
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::Successful
    );

    let back = RolloutOrder {
        direction: Direction::Back,
        task_definition: before,
        since: cloud.now(),
        ..order
    };
    roll_out(&mut cloud, &back).unwrap();
    assert!(next_hook(&mut cloud).is_none());
    assert_eq!(rollout(&mut cloud, &back).status, RolloutStatus::Successful);
    assert!(runs_the_first_release(&cloud));
}

#[test]
fn with_nothing_that_ever_succeeded_there_is_no_way_back() {
    let mut cloud = furnished();
    let cluster = view(&cloud, &web()).cluster;
    cloud.forget_success(&cluster, &web());
    let order = baking(&mut cloud, ImageBehaviour::default());
    let arn = rollout(&mut cloud, &order).arn;
    cloud.stop_rollout(&arn).unwrap();
    assert_eq!(rollout(&mut cloud, &order).status, RolloutStatus::Stopped);
}

#[test]
fn the_event_of_a_rollback_says_so_in_its_reason_only() {
    let mut cloud = furnished();
    let order = baking(&mut cloud, ImageBehaviour::default());
    let arn = rollout(&mut cloud, &order).arn;
    cloud.take_emitted();
    cloud.stop_rollout(&arn).unwrap();
    pass(&mut cloud, minutes(1));
    let told = cloud
        .take_emitted()
        .into_iter()
        .find_map(|emitted| match emitted {
            Emitted::DeploymentStateChange(change) => Some(change),
            _ => None,
        });
    let payload = Emitted::DeploymentStateChange(told.unwrap()).payload();
    assert_eq!(
        payload["detail"]["eventName"],
        "SERVICE_DEPLOYMENT_IN_PROGRESS"
    );
    assert!(
        payload["detail"]["reason"]
            .as_str()
            .unwrap()
            .contains("rolling back")
    );
}
