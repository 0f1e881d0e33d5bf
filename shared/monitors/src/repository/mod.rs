//! GitHub as a repository of source code. What its calls answer:
//! <https://docs.github.com/en/rest/branches/branches>, `…/rest/git/refs`, `…/rest/git/commits`,
//! `…/rest/commits/commits#compare-two-commits`, `…/rest/pulls/pulls`,
//! `…/rest/repos/repos#list-repository-activities`, `…/rest/commits/statuses` and
//! `…/rest/issues/comments`.
//!
//! GitHub answers 404 for what is not there, and for what the token may not see. So nothing is taken for
//! missing before a list of the same kind was read: it is there whenever it may be seen.

mod calls;
mod pulls;
mod shape;
mod speak;

use std::sync::Arc;

use async_trait::async_trait;
use form_urlencoded::byte_serialize;
use serde_json::Value;
use sluice_app::ports::{Clock, FoundCommit, Host, Repository, RepositoryAt};
use sluice_core::failure::PortError;
use sluice_core::id::{BranchName, CommentId, CommitId, PullRequestId, RevisionId};
use sluice_core::source::PullRequest;

use calls::{Calls, Of};
use shape::{Comparison, GitCommit, NamedBranch, Reference};

use crate::tokens::Tokens;

/// Branches of a page, and pages at most.
const BRANCHES: (usize, usize) = (100, 20);

/// The [`Repository`] port, over GitHub's REST API.
pub struct GitHubRepository {
    calls: Calls,
}

/// What is looked for, and the list that is there if things of its kind may be seen.
#[derive(Clone, Copy)]
enum Kind {
    Contents,
    Pulls,
}

impl Kind {
    fn list(self) -> &'static str {
        match self {
            Self::Contents => "/branches?per_page=1",
            Self::Pulls => "/pulls?state=all&per_page=1",
        }
    }
}

impl GitHubRepository {
    /// The port, with tokens from there.
    pub fn new(tokens: Arc<dyn Tokens>, clock: Arc<dyn Clock>) -> Self {
        Self {
            calls: Calls::new(tokens, clock),
        }
    }

    /// Whether what was not found is not there: an error if it may be hidden.
    async fn is_missing(&self, of: Of<'_>, kind: Kind) -> Result<(), PortError> {
        let seen: Option<Vec<Value>> = self.calls.get(of, kind.list()).await?;
        seen.map(drop).ok_or_else(|| hidden(of))
    }

    async fn head_of(
        &self,
        of: Of<'_>,
        branch: &BranchName,
    ) -> Result<Option<CommitId>, PortError> {
        // Not /branches/…, which follows a branch that was renamed.
        let path = format!("/git/ref/heads/{}", in_path(branch));
        let found: Option<Reference> = self.calls.get(of, &path).await?;
        let found = found.filter(|found| found.name == format!("refs/heads/{branch}"));
        if found.is_none() {
            self.is_missing(of, Kind::Contents).await?;
        }
        Ok(found.map(|found| CommitId::new(found.object.sha)))
    }

    async fn git_commit(&self, of: Of<'_>, id: &CommitId) -> Result<Option<GitCommit>, PortError> {
        if !is_full(id) {
            return Ok(None);
        }
        let found = self.calls.get(of, &format!("/git/commits/{id}")).await?;
        if found.is_none() {
            self.is_missing(of, Kind::Contents).await?;
        }
        Ok(found)
    }
}

/// The token does not see the repository, or the repository is not there: GitHub does not say which.
fn hidden(of: Of<'_>) -> PortError {
    PortError::needs_person(format!(
        "GitHub shows no repository {} to the token in `{}`: check `github` in [source], and which \
         repositories the token may see",
        of.name, of.access.token
    ))
}

fn of(at: &RepositoryAt) -> Result<Of<'_>, PortError> {
    match &at.host {
        Host::GitHub(access) => Ok(Of {
            access,
            name: &at.name,
        }),
        Host::CodeCommit(_) => Err(PortError::permanent(format!(
            "{} is not in GitHub: this is a mistake in Sluice",
            at.name
        ))),
    }
}

/// All 40 digits: anything else GitHub would take for the name of a branch.
fn is_full(id: &CommitId) -> bool {
    id.as_str().len() == 40 && id.as_str().bytes().all(|b| b.is_ascii_hexdigit())
}

/// A branch's name as a part of an address, with its slashes.
fn in_path(branch: &BranchName) -> String {
    let parts = branch.as_str().split('/');
    let parts = parts.map(|part| byte_serialize(part.as_bytes()).collect::<String>());
    parts.collect::<Vec<_>>().join("/")
}

#[async_trait]
impl Repository for GitHubRepository {
    async fn head(
        &self,
        at: &RepositoryAt,
        branch: &BranchName,
    ) -> Result<Option<CommitId>, PortError> {
        self.head_of(of(at)?, branch).await
    }

    async fn branches(&self, at: &RepositoryAt) -> Result<Vec<BranchName>, PortError> {
        let of = of(at)?;
        let found: Option<Vec<NamedBranch>> = self.calls.list(of, "/branches?", BRANCHES).await?;
        let found = found.ok_or_else(|| hidden(of))?.into_iter();
        Ok(found.map(|branch| BranchName::new(branch.name)).collect())
    }

    /// Also of a commit that only a fork has: GitHub keeps both in one place. Branches tell them apart.
    async fn commit(
        &self,
        at: &RepositoryAt,
        id: &CommitId,
    ) -> Result<Option<FoundCommit>, PortError> {
        let found = self.git_commit(of(at)?, id).await?;
        Ok(found.map(GitCommit::found))
    }

    async fn base(
        &self,
        at: &RepositoryAt,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, PortError> {
        let of = of(at)?;
        if !is_full(one) || !is_full(other) {
            return Ok(None);
        }
        // The files are on the first page, up to 300 with their changes; the rest is on every page.
        let path = format!("/compare/{one}...{other}?per_page=1&page=2");
        let found: Option<Comparison> = self.calls.get(of, &path).await?;
        if let Some(found) = found {
            return Ok(Some(CommitId::new(found.merge_base_commit.sha)));
        }
        // A commit that was pushed over is gone some day. Two that are there are compared, unless they
        // have nothing in common; to a copy of GitHub's that is behind, one is not there yet.
        for id in [one, other] {
            if self.git_commit(of, id).await?.is_none() {
                return Ok(None);
            }
        }
        match self.calls.get::<Comparison>(of, &path).await? {
            Some(found) => Ok(Some(CommitId::new(found.merge_base_commit.sha))),
            None => Ok(None),
        }
    }

    async fn closed_pulls(&self, at: &RepositoryAt) -> Result<Vec<PullRequestId>, PortError> {
        self.merged_pulls(of(at)?).await
    }

    async fn open_pulls(
        &self,
        at: &RepositoryAt,
        to: &BranchName,
    ) -> Result<Vec<PullRequestId>, PortError> {
        self.pulls_to(of(at)?, to).await
    }

    async fn ensure_approval(
        &self,
        at: &RepositoryAt,
        _: &PullRequestId,
        revision: &RevisionId,
        approved: bool,
    ) -> Result<(), PortError> {
        let commit = CommitId::new(revision.as_str());
        self.ensure_status(of(at)?, &commit, approved).await
    }

    async fn ensure_comment(
        &self,
        at: &RepositoryAt,
        id: &PullRequestId,
        _: &(CommitId, CommitId),
        token: &str,
        text: &str,
    ) -> Result<CommentId, PortError> {
        self.ensure_remark(of(at)?, id, token, text).await
    }

    async fn ensure_comment_says(
        &self,
        at: &RepositoryAt,
        comment: &CommentId,
        text: &str,
    ) -> Result<(), PortError> {
        self.ensure_remark_says(of(at)?, comment, text).await
    }

    async fn pull(
        &self,
        at: &RepositoryAt,
        id: &PullRequestId,
    ) -> Result<Option<PullRequest>, PortError> {
        self.pull_request(of(at)?, id).await
    }
}
