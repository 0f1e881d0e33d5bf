//! Repository: CodeCommit, and GitHub, whose requests fail like those of CodeCommit here.

use std::sync::{Arc, MutexGuard};

use async_trait::async_trait;
use sluice_app::ports::{FoundCommit, Host, Repository, RepositoryAt};
use sluice_core::failure::PortError;
use sluice_core::id::{BranchName, CommentId, CommitId, PullRequestId, RevisionId};
use sluice_core::source::{Commit, Merger, PullRequest};

use super::CloudPorts;
use crate::cloud::git::{GitPullRequest, address_of};
use crate::cloud::{Cloud, CommentRefused, Operation, Place};

impl CloudPorts {
    fn repository(
        &self,
        at: &RepositoryAt,
    ) -> Result<(MutexGuard<'_, Cloud>, Arc<Place>), PortError> {
        let cloud = self.cloud();
        let place = match &at.host {
            Host::CodeCommit(place) => cloud.place_of(&place.account, &place.region),
            Host::GitHub(_) => cloud.github(),
        };
        let place = place.filter(|place| cloud.git_has(place, &at.name)).ok_or_else(|| {
            PortError::needs_person(format!(
                "RepositoryDoesNotExistException: there is no repository {}: check `repository` in \
                 [source]",
                at.name
            ))
        })?;
        Ok((cloud, place))
    }
}

#[async_trait]
impl Repository for CloudPorts {
    async fn head(
        &self,
        at: &RepositoryAt,
        branch: &BranchName,
    ) -> Result<Option<CommitId>, PortError> {
        let (mut cloud, place) = self.repository(at)?;
        let reply = cloud.ask(Operation::GetBranch)?;
        reply.with(cloud.git_branch_in(&place, &at.name, branch))
    }

    async fn branches(&self, at: &RepositoryAt) -> Result<Vec<BranchName>, PortError> {
        let (mut cloud, place) = self.repository(at)?;
        let reply = cloud.ask(Operation::ListBranches)?;
        reply.with(cloud.git_branches_in(&place, &at.name))
    }

    async fn commit(
        &self,
        at: &RepositoryAt,
        id: &CommitId,
    ) -> Result<Option<FoundCommit>, PortError> {
        let (mut cloud, place) = self.repository(at)?;
        let reply = cloud.ask(Operation::GetCommit)?;
        let commit = cloud.git_commit_in(&place, &at.name, id);
        reply.with(commit.map(|commit| FoundCommit {
            email: Some(address_of(&commit.author)),
            commit: Commit::new(commit.parents, &commit.message, &commit.author),
        }))
    }

    async fn base(
        &self,
        at: &RepositoryAt,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, PortError> {
        let (mut cloud, place) = self.repository(at)?;
        let reply = cloud.ask(Operation::GetMergeCommit)?;
        reply.with(cloud.git_base_in(&place, &at.name, one, other))
    }

    async fn closed_pulls(&self, at: &RepositoryAt) -> Result<Vec<PullRequestId>, PortError> {
        let (mut cloud, place) = self.repository(at)?;
        let reply = cloud.ask(Operation::ListPullRequests)?;
        reply.with(cloud.git_closed_pulls_in(&place, &at.name))
    }

    async fn open_pulls(
        &self,
        at: &RepositoryAt,
        to: &BranchName,
    ) -> Result<Vec<PullRequestId>, PortError> {
        let (mut cloud, place) = self.repository(at)?;
        let reply = cloud.ask(Operation::ListPullRequests)?;
        let mut pulls = cloud.git_open_pulls_in(&place, &at.name);
        if place.is_github() {
            let is_to = |id: &PullRequestId| {
                let pull = cloud.git_pull_in(&place, id);
                pull.is_some_and(|(_, pull)| pull.destination == *to)
            };
            pulls.retain(is_to);
        }
        reply.with(pulls)
    }

    async fn ensure_approval(
        &self,
        at: &RepositoryAt,
        id: &PullRequestId,
        revision: &RevisionId,
        approved: bool,
    ) -> Result<(), PortError> {
        let (mut cloud, place) = self.repository(at)?;
        let reply = cloud.ask(Operation::UpdatePullRequestApprovalState)?;
        match place.is_github() {
            true => cloud.git_set_status(&at.name, &CommitId::new(revision.as_str()), approved),
            false => {
                cloud.git_approve(&place, id, revision.as_str(), approved);
            }
        }
        reply.with(())
    }

    async fn ensure_comment(
        &self,
        at: &RepositoryAt,
        id: &PullRequestId,
        between: &(CommitId, CommitId),
        token: &str,
        text: &str,
    ) -> Result<CommentId, PortError> {
        let (mut cloud, place) = self.repository(at)?;
        let reply = cloud.ask(Operation::PostCommentForPullRequest)?;
        let comment = cloud.git_comment(&place, id, between, token, text);
        let comment = comment.map_err(|refused| match refused {
            CommentRefused::NoPullRequest => {
                PortError::permanent(format!("there is no pull request {id}: check its number"))
            }
            CommentRefused::OtherComment => PortError::permanent(
                "IdempotencyParameterMismatchException: the token was used for another comment",
            ),
        })?;
        reply.with(comment)
    }

    async fn ensure_comment_says(
        &self,
        at: &RepositoryAt,
        comment: &CommentId,
        text: &str,
    ) -> Result<(), PortError> {
        let (mut cloud, place) = self.repository(at)?;
        let reply = cloud.ask(Operation::UpdateComment)?;
        cloud.git_change_comment(&place, comment, text);
        reply.with(())
    }

    async fn pull(
        &self,
        at: &RepositoryAt,
        id: &PullRequestId,
    ) -> Result<Option<PullRequest>, PortError> {
        let (mut cloud, place) = self.repository(at)?;
        let reply = cloud.ask(Operation::GetPullRequest)?;
        let pull = cloud.git_pull_in(&place, id);
        let pull = pull.filter(|(name, _)| *name == at.name);
        reply.with(pull.map(|(_, pull)| seen(&place, pull)))
    }
}

fn seen(place: &Place, pull: GitPullRequest) -> PullRequest {
    let (commit, by) = pull.merged.map_or((None, None), |merged| {
        (Some(merged.commit), Some(merged.by))
    });
    let (revision, by) = match place.is_github() {
        // A status is of a commit.
        true => (
            pull.source_commit.to_string(),
            by.map(|by| Merger::github(by.as_str().rsplit('/').next().unwrap_or_default())),
        ),
        false => (pull.revision.to_string(), by.map(Merger::Principal)),
    };
    PullRequest {
        source: pull.source,
        destination: pull.destination,
        open: pull.open,
        revision: RevisionId::new(revision),
        source_commit: pull.source_commit,
        destination_commit: pull.destination_commit,
        merge_commit: commit,
        merged_by: by,
    }
}
