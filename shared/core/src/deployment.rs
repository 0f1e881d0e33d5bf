//! A deployment: one release on its way to one environment, as a value.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::command::CommandKey;
use crate::config::Settings;
use crate::failure::PortError;
use crate::id::{
    AppName, DeploymentId, EnvironmentName, Hash, ServiceName, SlackUserId, SnapshotId, TaskArn,
    TaskDefinitionArn,
};
use crate::migration::{Judgement, Rehearsal};
use crate::note::{Entry, Note, bounds};
use crate::observation::RolloutObservation;
use crate::origin::Origin;
use crate::phase::Phase;
use crate::plan::Plan;
use crate::release::Release;
use crate::restore::Restore;
use crate::rollback::{DeploymentKind, Rollback};

/// The version of the shape in which deployments are stored.
pub const SCHEMA: u16 = 1;

/// How a deployment begins: the first record of its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Its id.
    pub id: DeploymentId,
    /// The configuration it is carried out with, pinned.
    pub settings: Arc<Settings>,
    /// What is deployed.
    pub release: Release,
    /// Who asked.
    pub requested_by: Requester,
    /// What for.
    #[serde(default, skip_serializing_if = "DeploymentKind::is_release")]
    pub kind: DeploymentKind,
    /// Which environment it skips, if it is a hotfix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<Hotfix>,
}

/// A release that skips the environment it should have passed. Its settings have no `after`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hotfix {
    /// The environment that is skipped.
    pub skips: EnvironmentName,
    /// Who said so.
    pub by: SlackUserId,
    /// Why, in their words.
    pub reason: String,
}

impl Hotfix {
    /// What is deployed with it: all that is demanded otherwise, but no success elsewhere. `None`
    /// where none is demanded, so that nothing is skipped.
    pub fn of(by: &SlackUserId, reason: &str, settings: &mut Settings) -> Option<Self> {
        Some(Self {
            skips: settings.environment.after.take()?,
            by: by.clone(),
            reason: reason.to_owned(),
        })
    }
}

impl fmt::Display for Hotfix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "skips {}: <@{}>: {}", self.skips, self.by, self.reason)
    }
}

/// Who asked for a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requester {
    /// An image push. ECR's event does not say whose.
    Push,
    /// Somebody in Slack.
    Person(SlackUserId),
}

impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Push => f.write_str("an image push"),
            Self::Person(user) => write!(f, "<@{user}>"),
        }
    }
}

/// One release on its way to one environment.
///
/// Moved only by [`step`](crate::machine::step). Big parts that do not change are shared, so that a
/// copy is cheap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The version of this shape.
    pub schema: u16,
    /// Its id.
    pub id: DeploymentId,
    /// The configuration it is carried out with.
    pub settings: Arc<Settings>,
    /// What is deployed.
    pub release: Release,
    /// Who asked.
    pub requested_by: Requester,
    /// What for.
    #[serde(default, skip_serializing_if = "DeploymentKind::is_release")]
    pub kind: DeploymentKind,
    /// Which environment it skips, if it is a hotfix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<Hotfix>,
    /// When.
    pub requested_at: Timestamp,
    /// Where it is.
    pub phase: Phase,
    /// Since when.
    pub entered_at: Timestamp,
    /// What will be done, once that is settled.
    pub plan: Option<Arc<SealedPlan>>,
    /// Who has said yes to exactly this plan, and when.
    pub approvals: BTreeMap<SlackUserId, Timestamp>,
    /// What it has done to the world so far.
    pub touched: Touched,
    /// Who paused it, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// Who let it begin while the environment is closed, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Override>,
    /// How often the migration has been looked at: each look is a task of its own.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub looks: u32,
    /// What running the migration on a copy showed, if it was rehearsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Rehearsal>,
    /// Commands that failed and will be tried again.
    pub setbacks: BTreeMap<CommandKey, Setback>,
    /// What happened, for people.
    pub story: Vec<Arc<Entry>>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A plan and its hash: what people approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedPlan {
    /// The plan.
    pub plan: Plan,
    /// Its hash.
    pub hash: Hash,
}

impl SealedPlan {
    /// Seals a plan.
    pub fn new(plan: Plan) -> Self {
        let hash = Hash::of_json(&plan);
        Self { plan, hash }
    }
}

/// What a deployment has done to the world so far, as far as it has heard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// The snapshot that was proven.
    pub snapshot: Option<SnapshotId>,
    /// The migration, once its task was asked for.
    pub migration: Option<MigrationRun>,
    /// Task definition revisions registered for this release.
    pub task_definitions: BTreeMap<ServiceName, TaskDefinitionArn>,
    /// When the first service was about to be changed. Our service deployments are younger.
    pub rollouts_since: Option<Timestamp>,
    /// Service deployments asked for, and what ECS said of each last.
    pub rollouts: BTreeMap<ServiceName, Option<RolloutObservation>>,
}

/// The one run of the migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationRun {
    /// Its task.
    pub task: TaskArn,
    /// Whether it has exited with 0.
    pub succeeded: bool,
    /// What its log said last while it ran, as far as it tells which revision it is at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The task that looks afterwards where the database stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirming: Option<TaskArn>,
}

/// A command that failed and will be tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setback {
    /// How often it has failed in a row.
    pub count: u32,
    /// When it is tried next.
    pub retry_at: Timestamp,
    /// The last error.
    pub error: PortError,
}

/// A pause: nothing new is begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who paused it.
    pub by: SlackUserId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// Leave to begin while the environment is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Who gave it.
    pub by: SlackUserId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl Deployment {
    /// A deployment at its beginning.
    pub fn open(opening: &Opening, at: Timestamp) -> Self {
        let mut deployment = Self {
            schema: SCHEMA,
            id: opening.id.clone(),
            settings: opening.settings.clone(),
            release: opening.release.clone(),
            requested_by: opening.requested_by.clone(),
            kind: opening.kind.clone(),
            hotfix: opening.hotfix.clone(),
            requested_at: at,
            phase: Phase::Queued,
            entered_at: at,
            plan: None,
            approvals: BTreeMap::new(),
            touched: Touched::default(),
            paused: None,
            overridden: None,
            looks: 0,
            rehearsal: None,
            setbacks: BTreeMap::new(),
            story: Vec::new(),
        };
        deployment.tell(at, Note::Requested);
        deployment
    }

    /// The application.
    pub fn app(&self) -> &AppName {
        &self.settings.app
    }

    /// The environment.
    pub fn environment(&self) -> &EnvironmentName {
        &self.settings.environment.name
    }

    /// What it brings back, if it is a rollback.
    pub fn rollback(&self) -> Option<&Rollback> {
        self.kind.rollback()
    }

    /// What it brings back, if it is a restore of the database.
    pub fn restore(&self) -> Option<&Restore> {
        self.kind.restore()
    }

    /// Where its image comes from, as far as its plan knows.
    pub fn origin(&self) -> Option<&Origin> {
        let origin = &self.plan.as_ref()?.plan.origin;
        (!origin.is_unknown()).then_some(origin)
    }

    /// Who pushed its image, if that is known.
    pub fn pushed_by(&self) -> Option<&SlackUserId> {
        self.origin()?.pushed_by.as_ref()
    }

    /// Whose turn it is in an environment: of two, the later goes before. A push counts from when
    /// the image was pushed, since its event may come late and out of order; a person's word counts
    /// from when they gave it, however old the image is. A tie is settled by the id: any order, but
    /// always the same.
    pub fn turn(&self) -> (Timestamp, &DeploymentId) {
        let since = match self.requested_by {
            Requester::Push => self.release.pushed_at,
            Requester::Person(_) => self.requested_at,
        };
        (since, &self.id)
    }

    /// The plan; every phase after planning has one.
    pub fn sealed_plan(&self) -> &SealedPlan {
        self.plan
            .as_ref()
            .expect("a deployment leaves planning with a plan")
    }

    /// Whether its migration was looked at and found additive: the code that ran before runs on its
    /// schema too.
    pub fn is_additive(&self) -> bool {
        let plan = self.plan.as_ref().map(|sealed| &sealed.plan);
        plan.and_then(Plan::judgement)
            .is_some_and(Judgement::is_additive)
    }

    /// Whether its migration may have left a schema on which the code that ran before does not run.
    pub fn breaks_what_ran_before(&self) -> bool {
        self.touched.migration.is_some() && !self.is_additive()
    }

    pub(crate) fn tell(&mut self, at: Timestamp, note: Note) {
        bounds::add(&mut self.story, at, note);
    }

    pub(crate) fn enter(&mut self, phase: Phase, now: Timestamp) {
        self.phase = phase;
        self.entered_at = now;
        self.setbacks.clear();
    }
}
