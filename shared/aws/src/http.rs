//! Requests to the application: health probes and smoke tests.

use std::error::Error;
use std::io::ErrorKind;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::{Request, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use sluice_app::ports::{Http, HttpRequest};
use sluice_core::observation::HttpObservation;

/// The most of a body that is kept, in bytes.
const MOST_OF_BODY: usize = 64 * 1024;

/// A host that is there takes or refuses a connection within a round trip or two.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How the application's access log sees us.
const USER_AGENT: &str = concat!("sluice/", env!("CARGO_PKG_VERSION"));

type HttpsClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// An HTTP/1.1 client with TLS, for `http` and `https` addresses.
///
/// It follows no redirects and keeps no connections: what is measured is what a newcomer meets, and
/// a connection that froze with a sleeping Lambda function cannot pass for an application that does
/// not answer. Certificates are checked against the roots of the machine, or those in the file that
/// `SSL_CERT_FILE` names, for applications behind an authority of their own.
#[derive(Debug, Default)]
pub struct HttpsHttp {
    // The roots are read at the first request: most functions never make one.
    client: OnceLock<Result<HttpsClient, String>>,
}

impl HttpsHttp {
    /// A client that has not read anything yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn client(&self) -> Result<&HttpsClient, String> {
        self.client
            .get_or_init(client)
            .as_ref()
            .map_err(Clone::clone)
    }

    async fn ask(&self, request: &HttpRequest) -> Result<HttpObservation, HttpObservation> {
        let none = HttpObservation::NoAnswer;
        let asked = Request::builder()
            .method(request.method.as_str())
            .uri(&request.url)
            .header(header::USER_AGENT, USER_AGENT)
            .body(Empty::new())
            .map_err(|why| {
                let (method, url) = (&request.method, &request.url);
                none(format!("`{method} {url}` is not a valid request: {why}"))
            })?;
        let began = Instant::now();
        let answer =
            self.client()
                .map_err(none)?
                .request(asked)
                .await
                .map_err(|why| match is_ours(&why) {
                    true => HttpObservation::Unreachable(words(&why)),
                    false => none(words(&why)),
                })?;
        let status = answer.status().as_u16();
        let mut body = answer.into_body();
        let mut kept = Vec::new();
        while kept.len() < MOST_OF_BODY
            && let Some(frame) = body.frame().await
        {
            let frame = frame.map_err(|why| none(words(&why)))?;
            if let Some(data) = frame.data_ref() {
                let room = MOST_OF_BODY - kept.len();
                kept.extend_from_slice(&data[..data.len().min(room)]);
            }
        }
        Ok(HttpObservation::Answered {
            status,
            latency_ms: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
            body: String::from_utf8_lossy(&kept).into_owned(),
        })
    }
}

#[async_trait]
impl Http for HttpsHttp {
    async fn request(&self, request: &HttpRequest) -> HttpObservation {
        let timeout = Duration::try_from(request.timeout).unwrap_or(Duration::ZERO);
        match tokio::time::timeout(timeout, self.ask(request)).await {
            Ok(Ok(seen) | Err(seen)) => seen,
            Err(_) => HttpObservation::NoAnswer(format!("no complete answer within {timeout:?}")),
        }
    }
}

fn client() -> Result<HttpsClient, String> {
    let tls = HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(|why| {
            format!(
                "there are no certificate authorities on this machine ({why}): set SSL_CERT_FILE"
            )
        })?;
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let connector = tls.https_or_http().enable_http1().wrap_connector(connector);
    Ok(Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(connector))
}

/// Whether no connection came about, for a reason that may lie on our side of the way: the name
/// does not resolve, there is no route, or no one says anything. A connection that is refused or
/// broken off, and a certificate that is not right, are the application's.
fn is_ours(error: &hyper_util::client::legacy::Error) -> bool {
    if !error.is_connect() {
        return false;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        // The connector's own error type is not public; its words are these.
        if error.to_string().starts_with("dns error") {
            return true;
        }
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            let unreached = [
                ErrorKind::TimedOut,
                ErrorKind::HostUnreachable,
                ErrorKind::NetworkUnreachable,
                ErrorKind::NetworkDown,
            ];
            if unreached.contains(&error.kind()) {
                return true;
            }
        }
        cause = error.source();
    }
    false
}

/// An error with its causes: the client's own says no more than that something failed.
fn words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
