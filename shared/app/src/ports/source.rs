//! The ports to the source code, and to what is remembered of it.

use async_trait::async_trait;
use jiff::Timestamp;
use sluice_core::config::GitHubAccess;
use sluice_core::failure::PortError;
use sluice_core::id::{
    AppName, BranchName, BuildProject, CommentId, CommitId, PullRequestId, RevisionId, SourceName,
};
use sluice_core::registry::Registry;
use sluice_core::source::{Build, Commit, PullRequest, Watch};

/// A repository of source code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepositoryAt {
    /// Where it is.
    pub host: Host,
    /// Its name; in GitHub its owner and its name.
    pub name: SourceName,
}

/// Where a repository of source code is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// In CodeCommit, in that account and region.
    CodeCommit(Registry),
    /// In GitHub.
    GitHub(GitHubAccess),
}

/// A commit, and what must not be stored of it.
#[derive(Clone, PartialEq, Eq)]
pub struct FoundCommit {
    /// The commit.
    pub commit: Commit,
    /// The e-mail address of the person who wrote it, as the commit says itself.
    pub email: Option<String>,
}

/// Repositories of source code. What is not there is `None`; a repository that is not there is an
/// error.
#[async_trait]
pub trait Repository: Send + Sync {
    /// The commit that a branch is at.
    async fn head(
        &self,
        at: &RepositoryAt,
        branch: &BranchName,
    ) -> Result<Option<CommitId>, PortError>;

    /// All branches.
    async fn branches(&self, at: &RepositoryAt) -> Result<Vec<BranchName>, PortError>;

    /// A commit.
    async fn commit(
        &self,
        at: &RepositoryAt,
        id: &CommitId,
    ) -> Result<Option<FoundCommit>, PortError>;

    /// The best common ancestor of two commits: one of the two, if it is an ancestor of the other.
    async fn base(
        &self,
        at: &RepositoryAt,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, PortError>;

    /// Pull requests that are closed, those that were merged at least, the newest first: 1,000 at most.
    async fn closed_pulls(&self, at: &RepositoryAt) -> Result<Vec<PullRequestId>, PortError>;

    /// Pull requests that are open to that branch, and perhaps others: 1,000 at most.
    async fn open_pulls(
        &self,
        at: &RepositoryAt,
        to: &BranchName,
    ) -> Result<Vec<PullRequestId>, PortError>;

    /// Approves the pull request in that state in Sluice's name, or takes the approval back; in GitHub
    /// by a status of its commit. Of one that is closed, or in another state by now, nothing is
    /// changed that counts, and that is no error.
    async fn ensure_approval(
        &self,
        at: &RepositoryAt,
        id: &PullRequestId,
        revision: &RevisionId,
        approved: bool,
    ) -> Result<(), PortError>;

    /// Comments on the pull request, between these two commits of it. A comment of that token that is
    /// there already is this one.
    async fn ensure_comment(
        &self,
        at: &RepositoryAt,
        id: &PullRequestId,
        between: &(CommitId, CommitId),
        token: &str,
        text: &str,
    ) -> Result<CommentId, PortError>;

    /// Makes a comment of Sluice's say this. One that was deleted stays deleted.
    async fn ensure_comment_says(
        &self,
        at: &RepositoryAt,
        comment: &CommentId,
        text: &str,
    ) -> Result<(), PortError>;

    /// A pull request of this repository.
    async fn pull(
        &self,
        at: &RepositoryAt,
        id: &PullRequestId,
    ) -> Result<Option<PullRequest>, PortError>;
}

/// The builds of source code (CodeBuild).
#[async_trait]
pub trait Builds: Send + Sync {
    /// The newest builds of a project, in no order: 100 at most. A project that is not there is an
    /// error.
    async fn newest_builds(
        &self,
        place: &Registry,
        project: &BuildProject,
    ) -> Result<Vec<Build>, PortError>;
}

/// What is remembered of an application's source code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSource {
    /// What.
    pub watch: Watch,
    /// Counts its changes, for conditional writes.
    pub version: u64,
}

/// The store of what is remembered of source code.
#[async_trait]
pub trait Sources: Send + Sync {
    /// What is remembered; `None` before the first look.
    async fn source(&self, app: &AppName) -> Result<Option<StoredSource>, PortError>;

    /// Remembers this, and when to look again, if what is remembered is of that version: 0 before the
    /// first look. `false` if it changed since: read it again.
    async fn save_source(
        &self,
        app: &AppName,
        watch: &Watch,
        version: u64,
        due_at: Timestamp,
    ) -> Result<bool, PortError>;

    /// The applications whose source code was due before `before`, the longest due first, `limit` at
    /// most.
    async fn sources_due(&self, before: Timestamp, limit: usize)
    -> Result<Vec<AppName>, PortError>;
}
