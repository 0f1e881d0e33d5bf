//! Source code: CodeCommit.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_codecommit::types::{self, ApprovalState, PullRequestStatusEnum};
use sluice_app::ports::{FoundCommit, Host, Repository, RepositoryAt, Target};
use sluice_core::failure::PortError;
use sluice_core::id::{
    BranchName, ClusterName, CommentId, CommitId, DeploymentId, PrincipalArn, PullRequestId,
    RevisionId,
};
use sluice_core::source::{Commit, Merger, PullRequest};

use crate::clients::{ClientSet, Clients};
use crate::error::{incomplete, port_error};

/// Pages of a list, at most: a page of branches has 1,000, one of pull requests 100.
const PAGES: usize = 10;

/// What a full name of a branch begins with.
const HEADS: &str = "refs/heads/";

/// The [`Repository`] port: GetBranch, ListBranches, GetCommit, GetMergeCommit, ListPullRequests,
/// GetPullRequest; and for pull requests UpdatePullRequestApprovalState, PostCommentForPullRequest,
/// UpdateComment. The repository is in Sluice's own account.
#[derive(Clone, Debug)]
pub struct CodeCommitRepository {
    clients: Arc<Clients>,
}

impl CodeCommitRepository {
    /// The port over shared clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }

    async fn of(&self, at: &RepositoryAt) -> Result<Arc<ClientSet>, PortError> {
        let Host::CodeCommit(place) = &at.host else {
            return Err(PortError::permanent(format!(
                "{} is not in CodeCommit: this is a mistake in Sluice",
                at.name
            )));
        };
        // Without a role: whether the account is Sluice's own is asked once.
        let target = Target {
            account: place.account.clone(),
            region: place.region.clone(),
            role: None,
            cluster: ClusterName::new(""),
            deployment: DeploymentId::from_outside("source"),
        };
        self.clients.of(&target).await
    }

    async fn pulls(
        &self,
        at: &RepositoryAt,
        status: PullRequestStatusEnum,
    ) -> Result<Vec<PullRequestId>, PortError> {
        const ACTION: &str = "codecommit:ListPullRequests";
        let clients = self.of(at).await?;
        let request = clients.codecommit().list_pull_requests();
        let request = request
            .repository_name(at.name.as_str())
            .pull_request_status(status);
        let mut pages = request.into_paginator().send();
        let mut pulls = Vec::new();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else {
                break;
            };
            let page = page.map_err(|error| port_error(ACTION, &on(at), error))?;
            let ids = page.pull_request_ids;
            pulls.extend(ids.into_iter().map(PullRequestId::new));
        }
        Ok(pulls)
    }
}

fn on(at: &RepositoryAt) -> String {
    format!("the repository {}", at.name)
}

#[async_trait]
impl Repository for CodeCommitRepository {
    async fn head(
        &self,
        at: &RepositoryAt,
        branch: &BranchName,
    ) -> Result<Option<CommitId>, PortError> {
        const ACTION: &str = "codecommit:GetBranch";
        let clients = self.of(at).await?;
        let request = clients.codecommit().get_branch();
        let request = request
            .repository_name(at.name.as_str())
            .branch_name(branch.as_str());
        let answer = match request.send().await {
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_branch_does_not_exist_exception()) =>
            {
                return Ok(None);
            }
            answer => answer.map_err(|error| port_error(ACTION, &on(at), error))?,
        };
        let commit = answer.branch.and_then(|branch| branch.commit_id);
        let commit = commit.ok_or_else(|| incomplete(ACTION, &on(at), "commit"))?;
        Ok(Some(CommitId::new(commit)))
    }

    async fn branches(&self, at: &RepositoryAt) -> Result<Vec<BranchName>, PortError> {
        const ACTION: &str = "codecommit:ListBranches";
        let clients = self.of(at).await?;
        let request = clients.codecommit().list_branches();
        let request = request.repository_name(at.name.as_str());
        let mut pages = request.into_paginator().send();
        let mut branches = Vec::new();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else {
                break;
            };
            let page = page.map_err(|error| port_error(ACTION, &on(at), error))?;
            let names = page.branches.unwrap_or_default();
            branches.extend(names.into_iter().map(BranchName::new));
        }
        Ok(branches)
    }

    async fn commit(
        &self,
        at: &RepositoryAt,
        id: &CommitId,
    ) -> Result<Option<FoundCommit>, PortError> {
        const ACTION: &str = "codecommit:GetCommit";
        let clients = self.of(at).await?;
        let request = clients.codecommit().get_commit();
        let request = request
            .repository_name(at.name.as_str())
            .commit_id(id.as_str());
        let answer = match request.send().await {
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_commit_id_does_not_exist_exception()) =>
            {
                return Ok(None);
            }
            answer => answer.map_err(|error| port_error(ACTION, &on(at), error))?,
        };
        let commit = answer
            .commit
            .ok_or_else(|| incomplete(ACTION, &on(at), "commit"))?;
        Ok(Some(found(commit)))
    }

    async fn base(
        &self,
        at: &RepositoryAt,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, PortError> {
        const ACTION: &str = "codecommit:GetMergeCommit";
        let clients = self.of(at).await?;
        let request = clients.codecommit().get_merge_commit();
        let request = request
            .repository_name(at.name.as_str())
            .source_commit_specifier(one.as_str())
            .destination_commit_specifier(other.as_str());
        let answer = match request.send().await {
            // A commit that was pushed over is gone some day.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_commit_does_not_exist_exception()) =>
            {
                return Ok(None);
            }
            answer => answer.map_err(|error| port_error(ACTION, &on(at), error))?,
        };
        Ok(answer.base_commit_id.map(CommitId::new))
    }

    async fn closed_pulls(&self, at: &RepositoryAt) -> Result<Vec<PullRequestId>, PortError> {
        let mut pulls = self.pulls(at, PullRequestStatusEnum::Closed).await?;
        pulls.sort_by_key(|id| std::cmp::Reverse(id.number()));
        Ok(pulls)
    }

    async fn open_pulls(
        &self,
        at: &RepositoryAt,
        _: &BranchName,
    ) -> Result<Vec<PullRequestId>, PortError> {
        self.pulls(at, PullRequestStatusEnum::Open).await
    }

    async fn ensure_approval(
        &self,
        at: &RepositoryAt,
        id: &PullRequestId,
        revision: &RevisionId,
        approved: bool,
    ) -> Result<(), PortError> {
        const ACTION: &str = "codecommit:UpdatePullRequestApprovalState";
        let clients = self.of(at).await?;
        let state = match approved {
            true => ApprovalState::Approve,
            false => ApprovalState::Revoke,
        };
        let request = clients.codecommit().update_pull_request_approval_state();
        let request = request
            .pull_request_id(id.as_str())
            .revision_id(revision.as_str())
            .approval_state(state);
        match request.send().await {
            // Pushed to or closed meanwhile: the next look sees it.
            Err(error)
                if error.as_service_error().is_some_and(|error| {
                    error.is_revision_not_current_exception()
                        || error.is_pull_request_already_closed_exception()
                }) =>
            {
                Ok(())
            }
            answer => answer
                .map(drop)
                .map_err(|error| port_error(ACTION, &on(at), error)),
        }
    }

    async fn ensure_comment(
        &self,
        at: &RepositoryAt,
        id: &PullRequestId,
        between: &(CommitId, CommitId),
        token: &str,
        text: &str,
    ) -> Result<CommentId, PortError> {
        const ACTION: &str = "codecommit:PostCommentForPullRequest";
        let clients = self.of(at).await?;
        let request = clients.codecommit().post_comment_for_pull_request();
        let request = request
            .pull_request_id(id.as_str())
            .repository_name(at.name.as_str())
            .before_commit_id(between.0.as_str())
            .after_commit_id(between.1.as_str())
            .client_request_token(token)
            .content(text);
        let answer = request.send().await;
        let answer = answer.map_err(|error| port_error(ACTION, &on(at), error))?;
        let comment = answer.comment.and_then(|comment| comment.comment_id);
        let comment = comment.ok_or_else(|| incomplete(ACTION, &on(at), "comment"))?;
        Ok(CommentId::new(comment))
    }

    async fn ensure_comment_says(
        &self,
        at: &RepositoryAt,
        comment: &CommentId,
        text: &str,
    ) -> Result<(), PortError> {
        const ACTION: &str = "codecommit:UpdateComment";
        let clients = self.of(at).await?;
        let request = clients.codecommit().update_comment();
        let request = request.comment_id(comment.as_str()).content(text);
        match request.send().await {
            Err(error)
                if error.as_service_error().is_some_and(|error| {
                    error.is_comment_deleted_exception()
                        || error.is_comment_does_not_exist_exception()
                }) =>
            {
                Ok(())
            }
            answer => answer
                .map(drop)
                .map_err(|error| port_error(ACTION, &on(at), error)),
        }
    }

    async fn pull(
        &self,
        at: &RepositoryAt,
        id: &PullRequestId,
    ) -> Result<Option<PullRequest>, PortError> {
        const ACTION: &str = "codecommit:GetPullRequest";
        let clients = self.of(at).await?;
        let request = clients.codecommit().get_pull_request();
        let request = request.pull_request_id(id.as_str());
        let answer = match request.send().await {
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_pull_request_does_not_exist_exception()) =>
            {
                return Ok(None);
            }
            answer => answer.map_err(|error| port_error(ACTION, &on(at), error))?,
        };
        let pull = answer
            .pull_request
            .ok_or_else(|| incomplete(ACTION, &on(at), "pull request"))?;
        let targets = pull.pull_request_targets.unwrap_or_default();
        let ours = |target: &types::PullRequestTarget| {
            target.repository_name.as_deref() == Some(at.name.as_str())
        };
        let target = targets.into_iter().find(ours);
        let revision = pull.revision_id.map(RevisionId::new);
        let revision = revision.ok_or_else(|| incomplete(ACTION, &on(at), "revision"))?;
        let open = pull.pull_request_status == Some(PullRequestStatusEnum::Open);
        Ok(target.and_then(|target| of_target(target, open, revision)))
    }
}

/// Its branches and commits, if it has them: one for a tag is none for us.
fn of_target(
    target: types::PullRequestTarget,
    open: bool,
    revision: RevisionId,
) -> Option<PullRequest> {
    let branch = |name: Option<String>| Some(BranchName::new(name?.strip_prefix(HEADS)?));
    let merged = target.merge_metadata.filter(|merge| merge.is_merged);
    let (commit, by) = merged.map_or((None, None), |merge| {
        (merge.merge_commit_id, merge.merged_by)
    });
    Some(PullRequest {
        source: branch(target.source_reference)?,
        destination: branch(target.destination_reference)?,
        open,
        revision,
        source_commit: CommitId::new(target.source_commit?),
        destination_commit: CommitId::new(target.destination_commit?),
        merge_commit: commit.map(CommitId::new),
        merged_by: by.map(|by| Merger::Principal(PrincipalArn::new(by))),
    })
}

fn found(commit: types::Commit) -> FoundCommit {
    let parents = commit.parents.unwrap_or_default();
    let parents = parents.into_iter().map(CommitId::new).collect();
    let author = commit.author;
    let name = author.as_ref().and_then(|author| author.name.as_deref());
    let message = commit.message.as_deref().unwrap_or_default();
    FoundCommit {
        commit: Commit::new(parents, message, name.unwrap_or_default()),
        email: author.and_then(|author| author.email),
    }
}
