//! Services, their task definitions, their deployments.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_app::ports::{ServiceQuery, Services, Target, TaskDefinitionOrder};
use sluice_core::command::{Direction, RolloutOrder};
use sluice_core::config::Strategy;
use sluice_core::failure::ErrorClass;
use sluice_core::hook::HookAnswer;
use sluice_core::id::{
    AlarmName, ContainerName, EcsServiceName, ServiceDeploymentArn, ServiceName, TaskDefinitionArn,
};
use sluice_core::observation::{RolloutStatus, ServiceObservation, Stage as RolloutStage};
use sluice_core::parity::Value;
use sluice_core::task_definition::RevisionOrder;

use sluice_sim::cloud::ImageBehaviour;

use crate::faces::Model;

/// A cluster with the service `erp-web`.
pub(crate) trait Stage {
    fn services(&self) -> &dyn Services;
    fn target(&self) -> Target;

    /// The revision that `erp-web` runs, and its container that Sluice deploys.
    async fn running(&self) -> (TaskDefinitionArn, ContainerName);
}

// From here on only of the model: moto has no service deployments (see `moto::cannot`).

pub(crate) fn query(stage: &Model, service: &str) -> ServiceQuery {
    ServiceQuery {
        service: ServiceName::new(service),
        ecs_service: EcsServiceName::new(format!("erp-{service}")),
        container: stage.container(service),
        definition: None,
    }
}

async fn read(stage: &Model, service: &str) -> ServiceObservation {
    let nothing = ServiceQuery {
        ecs_service: EcsServiceName::new("nothing"),
        ..query(stage, service)
    };
    let asked = [query(stage, service), nothing];
    let target = Stage::target(stage);
    let read = Stage::services(stage).read(&target, &asked);
    let mut read = read.await.unwrap();
    assert_eq!(read.len(), 1, "what ECS does not have is left out");
    read.remove(0)
}

/// A revision of the service's with this image.
pub(crate) async fn revision(stage: &Model, service: &str, image: &str) -> TaskDefinitionArn {
    let order = TaskDefinitionOrder {
        revision: RevisionOrder {
            from: read(stage, service).await.task_definition,
            family: None,
            container: stage.container(service),
            removes: Vec::new(),
            stop_timeout: None,
        },
        image: image.to_owned(),
        variables: BTreeMap::new(),
        secrets: Vec::new(),
    };
    let target = Stage::target(stage);
    let made = Stage::services(stage).ensure_task_definition(&target, &order);
    made.await.unwrap()
}

/// A service deployment of another image.
pub(crate) async fn rollout_of(stage: &Model, service: &str, strategy: Strategy) -> RolloutOrder {
    let image = stage.push("v1");
    RolloutOrder {
        deployment: Stage::target(stage).deployment,
        service: ServiceName::new(service),
        ecs_service: EcsServiceName::new(format!("erp-{service}")),
        task_definition: revision(stage, service, &image).await,
        strategy,
        bake: SignedDuration::from_mins(10),
        alarms: vec![AlarmName::new("errors")],
        direction: Direction::Forward,
        since: stage.cloud(|cloud| cloud.now()),
        desired: None,
    }
}

/// Has ECS begin it.
pub(crate) async fn ensure(stage: &Model, order: &RolloutOrder) {
    let (services, target) = (Stage::services(stage), Stage::target(stage));
    services.ensure_rollout(&target, order).await.unwrap();
}

async fn seen(
    stage: &Model,
    order: &RolloutOrder,
) -> Option<(RolloutStatus, Option<RolloutStage>, Option<u8>)> {
    let (target, service) = (Stage::target(stage), &order.ecs_service);
    let rollout = Stage::services(stage)
        .rollout(&target, service, &order.task_definition, order.since)
        .await
        .unwrap()?;
    Some((rollout.status, rollout.stage, rollout.traffic_percent))
}

async fn a_service_is_read_as_it_runs(stage: &Model) {
    let web = read(stage, "web").await;
    assert_eq!((web.service.as_str(), web.in_progress), ("web", None));
    assert_eq!((web.desired, web.running), (2, 2));
    assert!(web.image.contains("/erp@sha256:"), "{}", web.image);
    let traffic = web.traffic.unwrap();
    assert_eq!((traffic.healthy, traffic.unhealthy), (2, 0));
    let expected = [("erp-web-blue", 100), ("erp-web-green", 0)];
    let expected = expected.map(|(group, weight)| (group.to_owned(), weight));
    assert_eq!(traffic.weights, BTreeMap::from(expected));
    let beat = read(stage, "beat").await;
    assert_eq!((beat.desired, beat.running, beat.traffic), (1, 1, None));
}

async fn a_blue_green_rollout_is_held_by_our_hook_and_then_goes_through(stage: &Model) {
    let order = rollout_of(stage, "web", Strategy::BlueGreen).await;
    assert_eq!(seen(stage, &order).await, None, "nobody asked for it yet");
    for _ in 0..2 {
        ensure(stage, &order).await;
    }
    stage.pass(5);
    assert!(read(stage, "web").await.in_progress.is_some());
    let held = (
        RolloutStatus::InProgress,
        Some(RolloutStage::PostTestTrafficShift),
        Some(0),
    );
    assert_eq!(seen(stage, &order).await, Some(held));
    let call = stage.next_hook().unwrap();
    assert_eq!(
        (&call.deployment, call.direction),
        (&order.deployment, Direction::Forward)
    );
    stage.cloud(|cloud| cloud.hook_answered(&call, Ok(HookAnswer::Succeeded)));
    stage.pass(60);
    let (status, _, percent) = seen(stage, &order).await.unwrap();
    assert_eq!((status, percent), (RolloutStatus::Successful, Some(100)));
    let after = read(stage, "web").await;
    assert_eq!(
        (after.task_definition, after.in_progress),
        (order.task_definition.clone(), None)
    );
    assert_eq!(after.traffic.unwrap().weights["erp-web-green"], 100);
    // Asked again it is there: nothing is started anew.
    ensure(stage, &order).await;
    assert_eq!(read(stage, "web").await.in_progress, None);
}

async fn a_rollout_that_is_stopped_goes_back_and_says_so(stage: &Model) {
    let old = read(stage, "web").await.task_definition;
    let order = rollout_of(stage, "web", Strategy::BlueGreen).await;
    ensure(stage, &order).await;
    stage.pass(5);
    let arn = read(stage, "web").await.in_progress.unwrap();
    let (services, target) = (Stage::services(stage), Stage::target(stage));
    for _ in 0..2 {
        services.ensure_stopping(&target, &arn).await.unwrap();
    }
    while let Some(call) = stage.next_hook() {
        stage.cloud(|cloud| cloud.hook_answered(&call, Ok(HookAnswer::Succeeded)));
        stage.pass(5);
    }
    let (status, ..) = seen(stage, &order).await.unwrap();
    assert_eq!(status, RolloutStatus::RollbackSuccessful);
    assert_eq!(read(stage, "web").await.task_definition, old);
    services.ensure_stopping(&target, &arn).await.unwrap();
}

async fn a_service_that_rolls_needs_no_hook(stage: &Model) {
    for (service, strategy) in [("worker", Strategy::Rolling), ("beat", Strategy::Singleton)] {
        let order = rollout_of(stage, service, strategy).await;
        ensure(stage, &order).await;
        stage.pass(30);
        let done = (RolloutStatus::Successful, None, None);
        assert_eq!(seen(stage, &order).await, Some(done));
        assert!(stage.next_hook().is_none());
        let runs = read(stage, service).await.task_definition;
        assert_eq!(runs, order.task_definition);
    }
}

async fn a_singleton_is_stopped_before_it_is_started(stage: &Model) {
    let order = rollout_of(stage, "beat", Strategy::Singleton).await;
    ensure(stage, &order).await;
    stage.pass(30);
    let cluster = Stage::target(stage).cluster;
    let view = stage.cloud(|cloud| cloud.service(&cluster, &order.ecs_service));
    assert_eq!(view.unwrap().most_running, 1);
}

async fn tasks_that_die_after_they_have_started_are_told_with_their_exit_code(stage: &Model) {
    let dying = ImageBehaviour::default().with_dying_workers(SignedDuration::from_mins(3), 139);
    let image = stage.push_behaving("dying", dying);
    let mut order = rollout_of(stage, "worker", Strategy::Rolling).await;
    order.task_definition = revision(stage, "worker", &image).await;
    let stopped = async || {
        let (services, target) = (Stage::services(stage), Stage::target(stage));
        let stopped = services.stopped_tasks(&target, &order.ecs_service, &order.task_definition);
        stopped.await.unwrap()
    };
    assert_eq!(stopped().await, []);
    ensure(stage, &order).await;
    stage.pass(20);
    let died = stopped().await;
    assert!(died.len() > 1, "{died:?}");
    for task in &died {
        assert!(task.by_itself && task.reason.contains("139"), "{task:?}");
    }
    let newest = read(stage, "worker").await.newest.unwrap();
    assert_eq!(newest.task_definition, order.task_definition);
    assert_eq!(newest.requested, 2);
    // Those of the version before are not among them.
    let before = rollout_of(stage, "worker", Strategy::Rolling)
        .await
        .task_definition;
    let (services, target) = (Stage::services(stage), Stage::target(stage));
    let of_another = services.stopped_tasks(&target, &order.ecs_service, &before);
    assert_eq!(of_another.await.unwrap(), []);
}

async fn what_is_not_there_cannot_be_rolled_out_or_stopped(stage: &Model) {
    let (services, target) = (Stage::services(stage), Stage::target(stage));
    let order = RolloutOrder {
        ecs_service: EcsServiceName::new("nothing"),
        ..rollout_of(stage, "worker", Strategy::Rolling).await
    };
    let refused = services.ensure_rollout(&target, &order).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Permanent, "{refused}");
    let nothing = ServiceDeploymentArn::new(
        "arn:aws:ecs:eu-central-1:111111111111:service-deployment/erp-production/erp-web/none",
    );
    // ECS may be behind with what it describes: over the wire nobody can tell.
    let refused = services.ensure_stopping(&target, &nothing).await;
    let refused = refused.unwrap_err();
    assert_ne!(refused.class, ErrorClass::NeedsPerson, "{refused}");
}

async fn count(stage: &Model, service: &str, desired: u32) {
    let (services, target) = (Stage::services(stage), Stage::target(stage));
    let name = EcsServiceName::new(format!("erp-{service}"));
    let counted = services.ensure_count(&target, &name, desired).await;
    counted.unwrap();
}

async fn a_service_is_stopped_and_started_without_a_service_deployment(stage: &Model) {
    for service in ["web", "worker"] {
        let before = read(stage, service).await;
        for _ in 0..2 {
            count(stage, service, 0).await;
        }
        let stopping = read(stage, service).await;
        assert_eq!((stopping.desired, stopping.running), (0, 2));
        stage.pass(2);
        let stopped = read(stage, service).await;
        assert_eq!((stopped.desired, stopped.running), (0, 0));
        assert_eq!(stopped.in_progress, None);
        if let Some(traffic) = stopped.traffic {
            assert_eq!((traffic.healthy, traffic.unhealthy), (0, 0));
        }
        count(stage, service, 2).await;
        stage.pass(2);
        assert_eq!(read(stage, service).await, before);
    }
}

async fn a_stopped_service_comes_back_with_its_rollout(stage: &Model) {
    for (service, strategy) in [("web", Strategy::BlueGreen), ("worker", Strategy::Rolling)] {
        count(stage, service, 0).await;
        stage.pass(2);
        let order = RolloutOrder {
            desired: Some(2),
            ..rollout_of(stage, service, strategy).await
        };
        ensure(stage, &order).await;
        stage.pass(5);
        if let Some(call) = stage.next_hook() {
            stage.cloud(|cloud| cloud.hook_answered(&call, Ok(HookAnswer::Succeeded)));
        }
        stage.pass(60);
        let (status, ..) = seen(stage, &order).await.unwrap();
        assert_eq!(status, RolloutStatus::Successful);
        let after = read(stage, service).await;
        assert_eq!((after.desired, after.running), (2, 2));
        assert_eq!(after.task_definition, order.task_definition);
    }
}

async fn what_is_compared_of_a_service_is_read_whole(stage: &Model) {
    let nothing = ServiceQuery {
        ecs_service: EcsServiceName::new("nothing"),
        ..query(stage, "web")
    };
    let asked = [query(stage, "web"), nothing, query(stage, "worker")];
    let target = Stage::target(stage);
    let facts = Stage::services(stage).facts(&target, &asked).await.unwrap();
    let [web, worker] = facts.as_slice() else {
        panic!("what ECS does not have is left out: {facts:?}")
    };
    assert!(web.image.contains("/erp@sha256:"), "{}", web.image);
    let sizes = [("cpu", 512), ("memory", 1024)].map(|(name, size)| (name.to_owned(), size));
    assert_eq!(web.size, BTreeMap::from(sizes));
    let told = |values: &BTreeMap<String, Value>| -> Vec<String> {
        let values = values.iter();
        values
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect()
    };
    let settings = told(&web.settings);
    for setting in [
        "network mode: Text(\"awsvpc\")",
        "cpu architecture: Text(\"ARM64\")",
        "log driver of log-router: Text(\"awslogs\")",
        "essential of log-router: Text(\"false\")",
    ] {
        assert!(
            settings.contains(&setting.to_owned()),
            "{setting}: {settings:#?}"
        );
    }
    let front = web.front.as_ref().unwrap().as_ref().unwrap();
    let rule = told(&front.rule);
    assert!(
        rule.contains(&"actions: Text(\"forward\")".to_owned()),
        "{rule:?}"
    );
    assert!(
        rule.iter().any(|one| one.starts_with("host-header: ")),
        "{rule:?}"
    );
    let expected = [
        "healthy after: Text(\"5\")",
        "healthy codes: Text(\"200\")",
        "interval: Text(\"30 s\")",
        "path: Text(\"/healthz/live\")",
        "protocol: Text(\"HTTP\")",
        "timeout: Text(\"5 s\")",
        "unhealthy after: Text(\"2\")",
    ];
    assert_eq!(told(&front.health_check), expected);
    assert_eq!(worker.front, Ok(None), "no load balancer sends it anything");
}

contract! {
    what_is_compared_of_a_service_is_read_whole on sim, wire;
    a_service_is_read_as_it_runs on sim, wire;
    a_blue_green_rollout_is_held_by_our_hook_and_then_goes_through on sim, wire;
    a_rollout_that_is_stopped_goes_back_and_says_so on sim, wire;
    a_service_that_rolls_needs_no_hook on sim, wire;
    a_singleton_is_stopped_before_it_is_started on sim, wire;
    tasks_that_die_after_they_have_started_are_told_with_their_exit_code on sim, wire;
    what_is_not_there_cannot_be_rolled_out_or_stopped on sim, wire;
    a_service_is_stopped_and_started_without_a_service_deployment on sim, wire;
    a_stopped_service_comes_back_with_its_rollout on sim, wire;
}
