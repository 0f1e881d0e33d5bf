//! What AWS tells: typed, so that nobody parses JSON on the way, with AWS's own JSON beside it.

mod payload;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use sluice_core::command::Direction;
use sluice_core::config::Severity;
use sluice_core::hook::HookCall;
use sluice_core::id::{
    BranchName, BuildProject, ClusterName, CommitId, ContainerName, DeploymentId, Digest,
    EcsServiceName, ImageTag, PullRequestId, RepositoryName, ServiceDeploymentArn, SnapshotId,
    SourceName, TaskArn, TaskDefinitionArn,
};
use sluice_core::observation::Stage;

pub use payload::status_word;

use super::Place;
use super::builds::SimulatedBuild;
use super::git::GitPullRequest;

/// What AWS tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its type, documented there")]
pub enum Emitted {
    ImageAction(ImageAction),
    ImageScan(ImageScan),
    SnapshotEvent(SnapshotEvent),
    DeploymentStateChange(DeploymentStateChange),
    TaskStateChange(TaskStateChange),
    Reference(ReferenceChange),
    PullRequest(Box<PullRequestChange>),
    Build(Box<BuildChange>),
    /// Not an event but a call: ECS waits for its answer.
    Hook(EcsHookCall),
}

/// What every EventBridge event has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The event's id: the same when it is delivered twice.
    pub id: u128,
    /// When it happened.
    pub at: Timestamp,
    /// Where.
    pub place: Arc<Place>,
}

impl Envelope {
    /// The id as EventBridge writes it.
    pub fn event_id(&self) -> String {
        uuid(self.id)
    }
}

/// A 128-bit number in the form of a UUID.
pub(super) fn uuid(id: u128) -> String {
    let hex = format!("{id:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// ECR Image Action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageAction {
    /// Id, time, registry.
    pub envelope: Envelope,
    /// What was done.
    pub action: ImageActionType,
    /// Whether it worked.
    pub succeeded: bool,
    /// To which repository.
    pub repository: RepositoryName,
    /// The manifest.
    pub digest: Digest,
    /// None for a push by digest.
    pub tag: Option<ImageTag>,
    /// The manifest's media type.
    pub manifest_media_type: Option<&'static str>,
    /// The artifact's media type; an index has none.
    pub artifact_media_type: Option<&'static str>,
}

/// What was done to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageActionType {
    /// Pushed.
    Push,
    /// Deleted, by someone or by a lifecycle rule.
    Delete,
}

/// ECR Image Scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageScan {
    /// Id, time, registry.
    pub envelope: Envelope,
    /// In which repository.
    pub repository: RepositoryName,
    /// Which image.
    pub digest: Digest,
    /// Its tags.
    pub tags: Vec<ImageTag>,
    /// Findings by severity, or `None` for a scan that failed.
    pub findings: Option<BTreeMap<Severity, u32>>,
}

/// RDS DB Snapshot Event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotEvent {
    /// Id, time, account.
    pub envelope: Envelope,
    /// Which snapshot.
    pub snapshot: SnapshotId,
    /// What happened to it.
    pub kind: SnapshotEventKind,
}

/// What happened to a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotEventKind {
    /// RDS-EVENT-0042: it is there.
    Created,
    /// RDS-EVENT-0041: it is gone.
    Deleted,
}

/// ECS Deployment State Change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentStateChange {
    /// Id, time, account.
    pub envelope: Envelope,
    /// The cluster.
    pub cluster: ClusterName,
    /// The service.
    pub service: EcsServiceName,
    /// The revision: `ecs-svc/<revision>` is all ECS says of the deployment.
    pub revision: u64,
    /// What happened.
    pub name: DeploymentEventName,
    /// ECS's reason. A rollback shows only here.
    pub reason: String,
}

/// What happened to a service deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are ECS's own and say it")]
pub enum DeploymentEventName {
    InProgress,
    Completed,
    Failed,
}

/// ECS Task State Change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskStateChange {
    /// Id, time, account.
    pub envelope: Envelope,
    /// The cluster.
    pub cluster: ClusterName,
    /// The task.
    pub task: TaskArn,
    /// Its revision.
    pub task_definition: TaskDefinitionArn,
    /// `service:<name>` or `family:<name>`.
    pub group: String,
    /// Who started it, as they said.
    pub started_by: Option<String>,
    /// RUNNING or STOPPED.
    pub last_status: &'static str,
    /// Grows with every change: a lower one is old news.
    pub version: u64,
    /// ECS's reason for a stop.
    pub stopped_reason: Option<String>,
    /// Containers: name, image, exit code. None for a task that failed to start.
    pub containers: Vec<(ContainerName, String, Option<i32>)>,
}

/// CodeCommit Repository State Change, of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceChange {
    /// Id, time, account.
    pub envelope: Envelope,
    /// The repository.
    pub repository: SourceName,
    /// The branch.
    pub branch: BranchName,
    /// Where it is now; `None` if it was deleted.
    pub commit: Option<CommitId>,
    /// Where it was; `None` if it was created.
    pub old: Option<CommitId>,
}

/// CodeCommit Pull Request State Change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestChange {
    /// Id, time, account.
    pub envelope: Envelope,
    /// The repository.
    pub repository: SourceName,
    /// What happened, in CodeCommit's word.
    pub event: &'static str,
    /// Its number.
    pub id: PullRequestId,
    /// What it is.
    pub pull: GitPullRequest,
}

/// CodeBuild Build State Change: a build has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildChange {
    /// Id, time, account.
    pub envelope: Envelope,
    /// The project.
    pub project: BuildProject,
    /// The build.
    pub build: SimulatedBuild,
}

/// ECS asks the lifecycle hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcsHookCall {
    /// One for each stage and step, the same when ECS asks again.
    pub execution_id: u128,
    /// Where it asks.
    pub place: Arc<Place>,
    /// The cluster.
    pub cluster: ClusterName,
    /// The service.
    pub service: EcsServiceName,
    /// The service deployment that asks.
    pub service_deployment: ServiceDeploymentArn,
    /// The stage.
    pub stage: Stage,
    /// The revision that is brought up, also while ECS goes back.
    pub target_revision: u64,
    /// Weights of the test listener by revision; empty where ECS does not say.
    pub test_weights: BTreeMap<u64, u32>,
    /// Weights of the production listener by revision; empty where ECS does not say.
    pub production_weights: BTreeMap<u64, u32>,
    /// From `hookDetails`: the deployment.
    pub deployment: DeploymentId,
    /// From `hookDetails`: which way it goes.
    pub direction: Direction,
}

impl EcsHookCall {
    /// The call as the core asks its question; what `rollout-hook` reads from the payload.
    pub fn hook_call(&self) -> HookCall {
        let green = self.production_weights.get(&self.target_revision);
        HookCall {
            deployment: Some(self.deployment.clone()),
            direction: Some(self.direction),
            service_deployment: self.service_deployment.clone(),
            stage: Some(self.stage),
            going_back: green == Some(&0)
                && self
                    .production_weights
                    .values()
                    .any(|weight| *weight == 100),
        }
    }
}
