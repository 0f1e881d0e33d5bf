//! The payloads of `events/`, given to the handler in a simulated cloud.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice_app::App;
use sluice_core::config::Config;
use sluice_events::from_text;
use sluice_sim::cloud::{MergeOption, Operation};
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;
use sluice_source_push::handler;

const SOURCE: &str = r##"
[source]
repository = "erp"
account = "222222222222"
region = "eu-central-1"
build = "erp-ci"
channel = "#erp-source"
"##;

fn text(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../events")
        .join(file);
    fs::read_to_string(path).unwrap()
}

fn event(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap()
}

fn sluice() -> (World, App) {
    let erp = include_str!("../../../tests/erp/sluice.toml");
    let config = Config::parse(&format!("{erp}{SOURCE}")).unwrap();
    let start: Timestamp = "2026-01-05T09:10:00Z".parse().unwrap();
    let world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    (world, app)
}

/// What the function answers, as Lambda's caller sees it.
fn answer(app: &App, text: &str) -> Value {
    let event = match from_text("the event", text) {
        Ok(event) => event,
        Err(error) => return json!({"error": error.to_string()}),
    };
    match block_on(handler(app, &event)) {
        Ok(answer) => serde_json::to_value(answer).unwrap(),
        Err(error) => json!({"error": error.to_string()}),
    }
}

fn pass(world: &World, minutes: i64) {
    world.with_cloud(|cloud| cloud.advance_to(cloud.now() + SignedDuration::from_mins(minutes)));
}

#[test]
fn every_payload_has_its_answer() {
    let files = [
        "codebuild-failed",
        "codebuild-failed-twice",
        "codebuild-foreign-account",
        "codebuild-foreign-project",
        "codebuild-started",
        "codebuild-stopped",
        "codebuild-succeeded",
        "codecommit-branch-created",
        "codecommit-branch-deleted",
        "codecommit-branch-merged",
        "codecommit-branch-pushed",
        "codecommit-comment",
        "codecommit-foreign-account",
        "codecommit-foreign-repository",
        "codecommit-pull-closed",
        "codecommit-pull-merged",
        "codecommit-pull-opened",
        "codecommit-pull-updated",
        "codecommit-tag-created",
        "codecommit-unreferenced-merge",
        "ecr-push-release",
        "malformed",
    ];
    let (_world, app) = sluice();
    let answers: BTreeMap<&str, Value> = files
        .into_iter()
        .map(|file| (file, answer(&app, &text(&format!("{file}.json")))))
        .collect();
    insta::assert_json_snapshot!(answers);
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let all = fs::read_dir(folder).unwrap();
    let all = all.map(|file| file.unwrap().file_name().into_string().unwrap());
    let ours = |file: &String| file.starts_with("codecommit-") || file.starts_with("codebuild-");
    for file in all.filter(ours) {
        assert!(
            answers.contains_key(file.trim_end_matches(".json")),
            "{file}"
        );
    }
}

#[test]
fn a_field_that_is_missing_or_mistyped_is_named_by_its_path() {
    let (_world, app) = sluice();
    let broken = |file: &str, change: fn(&mut Value)| {
        let mut event = event(file);
        change(&mut event);
        let answer = answer(&app, &event.to_string());
        answer["error"].as_str().unwrap_or("no error").to_owned()
    };
    let errors = [
        broken("codecommit-branch-pushed.json", |event| {
            event["detail"]["repositoryName"] = json!(7);
        }),
        broken("codecommit-branch-pushed.json", |event| {
            event["detail"]["repositoryName"] = json!("x".repeat(600));
        }),
        broken("codecommit-branch-pushed.json", |event| {
            event["detail"].as_object_mut().unwrap().remove("event");
        }),
        broken("codecommit-pull-merged.json", |event| {
            event["detail"]["pullRequestId"] = json!("17; drop");
        }),
        broken("codecommit-pull-merged.json", |event| {
            event["detail"]["repositoryNames"] = json!(vec!["erp"; 11]);
        }),
        broken("codecommit-pull-merged.json", |event| {
            event["detail"]["repositoryNames"] = json!("erp");
        }),
        broken("codebuild-failed.json", |event| {
            event["detail"]["project-name"] = json!(["erp-ci"]);
        }),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}

/// The event says that `main` moved, and in the repository it has not; then it has, and the event says
/// that a feature branch was deleted.
#[test]
fn what_an_event_says_is_not_believed() {
    let (world, app) = sluice();
    let pushed = text("codecommit-branch-pushed.json");
    for _ in 0..3 {
        let answer = answer(&app, &pushed);
        assert_eq!(answer["looked"][0]["waiting"], 0);
        pass(&world, 5);
    }
    assert!(world.slack().messages().is_empty());
    world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix it", "Ada"));
    let other = text("codecommit-branch-deleted.json");
    assert_eq!(answer(&app, &other)["looked"][0]["waiting"], 1);
    pass(&world, 5);
    let told = answer(&app, &other)["looked"][0]["told"].clone();
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    for _ in 0..3 {
        assert_eq!(answer(&app, &pushed)["looked"][0]["told"], json!([]));
    }
    assert_eq!(world.slack().messages().len(), 1);
}

/// The event says that a build succeeded; CodeBuild, that it failed. Then it says so of another project's
/// build.
#[test]
fn what_an_event_says_of_a_build_is_not_believed() {
    let (world, app) = sluice();
    let succeeded = text("codebuild-succeeded.json");
    for _ in 0..3 {
        assert_eq!(answer(&app, &succeeded)["looked"][0]["told"], json!([]));
        pass(&world, 5);
    }
    world.with_cloud(|cloud| {
        cloud.git_commit("erp", "develop", "Change what breaks the build", "Ada")
    });
    pass(&world, 15);
    let mut other = event("codebuild-succeeded.json");
    other["detail"]["build-id"] =
        json!("arn:aws:codebuild:eu-central-1:222222222222:build/crm-ci:8745a7a9");
    let ignored = answer(&app, &other.to_string());
    assert!(ignored["ignored"].is_string(), "{ignored}");
    let told = answer(&app, &succeeded)["looked"][0]["told"].clone();
    let told = told.as_array().unwrap();
    // Nothing explains the push to `develop` either, which is told later.
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].as_str().unwrap().contains("build-erp-ci"),
        "{told:?}"
    );
    let failed = text("codebuild-failed-twice.json");
    for _ in 0..2 {
        assert_eq!(answer(&app, &failed)["looked"][0]["told"], json!([]));
    }
    assert_eq!(world.slack().messages().len(), 1);
}

/// Events from elsewhere cause no call but the one that says whether a `sluice.toml` was changed.
#[test]
fn nothing_is_asked_on_behalf_of_another_account() {
    let (world, app) = sluice();
    answer(&app, &text("codecommit-foreign-account.json"));
    answer(&app, &text("codecommit-foreign-repository.json"));
    let calls = |operation| world.with_cloud(|cloud| cloud.faults().calls(operation));
    assert_eq!(calls(Operation::GetBranch), 0);
    assert_eq!(calls(Operation::GetItem), 2);
}

#[test]
fn a_pull_request_that_an_event_names_is_read_first() {
    let (world, app) = sluice();
    answer(&app, &text("codecommit-branch-created.json"));
    let id = world.with_cloud(|cloud| {
        cloud.git_branch("erp", "feature/login", "develop");
        cloud.git_commit("erp", "feature/login", "Faster login", "Ada");
        let id = cloud.git_open_pull("erp", "feature/login", "develop", "Ada");
        cloud.git_merge_pull("erp", &id, MergeOption::Squash, "Grace");
        id
    });
    let mut merged = event("codecommit-pull-merged.json");
    merged["detail"]["pullRequestId"] = json!(id);
    let answer = answer(&app, &merged.to_string());
    assert_eq!(answer["looked"][0]["waiting"], 0, "{answer}");
    let calls = |operation| world.with_cloud(|cloud| cloud.faults().calls(operation));
    assert_eq!(calls(Operation::GetPullRequest), 1);
    // Of the two looks those that are open, and not those that are closed.
    assert_eq!(calls(Operation::ListPullRequests), 2);
}
