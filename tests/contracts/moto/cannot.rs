//! What moto cannot do, so that those promises are tried on `sim` and `wire` alone.
//!
//! Each test fails the day moto learns it: the promise then gets `moto` in its contract's table.
//! Not tried, for want of time in moto: it never forgets a stopped task, and its databases and
//! images change only when they are told to.
//!
//! Nor that two transactions meet on an item (`TransactionConflict`) or that the index of what is
//! due is behind: here moto takes one request at a time, and everything is there at once.

use serde_json::json;
use sluice_app::ports::{Alarms as _, ServiceQuery};
use sluice_core::command::{Direction, RolloutOrder};
use sluice_core::config::{Database, Strategy};
use sluice_core::database::{CopyOrder, CopyPurpose, CopyStatus, RestorePoint};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{AlarmName, EcsServiceName, ServiceDeploymentArn, ServiceName, SnapshotId};

use crate::deployments::noon;
use crate::faces::moto::{self, Moto};
use crate::ports::databases::Stage as _;
use crate::ports::services::Stage as _;
use crate::ports::{services, tasks};

/// moto says of what it does not know that it is broken: Sluice would try it again.
fn is_not_known<T: std::fmt::Debug>(answer: Result<T, PortError>, action: &str) {
    let error = answer.unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    assert!(error.message.contains(action), "{error}");
}

fn rollout(deployment: &Moto, to: sluice_core::id::TaskDefinitionArn) -> RolloutOrder {
    RolloutOrder {
        deployment: deployment.place().deployment,
        service: ServiceName::new("web"),
        ecs_service: EcsServiceName::new("erp-web"),
        task_definition: to,
        strategy: Strategy::Rolling,
        bake: jiff::SignedDuration::ZERO,
        alarms: Vec::new(),
        direction: Direction::Forward,
        since: noon(),
        desired: None,
    }
}

/// Nor service revisions, and what a load balancer sends where is asked only after them: ELBv2 is
/// out of reach.
#[tokio::test]
async fn moto_has_no_service_deployments() {
    let stage = moto::stage().await;
    let (services, target) = (services::Stage::services(&stage), stage.place());
    let (runs, container) = stage.running().await;
    let listed = "ecs:ListServiceDeployments";
    let query = ServiceQuery {
        service: ServiceName::new("web"),
        ecs_service: EcsServiceName::new("erp-web"),
        container,
        definition: None,
    };
    is_not_known(services.read(&target, &[query]).await, listed);
    let order = rollout(&stage, runs);
    is_not_known(services.ensure_rollout(&target, &order).await, listed);
    let seen = services
        .rollout(
            &target,
            &order.ecs_service,
            &order.task_definition,
            order.since,
        )
        .await;
    is_not_known(seen, listed);
    let arn = ServiceDeploymentArn::new("arn:aws:ecs:eu-central-1:1:service-deployment/a/b/c");
    let stopped = services.ensure_stopping(&target, &arn).await;
    is_not_known(stopped, "ecs:DescribeServiceDeployments");
    let calls = stage.recorder().calls();
    let of_elb = calls.iter().filter(|call| call.starts_with("elastic"));
    assert_eq!(of_elb.count(), 0, "{calls:?}");
}

/// The SDK asks CloudWatch in CBOR, for which moto's server has no path: 404, and no error of
/// AWS's.
#[tokio::test]
async fn moto_does_not_speak_cbor() {
    let stage = moto::stage().await;
    let errors = AlarmName::new("errors");
    let states = stage.alarms.states(&stage.place(), &[errors]).await;
    let error = states.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent, "{error}");
    let nameless = "cloudwatch:DescribeAlarms on the alarms (an error without a code";
    assert!(error.message.contains(nameless), "{error}");
}

/// A snapshot is there at once, and one of an instance never says that it is whole: Sluice would
/// not take it for verified. No database is busy with it.
#[tokio::test]
async fn motos_snapshots_make_no_progress_and_keep_no_database_busy() {
    let stage = moto::stage().await;
    let databases = stage.databases();
    for ((target, database), progress) in stage.both().into_iter().zip([0, 100]) {
        let id = SnapshotId::new("sluice-1");
        let taken = databases.ensure_snapshot(&target, &database, &id).await;
        taken.unwrap();
        let seen = databases.snapshot(&target, &database, &id).await.unwrap();
        let seen = seen.unwrap();
        let expected = ("available", progress);
        assert_eq!((&*seen.status, seen.progress), expected, "{database:?}");
        let described = databases.database(&target, &database).await.unwrap();
        assert_eq!(described.unwrap().status, "available", "{database:?}");
    }
}

/// Modifying is over before it is answered, so that a busy database cannot be had.
#[tokio::test]
async fn motos_databases_are_modified_at_once() {
    let stage = moto::stage().await;
    stage.rds("Action=ModifyDBInstance&DBInstanceIdentifier=erp&AllocatedStorage=40");
    let database = Database::Instance("erp".to_owned());
    let seen = stage.databases().database(&stage.place(), &database).await;
    let seen = seen.unwrap().unwrap();
    assert_eq!((&*seen.status, seen.storage_gib), ("available", 40));
}

/// A copy is there as soon as it was asked for, with all that its source has, and a new name at
/// once. And since all instances have one resource id, nobody sees that a name is another's.
#[tokio::test]
async fn motos_copies_never_settle_and_its_instances_are_all_one() {
    let stage = moto::stage().await;
    let databases = stage.databases();
    let id = SnapshotId::new("sluice-1");
    let (target, database) = &stage.both()[0];
    let taken = databases.ensure_snapshot(target, database, &id).await;
    taken.unwrap();
    let order = CopyOrder {
        source: database.clone(),
        from: RestorePoint::Snapshot(id),
        copy: Database::Instance("erp-copy".to_owned()),
        purpose: CopyPurpose::Replacement,
    };
    databases.ensure_copy(target, &order).await.unwrap();
    let made = databases.copy(target, &order).await.unwrap().status;
    let CopyStatus::Available { resource_id, .. } = made else {
        panic!("it settles after all: {made:?}");
    };
    let source = databases.database(target, database).await.unwrap();
    assert_eq!(source.unwrap().resource_id.as_ref(), Some(&resource_id));
    let renamed = databases.ensure_renamed(target, database, &resource_id, "erp-old");
    renamed.await.unwrap();
    let old = Database::Instance("erp-old".to_owned());
    let seen = databases.database(target, &old).await.unwrap();
    assert_eq!(seen.unwrap().status, "available");
}

/// It runs nothing: every container ends with 0, even that of a task which was stopped by hand
/// (in ECS 137 or 143), and no image can fail to be pulled.
#[tokio::test]
async fn motos_tasks_all_end_well() {
    let stage = moto::stage().await;
    let order = tasks::Stage::order(&stage, "dep-0000000000000001").await;
    let tasks = tasks::Stage::tasks(&stage);
    let target = stage.place();
    let task = tasks.ensure_task(&target, &order).await.unwrap();
    let stop = json!({"cluster": "erp", "task": task, "reason": "somebody had enough"});
    stage.ecs("StopTask", &stop);
    let seen = tasks.task(&target, &task).await.unwrap().unwrap();
    assert_eq!(seen.exit_codes.get(&order.container), Some(&Some(0)));
    assert_eq!(seen.stopped_reason.as_deref(), Some("somebody had enough"));
}

/// The adapter finds its task by `startedBy`. That the token alone would keep ECS from running it
/// twice, moto does not show.
#[tokio::test]
async fn moto_runs_two_tasks_for_one_client_token() {
    let stage = moto::stage().await;
    let service = json!({"cluster": "erp", "services": ["erp-web"]});
    let service = stage.ecs("DescribeServices", &service);
    let run = json!({
        "cluster": "erp",
        "taskDefinition": "erp-web:1",
        "launchType": "FARGATE",
        "clientToken": "once",
        "networkConfiguration": service["services"][0]["networkConfiguration"],
    });
    let arn = || stage.ecs("RunTask", &run)["tasks"][0]["taskArn"].clone();
    let (first, second) = (arn(), arn());
    assert!(first.is_string() && second.is_string());
    assert_ne!(first, second);
}

/// An image that its only tag leaves is deleted. ECR keeps it, untagged.
#[tokio::test]
async fn moto_deletes_an_image_that_loses_its_tag() {
    let stage = moto::stage().await;
    let first = stage.push_image("v1");
    stage.push_image("v1");
    let registry = crate::ports::registry::Stage::registry(&stage);
    let seen = registry.image(&stage.place(), &first).await.unwrap();
    assert!(!seen.present);
}

/// ECR can archive an image, which can then be described and not pulled.
#[tokio::test]
async fn moto_archives_no_image() {
    let stage = moto::stage().await;
    let pushed = stage.push_image("v1");
    let archived = json!({
        "repositoryName": "erp",
        "imageId": {"imageDigest": pushed.digest},
        "targetStorageClass": "ARCHIVE",
    });
    assert_eq!(stage.ecr_status("UpdateImageStorageClass", &archived), 500);
}
