//! What environments are compared in, and the differences between them that someone answers for.

use std::fmt;

use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use crate::migration::Waiver;

/// One kind of thing in which two environments are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParityTopic {
    /// The image that a service runs, and the release that was verified last.
    Image,
    /// The revision of the database schema.
    Schema,
    /// CPU and memory of a task.
    TaskSize,
    /// Everything else of a task definition: containers, command, log driver, network mode.
    TaskDefinition,
    /// Plain variables, by name.
    Variable,
    /// Secrets, by name.
    Secret,
    /// The production listener rule.
    ListenerRule,
    /// The health checks of containers and target groups.
    HealthCheck,
    /// CloudWatch alarms, by name.
    Alarm,
    /// The database: engine, version, encryption.
    Database,
    /// The template of the CloudFormation stack.
    StackTemplate,
    /// Its parameters.
    StackParameter,
    /// Sluice's own configuration: how releases are deployed and judged.
    Configuration,
}

impl ParityTopic {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 13] = [
        Self::Image,
        Self::Schema,
        Self::TaskSize,
        Self::TaskDefinition,
        Self::Variable,
        Self::Secret,
        Self::ListenerRule,
        Self::HealthCheck,
        Self::Alarm,
        Self::Database,
        Self::StackTemplate,
        Self::StackParameter,
        Self::Configuration,
    ];

    /// As `sluice.toml` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Schema => "schema",
            Self::TaskSize => "task-size",
            Self::TaskDefinition => "task-definition",
            Self::Variable => "variable",
            Self::Secret => "secret",
            Self::ListenerRule => "listener-rule",
            Self::HealthCheck => "health-check",
            Self::Alarm => "alarm",
            Self::Database => "database",
            Self::StackTemplate => "stack-template",
            Self::StackParameter => "stack-parameter",
            Self::Configuration => "configuration",
        }
    }
}

impl fmt::Display for ParityTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Two sizes as the smallest whole numbers, such as `1:4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ratio([u64; 2]);

impl Ratio {
    /// The ratio of two sizes; `None` where one of them is zero.
    pub fn of(one: u64, other: u64) -> Option<Self> {
        let (mut a, mut b) = (one, other);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        (one != 0 && other != 0).then(|| Self([one / a, other / a]))
    }

    /// Whether the larger one is at most so many times the smaller one.
    pub fn is_within(self, times: u16) -> bool {
        let [one, other] = self.0;
        one.max(other) <= one.min(other).saturating_mul(u64::from(times))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = self.0;
        write!(f, "{one}:{other}")
    }
}

impl From<Ratio> for String {
    fn from(ratio: Ratio) -> Self {
        ratio.to_string()
    }
}

impl TryFrom<String> for Ratio {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let sizes = text.split_once(':');
        let sizes = sizes.and_then(|(one, other)| Some((one.parse().ok()?, other.parse().ok()?)));
        let ratio = sizes.and_then(|(one, other)| Self::of(one, other));
        ratio.ok_or_else(|| format!("{text} is no ratio"))
    }
}

/// A difference that someone answers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedDifference {
    /// In what.
    pub what: ParityTopic,
    /// Of which name: a glob, in which `*` stands for any run of characters and `?` for one. `None`
    /// is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of a task's size: how many times as large the larger one may be; `None` is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<u16>,
    /// Who answers for it, and why.
    #[serde(flatten)]
    pub waiver: Waiver,
}

impl AllowedDifference {
    /// Whether it is about a difference of that name. A bound on the size is about sizes that both
    /// environments have.
    pub fn allows(&self, what: ParityTopic, name: &str, ratio: Option<Ratio>) -> bool {
        let is_named = |glob: &String| WildMatch::new(glob).matches(name);
        let is_within = |times: u16| ratio.is_some_and(|ratio| ratio.is_within(times));
        self.what == what
            && self.name.as_ref().is_none_or(is_named)
            && self.up_to.is_none_or(is_within)
    }
}
