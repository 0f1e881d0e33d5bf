//! The services' port against the wire face: revisions, rollouts, the way back.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_app::ports::{ServiceQuery, Services as _, TaskDefinitionOrder};
use sluice_aws::EcsServices;
use sluice_core::command::{Direction, RolloutOrder};
use sluice_core::config::Strategy;
use sluice_core::failure::ErrorClass;
use sluice_core::hook::HookAnswer;
use sluice_core::id::{AlarmName, ContainerName, EcsServiceName, ServiceName, TaskDefinitionArn};
use sluice_core::observation::{RolloutStatus, ServiceObservation, Stage};
use sluice_sim::cloud::{Emitted, Fault, Operation};

use crate::endpoint::Endpoint;

fn query(service: &str) -> ServiceQuery {
    ServiceQuery {
        service: ServiceName::new(service),
        ecs_service: EcsServiceName::new(format!("erp-{service}")),
        container: ContainerName::new(service),
    }
}

pub(crate) async fn read(cloud: &Endpoint, service: &str) -> ServiceObservation {
    let services = EcsServices::new(cloud.clients.clone());
    // The web service's container; furnished by the configuration's own name.
    let named = cloud
        .config
        .services
        .iter()
        .find(|one| one.name.as_str() == service);
    let query = ServiceQuery {
        container: named.unwrap().container.clone(),
        ..query(service)
    };
    let gone = query_of_nothing();
    let read = services
        .read(&cloud.target("production"), &[query, gone])
        .await;
    let mut read = read.unwrap();
    assert_eq!(read.len(), 1, "what ECS does not have is left out");
    read.remove(0)
}

fn query_of_nothing() -> ServiceQuery {
    query("nothing")
}

async fn revision(cloud: &Endpoint, service: &str, image: &str) -> TaskDefinitionArn {
    let services = EcsServices::new(cloud.clients.clone());
    let named = cloud
        .config
        .services
        .iter()
        .find(|one| one.name.as_str() == service);
    let order = TaskDefinitionOrder {
        from: read(cloud, service).await.task_definition,
        container: named.unwrap().container.clone(),
        image: image.to_owned(),
        variables: BTreeMap::from([("LOG_LEVEL".to_owned(), "info".to_owned())]),
        secrets: Vec::new(),
        stop_timeout: Some(SignedDuration::from_secs(60)),
    };
    let target = cloud.target("production");
    let made = services
        .ensure_task_definition(&target, &order)
        .await
        .unwrap();
    let again = services
        .ensure_task_definition(&target, &order)
        .await
        .unwrap();
    assert_eq!(made, again, "the second call finds what the first made");
    assert_ne!(made, order.from);
    made
}

fn order(
    cloud: &Endpoint,
    service: &str,
    strategy: Strategy,
    to: &TaskDefinitionArn,
) -> RolloutOrder {
    RolloutOrder {
        deployment: cloud.target("production").deployment,
        service: ServiceName::new(service),
        ecs_service: EcsServiceName::new(format!("erp-{service}")),
        task_definition: to.clone(),
        strategy,
        bake: SignedDuration::from_mins(10),
        alarms: vec![AlarmName::new("errors")],
        direction: Direction::Forward,
        since: cloud.cloud(|cloud| cloud.now()),
    }
}

async fn rollout(
    cloud: &Endpoint,
    order: &RolloutOrder,
) -> (RolloutStatus, Option<Stage>, Option<u8>) {
    let services = EcsServices::new(cloud.clients.clone());
    let target = cloud.target("production");
    let seen = services
        .rollout(
            &target,
            &order.ecs_service,
            &order.task_definition,
            order.since,
        )
        .await;
    let seen = seen.unwrap().unwrap();
    (seen.status, seen.stage, seen.traffic_percent)
}

#[tokio::test]
async fn a_blue_green_rollout_is_held_by_our_hook_and_then_goes_through() {
    let cloud = Endpoint::new().await;
    let image = cloud.push("v1");
    let before = read(&cloud, "web").await;
    assert_eq!(
        (before.desired, before.running, before.in_progress),
        (2, 2, None)
    );
    let traffic = before.traffic.unwrap();
    assert_eq!((traffic.healthy, traffic.unhealthy), (2, 0));
    assert_eq!(traffic.weights["erp-web-blue"], 100);

    let to = revision(&cloud, "web", &image).await;
    let services = EcsServices::new(cloud.clients.clone());
    let (target, order) = (
        cloud.target("production"),
        order(&cloud, "web", Strategy::BlueGreen, &to),
    );
    services.ensure_rollout(&target, &order).await.unwrap();
    services.ensure_rollout(&target, &order).await.unwrap();
    cloud.pass(5);
    assert_eq!(
        rollout(&cloud, &order).await,
        (
            RolloutStatus::InProgress,
            Some(Stage::PostTestTrafficShift),
            Some(0)
        )
    );
    let told = cloud.cloud(|cloud| cloud.take_emitted());
    let mut hooks = told.into_iter().filter_map(|event| match event {
        Emitted::Hook(call) => Some(call),
        _ => None,
    });
    let call = hooks.next().unwrap();
    assert_eq!(
        (call.deployment.clone(), call.direction),
        (target.deployment.clone(), Direction::Forward)
    );
    cloud.cloud(|cloud| cloud.hook_answered(&call, Ok(HookAnswer::Succeeded)));
    cloud.pass(60);
    let (status, _, percent) = rollout(&cloud, &order).await;
    assert_eq!((status, percent), (RolloutStatus::Successful, Some(100)));
    let after = read(&cloud, "web").await;
    assert_eq!((after.image, after.task_definition), (image, to));
    assert_eq!(after.traffic.unwrap().weights["erp-web-green"], 100);
}

#[tokio::test]
async fn a_rollout_that_is_stopped_goes_back_and_says_so() {
    let cloud = Endpoint::new().await;
    let image = cloud.push("v1");
    let old = read(&cloud, "web").await.task_definition;
    let to = revision(&cloud, "web", &image).await;
    let services = EcsServices::new(cloud.clients.clone());
    let (target, order) = (
        cloud.target("production"),
        order(&cloud, "web", Strategy::BlueGreen, &to),
    );
    services.ensure_rollout(&target, &order).await.unwrap();
    cloud.pass(5);
    let arn = read(&cloud, "web").await.in_progress.unwrap();
    services.ensure_stopping(&target, &arn).await.unwrap();
    services.ensure_stopping(&target, &arn).await.unwrap();
    while let Some(call) = cloud.cloud(|cloud| {
        let told = cloud.take_emitted();
        told.into_iter().rev().find_map(|event| match event {
            Emitted::Hook(call) => Some(call),
            _ => None,
        })
    }) {
        cloud.cloud(|cloud| cloud.hook_answered(&call, Ok(HookAnswer::Succeeded)));
        cloud.pass(5);
    }
    assert_eq!(
        rollout(&cloud, &order).await.0,
        RolloutStatus::RollbackSuccessful
    );
    assert_eq!(read(&cloud, "web").await.task_definition, old);
}

#[tokio::test]
async fn a_singleton_is_stopped_before_it_is_started() {
    let cloud = Endpoint::new().await;
    let image = cloud.push("v1");
    let to = revision(&cloud, "beat", &image).await;
    let order = order(&cloud, "beat", Strategy::Singleton, &to);
    let services = EcsServices::new(cloud.clients.clone());
    services
        .ensure_rollout(&cloud.target("production"), &order)
        .await
        .unwrap();
    cloud.pass(30);
    assert_eq!(
        rollout(&cloud, &order).await,
        (RolloutStatus::Successful, None, None)
    );
    let production = cloud.target("production").cluster;
    let view = cloud.cloud(|cloud| cloud.service(&production, &order.ecs_service));
    assert_eq!(view.unwrap().most_running, 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_and_nothing_happens_twice() {
    let cloud = Endpoint::new().await;
    let image = cloud.push("v1");
    let to = revision(&cloud, "worker", &image).await;
    let order = order(&cloud, "worker", Strategy::Rolling, &to);
    let services = EcsServices::new(cloud.clients.clone());
    cloud.cloud(|cloud| {
        cloud
            .faults()
            .next(Operation::UpdateService, 3, Fault::LoseAnswer)
    });
    let target = cloud.target("production");
    let lost = services.ensure_rollout(&target, &order).await.unwrap_err();
    assert_eq!(lost.class, ErrorClass::Retryable, "{lost}");
    services.ensure_rollout(&target, &order).await.unwrap();
    let view = cloud.cloud(|cloud| cloud.service(&target.cluster, &order.ecs_service));
    assert_eq!(view.unwrap().rollouts.len(), 1);
}
