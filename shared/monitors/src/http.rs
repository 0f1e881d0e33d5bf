//! Requests and their answers.

use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request as HyperRequest;
use hyper::body::Bytes;
use hyper::header;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// A host that is there takes or refuses a connection within a round trip or two.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// No answer of a monitor that is read is longer: a page of deploys, or of annotations.
const MOST_BYTES: usize = 256 * 1024;

/// How the monitor's access log sees us.
const USER_AGENT: &str = concat!("sluice/", env!("CARGO_PKG_VERSION"));

/// How a request shows who sends it.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    /// It does not, or in its body.
    None,
    /// `Authorization: Bearer …`.
    Bearer(SecretString),
    /// `Authorization: Basic …`, as it stands in the header.
    Basic(SecretString),
    /// In a header of its own.
    Header(&'static str, SecretString),
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) credentials: Credentials,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A request without a body.
    pub(crate) fn get(url: String) -> Self {
        Self {
            method: "GET",
            url,
            headers: Vec::new(),
            credentials: Credentials::None,
            body: Vec::new(),
        }
    }

    /// A request with JSON.
    pub(crate) fn json(method: &'static str, url: String, body: &Value) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            credentials: Credentials::None,
            body: body.to_string().into_bytes(),
        }
    }

    /// The same from somebody with this token.
    pub(crate) fn with(self, credentials: Credentials) -> Self {
        Self {
            credentials,
            ..self
        }
    }

    /// The part of the address that may be said: an address can hold a secret in its path or query.
    pub(crate) fn host(&self) -> &str {
        let after = self.url.split_once("://").map_or("", |(_, rest)| rest);
        after.split(['/', '?']).next().unwrap_or_default()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<SignedDuration>,
    /// As GitHub counts them: how many requests are left in this hour, and when it ends, in seconds of
    /// the epoch.
    pub(crate) requests_left: Option<i64>,
    pub(crate) counts_again_at: Option<i64>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// It cannot be sent as it is.
    NotARequest(String),
    /// No connection came about: nothing was sent.
    NotReached(String),
    /// It was sent, perhaps in part.
    Lost(String),
}

type Https = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// An HTTP/1.1 client with TLS. It follows no redirects, and keeps no connections: one that froze
/// with a sleeping Lambda function cannot pass for a monitor that does not answer.
pub(crate) struct Http {
    // The roots are read at the first request: most installations have no monitor.
    client: OnceLock<Result<Https, String>>,
    most_bytes: usize,
}

impl Default for Http {
    fn default() -> Self {
        Self::up_to(MOST_BYTES)
    }
}

impl Http {
    /// One that reads answers of so many bytes at most.
    pub(crate) fn up_to(most_bytes: usize) -> Self {
        Self {
            client: OnceLock::new(),
            most_bytes,
        }
    }

    pub(crate) async fn send(&self, request: Request) -> Result<Answer, NoAnswer> {
        let client = self.client.get_or_init(client).as_ref();
        let client = client.map_err(|why| NoAnswer::NotARequest(why.clone()))?;
        let answer = client.request(built(request)?).await.map_err(|error| {
            let why = words(&error);
            match error.is_connect() {
                true => NoAnswer::NotReached(why),
                false => NoAnswer::Lost(why),
            }
        })?;
        let status = answer.status().as_u16();
        let headers = answer.headers();
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        // Seconds, as every monitor here gives them; a date is taken for nothing.
        let retry_after = number(header::RETRY_AFTER.as_str());
        let retry_after = retry_after.and_then(|seconds| u32::try_from(seconds).ok());
        let requests_left = number("x-ratelimit-remaining");
        let counts_again_at = number("x-ratelimit-reset");
        let body = Limited::new(answer.into_body(), self.most_bytes)
            .collect()
            .await;
        let body = body.map_err(|error| NoAnswer::Lost(words(error.as_ref())))?;
        Ok(Answer {
            status,
            retry_after: retry_after.map(|seconds| SignedDuration::from_secs(seconds.into())),
            requests_left,
            counts_again_at,
            body: body.to_bytes().to_vec(),
        })
    }
}

fn built(request: Request) -> Result<HyperRequest<Full<Bytes>>, NoAnswer> {
    let mut built = HyperRequest::builder()
        .method(request.method)
        .uri(&request.url)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "application/json");
    if !request.body.is_empty() {
        built = built.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, value) in request.headers {
        built = built.header(name, value);
    }
    let authorization = |value| Some(("authorization", value));
    let shown = match &request.credentials {
        Credentials::None => None,
        Credentials::Bearer(token) => authorization(format!("Bearer {}", token.expose_secret())),
        Credentials::Basic(both) => authorization(format!("Basic {}", both.expose_secret())),
        Credentials::Header(name, key) => Some((*name, key.expose_secret().to_owned())),
    };
    if let Some((name, value)) = shown {
        let mut value = header::HeaderValue::from_str(&value)
            .map_err(|_| NoAnswer::NotARequest("the token holds a line break".to_owned()))?;
        value.set_sensitive(true);
        built = built.header(name, value);
    }
    let body = Full::new(Bytes::from(request.body));
    built
        .body(body)
        .map_err(|_| NoAnswer::NotARequest("the address is not valid".to_owned()))
}

fn client() -> Result<Https, String> {
    let tls = HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(|why| {
            format!("there are no certificate authorities here ({why}): set SSL_CERT_FILE")
        })?;
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(CONNECT_WITHIN));
    // What may be `http`, the configuration has seen to.
    let connector = tls.https_or_http().enable_http1().wrap_connector(connector);
    Ok(Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(connector))
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
