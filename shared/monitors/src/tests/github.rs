//! GitHub as its documentation describes it: deployments of a commit, and their statuses.

use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::{Value, json};
use sluice_app::ports::{Monitors as _, NotTaken};
use sluice_core::config::Monitor;
use sluice_words::monitoring::News;

use super::fixture::{TOKEN, change, ended, port, started};
use super::server::{Asked, Reply, Server};

/// The fields of a new deployment that we use.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deployment {
    r#ref: String,
    environment: String,
    #[expect(dead_code, reason = "it must be there")]
    description: String,
    payload: Value,
    auto_merge: bool,
    required_contexts: Vec<String>,
    #[serde(skip)]
    states: Vec<String>,
}

/// The fields of a new status that we use.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    state: String,
    environment: String,
    description: String,
    log_url: String,
}

type Kept = Arc<Mutex<Vec<Deployment>>>;

fn answer(kept: &Kept, asked: &Asked) -> Reply {
    let mut kept = kept.lock().unwrap();
    assert_eq!(
        asked.header("x-github-api-version").as_deref(),
        Some("2022-11-28")
    );
    assert!(
        asked.header("user-agent").is_some(),
        "GitHub refuses requests without"
    );
    if asked.header("authorization").as_deref() != Some("Bearer hunter2-token") {
        return Reply::json(401, &json!({"message": "Bad credentials"}));
    }
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (&*asked.method, &parts[..]) {
        ("GET", ["repos", "acme", "erp", "deployments"]) => {
            let wanted = |name: &str| {
                let mut pairs = form_urlencoded::parse(query.as_bytes());
                pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
            };
            let (commit, environment) = (wanted("ref"), wanted("environment"));
            let found = kept.iter().enumerate().rev();
            let found =
                found.filter(|(_, one)| one.r#ref == commit && one.environment == environment);
            // It gives payloads back as text where it kept them as text.
            let shown =
                found.map(|(id, one)| json!({"id": id, "payload": one.payload.to_string()}));
            Reply::json(200, &json!(shown.collect::<Vec<_>>()))
        }
        ("POST", ["repos", "acme", "erp", "deployments"]) => {
            let new: Deployment = serde_json::from_str(&asked.body).unwrap();
            assert!(!new.auto_merge && new.required_contexts.is_empty());
            kept.push(new);
            Reply::json(201, &json!({"id": kept.len() - 1, "payload": {}}))
        }
        ("POST", ["repos", "acme", "erp", "deployments", id, "statuses"]) => {
            let status: Status = serde_json::from_str(&asked.body).unwrap();
            let of = &mut kept[id.parse::<usize>().unwrap()];
            assert_eq!(status.environment, of.environment);
            assert!(status.description.chars().count() <= 140);
            assert!(status.log_url.starts_with("https://"));
            of.states.push(status.state);
            Reply::json(201, &json!({"id": 1}))
        }
        other => panic!("GitHub has no {other:?}"),
    }
}

async fn start() -> (Server, Kept) {
    let kept = Kept::default();
    let ours = kept.clone();
    (Server::start(move |asked| answer(&ours, asked)).await, kept)
}

fn github(url: &str) -> Monitor {
    Monitor::GitHub {
        url: url.to_owned(),
        repository: "acme/erp".to_owned(),
        token: "sluice/github".to_owned(),
    }
}

#[tokio::test]
async fn the_commit_has_one_deployment_with_its_states() {
    let (server, kept) = start().await;
    let (port, ..) = port(vec![TOKEN]);
    let monitor = github(&server.url);
    let id = port.tell(&monitor, &started(), None, false).await.unwrap();
    let end = ended();
    let same = port.tell(&monitor, &end, id.as_deref(), false).await;
    assert_eq!(same.unwrap(), id);
    // A function that was killed before it remembered the id finds it.
    port.tell(&monitor, &end, None, true).await.unwrap();
    let kept = kept.lock().unwrap().clone();
    let [one] = &kept[..] else {
        panic!("{} deployments", kept.len());
    };
    assert_eq!(
        (&*one.r#ref, &*one.environment),
        ("1f2e3d4c5b6a", "erp/production")
    );
    assert_eq!(one.states, ["in_progress", "success", "success"]);
}

#[tokio::test]
async fn what_was_taken_back_is_a_failure_and_what_needs_a_person_an_error() {
    let (server, kept) = start().await;
    let (port, ..) = port(vec![TOKEN]);
    let monitor = github(&server.url);
    for outcome in ["rolled-back", "rollback-failed"] {
        let bad = json!({"outcome": outcome, "isLive": false});
        let bad = News::Change(Box::new(change("ended", bad)));
        port.tell(&monitor, &bad, None, false).await.unwrap();
    }
    assert_eq!(kept.lock().unwrap()[0].states, ["failure", "error"]);
}

#[tokio::test]
async fn an_image_without_a_commit_is_none_and_a_bad_token_is_for_a_person() {
    let (server, kept) = start().await;
    let (port, ..) = port(vec!["another-token"]);
    let monitor = github(&server.url);
    let unknown = json!({"commit": null});
    let unknown = News::Change(Box::new(change("started", unknown)));
    assert_eq!(
        port.tell(&monitor, &unknown, None, false).await.unwrap(),
        None
    );
    let error = port
        .tell(&monitor, &started(), None, false)
        .await
        .unwrap_err();
    assert_eq!(error.not_taken, NotTaken::Setting, "{error}");
    assert_eq!(kept.lock().unwrap().len(), 0);
}
