//! What reached a branch, commit by commit along its first parents.

use super::known::{Answer, Asking, PullRequest, all};
use super::watch::{Line, Watch};
use crate::config::{Branches, Source};
use crate::id::{BranchName, CommitId, PullRequestId};

/// Commits of a branch that are looked at, at most. What is pushed at once has fewer.
const WALK_MAX: usize = 100;

/// Pull requests that are read to find the one that made a commit: the newest.
const PULLS_READ: usize = 20;

/// A change of a branch.
#[derive(Clone, Debug)]
pub(super) struct Step<'a> {
    /// The commit that the branch was at after it.
    pub(super) commit: CommitId,
    /// What it is.
    pub(super) way: Way<'a>,
}

impl Step<'_> {
    /// Whether it is a commit that was pushed, and not a merge.
    pub(super) fn is_push(&self) -> bool {
        matches!(self.way, Way::Unexplained { merged: None })
    }
}

/// How a commit reached a branch.
#[derive(Clone, Debug)]
pub(super) enum Way<'a> {
    /// As it may; what it brought, if that is another commit.
    Allowed { brings: Option<CommitId> },
    /// As it may, with commits before it that may have been there first: the pull request that brought it
    /// is not shown yet, or there was none.
    Forwarded,
    /// By a pull request of a branch that may not be merged there.
    Refused(PullRequestId, &'a PullRequest),
    /// By no way that is known. What it merged, if it is a merge.
    Unexplained { merged: Option<CommitId> },
}

/// Everything that reached `branch` after `old` until `head`, oldest first.
pub(super) fn steps<'a>(
    asking: &mut Asking<'a>,
    source: &Source,
    watch: &Watch,
    branch: &BranchName,
    (old, head): (&CommitId, &CommitId),
) -> Answer<Vec<Step<'a>>> {
    let by_name =
        matches!(source.branches, Branches::GitFlow { .. }) && branch == source.branches.main();
    let mut steps = Vec::new();
    let mut at = head.clone();
    while at != *old && steps.len() < WALK_MAX {
        let commit = asking.commit(&at)?;
        let parents = commit.map_or(&[][..], |commit| commit.parents.as_slice());
        let mut next = parents.first().cloned();
        let mut jumps = parents.len() > 1;
        let way = if by_name && let Some(merged) = of_lines(asking, watch, parents)? {
            Way::Allowed {
                brings: Some(merged),
            }
        } else if by_name && is_of_a_line(asking, watch, &at)? {
            let before = before_forward(asking, watch, branch, &at)?;
            let is_clear = before.is_some() || parents.first() == Some(old);
            (next, jumps) = (before, true);
            match is_clear {
                true => Way::Allowed { brings: None },
                false => Way::Forwarded,
            }
        } else if let Some((id, pull)) = pull_that_made(asking, watch, branch, &at)? {
            let brings = pull.source_commit != at;
            // A squash makes one commit and a rebase several: neither has a second parent to tell by.
            if !brings || parents.len() == 1 {
                let before = &pull.destination_commit;
                jumps = !brings || parents.first() != Some(before);
                next = Some(before.clone());
            }
            match by_name && !source.branches.may_reach_main(&pull.source) {
                true => Way::Refused(id, pull),
                false => Way::Allowed {
                    brings: brings.then(|| pull.source_commit.clone()),
                },
            }
        } else {
            let merged = parents.get(1).cloned();
            Way::Unexplained { merged }
        };
        steps.push(Step { commit: at, way });
        let Some(next) = next else { break };
        // Behind a merge, `old` may be reached by another parent than the first, and where a branch was
        // brought forward, it may be a commit of that.
        if jumps && next != *old && asking.contains(old, &next)? {
            break;
        }
        at = next;
    }
    steps.reverse();
    Ok(steps)
}

/// Where the branch was before it was brought forward to a commit of another: as the pull request says
/// that did it, else where an earlier look saw it without an explanation. If neither is known, all that
/// came with the commit counts as that branch's.
fn before_forward(
    asking: &mut Asking<'_>,
    watch: &Watch,
    branch: &BranchName,
    commit: &CommitId,
) -> Answer<Option<CommitId>> {
    if let Some((_, pull)) = pull_that_made(asking, watch, branch, commit)? {
        return Ok(Some(pull.destination_commit.clone()));
    }
    let seen = watch.suspects.get(branch).map(|suspect| &suspect.last);
    Ok(match seen.filter(|seen| *seen != commit) {
        Some(seen) if asking.contains(commit, seen)? => Some(seen.clone()),
        _ => None,
    })
}

/// The parent, besides the first, that is a commit of a branch that may be merged.
fn of_lines(
    asking: &mut Asking<'_>,
    watch: &Watch,
    parents: &[CommitId],
) -> Answer<Option<CommitId>> {
    for parent in parents.iter().skip(1) {
        if is_of_a_line(asking, watch, parent)? {
            return Ok(Some(parent.clone()));
        }
    }
    Ok(None)
}

/// Whether the commit is one that a release or hotfix branch itself was at.
fn is_of_a_line(asking: &mut Asking<'_>, watch: &Watch, commit: &CommitId) -> Answer<bool> {
    let lines = &watch.lines;
    let ends = lines
        .iter()
        .any(|line| line.tip == *commit || line.first == *commit);
    if ends {
        return Ok(true);
    }
    for line in lines {
        if asking.contains(&line.tip, commit)? && is_between(asking, line, commit)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the commit is among the first parents of the line's tip, after its base.
fn is_between(asking: &mut Asking<'_>, line: &Line, commit: &CommitId) -> Answer<bool> {
    let end = line.base.as_ref().unwrap_or(&line.first);
    let mut at = line.tip.clone();
    for _ in 0..WALK_MAX {
        if at == *end {
            return Ok(false);
        }
        if at == *commit {
            return Ok(true);
        }
        let parents = asking.commit(&at)?.map(|commit| commit.parents.as_slice());
        let Some([first, others @ ..]) = parents else {
            return Ok(false);
        };
        if !others.is_empty() && asking.contains(end, first)? {
            return Ok(false);
        }
        at = first.clone();
    }
    Ok(false)
}

/// The merged pull request that made the commit on the branch. Those that events named are looked at
/// first, then the newest.
fn pull_that_made<'a>(
    asking: &mut Asking<'a>,
    watch: &Watch,
    branch: &BranchName,
    commit: &CommitId,
) -> Answer<Option<(PullRequestId, &'a PullRequest)>> {
    let named = among(asking, branch, commit, watch.pulls.iter())?;
    if named.is_some() {
        return Ok(named);
    }
    let newest = asking.closed_pulls()?.iter().take(PULLS_READ);
    among(asking, branch, commit, newest)
}

fn among<'a, 'i>(
    asking: &mut Asking<'a>,
    branch: &BranchName,
    commit: &CommitId,
    ids: impl Iterator<Item = &'i PullRequestId>,
) -> Answer<Option<(PullRequestId, &'a PullRequest)>> {
    let pulls = all(ids, |id| Ok((id, asking.pull(id)?)))?;
    let made = |(id, pull): (&PullRequestId, Option<&'a PullRequest>)| {
        let pull = pull?;
        let made = pull.destination == *branch && pull.merge_commit.as_ref() == Some(commit);
        made.then(|| (id.clone(), pull))
    };
    Ok(pulls.into_iter().find_map(made))
}
