//! A repository in GitHub: in no account, without events, with merges by rebase and statuses of commits.

use std::sync::Arc;

use sluice_core::id::{AccountId, BranchName, CommitId, PullRequestId, Region, SourceName};

use super::GitRepository;
use crate::cloud::{Cloud, Place};

/// Stands for an account where there is none.
const ACCOUNT: &str = "github.com";

impl Place {
    /// Where repositories of GitHub are.
    pub fn github() -> (AccountId, Region) {
        (AccountId::new(ACCOUNT), Region::new(""))
    }

    /// Whether that is here.
    pub fn is_github(&self) -> bool {
        self.account.as_str() == ACCOUNT
    }
}

impl Cloud {
    /// GitHub, as far as anything is there.
    pub fn github(&self) -> Option<Arc<Place>> {
        let (account, region) = Place::github();
        self.place_of(&account, &region)
    }

    /// The status of a commit that Sluice set, if it did.
    pub fn git_status(&self, name: &str, commit: &CommitId) -> Option<bool> {
        let repository = &self.git.repositories[self.repository_at(name)];
        repository.statuses.get(commit).copied()
    }

    /// Sets Sluice's status of a commit.
    pub fn git_set_status(&mut self, name: &SourceName, commit: &CommitId, succeeds: bool) {
        let at = self.repository_at(name.as_str());
        let statuses = &mut self.git.repositories[at].statuses;
        statuses.insert(commit.clone(), succeeds);
    }

    /// Somebody changes the branch that a pull request is for.
    pub fn git_retarget_pull(&mut self, name: &str, id: &PullRequestId, into: &str) {
        let at = self.repository_at(name);
        if let Some(pull) = self.git.repositories[at].pulls.get_mut(&id.number()) {
            pull.destination = BranchName::new(into);
        }
    }
}

impl GitRepository {
    /// Makes the commits of `theirs` that are not in `ours` again, on top of `ours`: the last of them, if
    /// there is one.
    pub(super) fn rebase(&mut self, ours: &CommitId, theirs: &CommitId) -> Option<CommitId> {
        let has: Vec<CommitId> = self.ancestors(ours).into_iter().cloned().collect();
        let mut left = Vec::new();
        let mut at = Some(theirs.clone());
        while let Some(id) = at.take_if(|id| !has.contains(id)) {
            let commit = self.commits[&id].clone();
            at = commit.parents.first().cloned();
            // A merge is left out, as git does it.
            left.extend((commit.parents.len() < 2).then_some(commit));
        }
        let mut made = None;
        for commit in left.into_iter().rev() {
            let onto = made.unwrap_or_else(|| ours.clone());
            made = Some(self.add(vec![onto], &commit.message, &commit.author));
        }
        made
    }
}
