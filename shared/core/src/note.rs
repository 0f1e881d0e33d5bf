//! What happened, for people: the story of a deployment, told in the chat's thread, in the history
//! and on the command line in the same words.

pub(crate) mod bounds;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::controls::{ControlsObservation, Lapse};
use crate::failure::{Cause, PortError};
use crate::id::{DeploymentId, Hash, ServiceName, SnapshotId, TaskArn, UserId};
use crate::metrics::Compared;
use crate::plan::Remark;

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub note: Note,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "`words` says each in full")]
pub enum Note {
    Requested,
    WaitingFor(DeploymentId),
    Began,
    PlanDrawn {
        plan: Hash,
    },
    PlanChanged {
        plan: Hash,
        changes: Vec<String>,
    },
    PlanConfirmed {
        plan: Hash,
        remarks: Vec<Remark>,
    },
    Approved {
        by: UserId,
        missing: usize,
    },
    ApprovalsLapsed {
        lapsed: BTreeMap<UserId, Lapse>,
    },
    WindowClosed(Box<ControlsObservation>),
    WindowOpened,
    Overridden {
        by: UserId,
        reason: String,
    },
    Paused {
        by: UserId,
        reason: String,
    },
    Resumed {
        by: UserId,
    },
    StackUpdateStarted {
        stack: String,
    },
    StackUpdated {
        stack: String,
    },
    ChangeSetVoid {
        why: String,
    },
    ChangeSetLeft {
        stack: String,
        name: String,
        why: String,
    },
    SnapshotStarted(SnapshotId),
    SnapshotVerified(SnapshotId),
    SecretsInjected {
        secrets: usize,
        pinned: usize,
    },
    Inspecting(TaskArn),
    RehearsalBegan,
    Rehearsed {
        took_ms: u64,
    },
    RehearsalRemoved,
    RehearsalLeft {
        copy: String,
        why: String,
    },
    MigrationStarted(TaskArn),
    TaskNeverStarted {
        why: String,
    },
    MigrationStopping {
        after_s: u64,
    },
    StopTaken {
        by: UserId,
    },
    CannotSee {
        doing: String,
        error: PortError,
        until: Timestamp,
    },
    TimeDoesNotCount {
        gone_s: u64,
    },
    MigrationSucceeded,
    MigrationConfirmed {
        head: String,
    },
    RestoreDecisionNeeded {
        cause: Cause,
    },
    RolledForward {
        by: UserId,
    },
    RolloutStarted(ServiceName),
    GreenUp(ServiceName),
    ServiceUpdated(ServiceName),
    SmokeTestsFailedOnce {
        failures: Vec<String>,
    },
    SmokeTestsPassed {
        count: usize,
    },
    TrafficReleased,
    TrafficShifted(ServiceName),
    StepReached {
        percent: u8,
    },
    StepHealthy {
        percent: u8,
        samples: usize,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        compared: Vec<Compared>,
    },
    Baked {
        samples: usize,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        compared: Vec<Compared>,
    },
    CannotTell {
        reason: String,
    },
    Kept {
        by: UserId,
    },
    SnapshotsPruned(Vec<SnapshotId>),
    CleanedUp,
    /// No one has decided yet.
    StillOpen {
        until: Timestamp,
    },
    NeedsPerson {
        doing: String,
        error: PortError,
    },
    RollingBack {
        cause: Cause,
    },
    ServiceReturned(ServiceName),
    ServiceStuck {
        service: ServiceName,
        reason: String,
    },
    RestoreBegan,
    ServicesStopped,
    CopyStarted {
        copy: String,
    },
    CopyAvailable {
        copy: String,
    },
    DatabaseSetAside {
        aside: String,
    },
    CopyTookItsPlace,
    NotWellYet {
        failures: Vec<String>,
    },
    RestoredIsWell {
        count: usize,
    },
    RestoreGivenUp {
        cause: Cause,
    },
    ServiceNotStarted {
        service: ServiceName,
        reason: String,
    },
    LongEnough,
    Ended,
}

/// The part of an ARN that people recognise.
pub fn short_arn(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, last)| last)
}
