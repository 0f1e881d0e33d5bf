//! What planning needs to know of the world, gathered answer by answer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AlarmName, TaskArn, TaskDefinitionArn};
use crate::migration::Inspection;
use crate::observation::{
    AlarmState, ApproversObservation, DatabaseObservation, ImageObservation, PinnedSecret,
    ProofObservation, ScanObservation, SecretProblem, ServiceObservation, SnapshotObservation,
};
use crate::parity::Unlike;
use crate::release::VerifiedRelease;
use crate::signature::SignatureObservation;
use crate::source::SourceObservation;
use crate::stack::ChangeSetReading;

/// The answers so far. A field is `None` until it has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the outcome of that name")]
pub struct Survey {
    pub image: Option<ImageObservation>,
    pub scan: Option<ScanObservation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureObservation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceObservation>,
    pub proof: Option<ProofObservation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parity: Option<Box<Unlike>>,
    pub secrets: Option<Result<Vec<PinnedSecret>, Vec<SecretProblem>>>,
    pub services: Option<Vec<ServiceObservation>>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "read"
    )]
    pub database: Option<Option<DatabaseObservation>>,
    pub alarms: Option<BTreeMap<AlarmName, AlarmState>>,
    pub approvers: Option<ApproversObservation>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "read"
    )]
    pub previous: Option<Option<VerifiedRelease>>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "read"
    )]
    pub snapshot: Option<Option<SnapshotObservation>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspector: Option<TaskDefinitionArn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspecting: Option<Inspecting>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<Result<Box<Inspection>, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<ChangeSetReading>,
    /// Tasks that never started, or that ECS had forgotten before anybody saw how they ended.
    #[serde(default)]
    pub never_started: u8,
}

/// A task that looks at the migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspecting {
    /// The task.
    pub task: TaskArn,
    /// When ECS took it.
    pub since: Timestamp,
}

/// Without this, JSON's `null` for "read, and there is none" would come back as "not read yet".
fn read<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
