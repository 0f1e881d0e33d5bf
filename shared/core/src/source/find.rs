//! What a look has found wrong. It is told once; what reached `main` is remembered for the plans of
//! images that contain it.

use jiff::SignedDuration;

use super::known::{Answer, Asking};
use super::look::Look;
use super::walk::{Step, Way};
use super::watch::{Finding, What, WhatIsTold, WrongChange};
use crate::id::{BranchName, CommitId};

/// Wrong changes that are remembered, at most: the newest.
const WRONG_MAX: usize = 50;

/// For so long a wrong change is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Look<'_> {
    /// Commits that nothing explains: each merge for itself, and the others together.
    pub(super) fn wrong(
        &mut self,
        asking: &mut Asking<'_>,
        branch: &BranchName,
        run: &[Step<'_>],
    ) -> Answer<()> {
        let mut findings = Vec::new();
        let mut pushed: Vec<&CommitId> = Vec::new();
        for (at, step) in run.iter().enumerate() {
            let Way::Unexplained { merged } = &step.way else {
                continue;
            };
            let mut first = &step.commit;
            let what = match merged {
                Some(merged) => What::Merged {
                    merged: merged.clone(),
                    from: self.branch_at(asking, merged)?,
                },
                None => {
                    pushed.push(&step.commit);
                    if run.get(at + 1).is_some_and(Step::is_push) {
                        continue;
                    }
                    let pushed = std::mem::take(&mut pushed);
                    first = pushed[0];
                    What::Pushed {
                        commits: pushed.len(),
                    }
                }
            };
            findings.push((first, self.finding(asking, branch, &step.commit, what)?));
        }
        for (first, finding) in findings {
            self.found(&finding.commit.to_string(), Some(first), finding);
        }
        Ok(())
    }

    /// The branch whose head that is, among those that are looked at.
    fn branch_at(&self, asking: &mut Asking<'_>, commit: &CommitId) -> Answer<Option<BranchName>> {
        let branches = &self.source.branches;
        for branch in branches.develop().into_iter().chain([branches.main()]) {
            if asking.head(branch)? == Some(commit) {
                return Ok(Some(branch.clone()));
            }
        }
        Ok(None)
    }

    pub(super) fn finding(
        &self,
        asking: &mut Asking<'_>,
        branch: &BranchName,
        commit: &CommitId,
        what: What,
    ) -> Answer<Finding> {
        let of = asking.commit(commit)?;
        Ok(Finding {
            branch: branch.clone(),
            what,
            commit: commit.clone(),
            title: of.map(|of| of.title.clone()).unwrap_or_default(),
            author: of.map(|of| of.author.clone()).unwrap_or_default(),
            by: None,
        })
    }

    /// Tells it, and remembers it if `main` has new commits by it, of which `first` is the first.
    pub(super) fn found(&mut self, key: &str, first: Option<&CommitId>, finding: Finding) {
        if let Some(first) = first
            && finding.branch == *self.source.branches.main()
        {
            self.next.wrong.push(WrongChange {
                what: finding.what.clone(),
                first: first.clone(),
                commit: finding.commit.clone(),
                at: self.now,
            });
        }
        let key = format!("{}-{key}", finding.branch);
        self.tell(&key, WhatIsTold::Finding(Box::new(finding)));
    }

    /// Forgets what is old.
    pub(super) fn forget_wrong(&mut self) {
        let now = self.now;
        let wrong = &mut self.next.wrong;
        wrong.retain(|change| now.duration_since(change.at) < REMEMBERED);
        let excess = wrong.len().saturating_sub(WRONG_MAX);
        wrong.drain(..excess);
    }
}
