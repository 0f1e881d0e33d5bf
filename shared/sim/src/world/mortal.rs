//! The cloud's ports in the hands of a function that may crash.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{
    Alarms, Builds, Clock, Databases, DescribedImage, FoundCommit, FoundImage, Http, HttpRequest,
    ImageQuery, Metrics, MetricsQuery, Registry, Repository, RepositoryAt, Secrets, ServiceQuery,
    Services, Stacks, Target, TaskDefinitionOrder, TaskOrder, Tasks,
};
use sluice_core::command::RolloutOrder;
use sluice_core::config::{Database, SecretSource};
use sluice_core::database::{CopyObservation, CopyOrder};
use sluice_core::failure::PortError;
use sluice_core::id::{
    AlarmName, BranchName, BuildProject, CommentId, CommitId, EcsServiceName, FindingId,
    PullRequestId, RevisionId, ServiceDeploymentArn, SnapshotId, TaskArn, TaskDefinitionArn,
};
use sluice_core::metrics::Measured;
use sluice_core::observation::{
    AlarmState, DatabaseObservation, HttpObservation, PinnedSecret, RolloutObservation,
    ScanObservation, SecretProblem, ServiceObservation, SnapshotObservation, StoppedTask,
    TaskObservation,
};
use sluice_core::parity::ServiceFacts;
use sluice_core::registry::Registry as Place;
use sluice_core::release::Release;
use sluice_core::signature::Stored;
use sluice_core::source::{Build, PullRequest};
use sluice_core::stack::{ChangeSetOrder, ChangeSetReading, Execution, StackReading, StackUpdate};

use crate::cloud::CloudPorts;
use crate::workplace::CrashPoint;

/// The cloud's ports, each call of which passes the crash point first.
pub(super) struct Mortal {
    cloud: CloudPorts,
    crash: CrashPoint,
}

impl Mortal {
    pub(super) fn new(cloud: CloudPorts, crash: CrashPoint) -> Self {
        Self { cloud, crash }
    }
}

#[async_trait]
impl Clock for Mortal {
    fn now(&self) -> Timestamp {
        self.cloud.now()
    }

    async fn pass(&self, time: SignedDuration) {
        self.cloud.pass(time).await;
    }
}

/// Implements a port by passing the crash point and asking the cloud.
macro_rules! mortal {
    ($port:ident { $(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl $port for Mortal {
            $(async fn $name(&self, $($argument: $type),*) -> $answer {
                self.crash.pass().await;
                self.cloud.$name($($argument),*).await
            })*
        }
    };
}

mortal!(Registry {
    fn image(target: &Target, release: &Release) -> Result<DescribedImage, PortError>;
    fn find(target: &Target, query: &ImageQuery) -> Result<Option<FoundImage>, PortError>;
    fn scan(target: &Target, release: &Release, named: &[FindingId]) -> Result<ScanObservation, PortError>;
    fn signatures(target: &Target, release: &Release) -> Result<Vec<Stored>, PortError>;
});

mortal!(Builds {
    fn newest_builds(place: &Place, project: &BuildProject) -> Result<Vec<Build>, PortError>;
});

mortal!(Repository {
    fn head(at: &RepositoryAt, branch: &BranchName) -> Result<Option<CommitId>, PortError>;
    fn branches(at: &RepositoryAt) -> Result<Vec<BranchName>, PortError>;
    fn commit(at: &RepositoryAt, id: &CommitId) -> Result<Option<FoundCommit>, PortError>;
    fn base(
        at: &RepositoryAt, one: &CommitId, other: &CommitId
    ) -> Result<Option<CommitId>, PortError>;
    fn closed_pulls(at: &RepositoryAt) -> Result<Vec<PullRequestId>, PortError>;
    fn open_pulls(
        at: &RepositoryAt, to: &BranchName
    ) -> Result<Vec<PullRequestId>, PortError>;
    fn ensure_approval(
        at: &RepositoryAt, id: &PullRequestId, revision: &RevisionId, approved: bool
    ) -> Result<(), PortError>;
    fn ensure_comment(
        at: &RepositoryAt,
        id: &PullRequestId,
        between: &(CommitId, CommitId),
        token: &str,
        text: &str
    ) -> Result<CommentId, PortError>;
    fn ensure_comment_says(
        at: &RepositoryAt, comment: &CommentId, text: &str
    ) -> Result<(), PortError>;
    fn pull(at: &RepositoryAt, id: &PullRequestId) -> Result<Option<PullRequest>, PortError>;
});

mortal!(Secrets {
    fn pin(
        target: &Target, variable: &str, source: &SecretSource
    ) -> Result<Result<PinnedSecret, SecretProblem>, PortError>;
    fn is_there(target: &Target, pinned: &PinnedSecret) -> Result<bool, PortError>;
});

mortal!(Services {
    fn read(
        target: &Target, services: &[ServiceQuery]
    ) -> Result<Vec<ServiceObservation>, PortError>;
    fn facts(
        target: &Target, services: &[ServiceQuery]
    ) -> Result<Vec<ServiceFacts>, PortError>;
    fn stopped_tasks(
        target: &Target, service: &EcsServiceName, revision: &TaskDefinitionArn
    ) -> Result<Vec<StoppedTask>, PortError>;
    fn ensure_task_definition(
        target: &Target, order: &TaskDefinitionOrder
    ) -> Result<TaskDefinitionArn, PortError>;
    fn ensure_rollout(target: &Target, order: &RolloutOrder) -> Result<(), PortError>;
    fn ensure_count(
        target: &Target, ecs_service: &EcsServiceName, desired: u32
    ) -> Result<(), PortError>;
    fn rollout(
        target: &Target,
        ecs_service: &EcsServiceName,
        task_definition: &TaskDefinitionArn,
        since: Timestamp
    ) -> Result<Option<RolloutObservation>, PortError>;
    fn ensure_stopping(target: &Target, rollout: &ServiceDeploymentArn) -> Result<(), PortError>;
});

mortal!(Tasks {
    fn ensure_task(target: &Target, order: &TaskOrder) -> Result<TaskArn, PortError>;
    fn ensure_stopped(target: &Target, task: &TaskArn) -> Result<(), PortError>;
    fn task(target: &Target, task: &TaskArn) -> Result<Option<TaskObservation>, PortError>;
    fn log_lines(
        target: &Target, task: &TaskArn, prefix: &str
    ) -> Result<Vec<String>, PortError>;
});

mortal!(Stacks {
    fn stack(target: &Target, stack: &str) -> Result<StackReading, PortError>;
    fn ensure_change_set(target: &Target, order: &ChangeSetOrder) -> Result<(), PortError>;
    fn change_set(
        target: &Target, stack: &str, name: &str
    ) -> Result<ChangeSetReading, PortError>;
    fn ensure_no_change_set(target: &Target, stack: &str, name: &str) -> Result<(), PortError>;
    fn ensure_executed(target: &Target, stack: &str, name: &str) -> Result<Execution, PortError>;
    fn update(target: &Target, stack: &str, token: &str) -> Result<StackUpdate, PortError>;
});

mortal!(Databases {
    fn database(
        target: &Target, database: &Database
    ) -> Result<Option<DatabaseObservation>, PortError>;
    fn ensure_snapshot(
        target: &Target, database: &Database, snapshot: &SnapshotId
    ) -> Result<(), PortError>;
    fn snapshot(
        target: &Target, database: &Database, snapshot: &SnapshotId
    ) -> Result<Option<SnapshotObservation>, PortError>;
    fn our_snapshots(
        target: &Target, database: &Database
    ) -> Result<Vec<SnapshotObservation>, PortError>;
    fn ensure_no_snapshot(
        target: &Target, database: &Database, snapshot: &SnapshotId
    ) -> Result<(), PortError>;
    fn ensure_copy(target: &Target, order: &CopyOrder) -> Result<(), PortError>;
    fn copy(target: &Target, order: &CopyOrder) -> Result<CopyObservation, PortError>;
    fn ensure_renamed(
        target: &Target, from: &Database, resource_id: &str, to: &str
    ) -> Result<(), PortError>;
    fn ensure_no_copy(target: &Target, order: &CopyOrder) -> Result<bool, PortError>;
});

mortal!(Alarms {
    fn states(
        target: &Target, alarms: &[AlarmName]
    ) -> Result<BTreeMap<AlarmName, AlarmState>, PortError>;
});

#[async_trait]
impl Metrics for Mortal {
    async fn measured(&self, target: &Target, query: &MetricsQuery) -> Result<Measured, PortError> {
        // A service without users has no metrics: nothing is asked, so nothing interrupts it.
        if self.cloud.has_users() {
            self.crash.pass().await;
        }
        self.cloud.measured(target, query).await
    }
}

mortal!(Http {
    fn request(request: &HttpRequest) -> HttpObservation;
});
