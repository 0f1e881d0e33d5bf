//! Builds. moto has projects and builds, but writes their times as text, where CodeBuild writes numbers
//! and the SDK reads nothing else; it knows no order, and each of its builds succeeds as soon as it is
//! read.

use jiff::SignedDuration;
use sluice_app::ports::{Builds, Host};
use sluice_core::failure::ErrorClass;
use sluice_core::id::BuildProject;
use sluice_core::registry::Registry;
use sluice_core::source::{Build, BuildStatus, Built, FailedPhase};
use sluice_sim::cloud::{BuildFate, Cloud};

use super::repository;

/// A repository `erp` as that of [`repository::Stage`], which the project `erp-ci` builds.
pub(crate) trait Stage: repository::Stage {
    fn builds(&self) -> &dyn Builds;

    /// What people do to it.
    fn project<T>(&self, act: impl FnOnce(&mut Cloud) -> T) -> T;
}

fn place(stage: &impl Stage) -> Registry {
    match stage.at().host {
        Host::CodeCommit(place) => place,
        host @ Host::GitHub(_) => panic!("{host:?} has no builds"),
    }
}

async fn newest(stage: &impl Stage) -> Vec<Build> {
    let place = place(stage);
    let project = BuildProject::new("erp-ci");
    let mut builds = stage
        .builds()
        .newest_builds(&place, &project)
        .await
        .unwrap();
    builds.sort_by_key(|build| build.started_at);
    builds
}

fn later(cloud: &mut Cloud, minutes: i64) {
    let then = cloud.now() + SignedDuration::from_mins(minutes);
    cloud.advance_to(then);
}

async fn a_push_is_built_and_says_how_it_ended(stage: &impl Stage) {
    stage.project(|_| ());
    assert_eq!(newest(stage).await, []);
    let commit = stage.project(|cloud| {
        let commit = cloud.git_commit("erp", "develop", "Change what breaks the build", "Ada");
        later(cloud, 1);
        commit
    });
    let started = newest(stage).await.remove(0);
    assert_eq!(started.status, BuildStatus::Running);
    assert_eq!(started.failed, None);
    assert_eq!(started.commit, Some(commit.clone()));
    assert_eq!(started.of, Built::of_ref("refs/heads/develop"));
    stage.project(|cloud| later(cloud, 15));
    let ended = newest(stage).await.remove(0);
    let why = "Error while executing command: ci/stages/test. Reason: exit status 1";
    assert_eq!(
        ended,
        Build {
            status: BuildStatus::Failed,
            failed: Some(FailedPhase::new("BUILD", why)),
            ..started
        }
    );
}

async fn each_way_to_end_is_told_apart(stage: &impl Stage) {
    let commit = stage.project(|cloud| cloud.git_head("erp", "main").unwrap());
    let fates = [
        (BuildFate::Succeeds, BuildStatus::Succeeded),
        (BuildFate::Fails, BuildStatus::Failed),
        (BuildFate::Faults, BuildStatus::Fault),
        (BuildFate::TimesOut, BuildStatus::TimedOut),
    ];
    for (fate, status) in fates {
        let id = stage.project(|cloud| {
            let id = cloud.start_build("erp-ci", "refs/tags/v1.4.0", &commit, fate);
            later(cloud, 15);
            id
        });
        let build = newest(stage).await.pop().unwrap();
        assert_eq!((build.id, build.status), (id, status));
        assert_eq!(build.of, Built::of_ref("refs/tags/v1.4.0"));
    }
    let id = stage.project(|cloud| {
        let id = cloud.start_build("erp-ci", "refs/heads/main", &commit, BuildFate::Succeeds);
        later(cloud, 1);
        cloud.stop_build(&id);
        later(cloud, 1);
        id
    });
    let build = newest(stage).await.pop().unwrap();
    assert_eq!((build.id, build.status), (id, BuildStatus::Stopped));
}

async fn the_newest_hundred_are_read(stage: &impl Stage) {
    let last = stage.project(|cloud| {
        let commit = cloud.git_head("erp", "main").unwrap();
        let mut last = None;
        for _ in 0..105 {
            let of = "refs/heads/main";
            last = Some(cloud.start_build("erp-ci", of, &commit, BuildFate::Succeeds));
            later(cloud, 1);
        }
        later(cloud, 15);
        last
    });
    let builds = newest(stage).await;
    assert_eq!(builds.len(), 100);
    assert_eq!(builds.last().map(|build| build.id.clone()), last);
}

async fn a_project_that_is_not_there_is_an_error(stage: &impl Stage) {
    stage.project(|_| ());
    let place = place(stage);
    let project = BuildProject::new("crm-ci");
    let error = stage.builds().newest_builds(&place, &project).await;
    let error = error.unwrap_err();
    assert_ne!(error.class, ErrorClass::Retryable, "{error}");
}

contract! {
    a_push_is_built_and_says_how_it_ended on sim, wire;
    each_way_to_end_is_told_apart on sim, wire;
    the_newest_hundred_are_read on sim, wire;
    a_project_that_is_not_there_is_an_error on sim, wire;
}
