//! What is registered comes back whole; what is ordered over the wire is what the port orders.

use serde_json::json;
use sluice_core::command::Direction;
use sluice_core::config::Strategy;
use sluice_core::id::ClusterName;
use sluice_core::observation::Stage;

use super::{ConfigurationDescription, HookDescription, RunOrder, ServiceOrder};
use crate::cloud::behaviour::ImageBehaviour;
use crate::cloud::test_config::{
    furnished, let_through, minutes, pass, release, target, view, web,
};

fn cluster() -> ClusterName {
    ClusterName::new("erp-production")
}

#[test]
fn a_registration_keeps_what_the_model_does_not_know() {
    let mut cloud = furnished();
    let place = cloud.place(&target()).unwrap();
    let told = json!({
        "family": "erp-web",
        "containerDefinitions": [{
            "name": "web", "image": "erp@sha256:1", "ulimits": [{"name": "nofile", "softLimit": 9}],
            "environment": [{"name": "A", "value": "1"}], "stopTimeout": 30,
        }],
        "ephemeralStorage": {"sizeInGiB": 50},
        "tags": [{"key": "team", "value": "erp"}],
    });
    let registered = cloud
        .register_task_definition(&place, told.clone())
        .unwrap();
    assert_eq!(registered.revision, 2);
    let found = cloud.describe_task_definition(&place, "erp-web").unwrap();
    assert_eq!(found, registered);
    for pointer in [
        "/ephemeralStorage",
        "/tags",
        "/containerDefinitions/0/ulimits",
        "/containerDefinitions/0/environment",
        "/containerDefinitions/0/stopTimeout",
    ] {
        let kept = found.registration.pointer(pointer);
        assert_eq!(kept, told.pointer(pointer), "{pointer}");
    }
    assert!(
        cloud
            .register_task_definition(&place, json!({"family": "x"}))
            .is_err()
    );
    assert!(
        cloud
            .describe_task_definition(&place, "erp-web:9")
            .is_none()
    );
}

fn order(force: bool, hook: bool) -> ServiceOrder {
    let deployment = target().deployment;
    ServiceOrder {
        cluster: cluster(),
        service: web(),
        task_definition: None,
        configuration: Some(ConfigurationDescription {
            strategy: Strategy::BlueGreen,
            bake: minutes(10),
            alarms: Vec::new(),
            circuit_breaker: false,
            hook: hook.then(|| HookDescription {
                stages: vec![Stage::PostTestTrafficShift],
                deployment: deployment.clone(),
                direction: Direction::Forward,
            }),
            as_sent: None,
        }),
        desired: None,
        force,
        by: Some(deployment),
    }
}

#[test]
fn an_update_is_held_by_its_hook_and_goes_through() {
    let mut cloud = furnished();
    let place = cloud.place(&target()).unwrap();
    let new = release(&mut cloud, &web(), "v1", ImageBehaviour::default());
    let mut asked = order(false, true);
    asked.task_definition = Some(new.clone());
    cloud.order_update(&place, &asked).unwrap();
    let call = let_through(&mut cloud);
    assert_eq!(call.deployment, target().deployment);
    pass(&mut cloud, minutes(60));
    let seen = cloud.service_in(&place, &cluster(), &web()).unwrap();
    assert_eq!(seen.task_definition, new);
    assert!(seen.rollouts[0].ended_at.is_some());
    let live = view(&cloud, &web());
    assert_eq!(live.revisions.last().unwrap().task_definition, new);
    let over = seen.rollouts[0].arn.clone();
    let refused = cloud.order_stop(&place, &over).unwrap_err();
    assert!(
        refused.message.starts_with("ConflictException"),
        "{refused}"
    );
}

#[test]
fn nothing_is_deployed_where_nothing_changes_unless_it_is_forced() {
    let mut cloud = furnished();
    let place = cloud.place(&target()).unwrap();
    cloud.order_update(&place, &order(false, true)).unwrap();
    assert!(view(&cloud, &web()).rollouts.is_empty());
    cloud.order_update(&place, &order(true, true)).unwrap();
    assert_eq!(view(&cloud, &web()).rollouts.len(), 1);
}

#[test]
fn a_token_runs_one_task_and_no_other() {
    let mut cloud = furnished();
    let place = cloud.place(&target()).unwrap();
    let mut asked = RunOrder {
        cluster: cluster(),
        token: "dep-1".to_owned(),
        task_definition: cloud
            .service_in(&place, &cluster(), &web())
            .unwrap()
            .task_definition,
        container: sluice_core::id::ContainerName::new("web"),
        command: vec!["alembic".to_owned()],
    };
    let first = cloud.order_task(&place, &asked).unwrap();
    assert_eq!(cloud.order_task(&place, &asked).unwrap(), first);
    asked.command = vec!["rm".to_owned()];
    let refused = cloud.order_task(&place, &asked).unwrap_err();
    assert!(
        refused.message.starts_with("ConflictException"),
        "{refused}"
    );
    pass(&mut cloud, minutes(10));
    assert_eq!(cloud.tasks_in(&place, &cluster())[0].exit_code, Some(0));
    pass(&mut cloud, minutes(90));
    assert!(cloud.tasks_in(&place, &cluster()).is_empty());
}
