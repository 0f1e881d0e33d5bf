//! Each method of the real adapters against the wire face: what the model has is what the port says,
//! and what the port asks for is what the model does.

use std::collections::BTreeMap;

use sluice_app::ports::{
    Alarms as _, Databases as _, Registry as _, Secrets as _, TaskOrder, Tasks as _,
};
use sluice_aws::{AwsSecrets, CloudWatchAlarms, EcrRegistry, EcsTasks, RdsDatabases};
use sluice_core::config::{Database, SecretSource, Severity};
use sluice_core::failure::ErrorClass;
use sluice_core::id::{AlarmName, EcsServiceName, ImageTag, RoleArn, SnapshotId};
use sluice_core::observation::{AlarmState, ScanObservation};
use sluice_core::release::Release;
use sluice_sim::cloud::{Fault, Media, Operation, Push, ScanBehaviour, digest_of};

use crate::endpoint::Endpoint;
use crate::rollouts::read;

fn release(cloud: &Endpoint, tag: &str) -> Release {
    Release {
        registry: cloud.cloud(|cloud| cloud.registry_host()),
        repository: cloud.config.repository.clone(),
        tag: ImageTag::new(tag),
        digest: digest_of(tag),
        pushed_at: cloud.cloud(|cloud| cloud.now()),
    }
}

#[tokio::test]
async fn an_image_its_tag_and_its_scan() {
    let cloud = Endpoint::new().await;
    let (registry, target) = (
        EcrRegistry::new(cloud.clients.clone()),
        cloud.target("production"),
    );
    let seen = registry
        .image(&target, &release(&cloud, "v1"))
        .await
        .unwrap();
    assert_eq!((seen.present, seen.tag_points_at), (false, None));

    let mut push = Push::image(&cloud.config.repository, "v1", digest_of("v1"));
    push.media = Media::Index(vec![digest_of("amd64"), digest_of("arm64")]);
    push.behaviour.scan = ScanBehaviour::Finds(BTreeMap::from([(Severity::High, 2)]));
    cloud.cloud(|cloud| cloud.push_image(push));
    let seen = registry
        .image(&target, &release(&cloud, "v1"))
        .await
        .unwrap();
    assert_eq!(
        (seen.present, seen.tag_points_at),
        (true, Some(digest_of("v1")))
    );
    let scan = async || {
        registry
            .scan(&target, &release(&cloud, "v1"))
            .await
            .unwrap()
    };
    assert_eq!(scan().await, ScanObservation::Pending);
    cloud.pass(1);
    let found = BTreeMap::from([(Severity::High, 2)]);
    assert_eq!(scan().await, ScanObservation::Complete(found));
    let never = registry.scan(&target, &release(&cloud, "v0")).await;
    // Furnished as `erp:v0`, not as `v0`.
    assert_eq!(never.unwrap(), ScanObservation::NotScanned);
}

#[tokio::test]
async fn secrets_are_pinned_and_what_is_missing_is_said() {
    let cloud = Endpoint::new().await;
    let (secrets, target) = (
        AwsSecrets::new(cloud.clients.clone()),
        cloud.target("production"),
    );
    let production = &cloud.config.environments.iter();
    let production = production
        .clone()
        .find(|one| one.name.as_str() == "production");
    for (variable, source) in &production.unwrap().secrets {
        let pinned = secrets
            .pin(&target, variable, source)
            .await
            .unwrap()
            .unwrap();
        let ends_in_version = pinned.value_from.ends_with(&format!(":{}", pinned.version));
        let is_secret = matches!(source, SecretSource::SecretsManager { .. });
        assert_eq!(
            (ends_in_version, pinned.pinned),
            (is_secret, is_secret),
            "{pinned:?}"
        );
    }
    for (name, key, problem) in [
        ("erp/nothing", None, "there is no secret"),
        ("erp/database", Some("port"), "has no key `port`"),
        ("erp/secret-key", Some("url"), "is no JSON object"),
    ] {
        let source = SecretSource::SecretsManager {
            name: name.to_owned(),
            key: key.map(str::to_owned),
        };
        let refused = secrets
            .pin(&target, "X", &source)
            .await
            .unwrap()
            .unwrap_err();
        assert!(refused.problem.contains(problem), "{refused:?}");
    }
    let source = SecretSource::Parameter {
        name: "/erp/nothing".to_owned(),
    };
    let refused = secrets
        .pin(&target, "X", &source)
        .await
        .unwrap()
        .unwrap_err();
    assert!(
        refused.problem.contains("there is no parameter"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_task_is_run_once_and_its_end_is_told_with_its_log() {
    let cloud = Endpoint::new().await;
    let web = read(&cloud, "web").await;
    let named = cloud
        .config
        .services
        .iter()
        .find(|one| one.name.as_str() == "web");
    let order = TaskOrder {
        token: "dep-0000000000000001".to_owned(),
        ecs_service: EcsServiceName::new("erp-web"),
        task_definition: web.task_definition,
        container: named.unwrap().container.clone(),
        command: vec![
            "alembic".to_owned(),
            "upgrade".to_owned(),
            "head".to_owned(),
        ],
    };
    let (tasks, target) = (
        EcsTasks::new(cloud.clients.clone()),
        cloud.target("production"),
    );
    let task = tasks.ensure_task(&target, &order).await.unwrap();
    assert_eq!(tasks.ensure_task(&target, &order).await.unwrap(), task);
    assert!(!tasks.task(&target, &task).await.unwrap().unwrap().stopped);
    cloud.pass(10);
    let seen = tasks.task(&target, &task).await.unwrap().unwrap();
    assert_eq!(
        seen.exit_codes.get(&order.container),
        Some(&Some(0)),
        "{seen:?}"
    );
    assert!(seen.log_tail[0].contains("PostgresqlImpl"), "{seen:?}");
    cloud.pass(90);
    assert_eq!(tasks.task(&target, &task).await.unwrap(), None);
}

#[tokio::test]
async fn snapshots_of_instances_and_of_clusters() {
    let cloud = Endpoint::new().await;
    let databases = RdsDatabases::new(cloud.clients.clone());
    for (environment, database) in [
        ("production", Database::Instance("erp".to_owned())),
        ("aurora", Database::Cluster("erp".to_owned())),
    ] {
        let target = cloud.target(environment);
        let seen = databases
            .database(&target, &database)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(seen.status, "available");
        let other = match &database {
            Database::Instance(_) => Database::Instance("other".to_owned()),
            Database::Cluster(_) => Database::Cluster("other".to_owned()),
        };
        assert_eq!(databases.database(&target, &other).await.unwrap(), None);

        let snapshot = SnapshotId::new("sluice-1");
        let refused = databases.ensure_snapshot(&target, &other, &snapshot).await;
        assert_eq!(refused.unwrap_err().class, ErrorClass::Permanent);
        assert_eq!(
            databases
                .snapshot(&target, &database, &snapshot)
                .await
                .unwrap(),
            None
        );
        for _ in 0..2 {
            databases
                .ensure_snapshot(&target, &database, &snapshot)
                .await
                .unwrap();
        }
        let seen = databases
            .snapshot(&target, &database, &snapshot)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((seen.status.as_str(), seen.created_at), ("creating", None));
        let busy = SnapshotId::new("sluice-2");
        let refused = databases.ensure_snapshot(&target, &database, &busy).await;
        assert_eq!(refused.unwrap_err().class, ErrorClass::Retryable);
        cloud.pass(10);
        let seen = databases.our_snapshots(&target, &database).await.unwrap();
        assert_eq!(seen.len(), 1, "{environment}");
        assert_eq!(
            (seen[0].status.as_str(), seen[0].progress),
            ("available", 100)
        );
        assert!(seen[0].encrypted && seen[0].created_at.is_some());
        for _ in 0..2 {
            databases
                .ensure_no_snapshot(&target, &database, &snapshot)
                .await
                .unwrap();
        }
        assert!(
            databases
                .our_snapshots(&target, &database)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn alarms_by_name() {
    let cloud = Endpoint::new().await;
    let (errors, nothing) = (AlarmName::new("errors"), AlarmName::new("nothing"));
    cloud.cloud(|cloud| cloud.set_alarm(&errors, AlarmState::Alarm));
    let alarms = CloudWatchAlarms::new(cloud.clients.clone());
    let target = cloud.target("production");
    let states = alarms
        .states(&target, &[errors.clone(), nothing])
        .await
        .unwrap();
    assert_eq!(states, BTreeMap::from([(errors, AlarmState::Alarm)]));
}

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
