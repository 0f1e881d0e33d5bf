//! A server on this machine that answers as it is told and remembers what it was asked.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    /// With its query.
    pub(super) path: String,
    pub(super) head: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.to_owned())
    }
}

/// What it does with a request.
pub(super) enum Reply {
    Answer(u16, String),
    RetryAfter(u16, u32),
    /// With these lines in its head, each with a line break at its end.
    Headed(u16, String, String),
    /// It takes the request and closes the connection: the answer is lost.
    HangUp,
    /// It takes the request and says nothing.
    Silence,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::Answer(status, body.to_string())
    }

    fn text(&self) -> Option<String> {
        let (status, header, body) = match self {
            Self::Headed(status, head, body) => (status, head.clone(), body.as_str()),
            Self::Answer(status, body) => (status, String::new(), body.as_str()),
            Self::RetryAfter(status, seconds) => {
                (status, format!("retry-after: {seconds}\r\n"), "")
            }
            Self::HangUp | Self::Silence => return None,
        };
        let length = body.len();
        Some(format!(
            "HTTP/1.1 {status} X\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n\
             {body}"
        ))
    }
}

type Answers = Box<dyn FnMut(&Asked) -> Reply + Send>;

pub(super) struct Server {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// A server that answers like this.
    pub(super) async fn start(answers: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, Box::new(answers), asked.clone()));
        Self { url, asked }
    }

    /// What it was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Method and path of each.
    pub(super) fn calls(&self) -> Vec<String> {
        let asked = self.asked().into_iter();
        asked
            .map(|one| {
                let path = one.path.split('?').next().unwrap_or_default();
                format!("{} {path}", one.method)
            })
            .collect()
    }
}

async fn serve(listener: TcpListener, mut answers: Answers, asked: Arc<Mutex<Vec<Asked>>>) {
    let mut silent = Vec::new();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let Some(request) = read(&mut stream).await else {
            continue;
        };
        let reply = answers(&request);
        asked.lock().unwrap().push(request);
        match reply.text() {
            Some(text) => stream.write_all(text.as_bytes()).await.unwrap(),
            None if matches!(reply, Reply::Silence) => silent.push(stream),
            None => {}
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut words = head.split_whitespace();
            let asked = Asked {
                method: words.next()?.to_owned(),
                path: words.next()?.to_owned(),
                head: head.to_owned(),
                body: body.to_owned(),
            };
            let length = asked.header("content-length");
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(asked);
            }
        }
        let read = stream
            .read(&mut buffer)
            .await
            .ok()
            .filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    }
}
