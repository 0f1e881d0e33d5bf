//! Monitors: where deployments are told beside the chat.

use serde::{Deserialize, Serialize};

/// One monitor of an environment. Tokens and keys are secrets in Sluice's own account, by name or
/// ARN: never the values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Monitor {
    /// Annotations in Grafana.
    Grafana {
        /// Where it answers, without a slash at the end.
        url: String,
        /// The secret with the token of a service account.
        token: String,
    },
    /// Releases and deploys in Sentry.
    Sentry {
        /// Where it answers, without a slash at the end.
        url: String,
        /// The organisation's slug.
        organization: String,
        /// The projects' slugs.
        projects: Vec<String>,
        /// The secret with the token.
        token: String,
        /// What comes before the tag in the name of a release.
        prefix: String,
        /// The repository as Sentry's integration knows it, to connect commits.
        repository: Option<String>,
    },
    /// Log lines in Loki.
    Loki {
        /// Where it answers, without a slash at the end.
        url: String,
        /// The user, where it wants one.
        user: Option<String>,
        /// The secret with the password or token, where it wants one.
        token: Option<String>,
        /// The tenant, where it has several.
        tenant: Option<String>,
    },
    /// Events on a bus of Amazon EventBridge.
    EventBridge {
        /// The bus, by name or ARN.
        bus: String,
    },
    /// Signed requests to an address of your own.
    Webhook {
        /// The address.
        url: String,
        /// The secret with the key that signs them.
        secret: String,
    },
    /// Deployments of commits in GitHub.
    #[serde(rename = "github")]
    GitHub {
        /// Where its API answers, without a slash at the end.
        url: String,
        /// The repository: its owner and its name.
        repository: String,
        /// The secret with the token.
        token: String,
    },
    /// Events in Datadog.
    Datadog {
        /// Where its API answers, without a slash at the end.
        url: String,
        /// The secret with the API key.
        key: String,
    },
    /// Incidents in PagerDuty for what needs a person.
    #[serde(rename = "pagerduty")]
    PagerDuty {
        /// Where it answers, without a slash at the end.
        url: String,
        /// The secret with the integration key.
        key: String,
    },
    /// Alerts in Opsgenie, or in Jira Service Management, for what needs a person.
    Opsgenie {
        /// Where the Alert API answers, up to `/v2`, without a slash at the end.
        url: String,
        /// The secret with an API integration's key.
        key: String,
    },
    /// Messages on a topic of Amazon SNS for what needs a person.
    Sns {
        /// The topic's ARN.
        topic: String,
    },
    /// Metrics in Amazon CloudWatch.
    #[serde(rename = "cloudwatch")]
    CloudWatch {
        /// Their namespace.
        namespace: String,
    },
}

impl Monitor {
    /// Its name: the key in `sluice.toml`, and the name of what is stored about it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Grafana { .. } => "grafana",
            Self::Sentry { .. } => "sentry",
            Self::Loki { .. } => "loki",
            Self::EventBridge { .. } => "event_bridge",
            Self::Webhook { .. } => "webhook",
            Self::GitHub { .. } => "github",
            Self::Datadog { .. } => "datadog",
            Self::PagerDuty { .. } => "pagerduty",
            Self::Opsgenie { .. } => "opsgenie",
            Self::Sns { .. } => "sns",
            Self::CloudWatch { .. } => "cloudwatch",
        }
    }

    /// As people call it.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Grafana { .. } => "Grafana",
            Self::Sentry { .. } => "Sentry",
            Self::Loki { .. } => "Loki",
            Self::EventBridge { .. } => "EventBridge",
            Self::Webhook { .. } => "The webhook",
            Self::GitHub { .. } => "GitHub",
            Self::Datadog { .. } => "Datadog",
            Self::PagerDuty { .. } => "PagerDuty",
            Self::Opsgenie { .. } => "Opsgenie",
            Self::Sns { .. } => "SNS",
            Self::CloudWatch { .. } => "CloudWatch",
        }
    }

    /// The secret that it needs, by name or ARN.
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::Grafana { token, .. }
            | Self::Sentry { token, .. }
            | Self::GitHub { token, .. } => Some(token),
            Self::Loki { token, .. } => token.as_deref(),
            Self::Webhook { secret, .. } => Some(secret),
            Self::PagerDuty { key, .. }
            | Self::Datadog { key, .. }
            | Self::Opsgenie { key, .. } => Some(key),
            Self::EventBridge { .. } | Self::Sns { .. } | Self::CloudWatch { .. } => None,
        }
    }
}
