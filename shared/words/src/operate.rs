//! What a terminal asks of an installation, and what it is answered: the JSON that `sluice` and the
//! function `operate` send each other.

pub mod said;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::message::{Button, ButtonAction, Message};
use crate::modal::{InputName, Modal};
use crate::note;
use crate::overview::{Look, Seen};
use crate::slash::{COMMAND, Verb};
use jiff::Timestamp;
use sluice_core::config::ConfigVersion;
use sluice_core::delivery::Delivery;
use sluice_core::deployment::{Deployment, SCHEMA};
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::id::{AppName, DeploymentId, ImageTag, UserId};
use sluice_core::parity::{Parity, Verdict};
use sluice_core::phase::Phase;

/// The version of this form.
pub const VERSION: u8 = 1;

/// The command of an order that looks at something as data.
pub const LOOK: &str = "look";

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// [`VERSION`].
    pub version: u8,
    /// The request's own id: the same when it is sent again, so that it is carried out once.
    pub request: String,
    /// The command as it is typed after `/sluice`, or one of those that are for terminals alone.
    pub command: String,
    /// Answers to the questions that Slack asks in a form.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<InputName, String>,
    /// The plan that somebody has seen: the beginning of its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The file that somebody pushes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PushedFile>,
    /// What is looked at as data; then the command says [`LOOK`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
}

/// An application's `sluice.toml` that is to be live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushedFile {
    /// The file.
    pub text: String,
    /// The version that it replaces: the one that somebody has compared it with.
    pub over: u32,
}

/// An application's `sluice.toml` as it was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownFile {
    /// The application.
    pub app: AppName,
    /// Its version; 0 is the one in the functions' packages.
    pub version: u32,
    /// The file.
    pub text: String,
    /// Who changed it and when; nothing of the one in the functions' packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<FileChange>,
}

/// How a version of a `sluice.toml` came to be live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileChange {
    /// Who changed it.
    pub by: UserId,
    /// Who accepted the change, where two people must agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<ConfigVersion> for FileChange {
    fn from(version: ConfigVersion) -> Self {
        Self {
            by: version.by,
            accepted_by: version.accepted_by,
            at: version.at,
            reason: version.reason,
        }
    }
}

/// What there is to export of a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The time begins here.
    pub since: Timestamp,
    /// And ends here: when it was asked for.
    pub made_at: Timestamp,
    /// The environment that it is limited to; none: all of `sluice.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentKey>,
    /// The deployments that were requested in it, oldest first.
    pub deployments: Vec<DeploymentId>,
    /// The versions of `sluice.toml` that were live in it.
    pub versions: Vec<(AppName, u32)>,
}

/// A text that is no order; in words, for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOrder {
    /// It is of another version.
    #[error(
        "this installation reads version {VERSION} of a request, and this is version {0}: use the \
         `sluice` of the installation's version"
    )]
    OtherVersion(i64),
    /// It is not JSON, or says something else.
    #[error("the request cannot be read: {0}")]
    Unreadable(String),
    /// Its id cannot be one.
    #[error("a request has an id of 1 to {REQUEST_CHARS} characters without spaces")]
    NoId,
}

/// The longest id of a request.
const REQUEST_CHARS: usize = 64;

impl Order {
    /// Reads what was sent.
    ///
    /// # Errors
    /// It is no order of this version.
    pub fn read(text: &[u8]) -> Result<Self, NotAnOrder> {
        let unreadable = |error: serde_json::Error| NotAnOrder::Unreadable(error.to_string());
        let read: serde_json::Value = serde_json::from_slice(text).map_err(unreadable)?;
        let version = read.get("version").and_then(serde_json::Value::as_i64);
        if let Some(version) = version.filter(|version| *version != i64::from(VERSION)) {
            return Err(NotAnOrder::OtherVersion(version));
        }
        let order: Self = serde_json::from_value(read).map_err(unreadable)?;
        let id = &order.request;
        if id.is_empty() || id.len() > REQUEST_CHARS || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(NotAnOrder::NoId);
        }
        Ok(order)
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done, or this is what was asked for.
    Done,
    /// Nothing was done: it is not possible now, or too late. The message says why.
    Refused,
    /// Nothing was done: it cannot be read.
    NotUnderstood,
    /// Nothing was done: more must be said first. The message or the form says what.
    NeedsAnswers,
    /// Nothing was done: this person or principal may not do it.
    NotAllowed,
    /// Something did not answer: it may have been done. Sending it again with the same id is safe.
    Unknown,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// [`VERSION`].
    pub version: u8,
    /// What became of it.
    pub outcome: Outcome,
    /// The same in words.
    pub message: Message,
    /// What must be answered first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Box<Modal>>,
    /// The deployment that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<Box<Glimpse>>,
    /// The history that was asked for, as `sluice replay` reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<Box<Export>>,
    /// The `sluice.toml` that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Box<ShownFile>>,
    /// What there is to export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
    /// The figures that were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metrics>,
    /// What was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Box<Seen>>,
    /// The two environments that were compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parity: Option<Box<Compared>>,
}

/// Two environments side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Of which application.
    pub app: AppName,
    /// What it came to.
    pub verdict: Verdict,
    /// Where they are alike, where not, and what is not known.
    #[serde(flatten)]
    pub parity: Parity,
}

/// The figures of DORA of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// Which.
    pub environment: EnvironmentKey,
    /// Of how many days.
    pub days: u16,
    /// The figures; times in seconds.
    pub delivery: Delivery,
}

impl Answer {
    /// An answer in words.
    pub fn new(outcome: Outcome, message: Message) -> Self {
        Self {
            version: VERSION,
            outcome,
            message,
            form: None,
            deployment: None,
            export: None,
            file: None,
            evidence: None,
            metrics: Vec::new(),
            seen: None,
            parity: None,
        }
    }

    /// An answer in a line.
    pub fn line(outcome: Outcome, text: impl Into<String>) -> Self {
        Self::new(outcome, Message::line(text))
    }
}

/// A deployment at a glance, for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glimpse {
    /// Its id.
    pub id: DeploymentId,
    /// Where it leads.
    pub environment: EnvironmentKey,
    /// The release.
    pub release: ImageTag,
    /// Its phase, by name.
    pub phase: String,
    /// Whether it is over.
    pub over: bool,
    /// Whether it waits for somebody's decision.
    pub needs_decision: bool,
    /// Its plan: what must be given back with an approval.
    pub plan: Option<String>,
    /// What has happened so far, oldest first.
    pub story: Vec<String>,
}

impl Glimpse {
    /// A glance at a deployment.
    pub fn of(d: &Deployment) -> Self {
        Self {
            id: d.id.clone(),
            environment: EnvironmentKey::of(d),
            release: d.release.tag.clone(),
            phase: d.phase.name().to_owned(),
            over: d.phase.is_terminal(),
            needs_decision: needs_decision(d),
            plan: d.plan.as_ref().map(|sealed| sealed.hash.short().to_owned()),
            story: d.story.iter().map(|entry| told(entry, d)).collect(),
        }
    }
}

/// Whether a person must decide something.
pub fn needs_decision(d: &Deployment) -> bool {
    matches!(
        d.phase,
        Phase::AwaitingApproval
            | Phase::AwaitingRestoreDecision { .. }
            | Phase::Baking {
                asked_at: Some(_),
                ..
            }
    )
}

/// What a button does, as it is typed in a terminal; `at` is where its deployment leads.
pub fn typed(button: &Button, at: &str) -> String {
    let id = &button.deployment;
    match button.action {
        ButtonAction::Approve => {
            let plan = button.plan.as_ref().map_or("HASH", |plan| plan.short());
            format!("sluice approve {at} --plan {plan}")
        }
        ButtonAction::Reject => format!("sluice reject {at} --reason \"…\""),
        ButtonAction::Cancel => format!("sluice cancel {at}"),
        ButtonAction::Override => format!("sluice override {id} --reason \"…\""),
        ButtonAction::Pause => format!("sluice pause {at}"),
        ButtonAction::Resume => format!("sluice resume {at}"),
        ButtonAction::Keep => format!("sluice keep {id}"),
        ButtonAction::RollBack => format!("sluice rollback {at}"),
        ButtonAction::RollForward => format!("sluice roll-forward {id}"),
        ButtonAction::RestoreDatabase => format!("sluice restore {at}"),
    }
}

/// What a button does, as it is typed in a chat, where that has a command.
pub fn in_chat(action: ButtonAction, at: &str) -> Option<String> {
    let verb = match action {
        ButtonAction::Approve => Verb::Approve,
        ButtonAction::Reject => {
            return Some(format!("{COMMAND} {} {at} \"…\"", Verb::Reject.word()));
        }
        ButtonAction::Cancel => Verb::Cancel,
        ButtonAction::Pause => Verb::Pause,
        ButtonAction::Resume => Verb::Resume,
        ButtonAction::RollBack => Verb::RollBack,
        ButtonAction::RestoreDatabase => Verb::Restore,
        ButtonAction::Override | ButtonAction::Keep | ButtonAction::RollForward => return None,
    };
    Some(format!("{COMMAND} {} {at}", verb.word()))
}

fn told(entry: &sluice_core::note::Entry, d: &Deployment) -> String {
    let at = entry.at.strftime("%Y-%m-%d %H:%M:%S UTC");
    format!("{at}  {}", note::words(&entry.note, d))
}

/// The complete history of a deployment, with the state that it has led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// The version of the stored form.
    pub schema: u16,
    /// The deployment, one alone.
    pub deployments: Vec<Exported>,
    /// Its records, oldest first.
    pub history: Vec<Record>,
}

/// A deployment as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// Its id.
    pub id: DeploymentId,
    /// What the last record is held against.
    pub chain: ChainEnd,
    /// The whole of it.
    pub state: Deployment,
}

impl Export {
    /// The history of a deployment.
    pub fn new(state: Deployment, chain: ChainEnd, history: Vec<Record>) -> Self {
        let id = state.id.clone();
        Self {
            schema: SCHEMA,
            deployments: vec![Exported { id, chain, state }],
            history,
        }
    }
}
