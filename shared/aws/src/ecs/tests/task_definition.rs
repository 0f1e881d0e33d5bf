//! The strictest of promises: what Sluice does not change is as it was. So the definition here has
//! every member that the SDK knows, and the check that it has is made against the SDK's own
//! schemas: a member that a later SDK adds fails the test until it is copied too.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::operation::register_task_definition::RegisterTaskDefinitionInput;
use aws_sdk_ecs::types::{
    ContainerDefinition, EfsVolumeConfiguration, HealthCheck, LinuxParameters, LogConfiguration,
    PortMapping, TaskDefinition, Volume,
};
use aws_smithy_schema::Schema;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sluice_app::ports::{Services, TaskDefinitionOrder};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{ContainerName, SecretVersion, TaskDefinitionArn, TaskFamily};
use sluice_core::observation::PinnedSecret;
use sluice_core::task_definition::RevisionOrder;

use super::{NEW, NOON, OLD};
use crate::EcsServices;
use crate::test_cloud::{Answer, Asked, TestCloud, target};

/// What ECS reports about a revision and accepts from no one.
const SET_BY_ECS: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "deregisteredAt",
    "deleteRequestedAt",
    "registeredBy",
];

const PASSWORD: &str =
    "arn:aws:secretsmanager:eu-central-1:111111111111:secret:erp/database-AbCdEf:password::v-1";

fn every_member() -> Value {
    serde_json::from_str(include_str!("every_member.json")).unwrap()
}

fn tags() -> Value {
    json!([
        { "key": "team", "value": "erp" },
        { "key": "aws:cloudformation:stack-name", "value": "erp-production" },
    ])
}

/// Changes nothing of `every_member`.
fn order() -> TaskDefinitionOrder {
    TaskDefinitionOrder {
        revision: revision(),
        image: "111111111111.dkr.ecr.eu-central-1.amazonaws.com/erp@sha256:old".to_owned(),
        variables: BTreeMap::new(),
        secrets: Vec::new(),
    }
}

fn revision() -> RevisionOrder {
    RevisionOrder {
        from: TaskDefinitionArn::new(OLD),
        family: None,
        container: ContainerName::new("web"),
        removes: Vec::new(),
        stop_timeout: None,
    }
}

fn pinned(variable: &str) -> PinnedSecret {
    PinnedSecret {
        variable: variable.to_owned(),
        value_from: PASSWORD.to_owned(),
        version: SecretVersion::new("v-1"),
        pinned: true,
        rotates: false,
    }
}

/// ECS with revision 41, and `latest` for the family.
fn answer(asked: &Asked, latest: &Value) -> Answer {
    match asked.operation.as_str() {
        "DescribeTaskDefinition" => {
            assert_eq!(asked.body["include"], json!(["TAGS"]));
            let is_family = asked.body["taskDefinition"] == "erp-web";
            let definition = if is_family {
                latest.clone()
            } else {
                every_member()
            };
            Answer::json(&json!({ "taskDefinition": definition, "tags": tags() }))
        }
        "RegisterTaskDefinition" => {
            Answer::json(&json!({ "taskDefinition": { "taskDefinitionArn": NEW } }))
        }
        other => panic!("no one should ask for {other}"),
    }
}

fn no_family() -> Answer {
    let message = "Unable to describe task definition.";
    Answer::error(400, "ClientException", message)
}

fn cloud() -> TestCloud {
    TestCloud::new(|asked| answer(asked, &every_member()))
}

async fn ensure(
    cloud: &TestCloud,
    order: &TaskDefinitionOrder,
) -> Result<TaskDefinitionArn, PortError> {
    EcsServices::new(cloud.clients.clone())
        .ensure_task_definition(&target(), order)
        .await
}

/// The one registration that the order results in.
async fn registered(order: &TaskDefinitionOrder) -> Value {
    let cloud = cloud();
    assert_eq!(ensure(&cloud, order).await.unwrap().as_str(), NEW);
    let [registered] = &cloud.asked("RegisterTaskDefinition")[..] else {
        panic!("one registration is wanted")
    };
    registered.clone()
}

fn members(schema: &Schema<'_>) -> BTreeSet<String> {
    schema
        .members()
        .iter()
        .filter_map(|m| m.member_name().map(str::to_owned))
        .collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_definition_here_has_every_member_that_the_sdk_knows() {
    let definition = every_member();
    for (at, schema) in [
        ("", TaskDefinition::SCHEMA),
        ("/containerDefinitions/0", ContainerDefinition::SCHEMA),
        (
            "/containerDefinitions/0/linuxParameters",
            LinuxParameters::SCHEMA,
        ),
        (
            "/containerDefinitions/0/logConfiguration",
            LogConfiguration::SCHEMA,
        ),
        ("/containerDefinitions/0/healthCheck", HealthCheck::SCHEMA),
        (
            "/containerDefinitions/0/portMappings/0",
            PortMapping::SCHEMA,
        ),
        ("/volumes/0", Volume::SCHEMA),
        (
            "/volumes/0/efsVolumeConfiguration",
            EfsVolumeConfiguration::SCHEMA,
        ),
    ] {
        assert_eq!(
            keys(definition.pointer(at).unwrap()),
            members(schema),
            "at `{at}`"
        );
    }
}

#[tokio::test]
async fn nothing_is_lost_but_the_image_that_is_changed() {
    let order = TaskDefinitionOrder {
        image: "erp@sha256:new".to_owned(),
        ..order()
    };
    let mut expected = every_member();
    for name in SET_BY_ECS {
        expected.as_object_mut().unwrap().remove(name).unwrap();
    }
    expected["containerDefinitions"][0]["image"] = json!("erp@sha256:new");
    // What AWS tags itself it takes from no one.
    expected["tags"] = json!([
        { "key": "team", "value": "erp" },
        { "key": "sluice:deployment", "value": target().deployment },
    ]);
    let registered = registered(&order).await;
    assert_eq!(
        keys(&registered),
        members(RegisterTaskDefinitionInput::SCHEMA)
    );
    assert_eq!(registered, expected);
}

#[tokio::test]
async fn variables_secrets_and_the_stop_timeout_change_in_their_container_alone() {
    let order = TaskDefinitionOrder {
        variables: BTreeMap::from([
            ("LOG_LEVEL".to_owned(), "debug".to_owned()),
            ("RELEASE".to_owned(), "2.0".to_owned()),
        ]),
        secrets: vec![pinned("DATABASE_PASSWORD"), pinned("SENTRY_DSN")],
        revision: RevisionOrder {
            stop_timeout: Some(SignedDuration::from_secs(110)),
            ..revision()
        },
        ..order()
    };
    let registered = registered(&order).await;
    let web = &registered["containerDefinitions"][0];
    assert_eq!(
        web["environment"],
        json!([
            { "name": "LOG_LEVEL", "value": "debug" },
            { "name": "TZ", "value": "UTC" },
            { "name": "RELEASE", "value": "2.0" },
        ])
    );
    assert_eq!(
        web["secrets"],
        json!([
            { "name": "DATABASE_PASSWORD", "valueFrom": PASSWORD },
            { "name": "API_KEY", "valueFrom": "arn:aws:ssm:eu-central-1:111111111111:parameter/api-key" },
            { "name": "SENTRY_DSN", "valueFrom": PASSWORD },
        ])
    );
    assert_eq!(web["stopTimeout"], 110);
    assert_eq!(
        registered["containerDefinitions"][1],
        every_member()["containerDefinitions"][1]
    );
}

#[tokio::test]
async fn a_variable_that_becomes_a_secret_moves_and_the_other_way_round() {
    let order = TaskDefinitionOrder {
        variables: BTreeMap::from([("API_KEY".to_owned(), "none".to_owned())]),
        secrets: vec![pinned("LOG_LEVEL")],
        ..order()
    };
    let registered = registered(&order).await;
    let web = &registered["containerDefinitions"][0];
    let names = |list: &str| -> Vec<String> {
        let list = web[list].as_array().unwrap();
        list.iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("environment"), ["TZ", "API_KEY"]);
    assert_eq!(names("secrets"), ["DATABASE_PASSWORD", "LOG_LEVEL"]);
}

#[tokio::test]
async fn what_is_removed_is_in_no_list_any_more() {
    let order = TaskDefinitionOrder {
        revision: RevisionOrder {
            removes: ["LOG_LEVEL", "DATABASE_PASSWORD", "API_KEY"]
                .map(str::to_owned)
                .to_vec(),
            ..revision()
        },
        ..order()
    };
    let registered = registered(&order).await;
    let web = &registered["containerDefinitions"][0];
    assert_eq!(
        web["environment"],
        json!([{ "name": "TZ", "value": "UTC" }])
    );
    assert_eq!(web["secrets"], Value::Null);
}

#[tokio::test]
async fn a_revision_of_the_base_family_gets_into_the_services_own() {
    let cloud = TestCloud::new(|asked| {
        let name = asked.body["taskDefinition"].as_str();
        match (asked.operation.as_str(), name) {
            // The service's own family has none yet.
            ("DescribeTaskDefinition", Some("erp-own")) => no_family(),
            _ => answer(asked, &Value::Null),
        }
    });
    let order = TaskDefinitionOrder {
        revision: RevisionOrder {
            family: Some(TaskFamily::new("erp-own")),
            ..revision()
        },
        ..order()
    };
    // Nothing is changed, and still it is another family's.
    assert_eq!(ensure(&cloud, &order).await.unwrap().as_str(), NEW);
    let [registered] = &cloud.asked("RegisterTaskDefinition")[..] else {
        panic!("one registration is wanted")
    };
    assert_eq!(registered["family"], "erp-own");
}

#[tokio::test]
async fn a_revision_that_is_so_already_is_taken() {
    let cloud = cloud();
    assert_eq!(ensure(&cloud, &order()).await.unwrap().as_str(), OLD);
    assert!(cloud.asked("RegisterTaskDefinition").is_empty());
}

#[tokio::test]
async fn what_the_first_call_registered_the_second_finds() {
    let mut latest = every_member();
    latest["taskDefinitionArn"] = json!(NEW);
    latest["revision"] = json!(42);
    latest["registeredAt"] = json!(NOON + 60.0);
    latest["containerDefinitions"][0]["image"] = json!("erp@sha256:new");
    // ECS does not keep their order.
    latest["containerDefinitions"][0]["environment"]
        .as_array_mut()
        .unwrap()
        .reverse();
    latest["containerDefinitions"][0]["secrets"]
        .as_array_mut()
        .unwrap()
        .reverse();
    let cloud = TestCloud::new(move |asked| answer(asked, &latest));
    let order = TaskDefinitionOrder {
        image: "erp@sha256:new".to_owned(),
        ..order()
    };
    assert_eq!(ensure(&cloud, &order).await.unwrap().as_str(), NEW);
    assert!(cloud.asked("RegisterTaskDefinition").is_empty());
}

#[tokio::test]
async fn a_family_without_an_active_revision_gets_one() {
    let cloud = TestCloud::new(|asked| {
        if asked.body["taskDefinition"] == "erp-web" {
            return no_family();
        }
        answer(asked, &Value::Null)
    });
    let order = TaskDefinitionOrder {
        image: "erp@sha256:new".to_owned(),
        ..order()
    };
    assert_eq!(ensure(&cloud, &order).await.unwrap().as_str(), NEW);
}

#[tokio::test]
async fn a_deregistered_revision_is_registered_anew_even_unchanged() {
    let cloud = TestCloud::new(|asked| {
        let mut answered = every_member();
        answered["status"] = json!("INACTIVE");
        match (asked.operation.as_str(), &asked.body["taskDefinition"]) {
            ("DescribeTaskDefinition", name) if name == "erp-web" => no_family(),
            ("DescribeTaskDefinition", _) => {
                Answer::json(&json!({ "taskDefinition": answered, "tags": tags() }))
            }
            _ => answer(asked, &Value::Null),
        }
    });
    assert_eq!(ensure(&cloud, &order()).await.unwrap().as_str(), NEW);
}

#[tokio::test]
async fn a_container_that_is_not_there_changes_nothing() {
    let cloud = cloud();
    let order = TaskDefinitionOrder {
        revision: RevisionOrder {
            container: ContainerName::new("app"),
            ..revision()
        },
        ..order()
    };
    let error = ensure(&cloud, &order).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.message.contains("only web, envoy"), "{error}");
    assert!(cloud.asked("RegisterTaskDefinition").is_empty());
}

#[tokio::test]
async fn a_role_that_may_not_be_passed_is_for_a_person() {
    let cloud = TestCloud::new(|asked| match asked.operation.as_str() {
        "RegisterTaskDefinition" => Answer::error(
            400,
            "ClientException",
            "User: arn:aws:sts::111111111111:assumed-role/sluice/f is not authorized to perform: \
             iam:PassRole on resource: arn:aws:iam::111111111111:role/erp-task",
        ),
        _ => answer(asked, &every_member()),
    });
    let order = TaskDefinitionOrder {
        image: "erp@sha256:new".to_owned(),
        ..order()
    };
    let error = ensure(&cloud, &order).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NeedsPerson);
    let lacks = "is not allowed to do iam:PassRole on arn:aws:iam::111111111111:role/erp-task";
    assert!(error.message.contains(lacks), "{error}");
}
