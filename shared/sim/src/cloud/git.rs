//! Source code in CodeCommit, and in GitHub (`github`): commits and their parents, branches, merges, pull requests. No files:
//! nothing that Sluice asks is about them.

mod github;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_core::id::{
    AccountId, BranchName, CommentId, CommitId, PrincipalArn, PullRequestId, Region, SourceName,
};

use super::ecr::digest_of;
use super::emitted::{Emitted, PullRequestChange, ReferenceChange};
use super::{Cloud, Place};

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitCommit {
    /// Its parents, the first being what its branch was at.
    pub parents: Vec<CommitId>,
    /// Its message.
    pub message: String,
    /// Who wrote it.
    pub author: String,
}

/// How a pull request is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeOption {
    /// A commit with two parents.
    ThreeWay,
    /// One commit with everything.
    Squash,
    /// The branch is brought forward.
    FastForward,
    /// All commits again on top of the branch: GitHub only.
    Rebase,
}

impl MergeOption {
    /// As CodeCommit calls it, and GitHub what CodeCommit has not.
    pub fn name(self) -> &'static str {
        match self {
            Self::ThreeWay => "THREE_WAY_MERGE",
            Self::Squash => "SQUASH_MERGE",
            Self::FastForward => "FAST_FORWARD_MERGE",
            Self::Rebase => "rebase",
        }
    }
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitPullRequest {
    /// What it brings.
    pub source: BranchName,
    /// What it is for.
    pub destination: BranchName,
    /// Where the source is, or was when it was closed.
    pub source_commit: CommitId,
    /// Where the destination is, or was when it was closed.
    pub destination_commit: CommitId,
    /// Who opened it.
    pub author: PrincipalArn,
    /// Whether it is open.
    pub open: bool,
    /// What merging it came to.
    pub merged: Option<GitMerge>,
    /// Counts the pushes to it: its state.
    pub revision: u32,
    /// The states that Sluice approves.
    pub approved: BTreeSet<u32>,
    /// Comments: the token that each was posted with, and what it says.
    pub comments: Vec<(String, String)>,
    /// What each of them was posted with: its text, and the commits that it stands between.
    posted: Vec<(String, (CommitId, CommitId))>,
    /// When CodeCommit shows that it is closed.
    shown_at: Timestamp,
}

/// Why a comment is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentRefused {
    /// There is no such pull request.
    NoPullRequest,
    /// Its token was used for another comment.
    OtherComment,
}

/// A merge of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitMerge {
    /// The commit.
    pub commit: CommitId,
    /// How.
    pub option: MergeOption,
    /// Who.
    pub by: PrincipalArn,
}

/// A repository.
#[derive(Debug)]
struct GitRepository {
    place: Arc<Place>,
    name: SourceName,
    commits: BTreeMap<CommitId, GitCommit>,
    branches: BTreeMap<BranchName, CommitId>,
    pulls: BTreeMap<u64, GitPullRequest>,
    /// Statuses that Sluice set, in GitHub.
    statuses: BTreeMap<CommitId, bool>,
}

/// All repositories.
#[derive(Debug, Default)]
pub(super) struct Git {
    repositories: Vec<GitRepository>,
    /// How long after a merge CodeCommit still shows the pull request as open.
    pulls_late: SignedDuration,
}

impl GitRepository {
    fn ancestors(&self, of: &CommitId) -> BTreeSet<&CommitId> {
        let mut found = BTreeSet::new();
        let mut left: Vec<&CommitId> = self
            .commits
            .get_key_value(of)
            .map(|(id, _)| id)
            .into_iter()
            .collect();
        while let Some(id) = left.pop() {
            if found.insert(id) {
                left.extend(
                    self.commits
                        .get(id)
                        .into_iter()
                        .flat_map(|commit| &commit.parents),
                );
            }
        }
        found
    }

    fn base(&self, one: &CommitId, other: &CommitId) -> Option<CommitId> {
        let (ours, theirs) = (self.ancestors(one), self.ancestors(other));
        let common: Vec<&CommitId> = ours.intersection(&theirs).copied().collect();
        let is_best = |id: &&&CommitId| {
            let mut others = common.iter().filter(|other| other != id);
            !others.any(|other| self.ancestors(other).contains(**id))
        };
        common.iter().find(is_best).map(|id| (*id).clone())
    }

    fn add(&mut self, parents: Vec<CommitId>, message: &str, author: &str) -> CommitId {
        let text = format!("{} {} {message}", self.name, self.commits.len());
        let digest = digest_of(&text).to_string();
        let id = CommitId::new(&digest["sha256:".len()..][..40]);
        let commit = GitCommit {
            parents,
            message: message.to_owned(),
            author: author.to_owned(),
        };
        self.commits.insert(id.clone(), commit);
        id
    }
}

impl Cloud {
    fn repository_at(&self, name: &str) -> usize {
        // The owner of a repository in GitHub may be left out.
        let is_it = |one: &GitRepository| one.name.as_str().rsplit('/').next() == Some(name);
        let mut all = self.git.repositories.iter();
        all.position(|one| one.name.as_str() == name || is_it(one))
            .expect("the story made the repository first")
    }

    fn git_in(&self, place: &Place, name: &SourceName) -> Option<&GitRepository> {
        let mut all = self.git.repositories.iter();
        all.find(|one| *one.place == *place && one.name == *name)
    }

    /// Where a repository is.
    pub(super) fn git_place(&self, name: &SourceName) -> Arc<Place> {
        self.git.repositories[self.repository_at(name.as_str())]
            .place
            .clone()
    }

    /// What a commit says.
    pub(super) fn git_message(&self, name: &SourceName, commit: &CommitId) -> String {
        let repository = &self.git.repositories[self.repository_at(name.as_str())];
        let commit = repository.commits.get(commit);
        commit.map_or_else(String::new, |commit| commit.message.clone())
    }

    /// Somebody creates a repository with one commit, on these branches.
    pub fn git_init(&mut self, place: (&AccountId, &Region), name: &str, branches: &[&str]) {
        let place = self.ensure_place(place.0, place.1);
        let mut repository = GitRepository {
            place,
            name: SourceName::new(name),
            commits: BTreeMap::new(),
            branches: BTreeMap::new(),
            pulls: BTreeMap::new(),
            statuses: BTreeMap::new(),
        };
        let first = repository.add(Vec::new(), "Begin", "Ada");
        let branches = branches.iter();
        repository.branches = branches
            .map(|branch| (BranchName::new(*branch), first.clone()))
            .collect();
        self.git.repositories.push(repository);
    }

    /// From now on a pull request that was merged is shown as open for so long.
    pub fn git_shows_pulls_after(&mut self, late: SignedDuration) {
        self.git.pulls_late = late;
    }

    /// Where a branch is.
    pub fn git_head(&self, name: &str, branch: &str) -> Option<CommitId> {
        let repository = &self.git.repositories[self.repository_at(name)];
        repository.branches.get(&BranchName::new(branch)).cloned()
    }

    /// Whether a commit has another in its history, or is it.
    pub fn git_contains(&self, name: &str, commit: &CommitId, other: &CommitId) -> bool {
        self.git.repositories[self.repository_at(name)]
            .ancestors(commit)
            .contains(other)
    }

    /// What a commit's branch was at before it.
    pub fn git_parent(&self, name: &str, commit: &CommitId) -> Option<CommitId> {
        let repository = &self.git.repositories[self.repository_at(name)];
        repository.commits.get(commit)?.parents.first().cloned()
    }

    /// Somebody creates a branch where another is.
    pub fn git_branch(&mut self, name: &str, branch: &str, from: &str) {
        let at = self.git_head(name, from).expect("the branch is there");
        self.git_set(name, branch, Some(at));
    }

    /// Somebody pushes a commit to a branch.
    pub fn git_commit(
        &mut self,
        name: &str,
        branch: &str,
        message: &str,
        author: &str,
    ) -> CommitId {
        let head = self.git_head(name, branch).expect("the branch is there");
        let at = self.repository_at(name);
        let id = self.git.repositories[at].add(vec![head], message, author);
        self.git_set(name, branch, Some(id.clone()));
        id
    }

    /// Somebody merges a branch into another on their machine, and pushes it.
    pub fn git_merge(&mut self, name: &str, from: &str, into: &str, author: &str) -> CommitId {
        let theirs = self.git_head(name, from).expect("the branch is there");
        self.git_merge_commit(
            name,
            &theirs,
            into,
            &format!("Merge {from} into {into}"),
            author,
        )
    }

    /// Somebody merges a commit into a branch on their machine, and pushes it.
    pub fn git_merge_commit(
        &mut self,
        name: &str,
        commit: &CommitId,
        into: &str,
        message: &str,
        author: &str,
    ) -> CommitId {
        let ours = self.git_head(name, into).expect("the branch is there");
        let at = self.repository_at(name);
        let id = self.git.repositories[at].add(vec![ours, commit.clone()], message, author);
        self.git_set(name, into, Some(id.clone()));
        id
    }

    /// Somebody pushes a branch to a commit by force, or by bringing it forward.
    pub fn git_reset(&mut self, name: &str, branch: &str, to: &CommitId) {
        self.git_set(name, branch, Some(to.clone()));
    }

    /// Somebody deletes a branch.
    pub fn git_delete(&mut self, name: &str, branch: &str) {
        self.git_set(name, branch, None);
    }

    fn git_set(&mut self, name: &str, branch: &str, to: Option<CommitId>) {
        let at = self.repository_at(name);
        let branch = BranchName::new(branch);
        let branches = &mut self.git.repositories[at].branches;
        let old = match &to {
            Some(to) => branches.insert(branch.clone(), to.clone()),
            None => branches.remove(&branch),
        };
        for pull in self.git.repositories[at].pulls.values_mut() {
            if let Some(to) = to.as_ref().filter(|_| pull.open && pull.source == branch) {
                pull.source_commit = to.clone();
                pull.revision += 1;
            }
        }
        if let Some(commit) = &to {
            self.build_push(&SourceName::new(name), branch.as_str(), commit);
        }
        let place = self.git.repositories[at].place.clone();
        if place.is_github() {
            return;
        }
        let event = ReferenceChange {
            envelope: self.envelope(&place),
            repository: SourceName::new(name),
            branch,
            commit: to,
            old,
        };
        self.emitted.push(Emitted::Reference(event));
    }

    /// Somebody opens a pull request.
    pub fn git_open_pull(
        &mut self,
        name: &str,
        from: &str,
        into: &str,
        author: &str,
    ) -> PullRequestId {
        let (source_commit, destination_commit) = (
            self.git_head(name, from).expect("the branch is there"),
            self.git_head(name, into).expect("the branch is there"),
        );
        let at = self.repository_at(name);
        let all = self
            .git
            .repositories
            .iter()
            .flat_map(|one| one.pulls.keys());
        let number = all.max().map_or(1, |last| last + 1);
        let place = self.git.repositories[at].place.clone();
        let pull = GitPullRequest {
            source: BranchName::new(from),
            destination: BranchName::new(into),
            source_commit,
            destination_commit,
            author: user(&place, author),
            open: true,
            merged: None,
            revision: 1,
            approved: BTreeSet::new(),
            comments: Vec::new(),
            posted: Vec::new(),
            shown_at: self.now,
        };
        self.git.repositories[at].pulls.insert(number, pull);
        self.tell_of_pull(at, number, "pullRequestCreated");
        PullRequestId::new(number.to_string())
    }

    /// Somebody merges a pull request.
    pub fn git_merge_pull(
        &mut self,
        name: &str,
        id: &PullRequestId,
        option: MergeOption,
        by: &str,
    ) -> CommitId {
        let at = self.repository_at(name);
        let number: u64 = id.as_str().parse().expect("it is a number");
        let pull = self.git.repositories[at].pulls[&number].clone();
        let into = pull.destination.to_string();
        let ours = self.git_head(name, &into).expect("the branch is there");
        let message = format!("Merge {} into {into}", pull.source);
        let theirs = pull.source_commit;
        let repository = &mut self.git.repositories[at];
        let commit = match option {
            MergeOption::ThreeWay => repository.add(vec![ours.clone(), theirs], &message, by),
            MergeOption::Squash => repository.add(vec![ours.clone()], &message, by),
            MergeOption::FastForward => theirs,
            MergeOption::Rebase => repository
                .rebase(&ours, &theirs)
                .unwrap_or_else(|| repository.add(vec![ours.clone(), theirs], &message, by)),
        };
        let by = user(&repository.place, by);
        self.git_set(name, &into, Some(commit.clone()));
        let shown_at = self.now + self.git.pulls_late;
        let pull = self.git.repositories[at].pulls.get_mut(&number);
        let pull = pull.expect("it was there before");
        pull.open = false;
        pull.destination_commit = ours;
        pull.shown_at = shown_at;
        pull.merged = Some(GitMerge {
            commit: commit.clone(),
            option,
            by,
        });
        self.tell_of_pull(at, number, "pullRequestMergeStatusUpdated");
        commit
    }

    /// Somebody closes a pull request without merging it.
    pub fn git_close_pull(&mut self, name: &str, id: &PullRequestId) {
        let at = self.repository_at(name);
        let number: u64 = id.as_str().parse().expect("it is a number");
        if let Some(pull) = self.git.repositories[at].pulls.get_mut(&number) {
            pull.open = false;
        }
        self.tell_of_pull(at, number, "pullRequestStatusChanged");
    }

    fn tell_of_pull(&mut self, at: usize, number: u64, event: &'static str) {
        let place = self.git.repositories[at].place.clone();
        if place.is_github() {
            return;
        }
        let envelope = self.envelope(&place);
        let repository = &self.git.repositories[at];
        let change = PullRequestChange {
            envelope,
            repository: repository.name.clone(),
            event,
            id: PullRequestId::new(number.to_string()),
            pull: repository.pulls[&number].clone(),
        };
        self.emitted.push(Emitted::PullRequest(Box::new(change)));
    }

    /// Whether there is such a repository.
    pub fn git_has(&self, place: &Place, name: &SourceName) -> bool {
        self.git_in(place, name).is_some()
    }

    /// GetBranch.
    pub fn git_branch_in(
        &self,
        place: &Place,
        name: &SourceName,
        branch: &BranchName,
    ) -> Option<CommitId> {
        self.git_in(place, name)?.branches.get(branch).cloned()
    }

    /// ListBranches.
    pub fn git_branches_in(&self, place: &Place, name: &SourceName) -> Vec<BranchName> {
        let repository = self.git_in(place, name);
        repository
            .map(|one| one.branches.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// GetCommit.
    pub fn git_commit_in(
        &self,
        place: &Place,
        name: &SourceName,
        id: &CommitId,
    ) -> Option<GitCommit> {
        self.git_in(place, name)?.commits.get(id).cloned()
    }

    /// The base that GetMergeCommit says; `None` where the two have nothing in common.
    pub fn git_base_in(
        &self,
        place: &Place,
        name: &SourceName,
        one: &CommitId,
        other: &CommitId,
    ) -> Option<CommitId> {
        self.git_in(place, name)?.base(one, other)
    }

    /// ListPullRequests, closed ones, the newest first.
    pub fn git_closed_pulls_in(&self, place: &Place, name: &SourceName) -> Vec<PullRequestId> {
        let pulls = self
            .git_in(place, name)
            .into_iter()
            .flat_map(|one| &one.pulls);
        pulls
            .rev()
            .filter(|(_, pull)| !pull.open && pull.shown_at <= self.now)
            .map(|(number, _)| PullRequestId::new(number.to_string()))
            .collect()
    }

    /// ListPullRequests, open ones.
    pub fn git_open_pulls_in(&self, place: &Place, name: &SourceName) -> Vec<PullRequestId> {
        let pulls = self
            .git_in(place, name)
            .into_iter()
            .flat_map(|one| &one.pulls);
        pulls
            .filter(|(_, pull)| pull.open || pull.shown_at > self.now)
            .map(|(number, _)| PullRequestId::new(number.to_string()))
            .collect()
    }

    fn git_pull_mut(&mut self, place: &Place, id: &PullRequestId) -> Option<&mut GitPullRequest> {
        let mut all = self.git.repositories.iter_mut();
        all.find_map(|one| {
            let pull = one.pulls.get_mut(&id.number())?;
            (*one.place == *place).then_some(pull)
        })
    }

    /// UpdatePullRequestApprovalState. False if it is closed or in another state.
    pub fn git_approve(
        &mut self,
        place: &Place,
        id: &PullRequestId,
        revision: &str,
        approved: bool,
    ) -> bool {
        let Some(pull) = self.git_pull_mut(place, id) else {
            return false;
        };
        if !pull.open || pull.revision.to_string() != revision {
            return false;
        }
        match approved {
            true => pull.approved.insert(pull.revision),
            false => pull.approved.remove(&pull.revision),
        };
        true
    }

    /// PostCommentForPullRequest: the comment's id. A token that was used before is taken only for the
    /// same comment.
    ///
    /// # Errors
    /// It is not taken, and why.
    pub fn git_comment(
        &mut self,
        place: &Place,
        id: &PullRequestId,
        between: &(CommitId, CommitId),
        token: &str,
        text: &str,
    ) -> Result<CommentId, CommentRefused> {
        let pull = self.git_pull_mut(place, id);
        let pull = pull.ok_or(CommentRefused::NoPullRequest)?;
        let posted = (text.to_owned(), between.clone());
        let at = match pull.comments.iter().position(|(one, _)| one == token) {
            Some(at) if pull.posted[at] == posted => at,
            Some(_) => return Err(CommentRefused::OtherComment),
            None => {
                pull.comments.push((token.to_owned(), text.to_owned()));
                pull.posted.push(posted);
                pull.comments.len() - 1
            }
        };
        Ok(CommentId::new(format!("{id}:{at}")))
    }

    /// UpdateComment. False if there is no such comment.
    pub fn git_change_comment(&mut self, place: &Place, comment: &CommentId, text: &str) -> bool {
        let Some((id, at)) = comment.as_str().split_once(':') else {
            return false;
        };
        let pull = self.git_pull_mut(place, &PullRequestId::new(id));
        let comment = pull.and_then(|pull| pull.comments.get_mut(at.parse::<usize>().ok()?));
        comment.is_some_and(|(_, says)| {
            text.clone_into(says);
            true
        })
    }

    /// GetPullRequest: the repository it is of, and the pull request as CodeCommit shows it.
    pub fn git_pull_in(
        &self,
        place: &Place,
        id: &PullRequestId,
    ) -> Option<(SourceName, GitPullRequest)> {
        let number: u64 = id.as_str().parse().ok()?;
        let mut all = self
            .git
            .repositories
            .iter()
            .filter(|one| *one.place == *place);
        let (name, pull) = all.find_map(|one| Some((&one.name, one.pulls.get(&number)?)))?;
        let mut pull = pull.clone();
        if pull.shown_at > self.now {
            pull.open = true;
            pull.merged = None;
        }
        Some((name.clone(), pull))
    }
}

/// The address of an author, as their git is set up.
pub fn address_of(author: &str) -> String {
    format!("{}@example.com", author.to_lowercase())
}

fn user(place: &Place, name: &str) -> PrincipalArn {
    PrincipalArn::new(format!(
        "arn:aws:iam::{}:user/{}",
        place.account,
        name.to_lowercase()
    ))
}
