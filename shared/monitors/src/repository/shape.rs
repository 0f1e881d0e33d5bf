//! What GitHub answers, as far as it is read.

use jiff::Timestamp;
use serde::Deserialize;
use sluice_app::ports::FoundCommit;
use sluice_core::id::{BranchName, CommitId};
use sluice_core::source::Commit;

/// A branch of a list.
#[derive(Deserialize)]
pub(super) struct NamedBranch {
    pub(super) name: String,
}

/// A reference: a branch with its commit.
#[derive(Deserialize)]
pub(super) struct Reference {
    #[serde(rename = "ref")]
    pub(super) name: String,
    pub(super) object: Sha,
}

#[derive(Deserialize)]
pub(super) struct Sha {
    pub(super) sha: String,
}

/// A commit of git.
#[derive(Deserialize)]
pub(super) struct GitCommit {
    parents: Vec<Sha>,
    message: String,
    author: Option<Author>,
}

#[derive(Deserialize)]
struct Author {
    name: Option<String>,
    email: Option<String>,
}

impl GitCommit {
    /// The commit that its branch was at before, if there was one.
    pub(super) fn first_parent(self) -> Option<CommitId> {
        let first = self.parents.into_iter().next();
        first.map(|parent| CommitId::new(parent.sha))
    }

    pub(super) fn found(self) -> FoundCommit {
        let parents = self.parents.into_iter();
        let parents = parents.map(|parent| CommitId::new(parent.sha)).collect();
        let (name, email) = self
            .author
            .map_or((None, None), |author| (author.name, author.email));
        FoundCommit {
            commit: Commit::new(parents, &self.message, &name.unwrap_or_default()),
            email,
        }
    }
}

/// Two commits compared.
#[derive(Deserialize)]
pub(super) struct Comparison {
    pub(super) merge_base_commit: Sha,
}

/// A pull request of a list.
#[derive(Deserialize)]
pub(super) struct ListedPull {
    pub(super) number: u64,
    /// RFC 3339, so that texts sort as times.
    pub(super) merged_at: Option<String>,
}

/// A pull request.
#[derive(Deserialize)]
pub(super) struct Pull {
    pub(super) state: String,
    #[serde(default)]
    pub(super) merged: bool,
    pub(super) merged_at: Option<Timestamp>,
    /// Of one that is not merged: a test of whether it can be.
    pub(super) merge_commit_sha: Option<String>,
    pub(super) merged_by: Option<User>,
    pub(super) head: End,
    pub(super) base: End,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) login: String,
}

/// What a pull request brings, or what it is for.
#[derive(Deserialize)]
pub(super) struct End {
    #[serde(rename = "ref")]
    pub(super) name: String,
    pub(super) sha: String,
    /// `None` of a fork that was deleted.
    repo: Option<Repo>,
    user: Option<User>,
}

#[derive(Deserialize)]
struct Repo {
    id: u64,
}

impl Pull {
    /// Its branch. One of a fork may have any name: `owner:` before it says whose it is.
    pub(super) fn source(&self) -> BranchName {
        let id = |end: &End| end.repo.as_ref().map(|repo| repo.id);
        let name = &self.head.name;
        if id(&self.head).is_some() && id(&self.head) == id(&self.base) {
            return BranchName::new(name.as_str());
        }
        let owner = self
            .head
            .user
            .as_ref()
            .map_or("unknown", |user| &user.login);
        BranchName::new(format!("{owner}:{name}"))
    }
}

/// A change of a branch.
#[derive(Deserialize)]
pub(super) struct Activity {
    pub(super) before: String,
    pub(super) after: String,
    pub(super) activity_type: String,
}

/// The newest status of each check of a commit.
#[derive(Deserialize)]
pub(super) struct Combined {
    pub(super) statuses: Vec<Status>,
}

#[derive(Deserialize)]
pub(super) struct Status {
    pub(super) context: String,
    pub(super) state: String,
    pub(super) description: Option<String>,
}

/// A comment on a pull request.
#[derive(Deserialize)]
pub(super) struct Remark {
    pub(super) id: u64,
    pub(super) body: Option<String>,
}
