//! The lines of a file.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_core::id::{AppName, UserId};

/// The version of the form.
pub const FORM: u8 = 1;

/// A line. What it holds is read further only after its hash was taken.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Line {
    /// The first.
    Evidence(Head),
    /// A deployment with its history: what `sluice export DEPLOYMENT` prints.
    Deployment(Value),
    /// A `sluice.toml` that was live.
    Configuration(Version),
    /// The last.
    End(End),
}

/// What the file is evidence of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// [`FORM`].
    pub form: u8,
    /// The version of Sluice that wrote it.
    pub sluice: String,
    /// Deployments that were requested at this time or later.
    pub since: Timestamp,
    /// When it was asked for.
    pub made_at: Timestamp,
    /// The environment it is limited to; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

/// A version of a `sluice.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Whose.
    pub app: AppName,
    /// From 1; 0 is the file in the functions' packages.
    pub number: u32,
    /// Who changed it; nothing of the one in the packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// Who accepted the change, where two people must agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<UserId>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The file.
    pub text: String,
}

/// The end of a file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// The SHA-256 of all lines before this one.
    pub sha256: String,
    /// The SHA-256 of each of them, with its line break.
    pub lines: Vec<String>,
}
