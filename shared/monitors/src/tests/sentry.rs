//! Sentry as its serializers take it.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sluice_app::ports::Monitors as _;
use sluice_core::config::Monitor;
use sluice_words::monitoring::News;

use super::fixture::{TOKEN, change, ended, port};
use super::server::{Asked, Reply, Server};

/// `ReleaseSerializerWithProjects`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Release {
    version: String,
    projects: Vec<String>,
    #[serde(rename = "ref")]
    commit: Option<String>,
    url: Option<String>,
    refs: Option<Vec<Ref>>,
    date_released: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ref {
    repository: String,
    commit: String,
}

/// `DeploySerializer`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Deploy {
    name: String,
    environment: String,
    url: Option<String>,
    projects: Vec<String>,
    date_started: Timestamp,
    date_finished: Timestamp,
}

#[derive(Default)]
struct Kept {
    releases: Vec<Release>,
    deploys: Vec<Deploy>,
}

const RELEASES: &str = "/api/0/organizations/acme/releases/";
const DEPLOYS: &str = "/api/0/organizations/acme/releases/erp%40v1.4.0/deploys/";

fn answer(kept: &Mutex<Kept>, asked: &Asked) -> Reply {
    let mut kept = kept.lock().unwrap();
    match (&*asked.method, &*asked.path) {
        ("POST", RELEASES) => {
            let release: Release = serde_json::from_str(&asked.body).unwrap();
            let is_new = kept
                .releases
                .iter()
                .all(|one| one.version != release.version);
            if is_new {
                kept.releases.push(release);
            }
            Reply::json(if is_new { 201 } else { 208 }, &json!({}))
        }
        ("POST", DEPLOYS) => {
            let deploy: Deploy = serde_json::from_str(&asked.body).unwrap();
            assert!(deploy.name.len() <= 64 && deploy.environment.len() <= 64);
            kept.deploys.push(deploy);
            Reply::json(201, &json!({}))
        }
        ("GET", DEPLOYS) => {
            let deploys = kept.deploys.iter().map(|one| json!({"name": one.name}));
            Reply::json(200, &Value::from_iter(deploys))
        }
        other => panic!("Sentry has no {other:?}"),
    }
}

async fn start() -> (Server, Arc<Mutex<Kept>>) {
    let kept: Arc<Mutex<Kept>> = Arc::default();
    let ours = kept.clone();
    (Server::start(move |asked| answer(&ours, asked)).await, kept)
}

fn sentry(url: &str, repository: Option<&str>) -> Monitor {
    Monitor::Sentry {
        url: url.to_owned(),
        organization: "acme".to_owned(),
        projects: vec!["erp".to_owned()],
        token: "sluice/sentry".to_owned(),
        prefix: "erp@".to_owned(),
        repository: repository.map(str::to_owned),
    }
}

#[tokio::test]
async fn what_went_live_is_a_release_with_its_commit_and_a_deploy_with_its_times() {
    let (server, kept) = start().await;
    let (port, ..) = port(vec![TOKEN]);
    let monitor = sentry(&server.url, Some("acme/erp"));
    port.tell(&monitor, &ended(), None, false).await.unwrap();
    let kept = kept.lock().unwrap();
    let release = &kept.releases[0];
    assert_eq!(release.version, "erp@v1.4.0");
    assert_eq!(release.projects, ["erp"]);
    assert_eq!(release.commit.as_deref(), Some("1f2e3d4c5b6a"));
    assert!(
        release
            .url
            .as_deref()
            .unwrap()
            .ends_with("/commit/1f2e3d4c5b6a")
    );
    let reference = &release.refs.as_ref().unwrap()[0];
    assert_eq!(reference.repository, "acme/erp");
    assert_eq!(reference.commit, "1f2e3d4c5b6a");
    assert_eq!(
        release.date_released,
        Some("2026-01-05T12:20:00Z".parse().unwrap())
    );
    let deploy = &kept.deploys[0];
    assert_eq!(deploy.environment, "production");
    assert_eq!(deploy.projects, ["erp"]);
    assert_eq!(
        deploy.url.as_deref(),
        Some("https://slack.com/archives/C1/p17")
    );
    assert_eq!(deploy.date_started, "2026-01-05T12:00:00Z".parse().unwrap());
    assert_eq!(
        deploy.date_finished,
        "2026-01-05T12:20:00Z".parse().unwrap()
    );
}

#[tokio::test]
async fn a_deploy_that_may_be_there_is_looked_for_by_its_name() {
    let (server, kept) = start().await;
    let (port, ..) = port(vec![TOKEN]);
    let monitor = sentry(&server.url, None);
    for may_be_there in [false, true] {
        port.tell(&monitor, &ended(), None, may_be_there)
            .await
            .unwrap();
    }
    let kept = kept.lock().unwrap();
    assert_eq!((kept.releases.len(), kept.deploys.len()), (1, 1));
    assert!(
        kept.releases[0].refs.is_none(),
        "no repository is known there"
    );
}

#[tokio::test]
async fn what_comes_back_was_released_before() {
    let (server, kept) = start().await;
    let (port, ..) = port(vec![TOKEN]);
    let end = json!({
        "kind": "rollback", "outcome": "succeeded", "isLive": true, "endedAt": "2026-01-05T12:05:00Z",
    });
    let news = News::Change(Box::new(change("ended", end)));
    let monitor = sentry(&server.url, None);
    port.tell(&monitor, &news, None, false).await.unwrap();
    assert_eq!(kept.lock().unwrap().releases[0].date_released, None);
    assert_eq!(kept.lock().unwrap().deploys.len(), 1);
}
