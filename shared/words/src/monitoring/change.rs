//! A change of a deployment's state.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sluice_core::config::Environment;
use sluice_core::deployment::{Deployment, DeploymentKind, Requester};
use sluice_core::id::{
    AccountId, AppName, ClusterName, DeploymentId, Digest, EnvironmentName, ImageTag, Region,
    UserId,
};
use sluice_core::note::{Entry, Note};
use sluice_core::origin::{Commit, Origin};
use sluice_core::phase::Phase;

use crate::inline::plain;
use crate::note::words;

/// A change of a deployment's state, for programs. `docs/deployment-state-change.schema.json` is its
/// JSON Schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateChange {
    /// Its own id: the same however often it is sent. The deployment's, and the number of the entry in
    /// its story.
    pub id: String,
    /// The deployment.
    pub deployment: DeploymentId,
    /// The application.
    pub application: AppName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The AWS account of the environment.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// Its ECS cluster.
    pub cluster: ClusterName,
    /// What the deployment is for.
    pub kind: Kind,
    /// The state that it has come to.
    pub state: State,
    /// How it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Whether the version serves users: known once the deployment has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_live: Option<bool>,
    /// What happened, in a sentence.
    pub summary: String,
    /// When.
    pub at: Timestamp,
    /// The tag that is deployed; without one, the beginning of the digest.
    pub version: ImageTag,
    /// The image, by its digest.
    pub image: String,
    /// The digest alone.
    pub digest: Digest,
    /// The commit, as far as the image says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The commit's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_url: Option<String>,
    /// The Slack user who asked; nothing where an image push did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<UserId>,
    /// The Slack users who approved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved_by: Vec<UserId>,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// When it began to change something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// From the start to the end, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<i64>,
    /// From the plan that was approved to the approval, in seconds: of the approval that was the last
    /// one missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_wait_seconds: Option<i64>,
    /// The message in Slack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_url: Option<String>,
}

/// What a deployment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// To bring an image.
    Release,
    /// To bring back what was verified before.
    Rollback,
    /// To bring back the database, and the code that fits it.
    Restore,
}

/// A state of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It was asked for.
    Requested,
    /// No approval is missing.
    Approved,
    /// It begins to change the environment: the stack, the backup, the migration
    /// or a service.
    Started,
    /// It cannot go on, or cannot tell how it stands, without a person.
    NeedsPerson,
    /// Services go back to what they ran before.
    RollingBack,
    /// It is over.
    Ended,
}

/// How a deployment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the phase of each name says it")]
pub enum Outcome {
    Succeeded,
    Unverified,
    Superseded,
    Rejected,
    Expired,
    Cancelled,
    Failed,
    RolledForward,
    RolledBack,
    RollbackFailed,
    Restored,
    RestoreFailed,
}

impl Outcome {
    /// How a deployment in this phase ended; `None` where it has not.
    pub fn of(phase: &Phase) -> Option<Self> {
        Some(match phase {
            Phase::Succeeded => Self::Succeeded,
            Phase::Unverified { .. } => Self::Unverified,
            Phase::Superseded { .. } => Self::Superseded,
            Phase::Rejected { .. } => Self::Rejected,
            Phase::Expired => Self::Expired,
            Phase::Cancelled { .. } => Self::Cancelled,
            Phase::Failed { .. } => Self::Failed,
            Phase::RolledForward { .. } => Self::RolledForward,
            Phase::RolledBack { .. } => Self::RolledBack,
            Phase::RollbackFailed { .. } => Self::RollbackFailed,
            Phase::Restored => Self::Restored,
            Phase::RestoreFailed { .. } => Self::RestoreFailed,
            Phase::Queued
            | Phase::Planning { .. }
            | Phase::Rehearsing(_)
            | Phase::AwaitingApproval
            | Phase::AwaitingWindow { .. }
            | Phase::Provisioning(_)
            | Phase::Withdrawing { .. }
            | Phase::BackingUp(_)
            | Phase::Migrating
            | Phase::RollingOut
            | Phase::UpdatingWorkers
            | Phase::Verifying { .. }
            | Phase::Shifting { .. }
            | Phase::Baking { .. }
            | Phase::CleaningUp { .. }
            | Phase::AwaitingRestoreDecision { .. }
            | Phase::RollingBack { .. }
            | Phase::Restoring { .. } => return None,
        })
    }

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Unverified => "unverified",
            Self::Superseded => "superseded",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::RolledForward => "rolled-forward",
            Self::RolledBack => "rolled-back",
            Self::RollbackFailed => "rollback-failed",
            Self::Restored => "restored",
            Self::RestoreFailed => "restore-failed",
        }
    }

    /// Whether the version serves users now, as far as is known for certain. After a roll-forward or a
    /// failed way back some services may run it.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Succeeded | Self::Unverified | Self::Restored)
    }

    /// Whether it left something that a person must put in order.
    pub fn needs_person(self) -> bool {
        matches!(
            self,
            Self::RollbackFailed | Self::RestoreFailed | Self::RolledForward
        )
    }
}

/// Every change of state so far, each with the number of its entry in the story. `message_url` is
/// where its message in Slack is.
pub fn changes<'a>(
    d: &'a Deployment,
    message_url: Option<&'a str>,
) -> impl Iterator<Item = (usize, StateChange)> + 'a {
    let started = d.story.iter().position(|entry| starts(&entry.note));
    let entries = d.story.iter().enumerate();
    entries.filter_map(move |(number, entry)| {
        let state = match &entry.note {
            Note::Requested => State::Requested,
            Note::Approved { missing: 0, .. } => State::Approved,
            _ if started == Some(number) => State::Started,
            Note::RestoreDecisionNeeded { .. }
            | Note::CannotTell { .. }
            | Note::NeedsPerson { .. } => State::NeedsPerson,
            Note::RollingBack { .. } => State::RollingBack,
            Note::Ended => State::Ended,
            _ => return None,
        };
        let since = started.filter(|started| *started <= number);
        let since = since.map(|started| d.story[started].at);
        let change = change(d, number, entry, state, since);
        let message_url = message_url.map(str::to_owned);
        Some((
            number,
            StateChange {
                message_url,
                ..change
            },
        ))
    })
}

/// When people were asked to approve what was approved with that entry of the story: once the plan was
/// drawn, and rehearsed where it is.
fn asked_at(d: &Deployment, number: usize) -> Option<Timestamp> {
    let mut before = d.story[..number].iter().rev();
    let asked = before.find(|entry| {
        matches!(
            entry.note,
            Note::PlanDrawn { .. } | Note::PlanChanged { .. } | Note::RehearsalRemoved
        )
    });
    asked.map(|entry| entry.at)
}

/// Whether something is changed from here on.
fn starts(note: &Note) -> bool {
    matches!(
        note,
        Note::StackUpdateStarted { .. }
            | Note::SnapshotStarted(_)
            | Note::MigrationStarted(_)
            | Note::RolloutStarted(_)
            | Note::RestoreBegan
    )
}

fn change(
    d: &Deployment,
    number: usize,
    entry: &Entry,
    state: State,
    started_at: Option<Timestamp>,
) -> StateChange {
    let Environment {
        account,
        region,
        cluster,
        ..
    } = &d.settings.environment;
    let outcome = Outcome::of(&d.phase).filter(|_| state == State::Ended);
    let ended_at = outcome.map(|_| entry.at);
    let took = |(from, to): (Timestamp, Timestamp)| -> SignedDuration { to.duration_since(from) };
    let origin = d.origin();
    StateChange {
        id: id(d, number),
        deployment: d.id.clone(),
        application: d.app().clone(),
        environment: d.environment().clone(),
        account: account.clone(),
        region: region.clone(),
        cluster: cluster.clone(),
        kind: match d.kind {
            DeploymentKind::Release => Kind::Release,
            DeploymentKind::Rollback(_) => Kind::Rollback,
            DeploymentKind::Restore(_) => Kind::Restore,
        },
        state,
        outcome,
        is_live: outcome.map(Outcome::is_live),
        summary: plain(&words(&entry.note, d)),
        at: entry.at,
        version: d.release.tag.clone(),
        image: d.release.image(),
        digest: d.release.digest.clone(),
        commit: origin.and_then(commit),
        commit_url: origin.and_then(Origin::commit_url),
        requested_by: match &d.requested_by {
            Requester::Push => None,
            Requester::Person(user) => Some(user.clone()),
        },
        approved_by: approved_by(d, entry.at),
        requested_at: d.requested_at,
        started_at,
        ended_at,
        duration_seconds: started_at.zip(ended_at).map(took).map(|it| it.as_secs()),
        approval_wait_seconds: asked_at(d, number)
            .filter(|_| state == State::Approved)
            .map(|asked| took((asked, entry.at)).as_secs()),
        message_url: None,
    }
}

/// What is named after an entry of the story.
pub(super) fn id(d: &Deployment, number: usize) -> String {
    format!("{}.{number}", d.id)
}

fn commit(origin: &Origin) -> Option<String> {
    origin
        .commit
        .as_ref()
        .map(Commit::as_str)
        .map(str::to_owned)
}

/// Who had approved at that time, of those whose approval holds.
fn approved_by(d: &Deployment, at: Timestamp) -> Vec<UserId> {
    let given = d.approvals.iter().filter(|(_, given)| **given <= at);
    given.map(|(by, _)| by.clone()).collect()
}
