//! A deployment: one release on its way to one environment, as a value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::command::{CommandKey, CommandKind};
use crate::config::{Settings, Signatures, Source};
use crate::failure::{Cause, PortError};
use crate::id::{
    AppName, DeploymentId, EnvironmentName, ServiceName, SnapshotId, TaskArn, TaskDefinitionArn,
    UserId,
};
use crate::intent::Intent;
use crate::migration::Rehearsal;
use crate::note::{Entry, Note, bounds};
use crate::observation::RolloutObservation;
use crate::origin::Origin;
use crate::phase::Phase;
use crate::plan::demands::{Demands, NotVouched};
use crate::plan::{Plan, SealedPlan};
use crate::release::Release;
pub use crate::request::{DeploymentKind, Hotfix, Requester};
use crate::restore::Restore;
use crate::rollback::Rollback;
use crate::shared::Shared;
use crate::stack::ChangeSets;

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
    pub approvals: BTreeMap<UserId, Timestamp>,
    /// What it has done to the world so far, as far as it has heard.
    pub touched: Shared<Touched>,
    /// What it is about to ask of the world and what it has asked: the last intent of each command.
    pub intents: Shared<BTreeMap<CommandKey, Intent>>,
    /// From when the phase's time counts: since it was entered, or since AWS took what was asked last.
    pub clock_from: Timestamp,
    /// Looks that succeeded since the phase's time was over. Only after all of them is it over.
    pub looked: BTreeSet<CommandKey>,
    /// Whether people were told that the phase's time is over and Sluice cannot look.
    pub is_blind: bool,
    /// When the people who are asked were reminded last, in this phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminded_at: Option<Timestamp>,
    /// Who wants it stopped as soon as that is safe, if somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// Who paused it, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// Who let it begin while the environment is closed, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Override>,
    /// How often the migration has been looked at: each look is a task of its own.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub looks: u32,
    /// The change sets that it has made of its environment's stack.
    #[serde(default, skip_serializing_if = "ChangeSets::is_none")]
    pub change_sets: ChangeSets,
    /// What running the migration on a copy showed, if it was rehearsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Rehearsal>,
    /// Commands that failed and will be tried again.
    pub setbacks: BTreeMap<CommandKey, Setback>,
    /// What happened, for people.
    pub story: Shared<Vec<Arc<Entry>>>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What a deployment has done to the world so far, as far as it has heard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// Whether the environment's stack was seen to be changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisioned: bool,
    /// The snapshot that was verified.
    pub snapshot: Option<SnapshotId>,
    /// The migration, once ECS has taken its task.
    pub migration: Option<MigrationRun>,
    /// Tasks of the migration, and of the look after it, in whose place another was asked for.
    #[serde(default, skip_serializing_if = "NeverStarted::is_none")]
    pub never_started: NeverStarted,
    /// Task definition revisions registered for this release.
    pub task_definitions: BTreeMap<ServiceName, TaskDefinitionArn>,
    /// When the first service was about to be changed. Our service deployments are younger.
    pub rollouts_since: Option<Timestamp>,
    /// Service deployments asked for, and what ECS said of each last.
    pub rollouts: BTreeMap<ServiceName, Option<RolloutObservation>>,
}

/// Tasks that never started, so nothing was executed. Of those that only look also those that ECS had
/// forgotten before anybody saw how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeverStarted {
    /// Of the migration.
    pub migration: u8,
    /// Of the look after it.
    pub confirmation: u8,
}

impl NeverStarted {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The one run of the migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationRun {
    /// Its task.
    pub task: TaskArn,
    /// When ECS took it.
    pub since: Timestamp,
    /// Since when ECS does not show the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Timestamp>,
    /// Why it is being stopped, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<Stopping>,
    /// How the task ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<MigrationEnd>,
    /// What its log said last while it ran, as far as it tells which revision it is at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The task that looks afterwards where the database stands, and when ECS took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirming: Option<(TaskArn, Timestamp)>,
}

impl MigrationRun {
    /// A task that ECS has taken.
    pub fn new(task: TaskArn, since: Timestamp) -> Self {
        Self {
            task,
            since,
            missing_since: None,
            stopping: None,
            ended: None,
            said: None,
            confirming: None,
        }
    }

    /// Whether its task was seen to exit with 0.
    pub fn succeeded(&self) -> bool {
        self.ended == Some(MigrationEnd::Succeeded)
    }
}

/// A migration that is stopped since it takes too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopping {
    /// When that was decided.
    pub since: Timestamp,
    /// How long it had been given, in seconds.
    pub after_s: u64,
    /// Whether ECS has taken the request.
    pub asked: bool,
}

/// How the migration's task ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MigrationEnd {
    /// Every container was seen to exit with 0.
    Succeeded,
    /// It was seen to stop otherwise, with this as the cause.
    Failed(Cause),
    /// Nobody saw how: ECS does not show the task any more, in these words.
    Unknown(String),
}

/// A command that failed and will be tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setback {
    /// How often it has failed in a row.
    pub count: u32,
    /// When it failed first.
    pub since: Timestamp,
    /// When it is tried next.
    pub retry_at: Timestamp,
    /// The last error.
    pub error: PortError,
}

/// A pause: nothing new is begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who paused it.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A wish that the deployment goes no further: taken at once, carried out as soon as that is safe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Who wants it.
    pub by: UserId,
    /// When they said so.
    pub at: Timestamp,
    /// Why, if they were asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The request's own id, if it was one to go back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// What comes after it.
    pub way: Way,
}

/// What is wanted of a deployment that makes way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// What ran before.
    #[default]
    Back,
    /// The database as it was: another deployment brings it, and waits for this one to end.
    Restore,
}

/// Leave to begin while the environment is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Who gave it.
    pub by: UserId,
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
            touched: Shared::default(),
            intents: Shared::default(),
            clock_from: at,
            looked: BTreeSet::new(),
            is_blind: false,
            reminded_at: None,
            stop: None,
            paused: None,
            overridden: None,
            looks: 0,
            change_sets: ChangeSets::default(),
            rehearsal: None,
            setbacks: BTreeMap::new(),
            story: Shared::default(),
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
        let origin = &self.plan.as_ref()?.seen.origin;
        (!origin.is_unknown()).then_some(origin)
    }

    /// Whose signatures its image needs. What goes back to a verified release needs none again.
    pub fn needs_signature(&self) -> Option<&Signatures> {
        let signatures = self.settings.signatures.as_ref();
        signatures.filter(|_| self.kind.is_release())
    }

    /// Where the commit of its image must be known. What goes back to a verified release was looked at
    /// when that was released.
    pub fn needs_source(&self) -> Option<&Source> {
        let source = self.settings.source.as_ref();
        source.filter(|_| self.kind.is_release())
    }

    /// Who pushed its image, where people are asked and it is known.
    pub fn pushed_by(&self) -> Option<&UserId> {
        self.plan.as_ref()?.plan.pushed_by.as_ref()
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

    /// What its plan demands of those who approve; `None` where nobody is asked.
    pub fn demands(&self) -> Option<Demands> {
        let plan = self.plan.as_ref().map(|sealed| &sealed.plan);
        let changes = plan.and_then(Plan::stack_changes);
        let judgement = plan.and_then(Plan::judgement);
        let vouched = NotVouched {
            is_unsigned: self.is_unsigned(),
            source_in_doubt: plan.is_some_and(Plan::is_source_in_doubt),
        };
        Demands::of(&self.settings, judgement, changes, vouched)
    }

    /// Whether its image should be signed, and its plan says that it is not.
    pub fn is_unsigned(&self) -> bool {
        let plan = self.plan.as_ref();
        self.needs_signature().is_some()
            && plan.is_some_and(|sealed| sealed.plan.signed_by.is_none())
    }

    /// Whether the code that ran before runs on the schema that its migration leaves:
    /// see [`Plan::is_additive`].
    pub fn is_additive(&self) -> bool {
        let plan = self.plan.as_ref();
        plan.is_some_and(|sealed| sealed.plan.is_additive())
    }

    /// Whether its migration may have left a schema on which the code that ran before does not run.
    pub fn breaks_what_ran_before(&self) -> bool {
        self.may_have_migrated() && !self.is_additive()
    }

    pub(crate) fn tell(&mut self, at: Timestamp, note: Note) {
        bounds::add(&mut self.story, at, note);
    }

    pub(crate) fn enter(&mut self, phase: Phase, now: Timestamp) {
        self.phase = phase;
        self.entered_at = now;
        self.setbacks.clear();
        self.restart_clock(now);
    }

    /// The phase's time counts from now on.
    pub(crate) fn restart_clock(&mut self, now: Timestamp) {
        self.clock_from = now;
        self.looked.clear();
        self.is_blind = false;
        self.reminded_at = None;
    }

    /// From when on "not found" proves that the command was never carried out; `None` if it never
    /// was about to be.
    pub(crate) fn absent_after(&self, command: &CommandKey) -> Option<Timestamp> {
        self.intents.get(command).map(Intent::absent_after)
    }

    /// Whether ECS was, or may have been, asked to bring the service forward.
    pub fn may_have_touched(&self, service: &ServiceName) -> bool {
        self.touched.rollouts.contains_key(service)
            || self
                .intents
                .contains_key(&CommandKey::start_rollout(service))
    }

    /// Whether the migration's task was, or may have been, started.
    pub fn may_have_migrated(&self) -> bool {
        self.touched.migration.is_some()
            || self
                .intents
                .contains_key(&CommandKey::of(CommandKind::StartMigration))
    }
}
