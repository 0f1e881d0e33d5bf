//! Where the source code is, and which branch takes what.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use crate::id::{BranchName, BuildProject, ChannelName, SourceName};
use crate::registry::Registry;

/// The source code of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The repository: its name in CodeCommit, or its owner and name in GitHub.
    pub repository: SourceName,
    /// The account and region that it is in. `None` until
    /// [`Config::installed_in`](super::Config::installed_in) says which are Sluice's own; no event is
    /// taken before. Always `None` in GitHub.
    pub place: Option<Registry>,
    /// The CodeBuild project that builds it, in the same account and region. `None` where Sluice
    /// looks at no builds, and always in GitHub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildProject>,
    /// How GitHub is asked, if the repository is there and not in CodeCommit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github: Option<GitHubAccess>,
    /// Where people are told.
    pub channel: ChannelName,
    /// The branches.
    pub branches: Branches,
    /// How long a branch may lack what was merged into `main`.
    pub merge_back_within: SignedDuration,
}

/// How GitHub is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GitHubAccess {
    /// Where its API answers, without a slash at the end.
    pub url: String,
    /// The secret with the token, by name or ARN: never the value.
    pub token: String,
}

impl GitHubAccess {
    /// Where its pages are: `https://api.HOST` is the API of `https://HOST`, and an Enterprise Server
    /// has its API at `https://HOST/api/v3`.
    pub fn pages(&self) -> String {
        match self.url.strip_prefix("https://api.") {
            Some(host) => format!("https://{host}"),
            None => self.url.trim_end_matches("/api/v3").to_owned(),
        }
    }
}

/// The model, as `sluice.toml` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchModel {
    /// Features to `develop`, releases and hotfixes to `main`.
    GitFlow,
    /// Everything to `main` by pull request.
    Trunk,
}

/// The branches, and what each takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Branches {
    /// `main` takes merges of release and hotfix branches, `develop` takes merged pull requests.
    GitFlow {
        /// What production is released from.
        main: BranchName,
        /// What features are merged into.
        develop: BranchName,
        /// Globs of release branches.
        release: Vec<String>,
        /// Globs of branches for urgent fixes.
        hotfix: Vec<String>,
    },
    /// `main` takes merged pull requests.
    Trunk {
        /// The only branch that lasts.
        main: BranchName,
    },
}

impl Branches {
    /// What production is released from.
    pub fn main(&self) -> &BranchName {
        match self {
            Self::GitFlow { main, .. } | Self::Trunk { main } => main,
        }
    }

    /// What features are merged into, where that is another branch.
    pub fn develop(&self) -> Option<&BranchName> {
        match self {
            Self::GitFlow { develop, .. } => Some(develop),
            Self::Trunk { .. } => None,
        }
    }

    /// Whether it is a release branch.
    pub fn is_release(&self, branch: &BranchName) -> bool {
        match self {
            Self::GitFlow { release, .. } => matches(release, branch),
            Self::Trunk { .. } => false,
        }
    }

    /// Whether it may be merged into `main`, by its name.
    pub fn may_reach_main(&self, branch: &BranchName) -> bool {
        match self {
            Self::GitFlow { hotfix, .. } => self.is_release(branch) || matches(hotfix, branch),
            Self::Trunk { main } => branch != main,
        }
    }

    /// The globs of what may be merged into `main`, for people.
    pub fn globs(&self) -> Vec<&str> {
        match self {
            Self::GitFlow {
                release, hotfix, ..
            } => release.iter().chain(hotfix).map(String::as_str).collect(),
            Self::Trunk { .. } => Vec::new(),
        }
    }
}

fn matches(globs: &[String], branch: &BranchName) -> bool {
    let mut globs = globs.iter();
    globs.any(|glob| WildMatch::new(glob).matches(branch.as_str()))
}
