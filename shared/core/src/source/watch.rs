//! What is remembered of a repository between two looks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::back::Reminder;
use super::build::{BuildTold, Builds};
use super::gate::Gate;
use super::known::Merger;
use crate::id::{BranchName, CommitId, PullRequestId, UserId};

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// How far each protected branch has been judged.
    pub seen: BTreeMap<BranchName, CommitId>,
    /// Where release and hotfix branches have been, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// What reached a branch and is not explained yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub suspects: BTreeMap<BranchName, Suspect>,
    /// What was merged into `main` and is not yet in every branch that needs it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<Owed>,
    /// What reached `main` by a wrong way, for the plans of images that contain it, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrong: Vec<WrongChange>,
    /// When the last reminder was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminded_at: Option<Timestamp>,
    /// How many reminders there were.
    #[serde(default)]
    pub reminders: u32,
    /// Open pull requests, and what was said of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<PullRequestId, Gate>,
    /// The builds of the project; `None` before they were read for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builds: Option<Builds>,
    /// Pull requests that events named lately.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pulls: Vec<PullRequestId>,
    /// Until when one function alone posts what is untold, and answers pull requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telling_until: Option<Timestamp>,
    /// What people have not been told yet, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<Telling>,
}

impl Watch {
    /// Whether anything is to be posted, or to be said of a pull request.
    pub fn has_work(&self) -> bool {
        !self.untold.is_empty() || self.has_open_orders()
    }

    /// Whether anything is to be said of a pull request.
    pub fn has_open_orders(&self) -> bool {
        let mut gates = self.gates.values();
        gates.any(|gate| gate.open_order().is_some())
    }
}

/// The commits of a branch: those after `base`, up to `tip`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The branch.
    pub branch: BranchName,
    /// Where it was first seen.
    pub first: CommitId,
    /// Where it left the branch that it was made from, if that was still to be seen.
    pub base: Option<CommitId>,
    /// Where it was last seen.
    pub tip: CommitId,
}

/// Commits that nothing explains, so far. The host moves a branch and closes the pull request one
/// after the other, and shows both late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// The first of them.
    pub first: CommitId,
    /// The last of them.
    pub last: CommitId,
    /// When they were first seen.
    pub since: Timestamp,
}

/// Something that was merged into `main`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// The commit on `main`.
    pub commit: CommitId,
    /// What it brought, if it merged something: a branch that has this has all of it.
    pub brings: Option<CommitId>,
    /// When it was seen on `main`.
    pub since: Timestamp,
    /// The branches that lack it, as of the last look.
    pub missing: Vec<BranchName>,
}

/// A change that reached `main` by a way that the rules do not allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongChange {
    /// What happened.
    pub what: What,
    /// The first of its commits on `main`, as far as they were looked at one by one.
    pub first: CommitId,
    /// The last of them, which people were told.
    pub commit: CommitId,
    /// When it was found.
    pub at: Timestamp,
}

/// Something that people are to be told, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// The key of the message: the same however often it is tried.
    pub key: String,
    /// What.
    pub what: WhatIsTold,
    /// When it was found.
    pub since: Timestamp,
}

/// What people are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is its type, documented there")]
pub enum WhatIsTold {
    Finding(Box<Finding>),
    Reminder(Reminder),
    Build(Box<BuildTold>),
}

/// Something reached a branch by a way that the rules do not allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The branch.
    pub branch: BranchName,
    /// What happened.
    pub what: What,
    /// The last commit that it is about.
    pub commit: CommitId,
    /// The first line of that commit's message.
    pub title: String,
    /// Who wrote the commit, as it says itself.
    pub author: String,
    /// The person in Slack, if known.
    pub by: Option<UserId>,
}

/// What happened to a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Commits were pushed that no pull request brought.
    Pushed {
        /// How many.
        commits: usize,
    },
    /// Something was merged that is no commit of a branch that may be.
    Merged {
        /// What was merged.
        merged: CommitId,
        /// The branch, if it is one whose head is known.
        from: Option<BranchName>,
    },
    /// A pull request was merged whose branch may not be.
    PullRequest {
        /// Its number.
        id: PullRequestId,
        /// Its branch.
        from: BranchName,
        /// Who merged it.
        merged_by: Option<Merger>,
        /// Where the branch was before, if merging made no merge commit.
        before: Option<CommitId>,
    },
    /// The branch lost commits: it was reset, or overwritten by a forced push.
    Rewritten {
        /// Where it was.
        before: CommitId,
    },
    /// The branch was deleted.
    Deleted,
}
