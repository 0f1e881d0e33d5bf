//! Source code is in CodeCommit or in GitHub: each request goes to where the repository is.

use std::sync::Arc;

use async_trait::async_trait;
use sluice_app::ports::{FoundCommit, Host, Repository, RepositoryAt};
use sluice_core::failure::PortError;
use sluice_core::id::{BranchName, CommentId, CommitId, PullRequestId, RevisionId};
use sluice_core::source::PullRequest;

/// The two hosts.
pub(super) struct Hosts {
    pub(super) codecommit: Arc<dyn Repository>,
    pub(super) github: Arc<dyn Repository>,
}

impl Hosts {
    fn of(&self, at: &RepositoryAt) -> &dyn Repository {
        match at.host {
            Host::CodeCommit(_) => &*self.codecommit,
            Host::GitHub(_) => &*self.github,
        }
    }
}

/// Each method of the port asks the host.
macro_rules! hosts {
    ($($name:ident($($argument:ident: $type:ty),*) -> $is:ty;)*) => {
        #[async_trait]
        impl Repository for Hosts {
            $(async fn $name(&self, at: &RepositoryAt, $($argument: $type),*) -> Result<$is, PortError> {
                self.of(at).$name(at, $($argument),*).await
            })*
        }
    };
}

hosts! {
    head(branch: &BranchName) -> Option<CommitId>;
    branches() -> Vec<BranchName>;
    commit(id: &CommitId) -> Option<FoundCommit>;
    base(one: &CommitId, other: &CommitId) -> Option<CommitId>;
    closed_pulls() -> Vec<PullRequestId>;
    open_pulls(to: &BranchName) -> Vec<PullRequestId>;
    ensure_approval(id: &PullRequestId, revision: &RevisionId, approved: bool) -> ();
    ensure_comment(
        id: &PullRequestId, between: &(CommitId, CommitId), token: &str, text: &str
    ) -> CommentId;
    ensure_comment_says(comment: &CommentId, text: &str) -> ();
    pull(id: &PullRequestId) -> Option<PullRequest>;
}
