//! The ports of a function that has no right to what is behind them.
//!
//! A program holds the code of every adapter that it makes. A function that only takes events and
//! sends wake-ups makes none of these.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sluice_app::ports::{
    Alarms, Builds, Databases, DescribedImage, FoundCommit, FoundImage, Http, HttpRequest,
    ImageQuery, Metrics, MetricsQuery, MonitorError, Monitors, NotTaken, Registry, Repository,
    RepositoryAt, Secrets, ServiceQuery, Services, Stacks, Target, TaskDefinitionOrder, TaskOrder,
    Tasks,
};
use sluice_core::command::RolloutOrder;
use sluice_core::config::{Database, Monitor, SecretSource};
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
use sluice_words::monitoring::News;

/// Reaches nothing. Its function has no right to what would be reached, so asking is a mistake in
/// Sluice, and is said as one.
pub(super) struct Absent;

fn refused() -> PortError {
    PortError::permanent(
        "this function is built without the way to what it was to ask, and its role has no right \
         to it: this is a mistake in Sluice",
    )
}

/// Each method of a port refuses.
macro_rules! absent {
    ($port:ident { $($name:ident($($argument:ty),*) -> $is:ty;)* }) => {
        #[async_trait]
        impl $port for Absent {
            $(async fn $name(&self, $(_: $argument),*) -> Result<$is, PortError> {
                Err(refused())
            })*
        }
    };
}

absent!(Registry {
    image(&Target, &Release) -> DescribedImage;
    find(&Target, &ImageQuery) -> Option<FoundImage>;
    scan(&Target, &Release, &[FindingId]) -> ScanObservation;
    signatures(&Target, &Release) -> Vec<Stored>;
});

absent!(Secrets {
    pin(&Target, &str, &SecretSource) -> Result<PinnedSecret, SecretProblem>;
    is_there(&Target, &PinnedSecret) -> bool;
});

absent!(Services {
    read(&Target, &[ServiceQuery]) -> Vec<ServiceObservation>;
    facts(&Target, &[ServiceQuery]) -> Vec<ServiceFacts>;
    stopped_tasks(&Target, &EcsServiceName, &TaskDefinitionArn) -> Vec<StoppedTask>;
    ensure_task_definition(&Target, &TaskDefinitionOrder) -> TaskDefinitionArn;
    ensure_rollout(&Target, &RolloutOrder) -> ();
    rollout(&Target, &EcsServiceName, &TaskDefinitionArn, Timestamp) -> Option<RolloutObservation>;
    ensure_count(&Target, &EcsServiceName, u32) -> ();
    ensure_stopping(&Target, &ServiceDeploymentArn) -> ();
});

absent!(Tasks {
    ensure_task(&Target, &TaskOrder) -> TaskArn;
    ensure_stopped(&Target, &TaskArn) -> ();
    task(&Target, &TaskArn) -> Option<TaskObservation>;
    log_lines(&Target, &TaskArn, &str) -> Vec<String>;
});

absent!(Databases {
    database(&Target, &Database) -> Option<DatabaseObservation>;
    ensure_snapshot(&Target, &Database, &SnapshotId) -> ();
    snapshot(&Target, &Database, &SnapshotId) -> Option<SnapshotObservation>;
    our_snapshots(&Target, &Database) -> Vec<SnapshotObservation>;
    ensure_no_snapshot(&Target, &Database, &SnapshotId) -> ();
    ensure_copy(&Target, &CopyOrder) -> ();
    copy(&Target, &CopyOrder) -> CopyObservation;
    ensure_renamed(&Target, &Database, &str, &str) -> ();
    ensure_no_copy(&Target, &CopyOrder) -> bool;
});

absent!(Stacks {
    stack(&Target, &str) -> StackReading;
    ensure_change_set(&Target, &ChangeSetOrder) -> ();
    change_set(&Target, &str, &str) -> ChangeSetReading;
    ensure_no_change_set(&Target, &str, &str) -> ();
    ensure_executed(&Target, &str, &str) -> Execution;
    update(&Target, &str, &str) -> StackUpdate;
});

absent!(Alarms {
    states(&Target, &[AlarmName]) -> BTreeMap<AlarmName, AlarmState>;
});

absent!(Metrics {
    measured(&Target, &MetricsQuery) -> Measured;
});

absent!(Builds {
    newest_builds(&Place, &BuildProject) -> Vec<Build>;
});

absent!(Repository {
    head(&RepositoryAt, &BranchName) -> Option<CommitId>;
    branches(&RepositoryAt) -> Vec<BranchName>;
    commit(&RepositoryAt, &CommitId) -> Option<FoundCommit>;
    base(&RepositoryAt, &CommitId, &CommitId) -> Option<CommitId>;
    closed_pulls(&RepositoryAt) -> Vec<PullRequestId>;
    open_pulls(&RepositoryAt, &BranchName) -> Vec<PullRequestId>;
    ensure_approval(&RepositoryAt, &PullRequestId, &RevisionId, bool) -> ();
    ensure_comment(&RepositoryAt, &PullRequestId, &(CommitId, CommitId), &str, &str) -> CommentId;
    ensure_comment_says(&RepositoryAt, &CommentId, &str) -> ();
    pull(&RepositoryAt, &PullRequestId) -> Option<PullRequest>;
});

#[async_trait]
impl Http for Absent {
    async fn request(&self, _: &HttpRequest) -> HttpObservation {
        HttpObservation::Unreachable(refused().message)
    }
}

#[async_trait]
impl Monitors for Absent {
    async fn tell(
        &self,
        _: &Monitor,
        _: &News,
        _: Option<&str>,
        _: bool,
    ) -> Result<Option<String>, MonitorError> {
        Err(MonitorError {
            not_taken: NotTaken::Setting,
            may_be_there: false,
            message: refused().message,
        })
    }
}
