//! Task definitions: how they are registered, and what is read of them for a plan.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::{Value, json};
use sluice_app::ports::{DefinitionQuery, ServiceQuery, TaskDefinitionOrder};
use sluice_core::failure::ErrorClass;
use sluice_core::id::{ContainerName, EcsServiceName, TaskDefinitionArn, TaskFamily};
use sluice_core::task_definition::{BaseReading, DefinitionObservation, RevisionOrder};

use super::services::{Stage, query, revision};
use crate::faces::Model;

async fn order(stage: &impl Stage, image: &str) -> TaskDefinitionOrder {
    let (from, container) = stage.running().await;
    TaskDefinitionOrder {
        revision: RevisionOrder {
            from,
            family: None,
            container,
            removes: Vec::new(),
            stop_timeout: Some(SignedDuration::from_secs(60)),
        },
        image: image.to_owned(),
        variables: BTreeMap::from([("LOG_LEVEL".to_owned(), "info".to_owned())]),
        secrets: Vec::new(),
    }
}

/// The same of another revision.
fn from(order: &TaskDefinitionOrder, from: TaskDefinitionArn) -> TaskDefinitionOrder {
    let mut order = order.clone();
    order.revision.from = from;
    order
}

async fn a_revision_is_registered_once_and_found_again(stage: &impl Stage) {
    let image = |digit: &str| {
        let digest = digit.repeat(64);
        format!("222222222222.dkr.ecr.eu-central-1.amazonaws.com/erp@sha256:{digest}")
    };
    let (services, target) = (stage.services(), stage.target());
    let order = order(stage, &image("1")).await;
    let made = services
        .ensure_task_definition(&target, &order)
        .await
        .unwrap();
    assert_ne!(made, order.revision.from);
    let again = services.ensure_task_definition(&target, &order).await;
    assert_eq!(
        again.unwrap(),
        made,
        "the second call finds what the first made"
    );
    let from_itself = from(&order, made.clone());
    let same = services.ensure_task_definition(&target, &from_itself).await;
    assert_eq!(same.unwrap(), made, "it is so already");
    let another = TaskDefinitionOrder {
        image: image("2"),
        ..order
    };
    let other = services.ensure_task_definition(&target, &another).await;
    assert_ne!(other.unwrap(), made);
}

async fn a_revision_gets_into_the_family_that_is_named(stage: &impl Stage) {
    let (services, target) = (stage.services(), stage.target());
    let mut order = order(stage, "erp@sha256:1").await;
    let family = TaskFamily::new("erp-web-inspection");
    order.revision.family = Some(family.clone());
    let made = services.ensure_task_definition(&target, &order).await;
    let made = made.unwrap();
    assert_eq!(made.family(), family);
    let again = services.ensure_task_definition(&target, &order).await;
    assert_eq!(again.unwrap(), made);
    // What it removes is gone, and so it is another one.
    order.variables.clear();
    let kept = from(&order, made.clone());
    let kept = services.ensure_task_definition(&target, &kept).await;
    assert_eq!(kept.unwrap(), made, "what is not set stays");
    order.revision.removes = vec!["LOG_LEVEL".to_owned()];
    let without = from(&order, made.clone());
    let without = services.ensure_task_definition(&target, &without).await;
    assert_ne!(without.unwrap(), made);
}

async fn a_revision_of_nothing_is_refused(stage: &impl Stage) {
    let (services, target) = (stage.services(), stage.target());
    let whole = order(stage, "erp@sha256:1").await;
    let nothing = whole.revision.from.as_str().replace("erp-web", "nothing");
    let no_definition = from(&whole, TaskDefinitionArn::new(nothing));
    let refused = services.ensure_task_definition(&target, &no_definition);
    let error = refused.await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent, "{error}");
    let mut no_container = whole;
    no_container.revision.container = ContainerName::new("nobody");
    let refused = services.ensure_task_definition(&target, &no_container);
    let error = refused.await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent, "{error}");
    assert!(error.message.contains("`nobody`"), "{error}");
}

// From here on only of the model: moto has no service deployments.

/// What a plan reads of web, with this base family, where Sluice sets LOG_LEVEL.
async fn definition(stage: &Model, base: Option<&str>) -> DefinitionObservation {
    let wanted = ServiceQuery {
        definition: Some(DefinitionQuery {
            base: base.map(TaskFamily::new),
            sets: BTreeSet::from(["LOG_LEVEL".to_owned()]),
            sets_stop_timeout: false,
        }),
        ..query(stage, "web")
    };
    let (services, target) = (Stage::services(stage), Stage::target(stage));
    let mut read = services.read(&target, &[wanted]).await.unwrap();
    *read.remove(0).definition.unwrap()
}

/// Infrastructure code registers what web runs in this family, with what it changes in it.
fn registers(stage: &Model, family: &str, change: impl FnOnce(&mut Value)) -> TaskDefinitionArn {
    let target = Stage::target(stage);
    stage.cloud(|cloud| {
        let place = cloud.place_of(&target.account, &target.region).unwrap();
        let runs = cloud.service(&target.cluster, &EcsServiceName::new("erp-web"));
        let runs = runs.unwrap().task_definition;
        let described = cloud.describe_task_definition(&place, runs.as_str());
        let mut registration = described.unwrap().registration;
        registration["family"] = json!(family);
        registration["tags"] = json!([{"key": "managed-by", "value": "terraform"}]);
        change(&mut registration);
        let registered = cloud.register_task_definition(&place, registration);
        registered.unwrap().arn
    })
}

async fn a_newer_revision_of_someone_else_is_found_behind_sluices_own(stage: &Model) {
    assert_eq!(definition(stage, None).await.newest, None);
    revision(stage, "web", "erp@sha256:1").await;
    assert_eq!(definition(stage, None).await.newest, None, "it is Sluice's");
    let theirs = registers(stage, "erp-web", |made| made["memory"] = json!("4096"));
    revision(stage, "web", "erp@sha256:2").await;
    let newest = definition(stage, None).await.newest.unwrap();
    assert_eq!(newest.task_definition, theirs);
    assert_eq!(newest.differs, ["memory 1024 → 4096"]);
}

async fn a_base_family_is_read_beside_what_runs(stage: &Model) {
    let base = Some("erp-web-base");
    let absent = definition(stage, base).await;
    assert_eq!(absent.base, Some(BaseReading::NotThere));
    registers(stage, "erp-web-base", |_| {});
    let Some(BaseReading::Newest(like)) = definition(stage, base).await.base else {
        panic!("it is there");
    };
    assert_eq!(like.differs, Vec::<String>::new());
    let container = stage.container("web");
    let theirs = registers(stage, "erp-web-base", |made| {
        made["cpu"] = json!("1024");
        made["networkMode"] = json!("bridge");
        made["requiresCompatibilities"] = json!(["EC2"]);
        let containers = made["containerDefinitions"].as_array_mut().unwrap();
        containers.retain(|one| one["name"] == container.as_str());
        let ours = &mut containers[0];
        ours["image"] = json!("nothing:latest");
        ours["environment"] = json!([
            {"name": "LOG_LEVEL", "value": "debug"},
            {"name": "WORKERS", "value": "hunter2"},
        ]);
        ours["logConfiguration"] = json!({"logDriver": "awsfirelens"});
        ours["healthCheck"] = json!({"command": ["CMD", "curl", "localhost"]});
    });
    let seen = definition(stage, base).await;
    let Some(BaseReading::Newest(newest)) = &seen.base else {
        panic!("it is there");
    };
    assert_eq!(newest.task_definition, theirs);
    let expected = [
        "cpu 512 → 1024".to_owned(),
        "essential of log-router false → none".to_owned(),
        format!("health check of {container} none → CMD curl localhost"),
        "image of log-router public.ecr.aws/aws-observability/aws-for-fluent-bit:stable → none"
            .to_owned(),
        "log driver of log-router awslogs → none".to_owned(),
        format!("log driver of {container} awslogs → awsfirelens"),
        format!("log option awslogs-group of {container} removed"),
        format!("log option awslogs-region of {container} removed"),
        format!("log option awslogs-stream-prefix of {container} removed"),
        "network mode awsvpc → bridge".to_owned(),
        "other settings changed".to_owned(),
        format!("variable WORKERS of {container} added"),
    ];
    let told = newest.differs.iter();
    let told = told.filter(|one| !one.starts_with("log option") || !one.contains("log-router"));
    assert_eq!(told.cloned().collect::<Vec<_>>(), expected);
    let unmet = seen.needs.unmet(&container, &newest.outline);
    assert_eq!(unmet.len(), 2, "{unmet:?}");
}

contract! {
    a_revision_is_registered_once_and_found_again on sim, wire, moto;
    a_revision_of_nothing_is_refused on sim, wire, moto;
    a_revision_gets_into_the_family_that_is_named on sim, wire, moto;
    a_newer_revision_of_someone_else_is_found_behind_sluices_own on sim, wire;
    a_base_family_is_read_beside_what_runs on sim, wire;
}
