//! Events of CodeCommit. They name a repository and perhaps a pull request; whatever else they say is
//! read from CodeCommit itself.

use serde::Deserialize;
use sluice_core::id::{PullRequestId, SourceName};

use crate::bounded;

/// `CodeCommit Repository State Change`: a branch or a tag was created, moved or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub struct RepositoryChange {
    /// `referenceCreated`, `referenceUpdated`, `referenceDeleted` and others.
    #[serde(deserialize_with = "bounded::text")]
    pub event: String,
    /// The repository's name.
    #[serde(deserialize_with = "bounded::source")]
    pub repository_name: SourceName,
    /// `branch` or `tag`; a merge commit that is on no branch has none.
    #[serde(default, deserialize_with = "bounded::optional_text")]
    pub reference_type: Option<String>,
}

/// `CodeCommit Pull Request State Change`: a pull request was opened, changed, merged or closed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub struct PullRequestChange {
    /// `pullRequestCreated`, `pullRequestMergeStatusUpdated` and others.
    #[serde(deserialize_with = "bounded::text")]
    pub event: String,
    /// The repositories that it is for: CodeCommit takes one today.
    #[serde(deserialize_with = "bounded::sources")]
    pub repository_names: Vec<SourceName>,
    /// Its number.
    #[serde(deserialize_with = "bounded::pull_request")]
    pub pull_request_id: PullRequestId,
}
