//! The payloads of `events/`, given to the handler in a simulated cloud.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice_advance::handler;
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::id::{DeploymentId, ImageTag, RepositoryName};
use sluice_core::intake::ImagePush;
use sluice_sim::cloud::{Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

fn event(file: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../events")
        .join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

struct Sluice {
    world: World,
    app: App,
    deployment: DeploymentId,
}

/// A Sluice with a deployment that was just opened.
fn sluice(tag: &str) -> Sluice {
    let config = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
    let start: Timestamp = "2026-01-05T09:10:00Z".parse().unwrap();
    let world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
    let digest = digest_of("one");
    let repository = RepositoryName::new("erp");
    world.with_cloud(|cloud| cloud.push_image(Push::image(&repository, tag, digest.clone())));
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    let push = ImagePush {
        event: "b9f19698".to_owned(),
        registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
        repository,
        tag: Some(ImageTag::new(tag)),
        digest,
        pushed_at: start,
        manifest_media_type: None,
        artifact_media_type: None,
    };
    block_on(app.image_pushed(&push)).unwrap();
    let deployment = world.store().deployments()[0].deployment.id.clone();
    Sluice {
        world,
        app,
        deployment,
    }
}

impl Sluice {
    fn takes(&self, batch: &Value) -> Value {
        let stop_at = self.world.now() + SignedDuration::from_mins(1);
        serde_json::to_value(block_on(handler(&self.app, batch, stop_at)).unwrap()).unwrap()
    }

    fn phase(&self) -> &'static str {
        let stored = self.world.store().deployment(&self.deployment).unwrap();
        stored.deployment.phase.name()
    }
}

fn batch(bodies: &[&str]) -> Value {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(number, body)| json!({"messageId": format!("message-{number}"), "body": body}))
        .collect();
    json!({"Records": records})
}

fn failed(messages: &[&str]) -> Value {
    let failures: Vec<Value> = messages
        .iter()
        .map(|message| json!({"itemIdentifier": message}))
        .collect();
    json!({"batchItemFailures": failures})
}

#[test]
fn every_payload_has_its_answer() {
    let sluice = sluice("release-1.4.0");
    let answers = ["sqs-advance.json", "sqs-advance-malformed.json"]
        .map(|file| (file, sluice.takes(&event(file))));
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(answers) });
    for file in [
        "ecs-deployment-completed.json",
        "ecs-deployment-failed.json",
        "ecs-task-stopped.json",
        "rds-snapshot-created.json",
        "foreign-source.json",
    ] {
        let body = event(file).to_string();
        assert_eq!(sluice.takes(&batch(&[&body])), failed(&[]), "{file}");
    }
}

#[test]
fn a_malformed_message_is_left_in_the_queue_and_holds_up_no_other() {
    let sluice = sluice("release-1.4.0");
    assert_eq!(sluice.phase(), "Queued");
    let wake_up = json!({"deployment": sluice.deployment}).to_string();
    let broken_event = json!({"detail-type": "ECS Task State Change"}).to_string();
    let answer = sluice.takes(&batch(&["{\"deplo", "[]", &wake_up, &broken_event]));
    assert_eq!(answer, failed(&["message-0", "message-1", "message-3"]));
    assert_ne!(sluice.phase(), "Queued");
}

#[test]
fn a_deployment_that_is_unknown_is_nothing_to_try_again() {
    let sluice = sluice("release-1.4.0");
    let unknown = json!({"deployment": "dep-0000000000000000"}).to_string();
    assert_eq!(
        sluice.takes(&batch(&[&unknown])),
        failed(&[]),
        "nothing to wait for"
    );
}

#[test]
fn what_the_cloud_tells_wakes_the_deployment_it_is_about() {
    let sluice = sluice("v1.4.0");
    let wake_up = json!({"deployment": sluice.deployment}).to_string();
    sluice.takes(&batch(&[&wake_up]));
    let mut snapshot = event("rds-snapshot-created.json");
    snapshot["detail"]["SourceIdentifier"] = json!(format!("sluice-{}", sluice.deployment));
    let mut task = event("ecs-task-stopped.json");
    task["detail"]["startedBy"] = json!(sluice.deployment);
    // The service's cluster and account are production's, where this deployment is active.
    let rollout = event("ecs-deployment-completed.json");
    let mut of_a_service = event("ecs-task-stopped.json");
    of_a_service["detail"]["startedBy"] = json!("ecs-svc/9313423515462893900");
    for (event, wakes) in [(snapshot, 1), (task, 1), (rollout, 1), (of_a_service, 0)] {
        let before = sluice.world.wakeups().len();
        let body = event.to_string();
        assert_eq!(sluice.takes(&batch(&[&body])), failed(&[]));
        assert_eq!(sluice.world.wakeups().len(), before + wakes, "{body}");
    }
}

#[test]
fn what_is_no_batch_is_an_error_with_its_path() {
    let sluice = sluice("release-1.4.0");
    let no_body = json!({"Records": [{"messageId": "1"}]});
    let error = block_on(handler(&sluice.app, &no_body, sluice.world.now())).unwrap_err();
    insta::assert_snapshot!(error);
}
