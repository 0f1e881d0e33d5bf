//! Rolling deployments, singletons, and the circuit breaker.

use sluice_core::config::Strategy;
use sluice_core::observation::RolloutStatus;

use crate::cloud::behaviour::{ImageBehaviour, Start};
use crate::cloud::test_config::{
    beat, config, furnished, minutes, order, pass, release, roll_out, rollout, view, worker,
};
use crate::cloud::{Emitted, digest_of};

fn crashing() -> ImageBehaviour {
    ImageBehaviour {
        workers: Start::Crashes(1),
        ..ImageBehaviour::default()
    }
}

#[test]
fn a_worker_is_replaced_task_by_task() {
    let mut cloud = furnished();
    let new = release(&mut cloud, &worker(), "v1", ImageBehaviour::default());
    let order = order(&cloud, &worker(), Strategy::Rolling, &new);
    roll_out(&mut cloud, &order).unwrap();
    pass(&mut cloud, minutes(1));
    assert_eq!(view(&cloud, &worker()).revisions.len(), 2);
    pass(&mut cloud, minutes(10));
    let after = view(&cloud, &worker());
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::Successful
    );
    assert_eq!(rollout(&mut cloud, &order).stage, None);
    assert_eq!(rollout(&mut cloud, &order).traffic_percent, None);
    assert_eq!(
        (after.revisions.len(), after.revisions[0].running),
        (1, after.desired)
    );
    assert_eq!(after.most_running, after.desired + 1);
}

#[test]
fn a_singleton_never_runs_twice_forward_or_back() {
    for behaviour in [ImageBehaviour::default(), crashing()] {
        let mut cloud = furnished();
        let new = release(&mut cloud, &beat(), "v1", behaviour);
        let order = order(&cloud, &beat(), Strategy::Singleton, &new);
        roll_out(&mut cloud, &order).unwrap();
        pass(&mut cloud, minutes(20));
        assert!(rollout(&mut cloud, &order).status.is_over());
        assert_eq!(view(&cloud, &beat()).most_running, 1);
        assert_eq!(view(&cloud, &beat()).revisions[0].running, 1);
    }
}

#[test]
fn a_singleton_that_is_rolled_out_as_others_are_runs_twice() {
    let mut cloud = furnished();
    let new = release(&mut cloud, &beat(), "v1", ImageBehaviour::default());
    let order = order(&cloud, &beat(), Strategy::Rolling, &new);
    roll_out(&mut cloud, &order).unwrap();
    pass(&mut cloud, minutes(20));
    assert_eq!(view(&cloud, &beat()).most_running, 2);
}

#[test]
fn the_circuit_breaker_goes_back_to_what_succeeded_last() {
    let mut cloud = furnished();
    let new = release(&mut cloud, &worker(), "v1", crashing());
    let order = order(&cloud, &worker(), Strategy::Rolling, &new);
    roll_out(&mut cloud, &order).unwrap();
    pass(&mut cloud, minutes(20));
    let seen = rollout(&mut cloud, &order);
    assert_eq!(seen.status, RolloutStatus::RollbackSuccessful);
    assert!(seen.reason.unwrap().contains("circuit breaker"));
    let after = view(&cloud, &worker());
    assert_eq!(after.revisions.len(), 1);
    assert!(after.revisions[0].task_definition.as_str().ends_with(":1"));
    assert_eq!(after.revisions[0].running, after.desired);
}

#[test]
fn without_anything_that_succeeded_the_circuit_breaker_stalls() {
    let mut cloud = furnished();
    let cluster = view(&cloud, &worker()).cluster;
    cloud.forget_success(&cluster, &worker());
    let new = release(&mut cloud, &worker(), "v1", crashing());
    let order = order(&cloud, &worker(), Strategy::Rolling, &new);
    roll_out(&mut cloud, &order).unwrap();
    pass(&mut cloud, minutes(60));
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::InProgress
    );
    assert_eq!(cloud.next_change(), None);
}

#[test]
fn a_task_whose_image_is_gone_fails_to_start_and_has_no_containers() {
    let mut cloud = furnished();
    let new = release(&mut cloud, &worker(), "v1", ImageBehaviour::default());
    cloud.delete_image(&config().repository, &digest_of("v1"));
    cloud.take_emitted();
    let order = order(&cloud, &worker(), Strategy::Rolling, &new);
    roll_out(&mut cloud, &order).unwrap();
    pass(&mut cloud, minutes(1));
    let payloads = cloud
        .take_emitted()
        .into_iter()
        .filter_map(|emitted| match &emitted {
            Emitted::TaskStateChange(change) if change.containers.is_empty() => {
                Some(emitted.payload())
            }
            _ => None,
        });
    let stops: Vec<_> = payloads.collect();
    assert_eq!(stops.len(), 1);
    assert_eq!(stops[0]["detail"]["stopCode"], "TaskFailedToStart");
}

#[test]
fn without_a_circuit_breaker_ecs_starts_the_tasks_again_for_ever() {
    let mut cloud = furnished();
    let cluster = view(&cloud, &worker()).cluster;
    cloud.set_circuit_breaker(&cluster, &worker(), false);
    release(&mut cloud, &worker(), "v1", crashing());
    let image = format!("{}/erp@{}", cloud.registry_host(), digest_of("v1"));
    cloud.deploy_by_hand(&cluster, &worker(), &image).unwrap();
    pass(&mut cloud, minutes(240));
    let after = view(&cloud, &worker());
    assert_eq!(after.rollouts[0].status, RolloutStatus::InProgress);
    assert_eq!(after.live_image().unwrap(), after.revisions[0].image);
    assert!(cloud.next_change().is_some());
}
