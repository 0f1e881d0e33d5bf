//! The cloud's ports: registry, secrets, services, tasks, databases, alarms, HTTP.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sluice_core::command::{RolloutOrder, TaskOrder};
use sluice_core::config::{Database, SecretSource};
use sluice_core::database::{CopyObservation, CopyOrder};
use sluice_core::failure::PortError;
use sluice_core::id::{
    AccountId, AlarmName, ClusterName, ContainerName, DeploymentId, Digest, EcsServiceName,
    FindingId, ImageTag, Region, RepositoryName, RoleArn, ServiceDeploymentArn, ServiceName,
    SnapshotId, TaskArn, TaskDefinitionArn,
};
use sluice_core::metrics::Measured;
use sluice_core::observation::{
    AlarmState, DatabaseObservation, HttpObservation, PinnedSecret, RolloutObservation,
    ScanObservation, SecretProblem, ServiceObservation, SnapshotObservation, StoppedTask,
    TaskObservation,
};
use sluice_core::origin::Annotations;
use sluice_core::parity::ServiceFacts;
use sluice_core::release::Release;
use sluice_core::rollback::ImageReference;
use sluice_core::signature::Stored;

use super::task_definition::{DefinitionQuery, TaskDefinitionOrder};

/// Where a request goes, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The AWS account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The role to assume, named in the session after the deployment.
    pub role: Option<RoleArn>,
    /// The ECS cluster.
    pub cluster: ClusterName,
    /// The deployment on whose behalf it is made.
    pub deployment: DeploymentId,
}

/// An image that a person named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageQuery {
    /// The registry's host.
    pub registry: String,
    /// The repository.
    pub repository: RepositoryName,
    /// The image.
    pub image: ImageReference,
}

/// An image that is there and can be pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundImage {
    /// What the name stands for now.
    pub digest: Digest,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// All of its tags, in alphabetical order.
    pub tags: Vec<ImageTag>,
    /// The artifact's media type, if ECR knows it.
    pub artifact_media_type: Option<String>,
}

/// An image as the registry describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedImage {
    /// Whether the digest can be pulled.
    pub present: bool,
    /// What the release's tag names now, if anything.
    pub tag_points_at: Option<Digest>,
    /// All tags of the digest, in alphabetical order.
    pub tags: Vec<ImageTag>,
    /// What its manifest or index is annotated with. They may hold an e-mail address, which must
    /// not reach the state.
    pub annotations: Annotations,
}

/// The image registry (ECR). Which one, the release says.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Whether the release's digest is there, what its tag names now, and what it is annotated
    /// with: an index by itself, and where it says nothing by its first image.
    async fn image(&self, target: &Target, release: &Release) -> Result<DescribedImage, PortError>;

    /// The image of that name; `None` if no such image can be pulled.
    async fn find(
        &self,
        target: &Target,
        query: &ImageQuery,
    ) -> Result<Option<FoundImage>, PortError>;

    /// What the scanner found in it, and which of that has one of the ids `named`.
    async fn scan(
        &self,
        target: &Target,
        release: &Release,
        named: &[FindingId],
    ) -> Result<ScanObservation, PortError>;

    /// The signatures that are stored beside it, whatever they are worth.
    async fn signatures(
        &self,
        target: &Target,
        release: &Release,
    ) -> Result<Vec<Stored>, PortError>;
}

/// Secrets Manager and SSM Parameter Store.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Sees that the secret and its key exist, and pins the version that is current.
    async fn pin(
        &self,
        target: &Target,
        variable: &str,
        source: &SecretSource,
    ) -> Result<Result<PinnedSecret, SecretProblem>, PortError>;

    /// Whether the version that was pinned can still be read, and is of a secret that does not
    /// rotate by itself: an old version of that is a password that no longer works.
    async fn is_there(&self, target: &Target, pinned: &PinnedSecret) -> Result<bool, PortError>;
}

/// A service to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceQuery {
    /// Its name in `sluice.toml`.
    pub service: ServiceName,
    /// Its name in ECS.
    pub ecs_service: EcsServiceName,
    /// The container whose image is of interest.
    pub container: ContainerName,
    /// What is to be seen of its task definition beside others, where a plan needs it.
    pub definition: Option<DefinitionQuery>,
}

/// ECS services and their deployments.
#[async_trait]
pub trait Services: Send + Sync {
    /// Reads services. Those ECS does not have are left out.
    async fn read(
        &self,
        target: &Target,
        services: &[ServiceQuery],
    ) -> Result<Vec<ServiceObservation>, PortError>;

    /// What is compared of services in two environments: what they run, and what stands before them.
    /// Those ECS does not have are left out. That the load balancer does not answer is said of each
    /// service.
    async fn facts(
        &self,
        target: &Target,
        services: &[ServiceQuery],
    ) -> Result<Vec<ServiceFacts>, PortError>;

    /// The tasks of the revision in the service that have stopped, as far as ECS remembers them:
    /// about an hour.
    async fn stopped_tasks(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        task_definition: &TaskDefinitionArn,
    ) -> Result<Vec<StoppedTask>, PortError>;

    /// A revision as ordered: the one it is made from if that is so already, the latest of the family
    /// that it gets into if that is, else a new one.
    async fn ensure_task_definition(
        &self,
        target: &Target,
        order: &TaskDefinitionOrder,
    ) -> Result<TaskDefinitionArn, PortError>;

    /// Has ECS bring the service to the revision, unless a service deployment to it that is not
    /// older than `order.since` is there already.
    async fn ensure_rollout(&self, target: &Target, order: &RolloutOrder) -> Result<(), PortError>;

    /// The youngest service deployment to the revision that is not older than `since`.
    async fn rollout(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        task_definition: &TaskDefinitionArn,
        since: Timestamp,
    ) -> Result<Option<RolloutObservation>, PortError>;

    /// Makes ECS run this many tasks of the service, of the revision that it has: no service
    /// deployment begins. Only for a database restore, which has to stop all writers; the number is
    /// autoscaling's otherwise.
    async fn ensure_count(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        desired: u32,
    ) -> Result<(), PortError>;

    /// Makes ECS stop the service deployment and roll back, unless it is over or already rolls
    /// back.
    async fn ensure_stopping(
        &self,
        target: &Target,
        rollout: &ServiceDeploymentArn,
    ) -> Result<(), PortError>;
}

/// The most lines that [`Tasks::log_lines`] gives: more than any migration has statements.
pub const LOG_LINES_MAX: usize = 2_000;
/// The most bytes that those lines may have together: a small part of what a function may hold.
pub const LOG_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One-off ECS tasks.
#[async_trait]
pub trait Tasks: Send + Sync {
    /// Runs the task, unless one of its token was run already.
    async fn ensure_task(&self, target: &Target, order: &TaskOrder) -> Result<TaskArn, PortError>;

    /// Has ECS stop the task, unless it has stopped. That it is on its way is all this says.
    async fn ensure_stopped(&self, target: &Target, task: &TaskArn) -> Result<(), PortError>;

    /// How the task is. ECS may not show for minutes what it has just taken, and forgets a task
    /// about an hour after it stopped: then `None`.
    async fn task(
        &self,
        target: &Target,
        task: &TaskArn,
    ) -> Result<Option<TaskObservation>, PortError>;

    /// The same; and of one that runs the last line that begins with `prefix` of the log of the
    /// container that got the command, as its whole `log_tail`. For polling: only the end of the
    /// log needs to be read. A log that cannot be read has no lines.
    async fn follow(
        &self,
        target: &Target,
        task: &TaskArn,
        prefix: &str,
    ) -> Result<Option<TaskObservation>, PortError> {
        let mut seen = self.task(target, task).await?;
        if let Some(seen) = seen.as_mut().filter(|seen| !seen.stopped) {
            let lines = self.log_lines(target, task, prefix).await;
            seen.log_tail = lines.unwrap_or_default().pop().into_iter().collect();
        }
        Ok(seen)
    }

    /// Every line that begins with `prefix` of the log of the container that got the command,
    /// oldest first and whole; none where it has not logged yet.
    ///
    /// # Errors
    ///
    /// Permanent where there are more than [`LOG_LINES_MAX`] of them or [`LOG_BYTES_MAX`] bytes;
    /// where the container does not log to CloudWatch Logs under a stream prefix, so that no one
    /// knows where; and where ECS has forgotten the task.
    async fn log_lines(
        &self,
        target: &Target,
        task: &TaskArn,
        prefix: &str,
    ) -> Result<Vec<String>, PortError>;
}

/// RDS databases and their snapshots.
#[async_trait]
pub trait Databases: Send + Sync {
    /// The database; `None` if RDS has none of that name.
    async fn database(
        &self,
        target: &Target,
        database: &Database,
    ) -> Result<Option<DatabaseObservation>, PortError>;

    /// Has RDS take the snapshot, tagged as ours, unless one of that name is there.
    async fn ensure_snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<(), PortError>;

    /// How the snapshot is; `None` if RDS has none of that name.
    async fn snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<Option<SnapshotObservation>, PortError>;

    /// The snapshots of the database that Sluice took, and no others.
    async fn our_snapshots(
        &self,
        target: &Target,
        database: &Database,
    ) -> Result<Vec<SnapshotObservation>, PortError>;

    /// Removes a snapshot that Sluice took; one that is gone already is removed.
    async fn ensure_no_snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<(), PortError>;

    /// Makes RDS create the copy, tagged as the deployment's, and then everything that the source
    /// has and a restore does not carry over. To wait for the copy, call this and for
    /// [`copy`](Self::copy) by turns until it is available.
    ///
    /// # Errors
    ///
    /// Needs a person where the source is not there, and where something of the copy's name is
    /// there that is not this copy. Permanent where there is no such snapshot or moment.
    async fn ensure_copy(&self, target: &Target, order: &CopyOrder) -> Result<(), PortError>;

    /// How the copy is. It is available only once it is in everything as the source is.
    ///
    /// # Errors
    ///
    /// Needs a person where something of the copy's name is there that is not this copy, and where
    /// the source is not there to compare it with.
    async fn copy(&self, target: &Target, order: &CopyOrder) -> Result<CopyObservation, PortError>;

    /// Has RDS call `to` what is called `from` now, if it has this resource id; nothing if `to` has
    /// it already. It takes a minute or two, by RDS's manual up to ten: meanwhile the old name is
    /// there and `renaming`, and then for a while neither name is.
    ///
    /// # Errors
    ///
    /// Needs a person where either name is that of something else. Retryable while neither name is
    /// there.
    async fn ensure_renamed(
        &self,
        target: &Target,
        from: &Database,
        resource_id: &str,
        to: &str,
    ) -> Result<(), PortError>;

    /// Makes RDS delete the copy permanently, with its automated backups and without a last
    /// snapshot: whether it is gone.
    ///
    /// # Errors
    ///
    /// Permanent for anything but a rehearsal that carries this deployment's tag: it is left alone.
    async fn ensure_no_copy(&self, target: &Target, order: &CopyOrder) -> Result<bool, PortError>;
}

/// CloudWatch alarms.
#[async_trait]
pub trait Alarms: Send + Sync {
    /// The state of each; alarms that do not exist are left out.
    async fn states(
        &self,
        target: &Target,
        alarms: &[AlarmName],
    ) -> Result<BTreeMap<AlarmName, AlarmState>, PortError>;
}

/// The requests to the two versions of a service, to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsQuery {
    /// The service's name in ECS.
    pub ecs_service: EcsServiceName,
    /// The new version's revision.
    pub task_definition: TaskDefinitionArn,
    /// Its service deployment is not older than this.
    pub since: Timestamp,
    /// The first minute.
    pub from: Timestamp,
    /// No minute from here on.
    pub until: Timestamp,
}

/// The metrics of the load balancer in CloudWatch.
#[async_trait]
pub trait Metrics: Send + Sync {
    /// The requests to the target groups of both versions, minute by minute, as far as CloudWatch
    /// has them: 1 to 3 minutes late. Nothing where there is no Application Load Balancer.
    async fn measured(&self, target: &Target, query: &MetricsQuery) -> Result<Measured, PortError>;
}

/// A request to the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method, in capitals.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// After this the request has timed out.
    pub timeout: SignedDuration,
}

/// The application's endpoints.
#[async_trait]
pub trait Http: Send + Sync {
    /// Makes the request, without following redirects. That there is no answer is an observation,
    /// not an error.
    async fn request(&self, request: &HttpRequest) -> HttpObservation;
}
