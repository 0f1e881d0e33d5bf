//! The payloads of `events/`, given to the handler in a simulated cloud.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use futures::executor::block_on;
use jiff::Timestamp;
use serde_json::{Value, json};
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::id::{DeploymentId, ImageTag, RepositoryName};
use sluice_core::intake::ImagePush;
use sluice_rollout_hook::handler;
use sluice_sim::cloud::{Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, World};

fn payload(file: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../events")
        .join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A Sluice with a deployment to production that has not begun.
fn sluice() -> (World, App, DeploymentId) {
    let config = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
    let start: Timestamp = "2026-01-05T09:40:00Z".parse().unwrap();
    let world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    let push = ImagePush {
        event: "75eed6a7".to_owned(),
        registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
        repository: RepositoryName::new("erp"),
        tag: Some(ImageTag::new("v1.4.0")),
        digest: digest_of("one"),
        pushed_at: start,
        manifest_media_type: None,
        artifact_media_type: None,
    };
    block_on(app.image_pushed(&push)).unwrap();
    let deployment = world.store().deployments()[0].deployment.id.clone();
    (world, app, deployment)
}

fn answer(app: &App, payload: &Value) -> Value {
    serde_json::to_value(block_on(handler(app, payload))).unwrap()
}

/// Of a deployment that has asked ECS for nothing yet: the hook is then called for someone else's,
/// whose service still carries it.
#[test]
fn every_payload_has_its_answer() {
    let (_world, app, deployment) = sluice();
    let files = [
        "hook-flat",
        "hook-post-test-traffic-shift",
        "hook-production-traffic-shift",
        "hook-rollback",
        "hook-unknown-stage",
    ];
    let answers: BTreeMap<&str, Value> = files
        .into_iter()
        .map(|file| {
            let mut payload = payload(&format!("{file}.json"));
            payload["hookDetails"]["deployment"] = json!(deployment);
            (file, answer(&app, &payload))
        })
        .collect();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(answers) });
}

/// A deployment to staging on its way, once it is there.
fn under_way(phase: &str) -> (World, App, Value) {
    let config = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
    let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    let mut world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    world.deploy(Arc::new(DirectFunctions(app.clone())));
    let push = Push::image(
        &RepositoryName::new("erp"),
        "release-1.4.0",
        digest_of("one"),
    );
    world.with_cloud(|cloud| cloud.push_image(push));
    world.run(Bounds::default(), |world| {
        let deployments = world.store().deployments();
        deployments.first().is_some_and(|stored| {
            let touched = &stored.deployment.touched;
            stored.deployment.phase.name() == phase
                && touched.rollouts.values().any(Option::is_some)
        })
    });
    let deployment = world.store().deployments()[0].deployment.clone();
    assert_eq!(deployment.phase.name(), phase);
    let web = deployment
        .touched
        .rollouts
        .values()
        .flatten()
        .next()
        .unwrap();
    let mut question = payload("hook-post-test-traffic-shift.json");
    question["hookDetails"] = json!({"deployment": deployment.id, "direction": "forward"});
    question["resourceArn"] = json!(web.arn);
    (world, app, question)
}

#[test]
fn ecs_is_held_until_green_is_verified_and_then_let_go() {
    let (_world, app, question) = under_way("UpdatingWorkers");
    let asked = answer(&app, &question);
    assert_eq!(asked["hookStatus"], "IN_PROGRESS");
    assert_eq!(asked["callBackDelay"], 15);
    assert_eq!(asked["hookDetails"], question["hookDetails"], "told back");
    let mut of_somebody_else = question;
    of_somebody_else["resourceArn"] =
        json!("arn:aws:ecs:eu-central-1:111111111111:service-deployment/erp-staging/erp-web/other");
    assert_eq!(
        answer(&app, &of_somebody_else)["hookStatus"],
        "IN_PROGRESS",
        "it may be a second one of ours that ECS does not list yet"
    );

    let (_world, app, question) = under_way("Baking");
    assert_eq!(answer(&app, &question)["hookStatus"], "SUCCEEDED");
    of_somebody_else["hookDetails"] = question["hookDetails"].clone();
    assert_eq!(answer(&app, &of_somebody_else)["hookStatus"], "SUCCEEDED");
}

/// `hookDetails` are on the service, where anyone with the right can take them away or write
/// others.
#[test]
fn where_nothing_is_known_ecs_is_held() {
    let (_world, app, _) = sluice();
    let mut payload = payload("hook-post-test-traffic-shift.json");
    for details in [json!({}), json!({"deployment": "dep-0000000000000000"})] {
        payload["hookDetails"] = details;
        assert_eq!(answer(&app, &payload)["hookStatus"], "IN_PROGRESS");
    }
}

#[test]
fn what_the_details_do_not_name_is_found_by_the_service() {
    for details in [json!({}), json!({"deployment": "dep-0000000000000000"})] {
        let (_world, app, mut question) = under_way("UpdatingWorkers");
        question["hookDetails"] = details.clone();
        assert_eq!(answer(&app, &question)["hookStatus"], "IN_PROGRESS");
        let (_world, app, mut question) = under_way("Baking");
        question["hookDetails"] = details;
        assert_eq!(answer(&app, &question)["hookStatus"], "SUCCEEDED");
    }
}

#[test]
fn what_cannot_be_read_is_never_an_error_and_never_a_yes() {
    let (_world, app, deployment) = sluice();
    let whole = payload("hook-post-test-traffic-shift.json");
    let mut broken_details = whole.clone();
    broken_details["hookDetails"] = json!(format!("{{\"deployment\":\"{deployment}"));
    let mut no_arn = whole.clone();
    no_arn.as_object_mut().unwrap().remove("resourceArn");
    let mut odd_weights = whole;
    odd_weights["executionDetails"]["productionTrafficWeights"] = json!("all");
    for payload in [broken_details, no_arn, odd_weights, json!([]), Value::Null] {
        assert_eq!(
            answer(&app, &payload)["hookStatus"],
            "IN_PROGRESS",
            "{payload}"
        );
    }
}
