//! Opsgenie as its documentation describes it: requests are accepted, and processed later; one open
//! alert for an alias; what is closed before it is there stays open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use sluice_app::ports::{Monitors as _, NotTaken};
use sluice_core::config::Monitor;
use sluice_words::monitoring::News;

use super::fixture::{SetClock, TOKEN, bad_end, needed, page, port, settled};
use super::server::{Asked, Reply, Server};

/// The fields of a new alert that we use.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    message: String,
    alias: String,
    description: String,
    tags: Vec<String>,
    details: BTreeMap<String, String>,
    entity: String,
    source: String,
    user: String,
    priority: String,
}

/// The fields of a close that we use.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Close {
    source: String,
    user: String,
    note: String,
}

#[derive(Default)]
struct Opsgenie {
    /// How often each open alert was created, by its alias.
    open: BTreeMap<String, u32>,
    priorities: Vec<String>,
    /// What was accepted and is not processed: the request, its alias, and whether it closes.
    accepted: Vec<(String, String, bool)>,
    requests: usize,
    processed: usize,
    /// Whether it takes its time.
    slow: bool,
    /// Whether it says nothing of the status of requests.
    hides: bool,
}

impl Opsgenie {
    fn accept(&mut self, alias: &str, closes: bool) -> Reply {
        self.requests += 1;
        let id = format!("req-{}", self.requests);
        self.accepted.push((id.clone(), alias.to_owned(), closes));
        if !self.slow {
            self.process();
        }
        Reply::json(
            202,
            &json!({"result": "Request will be processed", "took": 0.1, "requestId": id}),
        )
    }

    fn process(&mut self) {
        for (_, alias, closes) in std::mem::take(&mut self.accepted) {
            self.processed += 1;
            match closes {
                true => drop(self.open.remove(&alias)),
                false => *self.open.entry(alias).or_default() += 1,
            }
        }
    }

    fn status(&self, id: &str) -> Reply {
        let is_waiting = self.accepted.iter().any(|(waiting, ..)| waiting == id);
        if is_waiting || self.hides {
            let message = "Request not found. It might not be processed, yet.";
            return Reply::json(404, &json!({"message": message}));
        }
        let data = json!({"isSuccess": true, "status": "Created alert"});
        Reply::json(200, &json!({"data": data, "requestId": "other"}))
    }

    fn answer(&mut self, asked: &Asked) -> Reply {
        if asked.header("authorization").as_deref() != Some("GenieKey hunter2-token") {
            return Reply::json(401, &json!({"message": "Could not authenticate"}));
        }
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (&*asked.method, &parts[..]) {
            ("POST", ["v2", "alerts"]) => {
                let alert: Create = serde_json::from_str(&asked.body).unwrap();
                let chars = |text: &str| text.chars().count();
                assert!(
                    (1..=130).contains(&chars(&alert.message)),
                    "{}",
                    alert.message
                );
                assert!(chars(&alert.alias) <= 512 && chars(&alert.description) <= 15_000);
                assert!(alert.tags.len() <= 20 && alert.tags.iter().all(|tag| chars(tag) <= 50));
                let details = alert.details.iter();
                assert!(
                    details
                        .map(|(key, it)| chars(key) + chars(it))
                        .sum::<usize>()
                        <= 8_000
                );
                assert!(chars(&alert.entity) <= 512 && chars(&alert.source) <= 100);
                assert!(chars(&alert.user) <= 100);
                self.priorities.push(alert.priority);
                self.accept(&alert.alias, false)
            }
            ("POST", ["v2", "alerts", alias, "close"]) => {
                assert_eq!(query, "identifierType=alias");
                let close: Close = serde_json::from_str(&asked.body).unwrap();
                assert!(close.note.chars().count() <= 25_000);
                assert_eq!((&*close.user, &*close.source), ("Sluice", "Sluice"));
                self.accept(alias, true)
            }
            ("GET", ["v2", "alerts", "requests", id]) => self.status(id),
            other => panic!("{other:?} is not in the API"),
        }
    }
}

type Shared = Arc<Mutex<Opsgenie>>;

async fn opsgenie(of: Opsgenie) -> (Server, Shared, Monitor) {
    let shared = Arc::new(Mutex::new(of));
    let kept = shared.clone();
    let server = Server::start(move |asked| kept.lock().unwrap().answer(asked)).await;
    let monitor = monitor(&server.url);
    (server, shared, monitor)
}

fn monitor(url: &str) -> Monitor {
    Monitor::Opsgenie {
        url: url.to_owned(),
        key: "sluice/opsgenie".to_owned(),
    }
}

fn open(of: &Shared) -> Vec<(String, u32)> {
    of.lock().unwrap().open.clone().into_iter().collect()
}

fn pass(clock: &SetClock, seconds: i64) {
    *clock.0.lock().unwrap() += SignedDuration::from_secs(seconds);
}

#[tokio::test]
async fn an_alert_is_created_once_and_closed_by_the_deployments_id() {
    let (server, kept, monitor) = opsgenie(Opsgenie::default()).await;
    let (port, ..) = port(vec![TOKEN]);
    let id = "dep-0123456789abcdef".to_owned();
    // The first answer was lost, so it comes again.
    let mut keeps = None;
    for _ in 0..2 {
        keeps = port.tell(&monitor, &needed(), None, true).await.unwrap();
    }
    assert_eq!(open(&kept), [(id.clone(), 2)], "one alert, counted twice");
    let closed = port
        .tell(&monitor, &settled(), keeps.as_deref(), false)
        .await;
    assert_eq!(closed.unwrap(), None);
    assert_eq!(open(&kept), []);
    // A bad end is open until a person closes it.
    port.tell(&monitor, &bad_end(), None, false).await.unwrap();
    assert_eq!(open(&kept), [(id, 1)]);
    assert_eq!(kept.lock().unwrap().priorities, ["P2", "P2", "P1"]);
    let asked = server.asked();
    let alert: Value = asked[0].json();
    assert_eq!(alert["message"], "Person needed: erp v1.4.0 in production");
    assert_eq!(alert["entity"], "erp/production");
    assert_eq!(
        alert["details"]["slack"],
        "https://slack.com/archives/C1/p17"
    );
    let text = alert["description"].as_str().unwrap();
    assert!(text.contains("What to do:\n- Decide in Slack."), "{text}");
    assert!(
        asked
            .iter()
            .all(|one| !one.body.contains("hunter2") && !one.path.contains("hunter2"))
    );
}

#[tokio::test]
async fn a_close_that_follows_at_once_waits_until_the_alert_is_there() {
    let slow = Opsgenie {
        slow: true,
        ..Opsgenie::default()
    };
    let (server, kept, monitor) = opsgenie(slow).await;
    let (port, clock, _) = port(vec![TOKEN]);
    let keeps = port.tell(&monitor, &needed(), None, false).await.unwrap();
    let error = port
        .tell(&monitor, &settled(), keeps.as_deref(), false)
        .await
        .unwrap_err();
    let soon = Some(SignedDuration::from_secs(5));
    assert_eq!(error.not_taken, NotTaken::Busy { retry_after: soon });
    assert!(
        !error.may_be_there && error.message.contains("not there yet"),
        "{error}"
    );
    assert_eq!(server.calls().len(), 2, "it was not closed");
    kept.lock().unwrap().process();
    pass(&clock, 6);
    port.tell(&monitor, &settled(), keeps.as_deref(), false)
        .await
        .unwrap();
    kept.lock().unwrap().process();
    assert_eq!(open(&kept), []);
    assert_eq!(kept.lock().unwrap().processed, 2);
}

#[tokio::test]
async fn where_nothing_can_be_asked_the_close_is_sent_after_a_minute() {
    let hides = Opsgenie {
        hides: true,
        ..Opsgenie::default()
    };
    let (server, kept, monitor) = opsgenie(hides).await;
    let (port, clock, _) = port(vec![TOKEN]);
    let keeps = port.tell(&monitor, &needed(), None, false).await.unwrap();
    let mut tries = 0;
    while let Err(error) = port
        .tell(&monitor, &settled(), keeps.as_deref(), false)
        .await
    {
        assert!(matches!(error.not_taken, NotTaken::Busy { .. }), "{error}");
        tries += 1;
        pass(&clock, 10);
        assert!(tries < 10, "{:?}", server.calls());
    }
    assert_eq!(tries, 6, "a minute, with ten seconds between");
    assert_eq!(open(&kept), []);
}

#[tokio::test]
async fn what_is_closed_already_is_no_trouble() {
    let server = Server::start(|_| Reply::json(404, &json!({"message": "Alert not found"}))).await;
    let (port, ..) = port(vec![TOKEN]);
    port.tell(&monitor(&server.url), &settled(), None, true)
        .await
        .unwrap();
    assert_eq!(
        server.calls(),
        ["POST /v2/alerts/dep-0123456789abcdef/close"]
    );
}

#[tokio::test]
async fn refusals_and_lost_answers_say_what_can_be_done_and_no_key() {
    let with = |reply: fn() -> Reply| async move {
        let server = Server::start(move |_| reply()).await;
        let (port, ..) = port(vec![TOKEN]);
        let error = port
            .tell(&monitor(&server.url), &needed(), None, false)
            .await
            .unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        error
    };
    let denied = with(|| Reply::Answer(403, String::new())).await;
    assert_eq!(denied.not_taken, NotTaken::Setting);
    assert!(denied.message.contains("`sluice/opsgenie`"), "{denied}");
    let wrong = with(|| Reply::Answer(422, String::new())).await;
    assert_eq!(wrong.not_taken, NotTaken::ForGood);
    let busy = with(|| Reply::RetryAfter(429, 30)).await;
    let after = Some(SignedDuration::from_secs(30));
    assert_eq!(busy.not_taken, NotTaken::Busy { retry_after: after });
    let lost = with(|| Reply::HangUp).await;
    assert!(lost.may_be_there, "{lost}");
}

#[tokio::test]
async fn a_key_that_was_replaced_is_read_again() {
    let (server, kept, monitor) = opsgenie(Opsgenie::default()).await;
    let (port, ..) = port(vec!["old", TOKEN]);
    port.tell(&monitor, &needed(), None, false).await.unwrap();
    assert_eq!((server.asked().len(), open(&kept).len()), (2, 1));
}

#[tokio::test]
async fn long_texts_are_cut_to_what_the_api_takes() {
    let (_server, kept, monitor) = opsgenie(Opsgenie::default()).await;
    let (port, ..) = port(vec![TOKEN]);
    let News::Page(mut page) = page("needs-person", json!({"summary": "é".repeat(40_000)})) else {
        panic!()
    };
    page.subject = "erp ".repeat(200);
    port.tell(&monitor, &News::Page(page), None, false)
        .await
        .unwrap();
    assert_eq!(open(&kept).len(), 1);
}
