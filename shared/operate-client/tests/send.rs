//! Servers that are slow, full, rude or not there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use sluice_operate_client::{Address, CallError, Client};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A server that answers its requests with these texts, one after the other and the last for ever; an
/// empty one breaks the connection, none at all never answers. And how many requests there were.
async fn server(answers: &'static [&'static str]) -> (Client, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(listener.local_addr().unwrap().port());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 64 * 1024];
            let read = connection.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..read]).to_lowercase();
            assert!(
                request.contains("authorization: aws4-hmac-sha256"),
                "{request}"
            );
            assert!(!request.contains("very-secret"), "{request}");
            let number = count.fetch_add(1, Ordering::SeqCst);
            match answers.get(number).or(answers.last()) {
                None => kept.push(connection),
                Some(answer) => connection.write_all(answer.as_bytes()).await.unwrap(),
            }
        }
    });
    (client, asked)
}

fn client(port: u16) -> Client {
    let address = Address::new(&format!("http://127.0.0.1:{port}/"), Some("eu-central-1"));
    let credentials = Credentials::new("AKIDEXAMPLE", "very-secret", None, None, "test");
    let credentials = SharedCredentialsProvider::new(credentials);
    Client::with(address.unwrap(), Some(credentials))
}

const FULL: &str =
    "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const DONE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
const CRASHED: &str = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn what_no_function_has_seen_is_sent_again_and_nothing_else_is() {
    let (client, asked) = server(&[FULL, FULL, DONE]).await;
    let reply = client.send(b"{}").await.unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (200, &b"{}"[..]));
    assert_eq!(asked.load(Ordering::SeqCst), 3);

    let (client, asked) = server(&[FULL]).await;
    assert_eq!(client.send(b"{}").await.unwrap().status, 429);
    assert_eq!(asked.load(Ordering::SeqCst), 3, "not for ever");

    let (client, asked) = server(&[CRASHED, DONE]).await;
    assert_eq!(client.send(b"{}").await.unwrap().status, 502);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "it may have been done");
}

#[tokio::test(start_paused = true)]
async fn silence_and_a_broken_connection_leave_it_open() {
    let (client, asked) = server(&[]).await;
    let error = client.send(b"{}").await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut(_)), "{error}");
    assert!(error.may_have_arrived());
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    let (client, asked) = server(&[""]).await;
    let error = client.send(b"{}").await.unwrap_err();
    assert!(matches!(error, CallError::Broken(_)), "{error}");
    assert!(error.may_have_arrived());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn where_no_one_is_nothing_was_sent() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let error = client(port).send(b"{}").await.unwrap_err();
    assert!(matches!(error, CallError::NotReached { .. }), "{error}");
    assert!(!error.may_have_arrived());

    let address = Address::new("http://127.0.0.1:1/", Some("eu-central-1")).unwrap();
    let error = Client::with(address, None).send(b"{}").await.unwrap_err();
    assert!(matches!(error, CallError::NoCredentials(_)), "{error}");
}
