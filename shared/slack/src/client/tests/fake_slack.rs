//! A server on this machine that gives prepared replies and remembers what it was asked.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(super) enum Reply {
    Raw(String),
    /// Takes the request and closes the connection: the answer is lost.
    HangUp,
    /// Takes the request and says nothing.
    Silence,
}

impl Reply {
    pub(super) fn json(body: Value) -> Self {
        Self::with("200 OK", "", &body.to_string())
    }

    pub(super) fn too_many(retry_after_s: u32) -> Self {
        let header = format!("retry-after: {retry_after_s}\r\n");
        Self::with(
            "429 Too Many Requests",
            &header,
            r#"{"ok":false,"error":"ratelimited"}"#,
        )
    }

    pub(super) fn status(status: u16) -> Self {
        Self::with(&format!("{status} No"), "", "xoxb-body")
    }

    fn with(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Raw(format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
    }
}

pub(super) struct FakeSlack {
    pub(super) base_url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl FakeSlack {
    /// A server that gives these replies, one a request, and then is gone.
    pub(super) async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/api", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            let mut kept = Vec::new();
            for reply in replies {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                seen.lock().unwrap().push(request);
                match reply {
                    Reply::Raw(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                    Reply::HangUp => {}
                    Reply::Silence => kept.push(stream),
                }
            }
        });
        Self { base_url, requests }
    }

    /// The requests so far, heads and bodies.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, length)| length.parse().unwrap());
            if body.len() >= length {
                return text.into_owned();
            }
        }
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the client closed the connection too early");
        request.extend_from_slice(&buffer[..read]);
    }
}
