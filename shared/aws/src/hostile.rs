//! Answers that AWS never gives: from a proxy, a stand-in or a new version of AWS, an adapter gives
//! an observation or an error in words, and never panics.

use std::future::Future;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;
use sluice_app::ports::{
    Databases, DefinitionQuery, ImageQuery, Registry, Secrets, ServiceQuery, Services, Tasks,
};
use sluice_core::config::{Database, SecretSource};
use sluice_core::failure::PortError;
use sluice_core::id::{
    ContainerName, Digest, EcsServiceName, ImageTag, RepositoryName, ServiceName, SnapshotId,
    TaskArn, TaskDefinitionArn, TaskFamily,
};
use sluice_core::release::Release;
use sluice_core::rollback::ImageReference;
use sluice_hostile_tests::{holds, json as changed, text};

use crate::test_cloud::{Answer, TestCloud, caller_identity, target};
use crate::{AwsSecrets, EcrRegistry, EcsServices, EcsTasks, RdsDatabases};

/// Good answers, by operation.
const ANSWERS: &str = include_str!("hostile/answers.json");
/// Good answers of RDS and of load balancers, one to a line: the operation, and its XML.
const XML_ANSWERS: &str = include_str!("hostile/answers.xml.txt");

const TASK: &str =
    "arn:aws:ecs:eu-central-1:111111111111:task/erp/0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const REVISION: &str = "arn:aws:ecs:eu-central-1:111111111111:task-definition/erp-web:42";

/// A cloud that gives these answers to everyone; an operation without one gets no answer.
fn cloud(answers: Value, xml: String) -> TestCloud {
    TestCloud::unchecked(move |asked| {
        let operation = asked.operation.as_str();
        if let Some(answer) = answers.get(operation) {
            return Answer::json(answer);
        }
        let answer = xml.lines().find_map(|line| {
            let (of, answer) = line.split_once(' ')?;
            (of == operation).then_some(answer)
        });
        Answer::xml(answer.unwrap_or_default())
    })
}

/// On virtual time: retries need no real waiting.
fn on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(work)
}

fn is_told<T>(answer: Result<T, PortError>) -> Result<(), TestCaseError> {
    if let Err(error) = answer {
        prop_assert!(!error.message.is_empty());
        prop_assert!(
            error.message.chars().count() <= 4_001,
            "{}",
            error.message.len()
        );
    }
    Ok(())
}

fn release() -> Release {
    Release {
        registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
        repository: RepositoryName::new("erp"),
        tag: ImageTag::new("v1.4.0"),
        digest: Digest::try_from(format!("sha256:{}", "a".repeat(64))).unwrap(),
        pushed_at: Timestamp::UNIX_EPOCH,
    }
}

async fn ask_ecs(cloud: &TestCloud) -> Result<(), TestCaseError> {
    let services = EcsServices::new(cloud.clients.clone());
    let tasks = EcsTasks::new(cloud.clients.clone());
    let (web, revision) = (
        EcsServiceName::new("erp-web"),
        TaskDefinitionArn::new(REVISION),
    );
    let query = ServiceQuery {
        service: ServiceName::new("web"),
        ecs_service: web.clone(),
        container: ContainerName::new("web"),
        definition: Some(DefinitionQuery {
            base: Some(TaskFamily::new("erp-web-base")),
            ..DefinitionQuery::default()
        }),
    };
    let (at, since) = (target(), Timestamp::UNIX_EPOCH);
    is_told(services.read(&at, &[query]).await)?;
    is_told(services.stopped_tasks(&at, &web, &revision).await)?;
    is_told(services.rollout(&at, &web, &revision, since).await)?;
    is_told(tasks.task(&at, &TaskArn::new(TASK)).await)?;
    is_told(
        tasks
            .follow(&at, &TaskArn::new(TASK), "sluice-report ")
            .await,
    )
}

async fn ask_others(cloud: &TestCloud) -> Result<(), TestCaseError> {
    let registry = EcrRegistry::new(cloud.clients.clone());
    let secrets = AwsSecrets::new(cloud.clients.clone());
    let at = target();
    is_told(registry.image(&at, &release()).await)?;
    is_told(registry.scan(&at, &release(), &[]).await)?;
    let query = ImageQuery {
        registry: release().registry,
        repository: release().repository,
        image: ImageReference::Tag(ImageTag::new("v1.4.0")),
    };
    is_told(registry.find(&at, &query).await)?;
    let sources = [
        SecretSource::SecretsManager {
            name: "erp/database".to_owned(),
            key: Some("url".to_owned()),
        },
        SecretSource::Parameter {
            name: "/erp/dsn".to_owned(),
        },
    ];
    for source in &sources {
        let pinned = secrets.pin(&at, "DATABASE_URL", source).await;
        if let Ok(answer) = &pinned {
            let told = format!("{answer:?}");
            prop_assert!(!told.contains("zq7xsecret"), "a secret's value: {told}");
        }
        is_told(pinned)?;
    }
    Ok(())
}

#[test]
fn any_json_of_aws_is_an_observation_or_an_error() {
    let answers: Value = serde_json::from_str(ANSWERS).unwrap();
    let name = "any_json_of_aws_is_an_observation_or_an_error";
    holds(name, 150, &changed(vec![answers]), |answers| {
        on(async {
            let cloud = cloud(answers, XML_ANSWERS.to_owned());
            ask_ecs(&cloud).await?;
            ask_others(&cloud).await
        })
    });
}

#[test]
fn any_xml_of_aws_is_an_observation_or_an_error() {
    let words = [
        "</member>",
        "<member>",
        "<DBInstance>",
        "<![CDATA[",
        "&#0;",
        "2026-01-05T09:00:00Z",
    ];
    let name = "any_xml_of_aws_is_an_observation_or_an_error";
    holds(
        name,
        150,
        &text(vec![XML_ANSWERS.to_owned()], &words),
        |xml| {
            on(async {
                let cloud = cloud(serde_json::from_str(ANSWERS).unwrap(), xml);
                let databases = RdsDatabases::new(cloud.clients.clone());
                let (at, snapshot) = (target(), SnapshotId::new("sluice-1"));
                for database in [
                    Database::Instance("erp".to_owned()),
                    Database::Cluster("erp".to_owned()),
                ] {
                    is_told(databases.database(&at, &database).await)?;
                    is_told(databases.snapshot(&at, &database, &snapshot).await)?;
                    is_told(databases.our_snapshots(&at, &database).await)?;
                }
                ask_ecs(&cloud).await
            })
        },
    );
}

/// The corpus is what it says: unchanged, it is understood.
#[test]
fn the_answers_are_understood_as_they_are() {
    on(async {
        let answers: Value = serde_json::from_str(ANSWERS).unwrap();
        let cloud = cloud(answers, XML_ANSWERS.to_owned());
        let services = EcsServices::new(cloud.clients.clone());
        let tasks = EcsTasks::new(cloud.clients.clone());
        let registry = EcrRegistry::new(cloud.clients.clone());
        let secrets = AwsSecrets::new(cloud.clients.clone());
        let databases = RdsDatabases::new(cloud.clients.clone());
        let (at, web) = (target(), EcsServiceName::new("erp-web"));
        let revision = TaskDefinitionArn::new(REVISION);
        let rollout = services
            .rollout(&at, &web, &revision, Timestamp::UNIX_EPOCH)
            .await;
        assert!(rollout.unwrap().is_some());
        assert!(
            tasks
                .task(&at, &TaskArn::new(TASK))
                .await
                .unwrap()
                .is_some()
        );
        assert!(
            !services
                .stopped_tasks(&at, &web, &revision)
                .await
                .unwrap()
                .is_empty()
        );
        registry.image(&at, &release()).await.unwrap();
        let source = SecretSource::SecretsManager {
            name: "erp/database".to_owned(),
            key: Some("url".to_owned()),
        };
        secrets
            .pin(&at, "DATABASE_URL", &source)
            .await
            .unwrap()
            .unwrap();
        let database = Database::Instance("erp".to_owned());
        assert!(databases.database(&at, &database).await.unwrap().is_some());
        let snapshot = SnapshotId::new("sluice-1");
        assert!(
            databases
                .snapshot(&at, &database, &snapshot)
                .await
                .unwrap()
                .is_some()
        );
    });
}

/// An answer may have any size; what is reported about it may not.
#[test]
fn an_error_of_a_megabyte_is_told_in_part() {
    on(async {
        let said = "no ".repeat(400_000);
        let cloud = TestCloud::unchecked(move |asked| match asked.operation.as_str() {
            "GetCallerIdentity" => caller_identity("111111111111"),
            _ => Answer::error(400, "ClientException", &said),
        });
        let services = EcsServices::new(cloud.clients.clone());
        let error = services
            .rollout(
                &target(),
                &EcsServiceName::new("erp-web"),
                &TaskDefinitionArn::new(REVISION),
                Timestamp::UNIX_EPOCH,
            )
            .await
            .unwrap_err();
        assert_eq!(
            error.message.chars().count(),
            4_001,
            "{:.200}",
            error.message
        );
        assert!(
            error.message.starts_with("AWS refused ecs:"),
            "{:.80}",
            error.message
        );
    });
}
