//! Builds: which of them people are told of, and how the last commit of a pull request was built.
//!
//! A build is judged once, by its id. What is remembered of the older ones is when the last of them
//! that was forgotten had started.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::known::{Answer, Asking, shown};
use super::look::{Look, UNTOLD_MAX};
use super::watch::WhatIsTold;
use crate::id::{BranchName, BuildId, BuildProject, CommitId, PullRequestId, UserId};

/// Builds that are remembered as judged, at most: more than a look reads.
const JUDGED_MAX: usize = 200;

/// Branches and tags whose newest build is remembered, at most.
const NEWEST_MAX: usize = 200;

/// Two pushes so close to each other may be built in the other order: EventBridge keeps none.
const REORDERED_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// Characters of CodeBuild's own words that are shown.
const REASON_CHARS: usize = 200;

/// A build, as CodeBuild has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// Its id.
    pub id: BuildId,
    /// The branch or tag that it was started for, if that is known.
    pub of: Option<Built>,
    /// The commit that it builds; `None` if it ended before that was known.
    pub commit: Option<CommitId>,
    /// When it was started.
    pub started_at: Timestamp,
    /// How far it is.
    pub status: BuildStatus,
    /// Where it failed.
    pub failed: Option<FailedPhase>,
}

/// What a build was started for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Built {
    /// A branch.
    Branch(BranchName),
    /// A tag.
    Tag(String),
}

impl Built {
    /// What a full name stands for, such as `refs/heads/main`. Who starts a build writes it:
    /// `None` if it is not in that form.
    pub fn of_ref(full_name: &str) -> Option<Self> {
        let is_name = |name: &&str| {
            let mut bytes = name.bytes();
            let first = bytes.next().unwrap_or_default();
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._/+-".contains(&byte);
            name.len() <= 255
                && (first.is_ascii_alphanumeric() || first == b'_')
                && bytes.all(|byte| allowed(byte) || byte == b'_')
        };
        let branch = full_name.strip_prefix("refs/heads/").filter(is_name);
        let tag = full_name.strip_prefix("refs/tags/").filter(is_name);
        branch
            .map(|name| Self::Branch(BranchName::new(name)))
            .or(tag.map(|name| Self::Tag(name.to_owned())))
    }
}

/// How far a build is, in CodeBuild's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildStatus {
    /// It is queued or in progress.
    Running,
    /// It succeeded.
    Succeeded,
    /// A command of it failed.
    Failed,
    /// CodeBuild itself failed.
    Fault,
    /// It took longer than the project allows.
    TimedOut,
    /// Someone stopped it.
    Stopped,
}

/// The first phase that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedPhase {
    /// Its name, such as `BUILD`.
    pub name: String,
    /// Why, in CodeBuild's words; may be empty.
    pub reason: String,
}

impl FailedPhase {
    /// As CodeBuild has it. The reason quotes commands of the build: it is shown without values that
    /// may be secret.
    pub fn new(name: &str, reason: &str) -> Self {
        let is_name = |c: &char| c.is_ascii_uppercase() || *c == '_';
        Self {
            name: name.chars().filter(is_name).take(30).collect(),
            reason: shown(reason, REASON_CHARS),
        }
    }
}

/// How a build ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildEnd {
    /// The build.
    pub id: BuildId,
    /// The branch or tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Built>,
    /// The commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// When the build was started.
    pub started_at: Timestamp,
    /// How.
    pub status: BuildStatus,
    /// Where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedPhase>,
}

impl BuildEnd {
    /// `None` while it is in progress.
    fn of(build: &Build) -> Option<Self> {
        (build.status != BuildStatus::Running).then(|| Self {
            id: build.id.clone(),
            of: build.of.clone(),
            commit: build.commit.clone(),
            started_at: build.started_at,
            status: build.status,
            failed: build.failed.clone(),
        })
    }

    fn age(&self) -> (Timestamp, &BuildId) {
        (self.started_at, &self.id)
    }
}

/// The end of a build, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildTold {
    /// How it ended: not well, or well after one that people were told of.
    pub end: BuildEnd,
    /// The open pull requests of its branch, as far as they are known.
    pub pulls: Vec<PullRequestId>,
    /// The first line of the commit's message.
    pub title: String,
    /// Who wrote the commit, as it says itself.
    pub author: String,
    /// The person in Slack, if known.
    pub by: Option<UserId>,
}

/// What is remembered of the builds of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builds {
    /// The project.
    pub project: BuildProject,
    /// Builds that were judged, and when each was started.
    pub judged: BTreeMap<BuildId, Timestamp>,
    /// Everything that was started until then is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_until: Option<Timestamp>,
    /// How the newest build of each branch and tag ended.
    pub newest: Vec<Newest>,
    /// Whether to look again soon: one is in progress, or they could not be read.
    #[serde(default)]
    pub unfinished: bool,
}

/// How the newest build of a branch or a tag ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// How.
    pub end: BuildEnd,
    /// Whether people know of a failure, and of no success since.
    pub told: bool,
}

impl Builds {
    fn of(project: &BuildProject) -> Self {
        Self {
            project: project.clone(),
            judged: BTreeMap::new(),
            judged_until: None,
            newest: Vec::new(),
            unfinished: false,
        }
    }

    fn has_judged(&self, end: &BuildEnd) -> bool {
        self.judged.contains_key(&end.id)
            || self
                .judged_until
                .is_some_and(|until| end.started_at <= until)
    }

    /// The newest build of a branch that has ended.
    pub(super) fn of_branch(&self, branch: &BranchName) -> Option<&BuildEnd> {
        let of = Built::Branch(branch.clone());
        let mut newest = self.newest.iter().map(|newest| &newest.end);
        newest.find(|end| end.of.as_ref() == Some(&of))
    }

    fn note(&mut self, end: &BuildEnd) {
        self.judged.insert(end.id.clone(), end.started_at);
        while self.judged.len() > JUDGED_MAX {
            let oldest = self.judged.iter().min_by_key(|(_, started)| **started);
            let Some((oldest, started)) = oldest.map(|(id, at)| (id.clone(), *at)) else {
                return;
            };
            self.judged.remove(&oldest);
            self.judged_until = self.judged_until.max(Some(started));
        }
    }

    /// Where what is known of its branch or tag stands.
    fn place_of(&self, end: &BuildEnd) -> Option<usize> {
        let of = end.of.as_ref()?;
        self.newest
            .iter()
            .position(|one| one.end.of.as_ref() == Some(of))
    }

    /// Whether it says more than what is known of its branch: one of a newer commit, or a newer one.
    fn is_news(&self, asking: &mut Asking<'_>, end: &BuildEnd) -> Answer<bool> {
        let Some(last) = self.place_of(end).map(|at| &self.newest[at].end) else {
            return Ok(true);
        };
        let apart = end.started_at.duration_since(last.started_at).abs();
        if let (Some(old), Some(new)) = (&last.commit, &end.commit)
            && old != new
            && apart < REORDERED_WITHIN
        {
            let base = asking.base(old, new)?;
            if base == Some(old) || base == Some(new) {
                return Ok(base == Some(old));
            }
        }
        Ok(last.age() < end.age())
    }

    /// Takes the end of a build: whether people are to be told.
    fn take(&mut self, end: BuildEnd) -> bool {
        let is_failure = end.status.is_failure();
        if end.of.is_none() {
            return is_failure;
        }
        let at = self.place_of(&end);
        let last = at.map(|at| &self.newest[at]);
        let was_told = last.is_some_and(|last| last.told);
        let is_again = was_told && last.is_some_and(|last| last.end.commit == end.commit);
        let (told, tells) = match end.status {
            BuildStatus::Succeeded => (false, was_told),
            _ if is_failure => (true, !is_again),
            _ => (was_told, false),
        };
        let newest = Newest { end, told };
        match at {
            Some(at) => self.newest[at] = newest,
            None => self.newest.push(newest),
        }
        tells
    }

    /// Forgets branches that are gone, and the oldest.
    fn forget(&mut self, branches: &[BranchName]) {
        self.newest.retain(|one| exists(&one.end, branches));
        self.newest.sort_by_key(|one| one.end.started_at);
        let excess = self.newest.len().saturating_sub(NEWEST_MAX);
        self.newest.drain(..excess);
    }
}

impl BuildStatus {
    /// Whether people are told of it.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Fault | Self::TimedOut)
    }
}

fn exists(end: &BuildEnd, branches: &[BranchName]) -> bool {
    match &end.of {
        Some(Built::Branch(branch)) => branches.contains(branch),
        Some(Built::Tag(_)) | None => true,
    }
}

/// How the newest build of a commit ended, among those that were read and those that are remembered:
/// one of this branch, if there is any.
pub(super) fn end_of(
    read: &[Build],
    builds: Option<&Builds>,
    branch: &BranchName,
    commit: &CommitId,
) -> Option<BuildEnd> {
    let of = Some(Built::Branch(branch.clone()));
    let remembered = builds.into_iter().flat_map(|builds| &builds.newest);
    let remembered = remembered.map(|newest| newest.end.clone());
    let all = read.iter().filter_map(BuildEnd::of).chain(remembered);
    let of_commit = all.filter(|end| end.commit.as_ref() == Some(commit));
    let rank = |end: &BuildEnd| (end.of == of, end.started_at, end.id.clone());
    of_commit.max_by_key(rank)
}

impl Look<'_> {
    /// Judges the builds that have ended since the last look: what people are to be told.
    pub(super) fn judge_builds(
        &mut self,
        asking: &mut Asking<'_>,
        branches: &[BranchName],
    ) -> Answer<Vec<BuildEnd>> {
        let known = self.next.builds.take();
        let Some(project) = &self.source.build else {
            return Ok(Vec::new());
        };
        let known = known.filter(|builds| builds.project == *project);
        let Ok(read) = asking.builds(project)? else {
            // What starts from now on will be told.
            let mut builds = known.unwrap_or_else(|| Builds {
                judged_until: Some(self.now),
                ..Builds::of(project)
            });
            builds.unfinished = true;
            self.next.builds = Some(builds);
            return Ok(Vec::new());
        };
        // What had ended before Sluice first looked is not told.
        let is_first = known.is_none();
        let mut builds = known.unwrap_or_else(|| Builds::of(project));
        let ended = read.iter().filter_map(BuildEnd::of);
        let mut ended: Vec<BuildEnd> = ended.filter(|end| !builds.has_judged(end)).collect();
        ended.sort_by(|one, other| one.age().cmp(&other.age()));
        let room = UNTOLD_MAX.saturating_sub(self.next.untold.len());
        let mut told = Vec::new();
        for end in ended {
            if told.len() >= room && !is_first {
                break;
            }
            builds.note(&end);
            if exists(&end, branches) && builds.is_news(asking, &end)? {
                let tells = builds.take(end.clone()) && !is_first;
                told.extend(tells.then_some(end));
            }
        }
        if is_first {
            builds
                .newest
                .iter_mut()
                .for_each(|newest| newest.told = false);
        }
        builds.forget(branches);
        builds.unfinished = read
            .iter()
            .any(|build| build.status == BuildStatus::Running);
        self.next.builds = Some(builds);
        Ok(told)
    }

    pub(super) fn tell_builds(
        &mut self,
        asking: &mut Asking<'_>,
        ends: Vec<BuildEnd>,
    ) -> Answer<()> {
        for end in ends {
            let commit = match &end.commit {
                Some(commit) if end.status.is_failure() => asking.commit(commit)?,
                _ => None,
            };
            let gates = self.next.gates.iter();
            let pulls = gates.filter(|(_, gate)| match (&gate.source, &end.of) {
                (Some(source), Some(Built::Branch(branch))) => source == branch,
                _ => false,
            });
            let pulls = pulls.map(|(id, _)| id.clone()).collect();
            let key = format!("build-{}", end.id);
            let told = BuildTold {
                end,
                pulls,
                title: commit
                    .map(|commit| commit.title.clone())
                    .unwrap_or_default(),
                author: commit
                    .map(|commit| commit.author.clone())
                    .unwrap_or_default(),
                by: None,
            };
            self.tell(&key, WhatIsTold::Build(Box::new(told)));
        }
        Ok(())
    }
}
