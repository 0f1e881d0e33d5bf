//! What the real adapters make of an endpoint that throttles, refuses or loses its answers. What
//! they make of one that is well stands in `tests/contracts`.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_app::ports::{Alarms as _, Databases as _, Services as _};
use sluice_app::ports::{ServiceQuery, TaskDefinitionOrder};
use sluice_aws::{CloudWatchAlarms, EcsServices, RdsDatabases};
use sluice_core::command::{Direction, RolloutOrder};
use sluice_core::config::{Database, Strategy};
use sluice_core::failure::ErrorClass;
use sluice_core::id::{AlarmName, EcsServiceName, RoleArn, ServiceName};
use sluice_core::task_definition::RevisionOrder;
use sluice_sim::cloud::{Fault, Operation};

use crate::endpoint::Endpoint;

#[tokio::test]
async fn throttles_errors_and_refusals_are_told_apart() {
    let cloud = Endpoint::new().await;
    let alarms = CloudWatchAlarms::new(cloud.clients.clone());
    let databases = RdsDatabases::new(cloud.clients.clone());
    let (target, names) = (cloud.target("production"), [AlarmName::new("errors")]);
    let database = Database::Instance("erp".to_owned());
    cloud.cloud(|cloud| {
        cloud
            .faults()
            .next(Operation::DescribeAlarms, 3, Fault::Throttle);
        cloud
            .faults()
            .next(Operation::DescribeDbInstances, 3, Fault::Throttle);
    });
    let throttled = alarms.states(&target, &names).await.unwrap_err();
    assert!(throttled.message.contains("throttles"), "{throttled}");
    let throttled = databases.database(&target, &database).await.unwrap_err();
    assert!(throttled.message.contains("throttles"), "{throttled}");
    let denied = sluice_core::failure::PortError::needs_person("no");
    cloud.cloud(|cloud| {
        cloud
            .faults()
            .always(Operation::DescribeDbInstances, Fault::Fail(denied))
    });
    let refused = databases.database(&target, &database).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::NeedsPerson, "{refused}");
}

#[tokio::test]
async fn a_role_of_an_account_that_is_not_there_cannot_be_assumed() {
    let cloud = Endpoint::new().await;
    let mut target = cloud.target("production");
    target.account = sluice_core::id::AccountId::new("999999999999");
    target.role = Some(RoleArn::new(
        "arn:aws:iam::999999999999:role/sluice-deployer",
    ));
    let alarms = CloudWatchAlarms::new(cloud.clients.clone());
    let refused = alarms
        .states(&target, &[AlarmName::new("errors")])
        .await
        .unwrap_err();
    assert_eq!(refused.class, ErrorClass::NeedsPerson);
    assert!(refused.message.contains("sts:AssumeRole"), "{refused}");
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_and_nothing_happens_twice() {
    let cloud = Endpoint::new().await;
    let order = rollout_of_the_worker(&cloud).await;
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

async fn rollout_of_the_worker(cloud: &Endpoint) -> RolloutOrder {
    let (services, target) = (
        EcsServices::new(cloud.clients.clone()),
        cloud.target("production"),
    );
    let mut all = cloud.config.services.iter();
    let worker = all.find(|one| one.name.as_str() == "worker").unwrap();
    let query = ServiceQuery {
        service: worker.name.clone(),
        ecs_service: EcsServiceName::new("erp-worker"),
        container: worker.container.clone(),
        definition: None,
    };
    let read = services.read(&target, std::slice::from_ref(&query)).await;
    let revision = TaskDefinitionOrder {
        revision: RevisionOrder {
            from: read.unwrap().remove(0).task_definition,
            family: None,
            container: query.container,
            removes: Vec::new(),
            stop_timeout: None,
        },
        image: cloud.push("v1"),
        variables: BTreeMap::new(),
        secrets: Vec::new(),
    };
    let task_definition = services.ensure_task_definition(&target, &revision).await;
    RolloutOrder {
        deployment: target.deployment,
        service: ServiceName::new("worker"),
        ecs_service: query.ecs_service,
        task_definition: task_definition.unwrap(),
        strategy: Strategy::Rolling,
        bake: SignedDuration::from_mins(10),
        alarms: vec![AlarmName::new("errors")],
        direction: Direction::Forward,
        since: cloud.cloud(|cloud| cloud.now()),
        desired: None,
    }
}
