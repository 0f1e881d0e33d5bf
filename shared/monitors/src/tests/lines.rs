//! Loki as it takes lines: text for times, each line once, none too old.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use sluice_app::ports::Monitors as _;
use sluice_core::config::Monitor;
use sluice_words::monitoring::{Line, News};

use super::fixture::{TOKEN, line, port};
use super::server::{Reply, Server};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    streams: Vec<Stream>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stream {
    stream: BTreeMap<String, String>,
    values: Vec<(String, String)>,
}

/// Out-of-order lines may be an hour behind the newest of their stream.
const BEHIND_NS: i128 = 3_600_000_000_000;

#[derive(Default)]
struct Kept {
    lines: BTreeSet<(i128, String)>,
    labels: BTreeSet<BTreeMap<String, String>>,
}

/// Lines of the stream there since this time.
async fn start(newest: i128) -> (Server, Arc<Mutex<Kept>>) {
    let kept: Arc<Mutex<Kept>> = Arc::default();
    let ours = kept.clone();
    let server = Server::start(move |asked| {
        assert_eq!(asked.path, "/loki/api/v1/push");
        assert_eq!(
            asked.header("content-type").as_deref(),
            Some("application/json")
        );
        let push: Push = serde_json::from_str(&asked.body).unwrap();
        let mut kept = ours.lock().unwrap();
        let (mut ignored, mut all) = (0, 0);
        for stream in push.streams {
            kept.labels.insert(stream.stream);
            for (at, line) in stream.values {
                let at: i128 = at.parse().unwrap();
                all += 1;
                if at < newest - BEHIND_NS {
                    ignored += 1;
                } else {
                    kept.lines.insert((at, line));
                }
            }
        }
        match ignored {
            0 => Reply::Answer(204, String::new()),
            _ => Reply::Answer(
                400,
                format!(
                    "entry with timestamp 2026-01-05 09:00:00 +0000 UTC ignored, reason: 'entry \
                     too far behind', user 'fake', total ignored: {ignored} out of {all} for \
                     stream: {{}}"
                ),
            ),
        }
    });
    (server.await, kept)
}

fn loki(url: &str, user: Option<&str>) -> Monitor {
    Monitor::Loki {
        url: url.to_owned(),
        user: user.map(str::to_owned),
        token: Some("sluice/loki".to_owned()),
        tenant: Some("acme".to_owned()),
    }
}

fn texts(kept: &Mutex<Kept>) -> Vec<String> {
    let kept = kept.lock().unwrap();
    let lines = kept.lines.iter();
    lines
        .map(|(_, line)| serde_json::from_str::<Line>(line).unwrap().message)
        .collect()
}

#[tokio::test]
async fn lines_are_json_with_few_labels_and_the_same_each_time() {
    let (server, kept) = start(0).await;
    let (port, ..) = port(vec![TOKEN]);
    let lines = vec![
        line(0, "2026-01-05T11:30:00Z"),
        line(1, "2026-01-05T11:30:00Z"),
    ];
    for _ in 0..2 {
        let monitor = loki(&server.url, None);
        port.tell(&monitor, &News::Lines(lines.clone()), None, true)
            .await
            .unwrap();
    }
    assert_eq!(texts(&kept), ["line 0", "line 1"]);
    let labels = kept.lock().unwrap().labels.clone();
    let labels: Vec<String> = labels.iter().flat_map(|it| it.keys().cloned()).collect();
    assert_eq!(labels, ["application", "environment", "job"]);
    let asked = &server.asked()[0];
    assert_eq!(asked.header("x-scope-orgid").as_deref(), Some("acme"));
    assert_eq!(
        asked.header("authorization").as_deref(),
        Some("Bearer hunter2-token")
    );
}

#[tokio::test]
async fn lines_that_are_too_old_come_with_the_present_time_and_in_order() {
    // Something newer is in the stream already: from 12:50 on.
    let newest = "2026-01-05T12:50:00Z".parse::<jiff::Timestamp>().unwrap();
    let (server, kept) = start(newest.as_nanosecond()).await;
    let (port, ..) = port(vec![TOKEN]);
    let lines = vec![
        line(0, "2026-01-05T09:00:00Z"),
        line(1, "2026-01-05T09:00:00Z"),
        line(2, "2026-01-05T12:00:00Z"),
    ];
    let monitor = loki(&server.url, None);
    port.tell(&monitor, &News::Lines(lines), None, false)
        .await
        .unwrap();
    let mut seen = texts(&kept);
    seen.sort();
    assert_eq!(seen, ["line 0", "line 1", "line 2"]);
    let kept = kept.lock().unwrap();
    let late: Vec<&(i128, String)> = kept
        .lines
        .iter()
        .filter(|(_, it)| !it.contains("line 2"))
        .collect();
    assert!(late[0].1.contains("line 0") && late[0].0 < late[1].0);
    assert!(
        late[0].1.contains("2026-01-05T09:00:00Z"),
        "it says when it happened"
    );
}

#[tokio::test]
async fn a_user_goes_with_the_token() {
    let (server, _) = start(0).await;
    let (port, ..) = port(vec![TOKEN]);
    let news = News::Lines(vec![line(0, "2026-01-05T11:30:00Z")]);
    let monitor = loki(&server.url, Some("123456"));
    port.tell(&monitor, &news, None, false).await.unwrap();
    let authorization = server.asked()[0].header("authorization");
    // base64 of `123456:hunter2-token`.
    let expected = "Basic MTIzNDU2Omh1bnRlcjItdG9rZW4=";
    assert_eq!(authorization.as_deref(), Some(expected));
}
