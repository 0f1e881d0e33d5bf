//! What is asked of a repository, and what it answered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::build::Build;
use crate::id::{BranchName, BuildProject, CommitId, PrincipalArn, PullRequestId, RevisionId};
use crate::redact::redacted;

/// What a look has to know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The commit that a branch is at.
    Head(BranchName),
    /// All branches, by name.
    Branches,
    /// A commit.
    Commit(CommitId),
    /// The best common ancestor of two commits: the first of them, if it is an ancestor of the other.
    Base(CommitId, CommitId),
    /// Pull requests that are closed, the newest first.
    ClosedPulls,
    /// Pull requests that are open to that branch. There may be others among them.
    OpenPulls(BranchName),
    /// A pull request.
    Pull(PullRequestId),
    /// The newest builds of a project.
    Builds(BuildProject),
}

/// The builds could not be read. Branches are looked at without them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRead;

/// A commit of git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its parents; the first is what its branch was at.
    pub parents: Vec<CommitId>,
    /// The first line of its message.
    pub title: String,
    /// Who wrote it, as it says itself.
    pub author: String,
}

/// Characters of a title or a name that are shown.
const SHOWN_CHARS: usize = 100;

impl Commit {
    /// A commit as git has it. Its message and its author's name are someone's own words: they are
    /// shown without values that may be secret, without addresses, and without what a chat would take
    /// for more than text.
    pub fn new(parents: Vec<CommitId>, message: &str, author: &str) -> Self {
        let title = shown(message.lines().next().unwrap_or_default(), SHOWN_CHARS);
        let author = match author.contains('@') {
            true => String::new(),
            false => shown(author, SHOWN_CHARS),
        };
        Self {
            parents,
            title,
            author,
        }
    }
}

/// Someone's own words: without values that may be secret, and without what a chat would take for more
/// than text.
pub(super) fn shown(text: &str, chars: usize) -> String {
    let plain = |c: char| match c {
        '<' | '>' | '`' | '*' | '_' | '~' | '|' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    let text: String = redacted(text).chars().map(plain).collect();
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = text.char_indices().nth(chars) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// A pull request, as CodeCommit or GitHub has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// What it brings. A branch of another repository has that one's owner and `:` before its name, so
    /// that it is never taken for one of ours.
    pub source: BranchName,
    /// What it is for.
    pub destination: BranchName,
    /// Whether it is open.
    pub open: bool,
    /// The state that an approval is for.
    pub revision: RevisionId,
    /// The commit that the source is at, or was when it was closed.
    pub source_commit: CommitId,
    /// The commit that the destination was at when it was merged.
    pub destination_commit: CommitId,
    /// The commit that merging it made, or brought forward; `None` if it was not merged.
    pub merge_commit: Option<CommitId>,
    /// Who merged it.
    pub merged_by: Option<Merger>,
}

/// Who merged a pull request, as the host of the repository names people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Merger {
    /// A caller of AWS: CodeCommit says it.
    Principal(PrincipalArn),
    /// A person, or an app, in GitHub.
    GitHub {
        /// Their login.
        github: String,
    },
}

impl Merger {
    /// Someone of that login in GitHub. A login has letters, digits and hyphens, and an app's ends with
    /// `[bot]`: anything else in it is left out.
    pub fn github(login: &str) -> Self {
        let is_of_a_login = |c: &char| c.is_ascii_alphanumeric() || "-_[]".contains(*c);
        let github = login.chars().filter(is_of_a_login).take(SHOWN_CHARS);
        Self::GitHub {
            github: github.collect(),
        }
    }
}

impl fmt::Display for Merger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(principal) => principal.fmt(f),
            Self::GitHub { github } => write!(f, "{github} (GitHub)"),
        }
    }
}

/// The answers so far. `None` stands for something that is not there.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each field has the answers to its question")]
pub struct Known {
    pub heads: BTreeMap<BranchName, Option<CommitId>>,
    pub branches: Option<Vec<BranchName>>,
    pub commits: BTreeMap<CommitId, Option<Commit>>,
    pub bases: BTreeMap<(CommitId, CommitId), Option<CommitId>>,
    pub closed_pulls: Option<Vec<PullRequestId>>,
    pub open_pulls: BTreeMap<BranchName, Vec<PullRequestId>>,
    pub pulls: BTreeMap<PullRequestId, Option<PullRequest>>,
    pub builds: Option<Result<Vec<Build>, NotRead>>,
}

/// What is known, and what was found missing on the way.
pub(super) struct Asking<'a> {
    pub(super) known: &'a Known,
    pub(super) missing: BTreeSet<Question>,
}

/// An answer that has to be asked for first.
pub(super) struct Unknown;

pub(super) type Answer<T> = Result<T, Unknown>;

impl<'a> Asking<'a> {
    pub(super) fn new(known: &'a Known) -> Self {
        Self {
            known,
            missing: BTreeSet::new(),
        }
    }

    fn or_ask<T>(&mut self, answer: Option<T>, question: impl FnOnce() -> Question) -> Answer<T> {
        answer.ok_or_else(|| {
            self.missing.insert(question());
            Unknown
        })
    }

    pub(super) fn head(&mut self, branch: &BranchName) -> Answer<Option<&'a CommitId>> {
        let head = self.known.heads.get(branch).map(Option::as_ref);
        self.or_ask(head, || Question::Head(branch.clone()))
    }

    pub(super) fn branches(&mut self) -> Answer<&'a [BranchName]> {
        self.or_ask(self.known.branches.as_deref(), || Question::Branches)
    }

    pub(super) fn commit(&mut self, id: &CommitId) -> Answer<Option<&'a Commit>> {
        let commit = self.known.commits.get(id).map(Option::as_ref);
        self.or_ask(commit, || Question::Commit(id.clone()))
    }

    pub(super) fn base(
        &mut self,
        one: &CommitId,
        other: &CommitId,
    ) -> Answer<Option<&'a CommitId>> {
        let key = (one.clone(), other.clone());
        let base = self.known.bases.get(&key).map(Option::as_ref);
        self.or_ask(base, || Question::Base(one.clone(), other.clone()))
    }

    /// Whether `one` is an ancestor of `other`, or the same.
    pub(super) fn contains(&mut self, other: &CommitId, one: &CommitId) -> Answer<bool> {
        Ok(one == other || self.base(one, other)? == Some(one))
    }

    pub(super) fn closed_pulls(&mut self) -> Answer<&'a [PullRequestId]> {
        self.or_ask(self.known.closed_pulls.as_deref(), || Question::ClosedPulls)
    }

    pub(super) fn open_pulls(&mut self, to: &BranchName) -> Answer<&'a [PullRequestId]> {
        let pulls = self.known.open_pulls.get(to).map(Vec::as_slice);
        self.or_ask(pulls, || Question::OpenPulls(to.clone()))
    }

    pub(super) fn pull(&mut self, id: &PullRequestId) -> Answer<Option<&'a PullRequest>> {
        let pull = self.known.pulls.get(id).map(Option::as_ref);
        self.or_ask(pull, || Question::Pull(id.clone()))
    }

    pub(super) fn builds(
        &mut self,
        project: &BuildProject,
    ) -> Answer<Result<&'a [Build], NotRead>> {
        let builds = self.known.builds.as_ref();
        let builds = builds.map(|builds| builds.as_deref().map_err(|not_read| *not_read));
        self.or_ask(builds, || Question::Builds(project.clone()))
    }
}

/// All of them, or what is unknown: later ones are asked for even if an earlier one is unknown, so
/// that they are asked together.
pub(super) fn all<T, U>(
    items: impl IntoIterator<Item = T>,
    mut answer: impl FnMut(T) -> Answer<U>,
) -> Answer<Vec<U>> {
    let answers: Vec<Answer<U>> = items.into_iter().map(&mut answer).collect();
    answers.into_iter().collect()
}
