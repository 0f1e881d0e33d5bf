//! Signed webhooks, events on a bus and in Datadog, and incidents.

use std::io::Write as _;
use std::process::{Command, Stdio};

use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::json;
use sluice_app::ports::{Clock as _, Monitors as _, NotTaken};
use sluice_core::config::Monitor;
use sluice_words::monitoring::News;

use super::fixture::{TOKEN, bad_end, change, ended, needed, port, settled, started};
use super::server::{Reply, Server};
use crate::webhook::signed;

const DOCS: &str = include_str!("../../../../docs/monitors.md");
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_KEY: &str = "whsec_dGhpcyBpcyBhbm90aGVyIGtleSBvZiAyNCBieXRlcw==";

fn webhook(url: &str) -> Monitor {
    Monitor::Webhook {
        url: format!("{url}/hooks/hunter2"),
        secret: "sluice/webhook".to_owned(),
    }
}

/// The receiver in docs/monitors.md, asked whether it takes this.
fn receiver(key: &str, headers: &[(&str, String)], body: &[u8]) -> bool {
    let (_, code) = DOCS
        .split_once("```python\n")
        .expect("the page has a receiver");
    let (code, _) = code.split_once("```").expect("it ends");
    let headers: serde_json::Map<_, _> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let ask = format!(
        "{code}\nimport json, sys\nsys.exit(0 if verified({key:?}, json.loads({:?}), \
         sys.stdin.buffer.read(), now=1767615300) else 1)",
        json!(headers).to_string()
    );
    let mut python = Command::new("python3")
        .args(["-c", &ask])
        .stdin(Stdio::piped())
        .spawn()
        .expect("Python is there");
    python.stdin.take().unwrap().write_all(body).unwrap();
    python.wait().unwrap().success()
}

#[test]
fn a_receiver_that_follows_the_page_takes_what_is_ours_and_nothing_else() {
    let now = "2026-01-05T12:15:00Z".parse().unwrap();
    let change = change("started", json!({}));
    // While the key is being changed, receivers with the old and with the new one take it.
    let both = SecretString::from(format!("{OTHER_KEY} {KEY}"));
    let request = signed("https://hooks.example.com", &change, &both, now).unwrap();
    assert!(receiver(KEY, &request.headers, &request.body));
    assert!(receiver(OTHER_KEY, &request.headers, &request.body));
    let changed = String::from_utf8(request.body.clone())
        .unwrap()
        .replace("v1.4.0", "v6.6.6");
    assert!(!receiver(KEY, &request.headers, changed.as_bytes()));
    let stranger = "whsec_c3RyYW5nZXIgc3RyYW5nZXIgc3RyYW5nZXI=";
    assert!(!receiver(stranger, &request.headers, &request.body));
    let an_hour_before = "2026-01-05T11:15:00Z".parse().unwrap();
    let old = signed("https://hooks.example.com", &change, &both, an_hour_before).unwrap();
    assert!(
        !receiver(KEY, &old.headers, &old.body),
        "recorded and sent again"
    );
}

#[tokio::test]
async fn a_webhook_carries_the_change_under_its_own_id() {
    let server = Server::start(|_| Reply::Answer(200, String::new())).await;
    let (port, ..) = port(vec![KEY]);
    let News::Change(change) = started() else {
        panic!()
    };
    port.tell(&webhook(&server.url), &started(), None, false)
        .await
        .unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.json(), json!(change));
    assert_eq!(
        asked.header("webhook-id").as_deref(),
        Some("dep-0123456789abcdef.7")
    );
    assert_eq!(
        asked.header("webhook-timestamp").as_deref(),
        Some("1767615300")
    );
    assert_eq!(asked.header("authorization"), None);
    assert!(!asked.body.contains("whsec") && !asked.head.contains("whsec"));
}

#[tokio::test]
async fn a_secret_that_holds_no_key_is_for_a_person() {
    for secret in ["", "not-a-key", "whsec_%%%"] {
        let server = Server::start(|_| Reply::Answer(200, String::new())).await;
        let (port, ..) = port(vec![secret]);
        let error = port
            .tell(&webhook(&server.url), &started(), None, false)
            .await
            .unwrap_err();
        assert_eq!(error.not_taken, NotTaken::Setting);
        assert!(
            error.message.contains("`sluice/webhook` holds no key"),
            "{error}"
        );
        assert_eq!(server.asked().len(), 0);
    }
}

#[tokio::test]
async fn the_bus_gets_the_change_as_it_is() {
    let (port, _, bus) = port(vec![TOKEN]);
    let monitor = Monitor::EventBridge {
        bus: "deployments".to_owned(),
    };
    let News::Change(change) = ended() else {
        panic!()
    };
    port.tell(&monitor, &ended(), None, false).await.unwrap();
    let put = bus.0.lock().unwrap().clone();
    assert_eq!(put, [("deployments".to_owned(), json!(change))]);
}

#[tokio::test]
async fn an_incident_is_opened_and_closed_by_the_deployments_id() {
    let server = Server::start(|_| Reply::json(202, &json!({"status": "success"}))).await;
    let (port, ..) = port(vec![TOKEN]);
    let monitor = Monitor::PagerDuty {
        url: server.url.clone(),
        key: "sluice/pagerduty".to_owned(),
    };
    for news in [&needed(), &settled(), &bad_end()] {
        port.tell(&monitor, news, None, false).await.unwrap();
    }
    assert_eq!(server.calls(), ["POST /v2/enqueue"; 3]);
    let bodies: Vec<_> = server
        .asked()
        .iter()
        .map(super::server::Asked::json)
        .collect();
    let actions: Vec<_> = bodies.iter().map(|it| it["event_action"].clone()).collect();
    assert_eq!(actions, ["trigger", "resolve", "trigger"]);
    for body in &bodies {
        assert_eq!(body["dedup_key"], "dep-0123456789abcdef");
    }
    let payload = &bodies[2]["payload"];
    assert_eq!(payload["severity"], "critical");
    assert_eq!(payload["source"], "erp/production");
    assert_eq!(payload["custom_details"]["outcome"], "rollback-failed");
    assert_eq!(payload["custom_details"]["todo"][0], "Decide in Slack.");
}

#[tokio::test]
async fn datadog_is_sent_events_with_the_key_in_its_header() {
    let server = Server::start(|_| Reply::json(202, &json!({"status": "ok"}))).await;
    let (port, clock, _) = port(vec![TOKEN]);
    let monitor = Monitor::Datadog {
        url: server.url.clone(),
        key: "sluice/datadog".to_owned(),
    };
    let back = json!({"outcome": "rolled-back", "isLive": false});
    let back = News::Change(Box::new(change("ended", back)));
    for news in [&started(), &ended(), &back] {
        port.tell(&monitor, news, None, false).await.unwrap();
    }
    // A day later the API would refuse the time at which it happened.
    clock.pass(SignedDuration::from_hours(24)).await;
    port.tell(&monitor, &ended(), None, false).await.unwrap();

    assert_eq!(server.calls(), ["POST /api/v1/events"; 4]);
    let asked = server.asked();
    let bodies: Vec<_> = asked.iter().map(super::server::Asked::json).collect();
    for (asked, body) in asked.iter().zip(&bodies) {
        assert_eq!(asked.header("dd-api-key").as_deref(), Some(TOKEN));
        assert!(!body.to_string().contains(TOKEN));
        assert_eq!(body["aggregation_key"], "dep-0123456789abcdef");
    }
    let kinds: Vec<_> = bodies.iter().map(|it| it["alert_type"].clone()).collect();
    assert_eq!(kinds, ["info", "success", "error", "success"]);
    let title = &bodies[2]["title"];
    assert_eq!(title, "erp v1.4.0 to production: rolled-back");
    let tags = bodies[1]["tags"].as_array().unwrap();
    for tag in [
        "service:erp",
        "env:production",
        "version:v1.4.0",
        "state:succeeded",
    ] {
        assert!(tags.contains(&json!(tag)), "{tags:?}");
    }
    assert_eq!(bodies[1]["date_happened"], 1_767_615_600);
    assert_eq!(bodies[3]["date_happened"], 1_767_701_700);
    let late = bodies[3]["text"].as_str().unwrap();
    assert!(
        late.contains("It happened at 2026-01-05T12:20:00Z"),
        "{late}"
    );
}
