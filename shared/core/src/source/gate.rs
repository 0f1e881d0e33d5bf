//! Pull requests to `main`: Sluice approves those of release and hotfix branches, and of the others it
//! says why not. What it orders is remembered before it is done, and again when it is.

use serde::{Deserialize, Serialize};

use super::known::{Answer, Asking, all};
use super::watch::Watch;
use crate::config::{Branches, Source};
use crate::id::{BranchName, CommentId, CommitId, PullRequestId, RevisionId};

/// Open pull requests that are looked at, at most: the newest.
const OPEN_MAX: usize = 100;

/// What is remembered of an open pull request. One that is not to `main` has no order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// What is to be said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<GateOrder>,
    /// What was said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<GateOrder>,
    /// The one comment of Sluice's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<CommentId>,
}

/// Whether a pull request to `main` is approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateOrder {
    /// The state of the pull request that this is about: an approval holds for one.
    pub revision: RevisionId,
    /// Whether its branch may be merged.
    pub approve: bool,
    /// Its branch.
    pub source: BranchName,
    /// Where `main` was, and where the branch is: a comment stands between the two.
    pub between: (CommitId, CommitId),
}

impl Gate {
    /// Whether its order is to approve that state.
    pub fn approves(&self, revision: &RevisionId) -> bool {
        let order = self.order.as_ref();
        order.is_some_and(|order| order.approve && order.revision == *revision)
    }

    /// What is still to be done. That `main` has moved meanwhile changes nothing.
    pub fn open_order(&self) -> Option<&GateOrder> {
        let said = |order: &GateOrder| (order.revision.clone(), order.approve);
        let done = self.done.as_ref().map(said);
        self.order
            .as_ref()
            .filter(|order| done != Some(said(order)))
    }
}

/// What is to be said of each open pull request.
pub(super) fn look(asking: &mut Asking<'_>, source: &Source, next: &mut Watch) -> Answer<()> {
    let Branches::GitFlow { main, .. } = &source.branches else {
        next.gates.clear();
        return Ok(());
    };
    let mut open: Vec<&PullRequestId> = asking.open_pulls(main)?.iter().collect();
    open.sort_by_key(|id| std::cmp::Reverse(id.number()));
    open.truncate(OPEN_MAX);
    next.gates.retain(|id, _| open.contains(&id));
    let gates = &next.gates;
    // The destination never changes in CodeCommit. GitHub lists those to `main` alone, so one whose
    // destination was changed is in its list no more, or for the first time.
    let is_new_or_to_main =
        |id: &&&PullRequestId| gates.get(**id).is_none_or(|gate| gate.order.is_some());
    let looked_at: Vec<&PullRequestId> = open.iter().filter(is_new_or_to_main).copied().collect();
    let pulls = all(looked_at, |id| Ok((id, asking.pull(id)?)))?;
    for (id, pull) in pulls {
        let Some(pull) = pull.filter(|pull| pull.open) else {
            continue;
        };
        let gate = next.gates.entry(id.clone()).or_default();
        gate.order = (pull.destination == *main).then(|| GateOrder {
            revision: pull.revision.clone(),
            approve: source.branches.may_reach_main(&pull.source),
            source: pull.source.clone(),
            between: (pull.destination_commit.clone(), pull.source_commit.clone()),
        });
    }
    Ok(())
}
