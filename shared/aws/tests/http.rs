//! The HTTP port on the wire: what a server can do to a client. What it promises as a port stands in
//! `tests/contracts`.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up for a test fails it"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use jiff::SignedDuration;
use sluice_app::ports::{Http as _, HttpRequest};
use sluice_aws::HttpsHttp;
use sluice_core::observation::HttpObservation;

/// Answers one request with these bytes, after a pause; gives the address.
fn answering(pause: Duration, answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let read = stream.read(&mut request).unwrap();
        let request = String::from_utf8_lossy(&request[..read]).to_lowercase();
        assert!(
            request.starts_with("get /healthz?deep=1 http/1.1\r\n"),
            "{request}"
        );
        assert!(request.contains("user-agent: sluice/"), "{request}");
        std::thread::sleep(pause);
        // The other side may have had enough.
        drop(stream.write_all(&answer));
    });
    format!("http://127.0.0.1:{port}/healthz?deep=1")
}

async fn ask(url: String, timeout: SignedDuration) -> HttpObservation {
    let request = HttpRequest {
        method: "GET".to_owned(),
        url,
        timeout,
    };
    HttpsHttp::new().request(&request).await
}

const SOON: SignedDuration = SignedDuration::from_secs(10);

#[tokio::test]
async fn an_answer_is_measured_to_its_end() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec();
    let seen = ask(answering(Duration::from_millis(50), answer), SOON).await;
    let HttpObservation::Answered {
        status: 200,
        latency_ms,
        body,
    } = seen
    else {
        panic!("{seen:?}");
    };
    assert_eq!(body, "ok");
    assert!((50..5_000).contains(&latency_ms), "{latency_ms}");
}

#[tokio::test]
async fn redirects_are_answers() {
    let answer =
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
            .to_vec();
    let seen = ask(answering(Duration::ZERO, answer), SOON).await;
    assert!(
        matches!(seen, HttpObservation::Answered { status: 302, .. }),
        "{seen:?}"
    );
}

#[tokio::test]
async fn of_a_long_body_64_kib_are_kept() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec();
    answer.extend(vec![b'x'; 1_000_000]);
    let seen = ask(answering(Duration::ZERO, answer), SOON).await;
    let HttpObservation::Answered { body, .. } = seen else {
        panic!("{seen:?}");
    };
    assert_eq!(body.len(), 64 * 1024);
}

#[tokio::test]
async fn no_answer_is_an_observation_with_its_reason() {
    let slow = answering(Duration::from_secs(2), Vec::new());
    let seen = ask(slow, SignedDuration::from_millis(100)).await;
    assert_eq!(
        seen,
        HttpObservation::NoAnswer("no complete answer within 100ms".to_owned())
    );

    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec();
    let seen = ask(answering(Duration::ZERO, half), SOON).await;
    assert!(
        matches!(seen, HttpObservation::NoAnswer(_)),
        "a torn body is none: {seen:?}"
    );

    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}/healthz", free.local_addr().unwrap());
    drop(free);
    let HttpObservation::NoAnswer(reason) = ask(nobody, SOON).await else {
        panic!("someone answered where no one listens");
    };
    assert!(reason.contains("refused"), "{reason}");
    let HttpObservation::NoAnswer(reason) = ask("not an address".to_owned(), SOON).await else {
        panic!("an answer from nowhere");
    };
    assert!(reason.contains("not an address"), "{reason}");
}
