//! Pull requests: Sluice approves those of release and hotfix branches to `main`, and of the others it
//! says why not; of each it says how its last commit was built. What it orders is remembered before it
//! is done, and again when it is.

use serde::{Deserialize, Serialize};

use super::build::{BuildEnd, BuildStatus, Builds, end_of};
use super::known::{Answer, Asking, PullRequest, all};
use super::watch::Watch;
use crate::config::{Branches, Source};
use crate::id::{BranchName, CommentId, CommitId, PullRequestId, RevisionId};

/// Open pull requests that are looked at, at most: the newest.
const OPEN_MAX: usize = 100;

/// What is remembered of an open pull request. One of which nothing is to be said has no order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Its branch, which never changes; `None` if an older Sluice read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<BranchName>,
    /// What is to be said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<GateOrder>,
    /// What was said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<GateOrder>,
    /// With what the comment is posted, until it is known: CodeCommit takes a token twice only for the
    /// same comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<GateOrder>,
    /// The one comment of Sluice's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<CommentId>,
}

/// What Sluice says of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateOrder {
    /// The state of the pull request that this is about: an approval holds for one.
    pub revision: RevisionId,
    /// Whether Sluice approves it.
    pub approve: bool,
    /// Its branch.
    pub source: BranchName,
    /// Where its destination was, and where the branch is: a comment stands between the two.
    pub between: (CommitId, CommitId),
    /// Whether it needs Sluice's approval: it is to `main`.
    #[serde(default = "is_gated")]
    pub gated: bool,
    /// How its last commit was built; `None` where `sluice.toml` names no project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<GateBuild>,
}

/// An order that an older Sluice stored is about a pull request to `main`.
fn is_gated() -> bool {
    true
}

/// How the last commit of a pull request was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateBuild {
    /// No build of it is known to have ended.
    Waiting,
    /// Its newest build ended so.
    Ended(Box<BuildEnd>),
}

impl GateBuild {
    /// Whether it may be merged.
    pub fn is_green(&self) -> bool {
        matches!(self, Self::Ended(end) if end.status == BuildStatus::Succeeded)
    }

    fn end(&self) -> Option<&BuildEnd> {
        match self {
            Self::Waiting => None,
            Self::Ended(end) => Some(end),
        }
    }
}

impl GateOrder {
    /// Whether it says the same. That the destination has moved meanwhile changes nothing.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.approve == other.approve && self.build == other.build
    }

    /// Whether people have to read why, or how it was built.
    pub fn needs_comment(&self) -> bool {
        !self.approve || self.build.is_some()
    }

    fn end(&self) -> Option<&BuildEnd> {
        self.build.as_ref()?.end()
    }
}

impl Gate {
    /// Whether its order is to approve that state.
    pub fn approves(&self, revision: &RevisionId) -> bool {
        let order = self.order.as_ref();
        order.is_some_and(|order| order.approve && order.revision == *revision)
    }

    /// What is still to be done.
    pub fn open_order(&self) -> Option<&GateOrder> {
        let is_done = |order: &GateOrder| {
            let done = self.done.as_ref();
            done.is_some_and(|done| done.revision == order.revision && done.says_the_same(order))
        };
        self.order.as_ref().filter(|order| !is_done(order))
    }

    /// Whether it has to be read: one to `main` at each look, another if a build of its branch has
    /// ended of which nothing was said.
    fn is_to_be_read(&self, source: &Source, builds: Option<&Builds>) -> bool {
        let order = self.order.as_ref();
        if order.is_some_and(|order| order.gated) {
            return true;
        }
        match &self.source {
            _ if source.build.is_none() => false,
            None => true,
            Some(branch) => {
                let newest = builds.and_then(|builds| builds.of_branch(branch));
                let said = order.and_then(GateOrder::end);
                newest.map(|end| &end.id) != said.map(|end| &end.id)
            }
        }
    }

    /// What is to be said of it, as it is now.
    fn take(&mut self, source: &Source, pull: &PullRequest, end: Option<BuildEnd>) {
        self.source = Some(pull.source.clone());
        let before = self.order.as_ref();
        let before = before.filter(|order| order.revision == pull.revision);
        // What has ended has ended, though a read that is behind does not show it.
        let end = end.or_else(|| before.and_then(GateOrder::end).cloned());
        let build = source.build.as_ref().map(|_| match end {
            Some(end) => GateBuild::Ended(Box::new(end)),
            None => GateBuild::Waiting,
        });
        let gated =
            matches!(&source.branches, Branches::GitFlow { main, .. } if *main == pull.destination);
        match &build {
            _ if gated => {}
            // Nothing was said of it, or something of an earlier commit.
            Some(GateBuild::Waiting) => return,
            Some(GateBuild::Ended(_)) => {}
            None => {
                self.order = None;
                return;
            }
        }
        let is_green = build.as_ref().is_none_or(GateBuild::is_green);
        let order = GateOrder {
            revision: pull.revision.clone(),
            approve: gated && is_green && source.branches.may_reach_main(&pull.source),
            source: pull.source.clone(),
            between: (pull.destination_commit.clone(), pull.source_commit.clone()),
            gated,
            build,
        };
        if self.comment.is_none() && self.first.is_none() && order.needs_comment() {
            self.first = Some(order.clone());
        }
        self.order = Some(order);
    }
}

/// What is to be said of each open pull request.
pub(super) fn look(asking: &mut Asking<'_>, source: &Source, next: &mut Watch) -> Answer<()> {
    if matches!(source.branches, Branches::Trunk { .. }) && source.build.is_none() {
        next.gates.clear();
        return Ok(());
    }
    let read = match &source.build {
        Some(project) => asking.builds(project)?.unwrap_or_default(),
        None => &[],
    };
    // CodeCommit lists all that are open, and how those to other branches were built is said too.
    let open = asking.open_pulls(source.branches.main())?;
    let mut open: Vec<&PullRequestId> = open.iter().collect();
    open.sort_by_key(|id| std::cmp::Reverse(id.number()));
    open.truncate(OPEN_MAX);
    next.gates.retain(|id, _| open.contains(&id));
    let (gates, builds) = (&next.gates, next.builds.as_ref());
    // The destination never changes in CodeCommit. GitHub lists those to `main` alone, so one whose
    // destination was changed is in its list no more, or for the first time.
    let is_new_or_due = |id: &&&PullRequestId| {
        let gate = gates.get(**id);
        gate.is_none_or(|gate| gate.is_to_be_read(source, builds))
    };
    let looked_at: Vec<&PullRequestId> = open.iter().filter(is_new_or_due).copied().collect();
    let pulls = all(looked_at, |id| Ok((id, asking.pull(id)?)))?;
    for (id, pull) in pulls {
        let Some(pull) = pull.filter(|pull| pull.open) else {
            continue;
        };
        let end = source.build.as_ref();
        let end = end.and_then(|_| {
            end_of(
                read,
                next.builds.as_ref(),
                &pull.source,
                &pull.source_commit,
            )
        });
        let gate = next.gates.entry(id.clone()).or_default();
        gate.take(source, pull, end);
    }
    Ok(())
}
