//! What really happened to the world: the truth that tests hold Sluice's account against.

use jiff::Timestamp;
use sluice_core::command::Direction;
use sluice_core::database::RestorePoint;
use sluice_core::id::{
    AccountId, ClusterName, DeploymentId, EcsServiceName, ServiceDeploymentArn, SnapshotId,
    TaskArn, TaskDefinitionArn,
};
use sluice_core::observation::RolloutStatus;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
}

/// A change of the world that took effect, whether its answer arrived or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is named after its type's meaning")]
pub enum Happened {
    /// CloudFormation began to update a stack, for a change set with this token.
    StackUpdateBegan {
        account: AccountId,
        stack: String,
        token: String,
        replaced: Vec<String>,
    },
    /// That update is over, in CloudFormation's word.
    StackUpdateEnded {
        account: AccountId,
        stack: String,
        token: String,
        status: String,
    },
    /// RDS took a request for a snapshot.
    SnapshotCreated {
        account: AccountId,
        database: String,
        snapshot: SnapshotId,
    },
    /// A snapshot is whole.
    SnapshotAvailable {
        account: AccountId,
        database: String,
        snapshot: SnapshotId,
    },
    /// RDS could not take the snapshot.
    SnapshotFailed {
        account: AccountId,
        database: String,
        snapshot: SnapshotId,
    },
    /// A snapshot is gone; `asked` if Sluice removed it.
    SnapshotGone {
        account: AccountId,
        database: String,
        snapshot: SnapshotId,
        asked: bool,
    },
    /// RDS took a request for a copy. Whose and what for, its tags say.
    CopyCreated {
        account: AccountId,
        copy: String,
        resource_id: String,
        from: RestorePoint,
        deployment: Option<String>,
        purpose: Option<String>,
    },
    /// A copy is restored.
    CopyAvailable {
        account: AccountId,
        copy: String,
        resource_id: String,
    },
    /// A database has another name.
    DatabaseRenamed {
        account: AccountId,
        from: String,
        to: String,
        resource_id: String,
    },
    /// A database is gone; `asked` if Sluice deleted it. Whose it was and what for, its tags said.
    DatabaseGone {
        account: AccountId,
        database: String,
        resource_id: String,
        deployment: Option<String>,
        purpose: Option<String>,
        asked: bool,
    },
    /// The number of tasks that are wanted of a service was set by Sluice, without a service
    /// deployment.
    ServiceScaled {
        cluster: ClusterName,
        service: EcsServiceName,
        desired: u32,
    },
    /// A task definition revision is new.
    TaskDefinitionRegistered {
        account: AccountId,
        task_definition: TaskDefinitionArn,
        by: Option<DeploymentId>,
    },
    /// A one-off task was started, for this token.
    TaskRun {
        cluster: ClusterName,
        task: TaskArn,
        token: String,
    },
    /// A one-off task has stopped. Without an exit code its container never ran.
    TaskStopped {
        cluster: ClusterName,
        task: TaskArn,
        token: String,
        exit_code: Option<i32>,
    },
    /// A migration has brought the schema of an environment's database to these heads. A task that
    /// ends with 0 and has done nothing is none.
    SchemaChanged {
        cluster: ClusterName,
        token: String,
        heads: Vec<String>,
    },
    /// UpdateService took effect. `by` is `None` for someone else's hand.
    ServiceUpdated {
        cluster: ClusterName,
        service: EcsServiceName,
        task_definition: TaskDefinitionArn,
        rollout: ServiceDeploymentArn,
        by: Option<(DeploymentId, Direction)>,
    },
    /// The test listener points at the target revision of the service deployment.
    TestTrafficShifted {
        cluster: ClusterName,
        service: EcsServiceName,
        rollout: ServiceDeploymentArn,
    },
    /// So many per cent of production traffic now go to the target revision.
    TrafficShifted {
        cluster: ClusterName,
        service: EcsServiceName,
        rollout: ServiceDeploymentArn,
        percent: u8,
    },
    /// Somebody changed the weights of a production rule by hand.
    WeightsSet {
        cluster: ClusterName,
        service: EcsServiceName,
    },
    /// A service deployment is over.
    RolloutEnded {
        cluster: ClusterName,
        service: EcsServiceName,
        rollout: ServiceDeploymentArn,
        status: RolloutStatus,
    },
}
