//! Grafana as its documentation describes it: annotations with ids, found by tags.

use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::{Value, json};
use sluice_app::ports::Monitors as _;

use super::fixture::{ended, grafana, port, started};
use super::server::{Asked, Reply, Server};

/// The fields of `PostAnnotationsCmd` and `PatchAnnotationsCmd` that the API takes.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Annotation {
    time: i64,
    #[serde(default)]
    time_end: Option<i64>,
    text: String,
    tags: Vec<String>,
}

type Kept = Arc<Mutex<Vec<Annotation>>>;

fn answer(kept: &Kept, asked: &Asked) -> Reply {
    let mut kept = kept.lock().unwrap();
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    if asked.header("authorization").as_deref() != Some("Bearer hunter2-token") {
        return Reply::json(401, &json!({"message": "Invalid API key"}));
    }
    match (&*asked.method, path.rsplit('/').next().unwrap()) {
        ("GET", "annotations") => {
            let tags: Vec<String> = form_urlencoded::parse(query.as_bytes())
                .filter(|(key, _)| key == "tags")
                .map(|(_, tag)| tag.into_owned())
                .collect();
            let has = |one: &Annotation| tags.iter().all(|tag| one.tags.contains(tag));
            let found = kept.iter().enumerate().filter(|(_, one)| has(one));
            let found: Vec<Value> = found
                .map(|(id, one)| json!({"id": id, "text": one.text}))
                .collect();
            Reply::json(200, &json!(found))
        }
        ("POST", "annotations") => {
            kept.push(serde_json::from_str(&asked.body).unwrap());
            let id = kept.len() - 1;
            Reply::json(200, &json!({"message": "Annotation added", "id": id}))
        }
        ("PATCH", id) => match kept.get_mut(id.parse::<usize>().unwrap()) {
            Some(one) => {
                *one = serde_json::from_str(&asked.body).unwrap();
                Reply::json(200, &json!({"message": "Annotation patched"}))
            }
            None => Reply::json(
                404,
                &json!({"message": "Could not find annotation to update"}),
            ),
        },
        other => panic!("Grafana has no {other:?}"),
    }
}

async fn start() -> (Server, Kept) {
    let kept = Kept::default();
    let ours = kept.clone();
    (Server::start(move |asked| answer(&ours, asked)).await, kept)
}

#[tokio::test]
async fn one_region_is_created_at_the_start_and_closed_at_the_end() {
    let (server, kept) = start().await;
    let (port, ..) = port(vec![super::fixture::TOKEN]);
    let monitor = grafana(&server.url);
    let id = port.tell(&monitor, &started(), None, false).await.unwrap();
    let first = kept.lock().unwrap()[0].clone();
    assert_eq!((first.time, first.time_end), (1_767_614_400_000, None));
    assert!(first.tags.contains(&"outcome:in-progress".to_owned()));

    let same = port
        .tell(&monitor, &ended(), id.as_deref(), false)
        .await
        .unwrap();
    assert_eq!(same, id);
    let all = kept.lock().unwrap().clone();
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].time, all[0].time_end),
        (1_767_614_400_000, Some(1_767_615_600_000))
    );
    assert_eq!(
        all[0].tags,
        [
            "sluice",
            "application:erp",
            "environment:production",
            "version:v1.4.0",
            "outcome:succeeded",
            "deployment:dep-0123456789abcdef",
        ]
    );
    assert!(
        all[0].text.contains("v1.4.0 &lt;is&gt; on its way"),
        "{}",
        all[0].text
    );
    assert!(
        all[0]
            .text
            .contains("<a href=\"https://slack.com/archives/C1/p17\">")
    );
    assert_eq!(
        server.calls(),
        ["POST /api/annotations", "PATCH /api/annotations/0"]
    );
}

#[tokio::test]
async fn one_that_may_be_there_is_found_by_its_tags() {
    let (server, kept) = start().await;
    let (port, ..) = port(vec![super::fixture::TOKEN]);
    let monitor = grafana(&server.url);
    port.tell(&monitor, &started(), None, false).await.unwrap();
    // The function was killed before it stored the id.
    let id = port.tell(&monitor, &started(), None, true).await.unwrap();
    assert_eq!(id.as_deref(), Some("0"));
    // And again before the end, which looks by itself.
    port.tell(&monitor, &ended(), None, false).await.unwrap();
    let all = kept.lock().unwrap().clone();
    assert_eq!(all.len(), 1);
    assert!(all[0].time_end.is_some());
}

#[tokio::test]
async fn one_that_somebody_deleted_is_created_again() {
    let (server, kept) = start().await;
    let (port, ..) = port(vec![super::fixture::TOKEN]);
    let monitor = grafana(&server.url);
    let id = port
        .tell(&monitor, &ended(), Some("17"), false)
        .await
        .unwrap();
    assert_eq!(id.as_deref(), Some("0"));
    assert!(kept.lock().unwrap()[0].time_end.is_some());
}
