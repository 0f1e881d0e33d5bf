//! Builds in CodeBuild: every push of a branch starts one, as the rule of `infra/ci/pipeline.yaml` does,
//! and now and then two, since EventBridge delivers at least once.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_core::id::{BuildId, BuildProject, CommitId, SourceName};
use sluice_core::source::BuildStatus;

use super::agenda::Due;
use super::emitted::{BuildChange, Emitted, uuid};
use super::lag::Read;
use super::{Cloud, Place};

/// Of so many pushes one is delivered twice.
const TWICE_IN: u128 = 12;

/// Builds on a page of ListBuildsForProject.
const ON_A_PAGE: usize = 100;

/// What becomes of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildFate {
    /// It succeeds.
    Succeeds,
    /// A command fails.
    Fails,
    /// It takes too long.
    TimesOut,
    /// CodeBuild loses its container.
    Faults,
}

impl BuildFate {
    /// What a commit says becomes of its build.
    fn of(message: &str) -> Self {
        let says = |words: &str| message.contains(words);
        match () {
            () if says("breaks the build") => Self::Fails,
            () if says("hangs the build") => Self::TimesOut,
            () if says("meets a fault") => Self::Faults,
            () => Self::Succeeds,
        }
    }

    fn status(self) -> BuildStatus {
        match self {
            Self::Succeeds => BuildStatus::Succeeded,
            Self::Fails => BuildStatus::Failed,
            Self::TimesOut => BuildStatus::TimedOut,
            Self::Faults => BuildStatus::Fault,
        }
    }
}

/// A build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedBuild {
    /// Its id.
    pub id: BuildId,
    /// The commit.
    pub commit: CommitId,
    /// What `CI_REF` says that it is for, such as `refs/heads/main`.
    pub of: String,
    /// When it starts.
    pub started_at: Timestamp,
    /// How far it is.
    pub status: BuildStatus,
    /// When it ends, or has ended.
    pub ends_at: Timestamp,
    project: usize,
    fate: BuildFate,
}

impl SimulatedBuild {
    /// The phase that failed, and why, in CodeBuild's words.
    pub fn failed(&self) -> Option<(&'static str, &'static str)> {
        match self.status {
            BuildStatus::Failed => Some((
                "BUILD",
                "Error while executing command: ci/stages/test. Reason: exit status 1",
            )),
            BuildStatus::TimedOut => Some(("BUILD", "Build has timed out.")),
            BuildStatus::Fault => Some((
                "PROVISIONING",
                "Build container found dead before completing the build.",
            )),
            _ => None,
        }
    }

    /// As someone sees it who sees what was then.
    fn seen_at(mut self, then: Timestamp) -> Option<Self> {
        if self.ends_at > then {
            self.status = BuildStatus::Running;
        }
        (self.started_at <= then).then_some(self)
    }
}

#[derive(Debug)]
struct Project {
    place: Arc<Place>,
    name: BuildProject,
    repository: SourceName,
}

/// All projects and builds.
#[derive(Debug, Default)]
pub(super) struct CodeBuild {
    projects: Vec<Project>,
    builds: Vec<SimulatedBuild>,
}

impl Cloud {
    /// From now on a project builds every push to a repository.
    pub fn build_with(&mut self, repository: &str, project: &str) {
        let repository = SourceName::new(repository);
        let place = self.git_place(&repository);
        self.code_build.projects.push(Project {
            place,
            name: BuildProject::new(project),
            repository,
        });
    }

    /// A branch was pushed.
    pub(super) fn build_push(&mut self, repository: &SourceName, branch: &str, commit: &CommitId) {
        let projects = &self.code_build.projects;
        let Some(project) = projects
            .iter()
            .position(|one| one.repository == *repository)
        else {
            return;
        };
        let message = self.git_message(repository, commit);
        let of = format!("refs/heads/{branch}");
        let drawn = self.ids.uuid();
        self.start_build_of(project, &of, commit, BuildFate::of(&message));
        if drawn.is_multiple_of(TWICE_IN) {
            self.start_build_of(project, &of, commit, BuildFate::of(&message));
        }
    }

    /// Somebody starts a build, of a ref such as `refs/tags/v1.4.0`.
    pub fn start_build(
        &mut self,
        project: &str,
        of: &str,
        commit: &CommitId,
        fate: BuildFate,
    ) -> BuildId {
        let mut projects = self.code_build.projects.iter();
        let project = projects.position(|one| one.name.as_str() == project);
        let project = project.expect("the story made the project first");
        self.start_build_of(project, of, commit, fate)
    }

    fn start_build_of(
        &mut self,
        project: usize,
        of: &str,
        commit: &CommitId,
        fate: BuildFate,
    ) -> BuildId {
        let drawn = self.ids.uuid();
        let seconds = |least: i64, more: u128| {
            let more = i64::try_from(drawn % more).unwrap_or_default();
            SignedDuration::from_secs(least + more)
        };
        let started_at = self.now + seconds(1, 30);
        let ends_at = started_at + seconds(120, 600);
        let name = &self.code_build.projects[project].name;
        let id = BuildId::new(format!("{name}:{}", uuid(drawn)));
        self.code_build.builds.push(SimulatedBuild {
            id: id.clone(),
            commit: commit.clone(),
            of: of.to_owned(),
            started_at,
            status: BuildStatus::Running,
            ends_at,
            project,
            fate,
        });
        let build = self.code_build.builds.len() - 1;
        self.agenda.plan(ends_at, Due::BuildEnds { build });
        id
    }

    /// Somebody stops a build.
    pub fn stop_build(&mut self, id: &BuildId) {
        let mut builds = self.code_build.builds.iter();
        let build = builds.position(|one| one.id == *id);
        self.end_build(build.expect("there is such a build"), BuildStatus::Stopped);
    }

    pub(super) fn build_ends(&mut self, build: usize) {
        let status = self.code_build.builds[build].fate.status();
        self.end_build(build, status);
    }

    fn end_build(&mut self, at: usize, status: BuildStatus) {
        let build = &mut self.code_build.builds[at];
        if build.status != BuildStatus::Running {
            return;
        }
        build.status = status;
        build.ends_at = self.now;
        let build = build.clone();
        let project = &self.code_build.projects[build.project];
        let (place, name) = (project.place.clone(), project.name.clone());
        let event = BuildChange {
            envelope: self.envelope(&place),
            project: name,
            build,
        };
        self.emitted.push(Emitted::Build(Box::new(event)));
    }

    /// Every build, the oldest first, as it is.
    pub fn builds(&self) -> &[SimulatedBuild] {
        &self.code_build.builds
    }

    /// The newest builds of a project, as they are seen now, the newest first; `None` if there is no
    /// such project.
    pub fn builds_in(&self, place: &Place, project: &BuildProject) -> Option<Vec<SimulatedBuild>> {
        let mut projects = self.code_build.projects.iter();
        let at = projects.position(|one| *one.place == *place && one.name == *project)?;
        let then = self.seen_as_of(Read::Builds).unwrap_or(self.now);
        let builds = self
            .code_build
            .builds
            .iter()
            .filter(|one| one.project == at);
        let seen = builds.cloned().filter_map(|build| build.seen_at(then));
        let mut seen: Vec<SimulatedBuild> = seen.collect();
        seen.sort_by_key(|build| std::cmp::Reverse(build.started_at));
        seen.truncate(ON_A_PAGE);
        Some(seen)
    }
}
