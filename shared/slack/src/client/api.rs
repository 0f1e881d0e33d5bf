//! Calls to Slack's Web API: bounded in time, and free of what must not be printed.
//!
//! Answers are read as JSON values. slack-morphism's own types refuse a whole page of messages for
//! one of another app whose metadata holds a number.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hyper_rustls::HttpsConnectorBuilder;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::{
    SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientHyperConnector,
    SlackClientHyperHttpsConnector,
};
use sluice_app::ports::Clock;
use sluice_core::failure::PortError;

use super::errors::is_about_token;
use crate::method::Method;

/// Slack's Web API.
pub const BASE_URL: &str = "https://slack.com/api";

/// Slack answers in less than a second; slack-morphism itself would wait for ever.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(8);

/// A base URL that a token must not be sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an allowed address for a Slack token: use {BASE_URL}, or http://127.0.0.1:PORT \
     for a local stand-in for Slack"
)]
pub struct InvalidBaseUrl(String);

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// Slack refused it, with its own word for why.
    Refused(Refused),
    /// Too many calls.
    RateLimited {
        /// When Slack wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// An HTTP status without Slack's word for it.
    Status(u16),
    /// No answer in time, or none that can be read: what was asked may have happened.
    NoAnswer(&'static str),
}

/// A refusal, as Slack gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// Slack's `error`.
    pub(super) code: String,
    /// The scope it wants, if that is why.
    pub(super) needed_scope: Option<String>,
    /// Slack's `response_metadata.messages`: what is wrong, and where.
    pub(super) messages: Vec<String>,
}

impl Refused {
    /// Whether it wants to know the workspace, as it does of a token for a whole organisation.
    pub(super) fn is_about_team(&self) -> bool {
        self.code == "invalid_team" || self.messages.iter().any(|it| it.contains("team_id"))
    }
}

/// Where the bot's token is kept. It is read again where Slack does not take the one at hand: it may
/// have been replaced since the function started.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// The token as it is now.
    async fn token(&self) -> Result<SecretString, PortError>;
}

/// A call of a method.
#[derive(Clone, Copy)]
enum Call<'a> {
    Post(&'a Value),
    Get(&'a [(&'static str, String)]),
}

impl Call<'_> {
    /// What the rate is counted for: new messages for each channel, everything else for the whole
    /// workspace.
    fn about(self, method: Method) -> String {
        let channel = match self {
            Self::Post(request) if method == Method::PostMessage => request["channel"].as_str(),
            Self::Post(_) | Self::Get(_) => None,
        };
        channel.unwrap_or_default().to_owned()
    }
}

/// Slack's Web API with a token.
pub(super) struct Api {
    rest: Rest,
    client: SlackClient<SlackClientHyperHttpsConnector>,
    token: Mutex<SecretString>,
    source: Option<Arc<dyn TokenSource>>,
}

impl Api {
    pub(super) fn new(
        token: &SecretString,
        base_url: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidBaseUrl> {
        if !base_url.starts_with("https://") && !is_this_machine(base_url) {
            return Err(InvalidBaseUrl(base_url.to_owned()));
        }
        let connector = connector().with_slack_api_url(base_url.trim_end_matches('/'));
        Ok(Self {
            rest: Rest::new(clock),
            client: SlackClient::new(connector),
            token: Mutex::new(token.clone()),
            source: None,
        })
    }

    pub(super) fn with_source(self, source: Arc<dyn TokenSource>) -> Self {
        Self {
            source: Some(source),
            ..self
        }
    }

    /// A method that changes something.
    pub(super) async fn post(&self, method: Method, request: &Value) -> Result<Value, Failed> {
        self.call(method, Call::Post(request)).await
    }

    /// A method that reads.
    pub(super) async fn get(
        &self,
        method: Method,
        parameters: Vec<(&'static str, String)>,
    ) -> Result<Value, Failed> {
        self.call(method, Call::Get(&parameters)).await
    }

    /// Calls it, and once more with another token if it was the token that was refused.
    async fn call(&self, method: Method, call: Call<'_>) -> Result<Value, Failed> {
        let about = call.about(method);
        self.rest.is_over(method, &about)?;
        let token = locked(&self.token).clone();
        let mut answer = self.send(method, call, &token).await;
        if let Err(Failed::Refused(refused)) = &answer
            && is_about_token(&refused.code)
            && let Some(newer) = self.newer(&token).await
        {
            answer = self.send(method, call, &newer).await;
        }
        self.rest.begin(method, &about, &answer);
        answer
    }

    async fn send(
        &self,
        method: Method,
        call: Call<'_>,
        token: &SecretString,
    ) -> Result<Value, Failed> {
        let value = SlackApiTokenValue(token.expose_secret().to_owned());
        let token = SlackApiToken::new(value);
        let session = self.client.open_session(&token);
        let http = &session.http_session_api;
        match call {
            Call::Post(request) => {
                within(CALL_TIMEOUT, http.http_post(method.name(), request, None)).await
            }
            Call::Get(parameters) => {
                let parameters: Vec<(&str, Option<String>)> = parameters
                    .iter()
                    .map(|(name, value)| (*name, Some(value.clone())))
                    .collect();
                within(
                    CALL_TIMEOUT,
                    http.http_get(method.name(), &parameters, None),
                )
                .await
            }
        }
    }

    /// Another token than this one, which Slack did not take.
    async fn newer(&self, refused: &SecretString) -> Option<SecretString> {
        let is_other = |token: &SecretString| token.expose_secret() != refused.expose_secret();
        let known = locked(&self.token).clone();
        if is_other(&known) {
            return Some(known);
        }
        let read = tokio::time::timeout(CALL_TIMEOUT, self.source.as_ref()?.token()).await;
        match read.ok()? {
            Ok(token) if is_other(&token) => {
                tracing::info!("the Slack bot token was replaced: the new one is used");
                *locked(&self.token) = token.clone();
                Some(token)
            }
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, "the Slack bot token could not be read again: {error}");
                None
            }
        }
    }
}

/// A panic while it was held leaves a token all the same.
fn locked(token: &Mutex<SecretString>) -> MutexGuard<'_, SecretString> {
    token.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Slack's rate limits are kept by not asking: what was refused is not requested again before the
/// time that Slack named.
struct Rest {
    clock: Arc<dyn Clock>,
    until: Mutex<BTreeMap<(&'static str, String), Timestamp>>,
}

impl Rest {
    fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            until: Mutex::default(),
        }
    }

    /// Whether the method may be called about a channel.
    fn is_over(&self, method: Method, about: &str) -> Result<(), Failed> {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        until.retain(|_, until| *until > now);
        match until.get(&(method.name(), about.to_owned())) {
            Some(until) => Err(Failed::RateLimited {
                retry_after: Duration::try_from(until.duration_since(now)).ok(),
            }),
            None => Ok(()),
        }
    }

    /// Remembers that Slack wants to be left alone.
    fn begin(&self, method: Method, about: &str, answer: &Result<Value, Failed>) {
        if let Err(Failed::RateLimited {
            retry_after: Some(after),
        }) = answer
        {
            let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
            let over = self.clock.now().saturating_add(*after);
            until.insert(
                (method.name(), about.to_owned()),
                over.unwrap_or(Timestamp::MAX),
            );
        }
    }
}

/// HTTPS to Slack, and HTTP to this machine.
pub(super) fn connector() -> SlackClientHyperHttpsConnector {
    let https = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .build();
    SlackClientHyperConnector::with_connector(https)
}

pub(super) fn is_this_machine(url: &str) -> bool {
    url.starts_with("http://127.0.0.1:") || url.starts_with("http://[::1]:")
}

/// The call's answer, if it comes in time.
pub(super) async fn within(
    limit: Duration,
    call: impl Future<Output = Result<Value, SlackClientError>>,
) -> Result<Value, Failed> {
    match tokio::time::timeout(limit, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => Err(Failed::NoAnswer("did not answer in time")),
    }
}

/// Takes what may be said out of the error. Its own text holds the whole response body.
fn failed(error: SlackClientError) -> Failed {
    match error {
        SlackClientError::ApiError(error) => {
            let body = error.http_response_body;
            let body = body.and_then(|body| serde_json::from_str::<Value>(&body).ok());
            Failed::Refused(refused(error.code, &body.unwrap_or_default()))
        }
        SlackClientError::RateLimitError(error) => Failed::RateLimited {
            retry_after: error.retry_after,
        },
        SlackClientError::HttpError(error) => Failed::Status(error.status_code.as_u16()),
        SlackClientError::ProtocolError(_) => {
            Failed::NoAnswer("gave an answer that is not Slack's")
        }
        SlackClientError::HttpProtocolError(_)
        | SlackClientError::EndOfStream(_)
        | SlackClientError::SystemError(_)
        | SlackClientError::SocketModeProtocolError(_) => Failed::NoAnswer("could not be reached"),
    }
}

/// Messages that are kept of a refusal, and characters of each.
const MESSAGES: usize = 5;
const MESSAGE_CHARS: usize = 300;

fn refused(code: String, body: &Value) -> Refused {
    let messages = body["response_metadata"]["messages"].as_array();
    let messages = messages.into_iter().flatten().filter_map(Value::as_str);
    Refused {
        code,
        needed_scope: body["needed"].as_str().map(str::to_owned),
        messages: messages
            .take(MESSAGES)
            .map(|message| message.chars().take(MESSAGE_CHARS).collect())
            .collect(),
    }
}
