//! What becomes of refusals, of silence, and of replaced tokens. No error says a secret.

use jiff::SignedDuration;
use sluice_app::ports::{MonitorError, Monitors as _, NotTaken};
use tokio::time::Instant;

use super::fixture::{TOKEN, grafana, port, started};
use super::server::{Reply, Server};

const BODY: &str = r#"{"message": "denied to token=hunter2-secret"}"#;

async fn refused(reply: fn() -> Reply) -> MonitorError {
    let server = Server::start(move |_| reply()).await;
    let (port, ..) = port(vec![TOKEN]);
    let monitor = grafana(&server.url);
    let error = port
        .tell(&monitor, &started(), None, false)
        .await
        .unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    error
}

#[tokio::test]
async fn each_refusal_says_what_can_be_done() {
    let with = |reply: fn() -> Reply| refused(reply);
    let denied = with(|| Reply::Answer(403, BODY.to_owned())).await;
    assert_eq!(
        (denied.not_taken, denied.may_be_there),
        (NotTaken::Setting, false)
    );
    assert!(
        denied
            .message
            .contains("check that the secret `sluice/grafana`"),
        "{denied}"
    );
    let gone = with(|| Reply::Answer(404, "<html>no".to_owned())).await;
    assert_eq!(gone.not_taken, NotTaken::Setting);
    assert!(
        gone.message
            .ends_with("check its address and names in sluice.toml"),
        "{gone}"
    );
    let moved = with(|| Reply::Answer(302, String::new())).await;
    assert_eq!(moved.not_taken, NotTaken::Setting);
    let wrong = with(|| Reply::Answer(422, BODY.to_owned())).await;
    assert_eq!(
        (wrong.not_taken, wrong.may_be_there),
        (NotTaken::ForGood, false)
    );
    let down = with(|| Reply::Answer(502, "<html>".to_owned())).await;
    assert_eq!(down.not_taken, NotTaken::Busy { retry_after: None });
    assert!(
        down.may_be_there,
        "whoever answers may not know what was done"
    );
    let busy = with(|| Reply::RetryAfter(429, 90)).await;
    let after = Some(SignedDuration::from_secs(90));
    assert_eq!(busy.not_taken, NotTaken::Busy { retry_after: after });
    let lost = with(|| Reply::HangUp).await;
    assert!(lost.may_be_there, "{lost}");
}

#[tokio::test]
async fn one_that_says_nothing_is_not_waited_for_and_then_left_alone() {
    let server = Server::start(|_| Reply::Silence).await;
    let (port, clock, _) = port(vec![TOKEN]);
    let monitor = grafana(&server.url);
    let began = Instant::now();
    let error = port
        .tell(&monitor, &started(), None, false)
        .await
        .unwrap_err();
    assert!(
        error.may_be_there && began.elapsed().as_secs() <= 5,
        "{error}"
    );
    // Another deployment has the same monitor: it does not wait for it.
    let began = Instant::now();
    let error = port
        .tell(&monitor, &started(), None, false)
        .await
        .unwrap_err();
    assert!(began.elapsed().as_millis() < 500);
    assert!(
        !error.may_be_there && error.message.contains("left alone"),
        "{error}"
    );
    assert_eq!(server.asked().len(), 1);
    // Another monitor is asked.
    let (other, _) = (
        Server::start(|_| Reply::Answer(403, String::new())).await,
        (),
    );
    port.tell(&grafana(&other.url), &started(), None, false)
        .await
        .unwrap_err();
    assert_eq!(other.asked().len(), 1);
    // And this one again after a while.
    *clock.0.lock().unwrap() += SignedDuration::from_secs(21);
    port.tell(&monitor, &started(), None, false)
        .await
        .unwrap_err();
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn one_that_is_not_there_has_heard_nothing() {
    let closed = {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", server.local_addr().unwrap())
    };
    let (port, ..) = port(vec![TOKEN]);
    let error = port
        .tell(&grafana(&closed), &started(), None, false)
        .await
        .unwrap_err();
    assert_eq!(error.not_taken, NotTaken::Busy { retry_after: None });
    assert!(!error.may_be_there, "{error}");
}

#[tokio::test]
async fn a_token_that_was_replaced_is_read_again() {
    let server = Server::start(|asked| match asked.header("authorization").as_deref() {
        Some("Bearer new") => Reply::Answer(200, r#"{"id": 5}"#.to_owned()),
        _ => Reply::Answer(401, String::new()),
    })
    .await;
    let (port, ..) = port(vec!["old", "new"]);
    let monitor = grafana(&server.url);
    for calls in [2, 3] {
        let id = port.tell(&monitor, &started(), None, false).await.unwrap();
        assert_eq!(id.as_deref(), Some("5"));
        assert_eq!(server.asked().len(), calls, "the new one is kept");
    }
}
