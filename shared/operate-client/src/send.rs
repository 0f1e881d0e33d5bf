//! Requests: signed, sent, and sent again where nothing can have arrived.

use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::address::Address;
use crate::error::{CallError, words};
use crate::sign::signed;

/// The function answers within 50 seconds, or Lambda after 60.
const WITHIN: Duration = Duration::from_secs(65);

/// A host that is there takes or refuses a connection within a round trip or two.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Lambda sends 6 MB at most.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Waits before a request is sent again that no function has seen: nobody was there, or Lambda
/// throttles.
const AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1_500)];

/// An answer, of the function or of Lambda in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// What Lambda calls an error of its own: `x-amzn-errortype`.
    pub error_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Somebody with credentials, before an installation.
pub struct Client {
    address: Address,
    credentials: Option<SharedCredentialsProvider>,
}

impl Client {
    /// With the credentials of the environment, of the profile, of IAM Identity Center or of the
    /// machine: the AWS SDK's own order.
    pub async fn new(address: Address, profile: Option<&str>) -> Self {
        let region = aws_config::Region::new(address.region.clone());
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(region);
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        Self::with(address, config.credentials_provider())
    }

    /// With these credentials; `None` where there are none.
    pub fn with(address: Address, credentials: Option<SharedCredentialsProvider>) -> Self {
        Self {
            address,
            credentials,
        }
    }

    /// Sends a request. It must be one that may arrive twice: where Lambda says that it was not
    /// taken, it is sent again.
    ///
    /// # Errors
    /// There is no answer: see [`CallError`].
    pub async fn send(&self, body: &[u8]) -> Result<Reply, CallError> {
        let http = client().map_err(CallError::NotSigned)?;
        let mut waits = AGAIN_AFTER.into_iter();
        loop {
            let answered = match tokio::time::timeout(WITHIN, self.once(&http, body)).await {
                Ok(answered) => answered,
                Err(_) => return Err(CallError::TimedOut(WITHIN)),
            };
            let again = match &answered {
                Ok(reply) => [429, 503].contains(&reply.status),
                Err(error) => matches!(error, CallError::NotReached { .. }),
            };
            match waits.next().filter(|_| again) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return answered,
            }
        }
    }

    async fn once(&self, http: &Http, body: &[u8]) -> Result<Reply, CallError> {
        let provider = self.credentials.as_ref();
        let provider =
            provider.ok_or_else(|| CallError::NoCredentials("none are configured".to_owned()))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| CallError::NoCredentials(words(&error)))?;
        let request = signed(&self.address, body, credentials, SystemTime::now())?;
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let answer = http.request(request).await.map_err(|error| {
            let why = words(&error);
            if error.is_connect() {
                let host = self.address.uri.host().unwrap_or_default().to_owned();
                CallError::NotReached { host, why }
            } else {
                CallError::Broken(why)
            }
        })?;
        let status = answer.status().as_u16();
        let error_type = answer.headers().get("x-amzn-errortype");
        let error_type = error_type.and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await;
        let body = body.map_err(|error| CallError::Broken(words(error.as_ref())))?;
        Ok(Reply {
            status,
            error_type,
            body: body.to_bytes().to_vec(),
        })
    }
}

type Http = HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>;

fn client() -> Result<Http, String> {
    let tls = HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(|why| {
            format!("this machine has no certificate authorities: {why}; set SSL_CERT_FILE")
        })?;
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(CONNECT_WITHIN));
    // What may be `http`, the address has seen to.
    let connector = tls.https_or_http().enable_http1().wrap_connector(connector);
    Ok(HttpClient::builder(TokioExecutor::new()).build(connector))
}
