//! What people should know beside the plan: facts that may change by themselves, each with what it
//! means for the deployment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{
    AlarmName, BranchName, CommitId, Digest, ImageTag, SecretVersion, ServiceDeploymentArn,
    ServiceName, TaskDefinitionArn,
};
use crate::parity::Unlike;
use crate::source::{Doubt, Lack};

/// One such fact. It is no part of the plan: a remark that comes or goes leaves approvals valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "remark", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words of each say it in full")]
pub enum Remark {
    TagMoved {
        tag: ImageTag,
        digest: Digest,
        now: Option<Digest>,
        by_push: bool,
    },
    Unsigned {
        others: usize,
        four_eyes: bool,
    },
    SourceInDoubt {
        /// The commit, where the image names it.
        commit: Option<CommitId>,
        signed: bool,
        main: BranchName,
        doubt: Doubt,
        four_eyes: bool,
    },
    LacksMergeBack {
        commit: CommitId,
        signed: bool,
        main: BranchName,
        lacks: Vec<Lack>,
    },
    PusherUnknown {
        four_eyes: bool,
    },
    FirstHere,
    SameImage {
        tag: ImageTag,
    },
    Older {
        tag: ImageTag,
        live: ImageTag,
    },
    RunsAnotherImage {
        service: ServiceName,
        verified: ImageTag,
    },
    AddedLater {
        service: ServiceName,
        tag: ImageTag,
    },
    StaysStopped {
        service: ServiceName,
        tag: ImageTag,
    },
    Migrated {
        tags: Vec<ImageTag>,
    },
    SecretReplaced {
        variable: String,
        tag: ImageTag,
        version: SecretVersion,
    },
    SecretRotates {
        variable: String,
    },
    StaysAtZero {
        service: ServiceName,
        restored: bool,
    },
    StartedWithOne {
        service: ServiceName,
        wanted: u32,
    },
    NoHealthyTarget {
        service: ServiceName,
    },
    UnhealthyTargets {
        service: ServiceName,
        count: u32,
    },
    SplitTraffic {
        service: ServiceName,
        weights: BTreeMap<String, u32>,
    },
    ReplacesRollout {
        service: ServiceName,
        rollout: ServiceDeploymentArn,
    },
    WaitsForRollout {
        service: ServiceName,
        rollout: ServiceDeploymentArn,
    },
    NewerRevision {
        service: ServiceName,
        runs: TaskDefinitionArn,
        newest: TaskDefinitionArn,
        differs: Vec<String>,
        /// What the new revision is made from, where that is not what runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base: Option<TaskDefinitionArn>,
    },
    KeepsVariables {
        service: ServiceName,
        variables: Vec<String>,
    },
    Unlike {
        unlike: Box<Unlike>,
    },
    AlarmRings {
        alarm: AlarmName,
    },
    DatabaseBusy {
        database: String,
        status: String,
        restored: bool,
    },
}

/// `blue 70, green 30`.
pub fn split(weights: &BTreeMap<String, u32>) -> String {
    let said: Vec<String> = weights
        .iter()
        .map(|(group, weight)| format!("{group} {weight}"))
        .collect();
    said.join(", ")
}
