//! Between an adapter and what stands for AWS: every request is read back by AWS's own model of the
//! service before it goes on.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, client, server};
use hyper_util::rt::TokioIo;
use sluice_service_models::{Verdict, check};
use tokio::net::{TcpListener, TcpStream};

/// A proxy that remembers what was asked.
///
/// Dropped at the end of a test, it fails the test if AWS does not know one of the requests.
pub(crate) struct Recorder {
    address: SocketAddr,
    verdicts: Arc<Mutex<Vec<Verdict>>>,
}

impl Recorder {
    /// A recorder before what listens at `upstream`, served by the runtime of the test.
    pub(crate) async fn before(upstream: SocketAddr) -> Self {
        // Python may have to be installed first: no request waits so long.
        sluice_service_models::start();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let verdicts = Arc::default();
        tokio::spawn(serve(listener, upstream, Arc::clone(&verdicts)));
        Self { address, verdicts }
    }

    /// Where the adapters are sent.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls that were made, as IAM names them.
    pub(crate) fn calls(&self) -> BTreeSet<String> {
        let verdicts = self.verdicts.lock().unwrap();
        verdicts.iter().map(|one| one.call.clone()).collect()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let verdicts = self.verdicts.lock().unwrap();
        let wrong: Vec<&Verdict> = verdicts
            .iter()
            .filter(|one| !one.problems.is_empty())
            .collect();
        if !std::thread::panicking() {
            assert!(wrong.is_empty(), "AWS does not know {wrong:#?}");
        }
    }
}

async fn serve(listener: TcpListener, upstream: SocketAddr, verdicts: Arc<Mutex<Vec<Verdict>>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let verdicts = verdicts.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| record(request, upstream, &verdicts));
            // An error here is an answer that is lost upstream, and so here.
            let _ended = server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn record(
    request: Request<Incoming>,
    upstream: SocketAddr,
    verdicts: &Mutex<Vec<Verdict>>,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let headers = parts.headers.iter();
    let headers = headers.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), value)
    });
    let path = parts.uri.path().to_owned();
    // S3 at an address that ECR gave: no call of a service, and not signed.
    if !path.starts_with("/layers/") {
        let verdict = check(&sluice_service_models::Request {
            path,
            headers: headers.collect(),
            body: body.to_vec(),
        });
        verdicts.lock().unwrap().push(verdict);
    }
    pass_on(Request::from_parts(parts, Full::new(body)), upstream)
        .await
        .map_err(io::Error::other)
}

async fn pass_on(
    request: Request<Full<Bytes>>,
    upstream: SocketAddr,
) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(upstream).await?;
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Response::from_parts(parts, Full::new(body)))
}

#[tokio::test]
#[should_panic(expected = "Delay: SendMessageRequest has no such member")]
async fn a_request_that_aws_does_not_know_fails_its_test() {
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let recorder = Recorder::before(upstream.local_addr().unwrap()).await;
    drop(upstream);
    let request = Request::post("/")
        .header("host", "localhost")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=key/20260105/eu-central-1/sqs/aws4_request",
        )
        .header("x-amz-target", "AmazonSQS.SendMessage")
        .header("content-type", "application/x-amz-json-1.0")
        .body(Full::from(
            r#"{"QueueUrl": "advance", "MessageBody": "{}", "Delay": 5}"#,
        ));
    // Nobody answers: it was recorded before it was passed on.
    let answer = pass_on(request.unwrap(), recorder.address).await;
    assert!(answer.is_err());
}
