//! What was merged into `main` must come back to the branches that are worked on: else the next
//! release loses it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::known::{Answer, Asking, all};
use super::watch::{Owed, Watch};
use crate::config::Source;
use crate::id::{BranchName, CommitId};

/// One reminder a day.
const REMIND_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Changes that are remembered, at most: a branch that has a later one has the earlier ones too.
const OWED_MAX: usize = 50;

/// Release branches that are looked at, at most.
const RELEASES_MAX: usize = 20;

/// Branches that lack what was merged into `main`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// The branches, and of each the commits on `main` that it lacks, the oldest first.
    pub missing: Vec<(BranchName, Vec<CommitId>)>,
    /// When the oldest of them was seen on `main`.
    pub since: Timestamp,
}

/// Brings `owed` up to date with the heads of the branches.
pub(super) fn settle(asking: &mut Asking<'_>, source: &Source, next: &mut Watch) -> Answer<()> {
    let Some(develop) = source.branches.develop() else {
        next.owed.clear();
        return Ok(());
    };
    let excess = next.owed.len().saturating_sub(OWED_MAX);
    next.owed.drain(..excess);
    if next.owed.is_empty() {
        return Ok(());
    }
    let Some(main) = asking.head(source.branches.main())? else {
        return Ok(());
    };
    let names = asking.branches()?.iter();
    let releases = names.filter(|name| source.branches.is_release(name));
    let releases: Vec<_> = releases.take(RELEASES_MAX).collect();
    let mut heads: Vec<(&BranchName, &CommitId)> = Vec::new();
    for branch in std::iter::once(develop).chain(releases) {
        if let Some(head) = asking.head(branch)? {
            heads.push((branch, head));
        }
    }
    // A release that is in `main` with all it has is over.
    let open = all(heads, |(branch, head)| {
        let over = branch != develop && asking.contains(main, head)?;
        Ok((!over).then_some((branch, head)))
    })?;
    let lacking = all(open.into_iter().flatten(), |(branch, head)| {
        let has_all = asking.contains(head, main)?;
        Ok((!has_all).then_some((branch, head)))
    })?;
    let lacking: Vec<_> = lacking.into_iter().flatten().collect();
    let kept = all(std::mem::take(&mut next.owed), |owed| {
        // Gone from `main`: a forced push took it away, which was told.
        if !asking.contains(main, &owed.commit)? {
            return Ok(None);
        }
        let missing = all(&lacking, |(branch, head)| {
            Ok((!has(asking, head, &owed)?).then(|| (*branch).clone()))
        })?;
        let missing: Vec<BranchName> = missing.into_iter().flatten().collect();
        Ok((!missing.is_empty()).then_some(Owed { missing, ..owed }))
    })?;
    next.owed = kept.into_iter().flatten().collect();
    Ok(())
}

/// Whether a commit has what was merged into `main`, or what that brought.
pub(super) fn has(asking: &mut Asking<'_>, commit: &CommitId, owed: &Owed) -> Answer<bool> {
    Ok(asking.contains(commit, &owed.commit)?
        || match &owed.brings {
            Some(brings) => asking.contains(commit, brings)?,
            None => false,
        })
}

/// When the next reminder is due; `None` if nothing is missing.
pub(super) fn due(source: &Source, watch: &Watch) -> Option<Timestamp> {
    let late_at = |owed: &Owed| owed.since.saturating_add(source.merge_back_within).ok();
    let first = watch.owed.iter().filter_map(late_at).min()?;
    let again = watch
        .reminded_at
        .and_then(|at| at.saturating_add(REMIND_EVERY).ok());
    Some(again.map_or(first, |again| first.max(again)))
}

/// The reminder that is due, if one is.
pub(super) fn reminder(source: &Source, watch: &Watch, now: Timestamp) -> Option<Reminder> {
    due(source, watch).filter(|due| *due <= now)?;
    let late = watch.owed.iter();
    let late = late.filter(|owed| now.duration_since(owed.since) >= source.merge_back_within);
    let late: Vec<&Owed> = late.collect();
    let since = late.first()?.since;
    let mut missing: Vec<(BranchName, Vec<CommitId>)> = Vec::new();
    for owed in late {
        for branch in &owed.missing {
            match missing.iter_mut().find(|(name, _)| name == branch) {
                Some((_, commits)) => commits.push(owed.commit.clone()),
                None => missing.push((branch.clone(), vec![owed.commit.clone()])),
            }
        }
    }
    Some(Reminder { missing, since })
}
