//! The port: each monitor asked in its own way, within a few seconds.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sluice_app::ports::{Clock, MonitorError, Monitors, NotTaken};
use sluice_core::config::Monitor;
use sluice_core::failure::{ErrorClass, PortError};
use sluice_words::monitoring::{Line, News, StateChange};

use crate::answer::{Asked, busy};
use crate::cloudwatch::LogLines;
use crate::http::{Answer, Credentials, Http, Request};
use crate::rest::Rest;
use crate::sentry::Sentry;
use crate::sns::Topics;
use crate::tokens::{Known, Tokens};
use crate::{cloudwatch, datadog, loki, opsgenie, pagerduty, sns, webhook};

/// A monitor that is well answers in less than a second. All the calls for one thing, and reading
/// the token, have this time together.
const WITHIN: Duration = Duration::from_secs(4);

/// The `source` of events on EventBridge.
pub const SOURCE: &str = "sluice";

/// Their `detail-type`.
pub const DETAIL_TYPE: &str = "Deployment State Change";

/// An event bus: Amazon EventBridge.
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Puts an event of [`SOURCE`] and [`DETAIL_TYPE`] on the bus.
    async fn put(&self, bus: &str, detail: String, at: Timestamp) -> Result<(), PortError>;
}

/// What monitors are reached with.
pub struct Reached {
    /// Where tokens and keys are kept.
    pub tokens: Arc<dyn Tokens>,
    /// Event buses.
    pub bus: Arc<dyn EventBus>,
    /// Topics.
    pub topics: Arc<dyn Topics>,
    /// The function's log.
    pub log: Arc<dyn LogLines>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// The [`Monitors`] port.
pub struct WebMonitors {
    http: Http,
    tokens: Known,
    bus: Arc<dyn EventBus>,
    topics: Arc<dyn Topics>,
    log: Arc<dyn LogLines>,
    clock: Arc<dyn Clock>,
    rest: Rest,
}

impl WebMonitors {
    /// Monitors that are reached with these.
    pub fn new(reached: Reached) -> Self {
        let Reached {
            tokens,
            bus,
            topics,
            log,
            clock,
        } = reached;
        Self {
            http: Http::default(),
            tokens: Known::new(tokens),
            bus,
            topics,
            log,
            rest: Rest::new(clock.clone()),
            clock,
        }
    }

    async fn told(
        &self,
        monitor: &Monitor,
        news: &News,
        keeps: Option<&str>,
        may_be_there: bool,
    ) -> Result<Option<String>, MonitorError> {
        match (monitor, news) {
            (Monitor::Grafana { url, .. }, News::Change(change)) => {
                self.annotate(monitor, url, change, keeps, may_be_there)
                    .await
            }
            (Monitor::Sentry { .. }, News::Change(change)) => {
                self.release(monitor, change, may_be_there).await
            }
            (Monitor::Loki { url, tenant, .. }, News::Lines(lines)) => {
                self.push(monitor, url, tenant.as_deref(), lines).await
            }
            (Monitor::EventBridge { bus }, News::Change(change)) => self.put(bus, change).await,
            (Monitor::Webhook { url, .. }, News::Change(change)) => {
                self.sign(monitor, url, change).await
            }
            (Monitor::PagerDuty { url, .. }, News::Page(page)) => {
                let key = self.secret(monitor).await?;
                let request = pagerduty::event(url, page, &key);
                self.ask(monitor, "POST /v2/enqueue", request).await?;
                Ok(None)
            }
            (Monitor::Opsgenie { url, .. }, News::Page(page)) => {
                self.alert(monitor, url, page, keeps).await
            }
            (Monitor::CloudWatch { namespace }, News::Change(change)) => {
                let line = cloudwatch::line(namespace, change);
                self.log.write(&line).map(|()| None).map_err(not_written)
            }
            (Monitor::Sns { topic }, News::Page(page)) => {
                let published = self.topics.publish(sns::message(topic, page)).await;
                published.map(|()| None).map_err(of_port)
            }
            (Monitor::GitHub { .. }, News::Change(change)) => {
                self.deployment(monitor, change, keeps).await
            }
            (Monitor::Datadog { url, .. }, News::Change(change)) => {
                let request = datadog::event(url, change, self.clock.now());
                self.ask(monitor, "POST /api/v1/events", request).await?;
                Ok(None)
            }
            (
                Monitor::Loki { .. }
                | Monitor::PagerDuty { .. }
                | Monitor::Opsgenie { .. }
                | Monitor::Sns { .. },
                News::Change(_),
            )
            | (_, News::Page(_) | News::Lines(_)) => Ok(None),
        }
    }

    async fn release(
        &self,
        monitor: &Monitor,
        change: &StateChange,
        may_be_there: bool,
    ) -> Result<Option<String>, MonitorError> {
        let Some(sentry) = Sentry::of(monitor) else {
            return Ok(None);
        };
        self.ask(monitor, "POST releases", sentry.release(change))
            .await?;
        if may_be_there {
            let request = sentry.find_deploy(change);
            let answer = self.ask(monitor, "GET deploys", request).await?;
            if Sentry::has_deploy(&answer, change) {
                return Ok(None);
            }
        }
        self.ask(monitor, "POST deploys", sentry.deploy(change))
            .await?;
        Ok(None)
    }

    async fn push(
        &self,
        monitor: &Monitor,
        url: &str,
        tenant: Option<&str>,
        lines: &[Line],
    ) -> Result<Option<String>, MonitorError> {
        let call = "POST /loki/api/v1/push";
        let request = loki::push(url, tenant, lines, None);
        let answer = self.send(monitor, call, &request).await?;
        match loki::too_old(&answer, lines.len()) {
            Some(old) => {
                let late = Some(self.clock.now());
                let request = loki::push(url, tenant, &lines[..old], late);
                self.ask(monitor, call, request).await?;
            }
            None => {
                self.taken(monitor, call, &request, answer)?;
            }
        }
        Ok(None)
    }

    async fn put(&self, bus: &str, change: &StateChange) -> Result<Option<String>, MonitorError> {
        let detail = serde_json::to_string(change).map_err(|why| MonitorError {
            not_taken: NotTaken::ForGood,
            may_be_there: false,
            message: format!("a change could not be written as JSON: {why}"),
        })?;
        let put = self.bus.put(bus, detail, change.at).await;
        put.map(|()| None).map_err(of_port)
    }

    async fn sign(
        &self,
        monitor: &Monitor,
        url: &str,
        change: &StateChange,
    ) -> Result<Option<String>, MonitorError> {
        let secret = self.secret(monitor).await?;
        let now = self.clock.now();
        let request = webhook::signed(url, change, &secret, now).ok_or_else(|| MonitorError {
            not_taken: NotTaken::Setting,
            may_be_there: false,
            message: format!(
                "the secret `{}` holds no key: store `whsec_` and 24 to 64 bytes in base64",
                monitor.secret().unwrap_or_default()
            ),
        })?;
        self.ask(monitor, "POST", request).await?;
        Ok(None)
    }

    async fn secret(&self, monitor: &Monitor) -> Result<SecretString, MonitorError> {
        let secret = monitor.secret().unwrap_or_default();
        self.tokens.token(secret).await.map_err(of_port)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sends a request that must be taken.
    pub(crate) async fn ask(
        &self,
        monitor: &Monitor,
        call: &str,
        request: Request,
    ) -> Result<Answer, MonitorError> {
        let answer = self.send(monitor, call, &request).await?;
        self.taken(monitor, call, &request, answer)
    }

    pub(crate) fn taken(
        &self,
        monitor: &Monitor,
        call: &str,
        request: &Request,
        answer: Answer,
    ) -> Result<Answer, MonitorError> {
        if answer.is_ok() {
            return Ok(answer);
        }
        let host = request.host();
        let asked = Asked {
            monitor,
            call,
            host,
        };
        Err(asked.refused(&answer))
    }

    /// Sends a request, and once more with another token if it was the token that was refused.
    pub(crate) async fn send(
        &self,
        monitor: &Monitor,
        call: &str,
        request: &Request,
    ) -> Result<Answer, MonitorError> {
        let asked = Asked {
            monitor,
            call,
            host: request.host(),
        };
        let send = |credentials| async {
            let sent = self.http.send(request.clone().with(credentials)).await;
            sent.map_err(|why| asked.unanswered(why))
        };
        let Some(secret) = authorized_by(monitor) else {
            return send(Credentials::None).await;
        };
        let token = self.secret(monitor).await?;
        let answer = send(credentials(monitor, &token)).await?;
        if ![401, 403].contains(&answer.status) {
            return Ok(answer);
        }
        match self.tokens.newer(secret, &token).await {
            Some(newer) => send(credentials(monitor, &newer)).await,
            None => Ok(answer),
        }
    }
}

/// The secret that goes into a header as it is.
fn authorized_by(monitor: &Monitor) -> Option<&str> {
    match monitor {
        Monitor::Grafana { .. }
        | Monitor::Sentry { .. }
        | Monitor::Loki { .. }
        | Monitor::GitHub { .. }
        | Monitor::Opsgenie { .. }
        | Monitor::Datadog { .. } => monitor.secret(),
        Monitor::EventBridge { .. }
        | Monitor::Webhook { .. }
        | Monitor::PagerDuty { .. }
        | Monitor::CloudWatch { .. }
        | Monitor::Sns { .. } => None,
    }
}

fn credentials(monitor: &Monitor, token: &SecretString) -> Credentials {
    match monitor {
        Monitor::Loki {
            user: Some(user), ..
        } => {
            let both = format!("{user}:{}", token.expose_secret());
            Credentials::Basic(SecretString::from(STANDARD.encode(both)))
        }
        Monitor::Datadog { .. } => Credentials::Header(datadog::KEY, token.clone()),
        Monitor::Opsgenie { .. } => {
            let both = format!("{} {}", opsgenie::SCHEME, token.expose_secret());
            Credentials::Header("authorization", SecretString::from(both))
        }
        _ => Credentials::Bearer(token.clone()),
    }
}

/// An error of AWS, in Secrets Manager, EventBridge or SNS.
fn of_port(error: PortError) -> MonitorError {
    let not_taken = match error.class {
        ErrorClass::Retryable | ErrorClass::Newer => busy(None),
        ErrorClass::NeedsPerson => NotTaken::Setting,
        ErrorClass::Permanent => NotTaken::Setting,
    };
    MonitorError {
        not_taken,
        may_be_there: error.class == ErrorClass::Retryable,
        message: error.message,
    }
}

fn not_written(why: std::io::Error) -> MonitorError {
    MonitorError {
        not_taken: busy(None),
        may_be_there: false,
        message: format!("the function's log could not be written: {why}"),
    }
}

#[async_trait]
impl Monitors for WebMonitors {
    async fn tell(
        &self,
        monitor: &Monitor,
        news: &News,
        keeps: Option<&str>,
        may_be_there: bool,
    ) -> Result<Option<String>, MonitorError> {
        self.rest.is_over(monitor)?;
        let told = self.told(monitor, news, keeps, may_be_there);
        let told = match tokio::time::timeout(WITHIN, told).await {
            Ok(told) => told,
            Err(_) => Err(MonitorError {
                not_taken: busy(None),
                may_be_there: true,
                message: format!("{} did not answer within {WITHIN:?}", monitor.title()),
            }),
        };
        if let Err(error) = &told {
            self.rest.begin(monitor, error);
        }
        told
    }
}
