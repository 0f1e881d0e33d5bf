//! Between the functions and what they call: counts the calls, and passes them on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// The calls of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// How many.
    pub count: u64,
    /// What was sent, in KiB, each call rounded up: what DynamoDB counts for writes.
    pub sent_kib: u64,
    /// What was answered, in units of 4 KiB, each call rounded up: what DynamoDB counts for reads.
    pub answered_4_kib: u64,
}

/// Calls by service and operation, such as `ecs` and `DescribeServices`.
pub type Counts = BTreeMap<(String, String), Calls>;

/// A call to AWS: the function, whether with an assumed role, the service, the operation.
pub(crate) type Made = (String, bool, String, String);

#[derive(Default)]
struct Seen {
    counts: Counts,
    made: BTreeSet<Made>,
}

/// Counts what passes.
#[derive(Clone)]
pub(crate) struct Counter {
    pub(crate) url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Counter {
    /// Stands before `upstream` from now on.
    pub(crate) async fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let counter = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            seen: Arc::default(),
        };
        let (seen, upstream) = (counter.seen.clone(), upstream.to_owned());
        tokio::spawn(async move {
            let client = Client::builder(TokioExecutor::new()).build_http();
            while let Ok((stream, _)) = listener.accept().await {
                let (client, seen, upstream) = (client.clone(), seen.clone(), upstream.clone());
                tokio::spawn(async move {
                    let pass = service_fn(|request| pass(&client, &seen, &upstream, request));
                    // An error is one end's: it went away, or the answer is lost on purpose.
                    let _ended = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), pass)
                        .await;
                });
            }
        });
        counter
    }

    /// What has passed so far.
    pub(crate) fn counts(&self) -> Counts {
        locked(&self.seen).counts.clone()
    }

    /// Which function has made which calls so far.
    pub(crate) fn made(&self) -> BTreeSet<Made> {
        locked(&self.seen).made.clone()
    }
}

async fn pass(
    client: &Client<HttpConnector, Full<Bytes>>,
    seen: &Mutex<Seen>,
    upstream: &str,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Error> {
    let (mut parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map_or_else(|_| Bytes::new(), |body| body.to_bytes());
    let name = name(&parts.headers, parts.uri.path(), &body);
    let made = made(&parts.headers, &name);
    let sent = body.len();
    parts.uri = format!("{upstream}{}", parts.uri).parse().unwrap();
    let answer = client
        .request(Request::from_parts(parts, Full::from(body)))
        .await?;
    let (parts, body) = answer.into_parts();
    let body = body
        .collect()
        .await
        .map_or_else(|_| Bytes::new(), |body| body.to_bytes());
    let mut seen = locked(seen);
    seen.made.extend(made);
    let calls = seen.counts.entry(name).or_default();
    calls.count += 1;
    calls.sent_kib += u64::try_from(sent.div_ceil(1024)).unwrap();
    calls.answered_4_kib += u64::try_from(body.len().div_ceil(4096)).unwrap();
    Ok(Response::from_parts(parts, Full::from(body)))
}

/// The service that the signature is for, and the operation in any of AWS's protocols; or Slack's
/// method.
fn name(headers: &HeaderMap, path: &str, body: &[u8]) -> (String, String) {
    if let Some(method) = path.strip_prefix("/slack/api/") {
        return ("slack".to_owned(), method.to_owned());
    }
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let scope = header("authorization").and_then(|value| value.split('/').nth(3));
    let target = header("x-amz-target").and_then(|target| target.rsplit('.').next());
    let action = form_urlencoded::parse(body).find(|(name, _)| name == "Action");
    let operation = target.map(str::to_owned);
    let operation = operation.or(action.map(|(_, action)| action.into_owned()));
    let last = path.rsplit('/').next().unwrap_or_default();
    let operation = operation.unwrap_or_else(|| last.to_owned());
    (scope.unwrap_or("the application").to_owned(), operation)
}

/// The call, if it is to AWS and says which function makes it (`AWS_SDK_UA_APP_ID`). The keys of a role
/// are temporary, which begin with `ASIA`.
fn made(headers: &HeaderMap, (service, operation): &(String, String)) -> Option<Made> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let with_role = header("authorization")?.contains("Credential=ASIA");
    let agent = header("x-amz-user-agent").or(header("user-agent"))?;
    let function = agent
        .split(' ')
        .find_map(|part| part.strip_prefix("app/"))?;
    Some((
        function.to_owned(),
        with_role,
        service.clone(),
        operation.clone(),
    ))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
