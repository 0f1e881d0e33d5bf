//! What the world looks like: the answers of the ports, in the domain's words.
//!
//! An observation is a fact with no judgement in it; judging is the machine's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{
    ContainerName, DeploymentId, Digest, SecretVersion, ServiceDeploymentArn, ServiceName,
    SnapshotId, TaskArn, TaskDefinitionArn, UserId,
};
use crate::origin::Origin;
use crate::release::VerifiedRelease;
use crate::scan::Findings;
use crate::task_definition::DefinitionObservation;

/// An image as the registry has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageObservation {
    /// Whether the digest can be pulled.
    pub present: bool,
    /// What the tag names now, if anything: not necessarily the digest it named when pushed.
    pub tag_points_at: Option<Digest>,
    /// Where it comes from, as far as it says so.
    #[serde(default, skip_serializing_if = "Origin::is_unknown")]
    pub origin: Origin,
    /// Whether it names somebody who pushed it and whom Slack does not know. The address itself is
    /// personal data and is not kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pushed_by_stranger: bool,
}

/// What the registry's scanner says of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScanObservation {
    /// No scan is configured or none was started.
    NotScanned,
    /// Under way, or over with its findings not there yet.
    Pending,
    /// Done.
    Complete(Findings),
    /// The scanner gave up, with its reason.
    Failed(String),
}

/// Whether a digest has succeeded in the environment it must pass first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofObservation {
    /// It has.
    Verified(VerifiedRelease),
    /// A deployment of it is on its way there.
    UnderWay,
    /// It has not, and none is on its way.
    NotVerified,
}

/// One secret, at the version it has now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedSecret {
    /// The environment variable that gets it.
    pub variable: String,
    /// ECS `valueFrom`: `arn:…:secret:NAME-suffix:json-key::version-id`, or a parameter's ARN.
    pub value_from: String,
    /// The version.
    pub version: SecretVersion,
    /// Whether `value_from` names the version. A parameter of SSM cannot be pinned: ECS reads its
    /// latest value whenever a task starts.
    pub pinned: bool,
    /// Whether it rotates by itself, so that it is never pinned: a task that starts after a rotation
    /// would get a password that is dead. A rollback takes the current version of it, too.
    #[serde(default)]
    pub rotates: bool,
}

/// Why a secret could not be pinned. Never says anything of its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretProblem {
    /// The environment variable that wants it.
    pub variable: String,
    /// What is wrong: no such secret, no such key, not JSON.
    pub problem: String,
}

/// A service as it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceObservation {
    /// Which one.
    pub service: ServiceName,
    /// The revision it runs.
    pub task_definition: TaskDefinitionArn,
    /// The image of our container in that revision, as written there.
    pub image: String,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running.
    pub running: u32,
    /// A service deployment that is under way, whoever started it.
    pub in_progress: Option<ServiceDeploymentArn>,
    /// Where its traffic goes; `None` for a service without a load balancer.
    pub traffic: Option<TrafficObservation>,
    /// The tasks of the revision that it was last told to run. While ECS keeps the one before beside
    /// it, `desired` and `running` are of both. `None` where ECS does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<RevisionTasks>,
    /// Its task definition beside others; `None` where no plan of a release is to be drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Box<DefinitionObservation>>,
}

/// The tasks of one service revision: ECS's `currentServiceRevisions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionTasks {
    /// The task definition revision it runs.
    pub task_definition: TaskDefinitionArn,
    /// Tasks wanted (`requestedTaskCount`).
    pub requested: u32,
    /// Tasks running (`runningTaskCount`).
    pub running: u32,
}

/// A task of a service that has stopped. ECS remembers it for about an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedTask {
    /// Its ARN.
    pub task: TaskArn,
    /// When it stopped.
    pub at: Timestamp,
    /// Whether it stopped by itself: its container exited, it never started, or it failed its health
    /// checks. Otherwise ECS stopped it to scale in or to deploy, or somebody did.
    pub by_itself: bool,
    /// ECS's `stoppedReason`, with the exit code where there is one.
    pub reason: String,
}

/// The production listener rule of a service, and the targets behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrafficObservation {
    /// Target groups on the production rule and the weight of each.
    pub weights: BTreeMap<String, u32>,
    /// Healthy targets behind the group that has the traffic.
    pub healthy: u32,
    /// Targets there that are not.
    pub unhealthy: u32,
}

/// A database as RDS describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseObservation {
    /// RDS's word for its state: see [`is_usable`](crate::database::is_usable). A snapshot can be
    /// taken only of one that is `available`.
    pub status: String,
    /// Engine, such as `postgres`.
    pub engine: String,
    /// Engine version.
    pub engine_version: String,
    /// Allocated storage in GiB.
    pub storage_gib: u32,
    /// Whether its storage is encrypted.
    pub encrypted: bool,
    /// `DbiResourceId` or `DbClusterResourceId`: the same for as long as it lives, whatever it is
    /// called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// The earliest moment to which its automated backups reach back. RDS says so of a cluster; of
    /// an instance it is reckoned from its age and the retention of its backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest_restorable: Option<Timestamp>,
    /// The latest moment that can be restored, commonly five minutes ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_restorable: Option<Timestamp>,
    /// The deployment that made it: its tag `sluice:deployment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentId>,
}

/// A snapshot as RDS describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotObservation {
    /// Its identifier.
    pub id: SnapshotId,
    /// RDS's word for its state: `creating`, `available`, `failed`.
    pub status: String,
    /// Per cent done, 0-100.
    pub progress: u8,
    /// Engine.
    pub engine: String,
    /// Engine version.
    pub engine_version: String,
    /// Allocated storage in GiB.
    pub storage_gib: u32,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// When it was made; RDS says so only once it is under way.
    pub created_at: Option<Timestamp>,
}

/// A one-off task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskObservation {
    /// Its ARN.
    pub task: TaskArn,
    /// Whether a container of it has run, or may have. Of a task that has stopped, `false` means that
    /// nothing was executed: it may be run again. While a task is on its way there, `false` means not
    /// yet.
    #[serde(default = "may_have_run")]
    pub started: bool,
    /// Whether it has stopped.
    pub stopped: bool,
    /// Every essential container and its exit code, if it has one. A task that never started can
    /// have no containers at all.
    pub exit_codes: BTreeMap<ContainerName, Option<i32>>,
    /// ECS's reason for the stop.
    pub stopped_reason: Option<String>,
    /// The last lines of its log, oldest first.
    pub log_tail: Vec<String>,
}

/// What is to be taken of a task of which it was not written down.
fn may_have_run() -> bool {
    true
}

/// ECS's states of a service deployment. There is none for "failed": a failure without a rollback
/// is `Stopped`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are ECS's own and say it")]
pub enum RolloutStatus {
    Pending,
    InProgress,
    Successful,
    StopRequested,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl RolloutStatus {
    /// Whether ECS will do no more about it.
    pub fn is_over(self) -> bool {
        match self {
            Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed => {
                true
            }
            Self::Pending
            | Self::InProgress
            | Self::StopRequested
            | Self::RollbackRequested
            | Self::RollbackInProgress => false,
        }
    }
}

/// ECS's lifecycle stages, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are ECS's own and say it")]
pub enum Stage {
    ReconcileService,
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    TestTrafficShift,
    PostTestTrafficShift,
    PreProductionTrafficShift,
    ProductionTrafficShift,
    PostProductionTrafficShift,
    BakeTime,
    CleanUp,
}

impl Stage {
    /// ECS's own word, such as `POST_TEST_TRAFFIC_SHIFT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReconcileService => "RECONCILE_SERVICE",
            Self::PreScaleUp => "PRE_SCALE_UP",
            Self::ScaleUp => "SCALE_UP",
            Self::PostScaleUp => "POST_SCALE_UP",
            Self::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
            Self::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
            Self::PreProductionTrafficShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
            Self::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
            Self::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Self::BakeTime => "BAKE_TIME",
            Self::CleanUp => "CLEAN_UP",
        }
    }

    /// The stage of that name; `None` for one this version does not know. ECS adds stages.
    pub fn parse(text: &str) -> Option<Self> {
        const ALL: [Stage; 11] = [
            Stage::ReconcileService,
            Stage::PreScaleUp,
            Stage::ScaleUp,
            Stage::PostScaleUp,
            Stage::TestTrafficShift,
            Stage::PostTestTrafficShift,
            Stage::PreProductionTrafficShift,
            Stage::ProductionTrafficShift,
            Stage::PostProductionTrafficShift,
            Stage::BakeTime,
            Stage::CleanUp,
        ];
        ALL.into_iter().find(|stage| stage.as_str() == text)
    }
}

/// One ECS service deployment: ours, found by the revision we asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutObservation {
    /// Its ARN.
    pub arn: ServiceDeploymentArn,
    /// Where ECS is with it.
    pub status: RolloutStatus,
    /// The lifecycle stage; rolling deployments have none.
    pub stage: Option<Stage>,
    /// Per cent of production traffic on the new revision; `None` without a load balancer.
    pub traffic_percent: Option<u8>,
    /// ECS's reason for the status.
    pub reason: Option<String>,
}

/// What an HTTP request came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpObservation {
    /// An answer.
    Answered {
        /// HTTP status.
        status: u16,
        /// From the request to the end of the body, in milliseconds.
        latency_ms: u32,
        /// The first 64 KiB of the body.
        body: String,
    },
    /// None: refused, broken off, or not whole in time. The reason, in words.
    NoAnswer(String),
    /// No connection came about: the name did not resolve, or nobody took or refused the connection
    /// in time. That says as much of the way there as of the service. The reason, in words.
    Unreachable(String),
}

/// What a smoke test came to: judged, so that bodies stay out of state and history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmokeResult {
    /// The test's name.
    pub name: String,
    /// `None` passed; otherwise what was wrong with the answer.
    pub failure: Option<String>,
}

/// The state of a CloudWatch alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are CloudWatch's own and say it")]
pub enum AlarmState {
    Ok,
    Alarm,
    InsufficientData,
}

/// The people behind the approvers of an environment, at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproversObservation {
    /// Everyone who may approve: named users and members of named groups.
    pub users: Vec<UserId>,
}
