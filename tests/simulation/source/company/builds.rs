//! What people are told of builds, against the builds that there were.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sluice_core::id::BuildId;
use sluice_core::source::BuildStatus;
use sluice_sim::cloud::SimulatedBuild;

use super::super::said;
use super::super::stories::answered;
use super::{Company, REPO};

/// Looks are an hour apart where every event is lost, and functions may crash.
const LATE: SignedDuration = SignedDuration::from_hours(3);

/// A message about a build.
struct Told {
    at: Timestamp,
    branch: String,
    commit: String,
    again: bool,
}

impl Company {
    /// What a commit says, and so what becomes of its build.
    pub(super) fn message(&mut self) -> String {
        let number = self.number;
        match self.dice.below(12) {
            0 | 1 => format!("Change {number}, which breaks the build"),
            2 => format!("Change {number}, which hangs the build"),
            3 => format!("Change {number}, which meets a fault"),
            _ => format!("Change {number}"),
        }
    }

    /// Someone opens a pull request that is not merged, or pushes to one.
    pub(super) fn open_pull(&mut self) {
        if !self.pulls.is_empty() && self.one_in(2) {
            let (_, branch, to_main) = self.pulls[0].clone();
            self.say(format!("{branch} is pushed to"));
            let commit = self.commit(&branch);
            if to_main {
                self.allowed.insert(commit);
            }
            return;
        }
        let to_main = self.one_in(2);
        let (kind, into) = match to_main {
            true => ("hotfix", "main"),
            false => ("feature", "develop"),
        };
        let branch = self.name(kind);
        self.branch(&branch, into);
        let from = self.head(into);
        let commit = self.commit(&branch);
        if to_main {
            self.allowed.extend([from, commit]);
        }
        self.say(format!("a pull request of {branch} into {into} is opened"));
        let id = self
            .world
            .with_cloud(|cloud| cloud.git_open_pull(REPO, &branch, into, "Ada"));
        self.pulls.push((id, branch, to_main));
    }

    /// Compares what was told of builds with what they came to.
    pub(in super::super) fn check_builds(&self) -> Result<(), String> {
        let builds = self.world.with_cloud(|cloud| cloud.builds().to_vec());
        let mut of: BTreeMap<String, Vec<SimulatedBuild>> = BTreeMap::new();
        for build in builds {
            let branch = build.of.trim_start_matches("refs/heads/").to_owned();
            of.entry(branch).or_default().push(build);
        }
        let told = self.told_of_builds()?;
        // In the order of the pushes, in which they were not all started.
        for (branch, builds) in &of {
            let told: Vec<&Told> = told.iter().filter(|one| one.branch == *branch).collect();
            check_told(&told, builds).map_err(|why| self.failed(&format!("{branch}: {why}")))?;
            let exists = self
                .world
                .with_cloud(|cloud| cloud.git_head(REPO, branch).is_some());
            if exists {
                check_untold(&told, builds)
                    .map_err(|why| self.failed(&format!("{branch}: {why}")))?;
            }
        }
        if let Some(other) = told.iter().find(|one| !of.contains_key(&one.branch)) {
            return Err(self.failed(&format!("{} has no build", other.branch)));
        }
        self.check_pulls(&of)
    }

    fn told_of_builds(&self) -> Result<Vec<Told>, String> {
        let mut told = Vec::new();
        for posted in said(&self.world) {
            let summary = posted.says().summary.clone();
            let Some(text) = summary.strip_prefix("erp: the build of ") else {
                continue;
            };
            let read = || {
                let (branch, rest) = text.split_once(' ')?;
                let again = rest.strip_prefix("succeeds again at ");
                let commit = again.or_else(|| rest.strip_prefix("at "))?;
                Some(Told {
                    at: posted.versions[0].0,
                    branch: branch.to_owned(),
                    commit: commit.split(' ').next()?.to_owned(),
                    again: again.is_some(),
                })
            };
            told.push(read().ok_or_else(|| self.failed(&format!("not understood: {summary}")))?);
        }
        Ok(told)
    }

    /// Each open pull request has one comment, and is approved if it is to `main` and green.
    fn check_pulls(&self, of: &BTreeMap<String, Vec<SimulatedBuild>>) -> Result<(), String> {
        for (id, branch, to_main) in &self.pulls {
            let head = self.head(branch);
            let newest = of.get(branch).into_iter().flatten();
            let newest = newest.filter(|build| build.commit == head);
            let status = newest.max_by_key(|build| age(build));
            let status = status.map(|build| build.status);
            let is_green = status == Some(BuildStatus::Succeeded);
            let (approved, comments) = answered(&self.world, id);
            let says = format!("The build of `{}`", head.short());
            if approved != (*to_main && is_green) || comments.len() != 1 {
                let said = format!("{branch}: approved {approved}, {status:?}, {comments:?}");
                return Err(self.failed(&said));
            }
            if !comments[0].contains(&says) || comments[0].contains("succeeded") != is_green {
                let said = format!("{branch}: {status:?} of {head}, and it says {comments:?}");
                return Err(self.failed(&said));
            }
        }
        Ok(())
    }
}

fn age(build: &SimulatedBuild) -> (Timestamp, BuildId) {
    (build.started_at, build.id.clone())
}

fn is_failure(build: &SimulatedBuild) -> bool {
    build.status.is_failure()
}

/// Nothing is told that is not so, and nothing twice.
fn check_told(told: &[&Told], builds: &[SimulatedBuild]) -> Result<(), String> {
    let mut failing = false;
    for (at, one) in told.iter().enumerate() {
        let of_commit = |build: &&SimulatedBuild| {
            build.commit.short() == one.commit
                && build.ends_at <= one.at
                && is_failure(build) != one.again
                && build.status != BuildStatus::Stopped
        };
        let builds = builds.iter().filter(of_commit).count();
        let before = told[..at]
            .iter()
            .filter(|other| other.commit == one.commit && other.again == one.again);
        if builds <= before.count() {
            return Err(format!(
                "told of {} at {}, which has no such build",
                one.commit, one.at
            ));
        }
        if one.again && !failing {
            return Err(format!(
                "{} succeeds again, and nothing had failed",
                one.commit
            ));
        }
        failing = !one.again;
    }
    Ok(())
}

/// Nothing is kept from people, but what a newer build of the branch has replaced.
fn check_untold(told: &[&Told], builds: &[SimulatedBuild]) -> Result<(), String> {
    for (at, build) in builds.iter().enumerate() {
        let replaced = builds[at + 1..]
            .iter()
            .any(|newer| newer.started_at <= build.ends_at + LATE);
        let is_told = told.iter().any(|one| {
            let in_time = one.at <= build.ends_at + LATE;
            in_time && !one.again && one.commit == build.commit.short()
        });
        if is_failure(build) && !replaced && !is_told {
            return Err(format!(
                "the build of {} failed at {} and was not told",
                build.commit.short(),
                build.ends_at
            ));
        }
    }
    let last = builds.last().map(is_failure);
    match (told.last(), last) {
        (Some(one), Some(last)) if one.again == last => Err(format!(
            "the last message is about {}, and the last build {}",
            one.commit,
            if last { "failed" } else { "succeeded" }
        )),
        _ => Ok(()),
    }
}
