//! Builds: each failure is told once, and a pull request says how its last commit was built.

use std::sync::Arc;

use sluice_app::App;
use sluice_core::failure::PortError;
use sluice_core::id::CommitId;
use sluice_sim::cloud::{BuildFate, Fault, Operation, SimulatedBuild};
use sluice_sim::workplace::{Roads, Weather};
use sluice_sim::world::{DirectFunctions, World};

use super::stories::{answered, pass, pull_from, told};
use super::{SOURCE, config_of, said, world_of};

/// Everything that is asked of CodeBuild.
pub(crate) const BUILDS: [Operation; 2] =
    [Operation::ListBuildsForProject, Operation::BatchGetBuilds];

pub(super) fn built() -> String {
    format!("{SOURCE}build = \"erp-ci\"\n")
}

pub(super) fn built_world(seed: u64, weather: Weather) -> World {
    world_of(config_of(&built()), seed, weather)
}

/// A world that Sluice has looked at, in which every push is built.
fn begun_in(weather: Weather) -> World {
    let mut world = built_world(1, weather);
    pass(&mut world, 5);
    world
}

fn begun() -> World {
    begun_in(Weather::default())
}

fn push(world: &World, branch: &str, message: &str) -> CommitId {
    world.with_cloud(|cloud| cloud.git_commit("erp", branch, message, "Ada"))
}

fn feature(world: &World, message: &str) -> CommitId {
    world.with_cloud(|cloud| cloud.git_branch("erp", "feature/page", "develop"));
    push(world, "feature/page", message)
}

fn summaries(world: &World) -> Vec<String> {
    let all = said(world).into_iter();
    all.map(|posted| posted.says().summary.clone()).collect()
}

#[test]
fn a_failed_build_is_told_once_and_that_it_succeeds_again() {
    let mut world = begun();
    let id = {
        feature(&world, "Begin");
        world.with_cloud(|cloud| cloud.git_open_pull("erp", "feature/page", "develop", "Ada"))
    };
    pass(&mut world, 30);
    assert_eq!(told(&world), "");
    push(&world, "feature/page", "Add a page, which breaks the build");
    pass(&mut world, 30);
    assert_eq!(said(&world).len(), 1);
    push(&world, "feature/page", "Correct the page");
    pass(&mut world, 30);
    push(&world, "feature/page", "Add another");
    pass(&mut world, 120);
    assert_eq!(said(&world).len(), 2);
    insta::assert_snapshot!(told(&world));
    assert_eq!(answered(&world, &id).1.len(), 1);
}

#[test]
fn each_way_to_fail_is_told_with_what_to_do() {
    let mut world = begun();
    feature(&world, "Add a page that hangs the build");
    pass(&mut world, 30);
    push(&world, "feature/page", "Add one that meets a fault");
    pass(&mut world, 30);
    world.with_cloud(|cloud| {
        let commit = cloud.git_head("erp", "main").unwrap();
        cloud.start_build("erp-ci", "refs/tags/v1.4.0", &commit, BuildFate::Fails);
        cloud.start_build("erp-ci", "<!channel>", &commit, BuildFate::Fails)
    });
    pass(&mut world, 30);
    insta::assert_snapshot!(told(&world));
}

#[test]
fn the_same_commit_is_told_once_however_often_it_is_built() {
    let mut world = begun();
    let commit = feature(&world, "Add a page, which breaks the build");
    pass(&mut world, 30);
    for fate in [BuildFate::Fails, BuildFate::TimesOut] {
        let of = "refs/heads/feature/page";
        world.with_cloud(|cloud| cloud.start_build("erp-ci", of, &commit, fate));
        pass(&mut world, 30);
    }
    assert_eq!(said(&world).len(), 1);
}

#[test]
fn a_build_that_someone_stopped_is_no_failure_and_no_success() {
    let mut world = begun();
    let hotfix = pull_from(&world, "hotfix/login", "main", "main");
    pass(&mut world, 1);
    world.with_cloud(|cloud| {
        let builds = cloud.builds().to_vec();
        for build in builds {
            cloud.stop_build(&build.id);
        }
    });
    pass(&mut world, 30);
    assert_eq!(told(&world), "");
    let (approved, comments) = answered(&world, &hotfix);
    assert!(!approved);
    insta::assert_snapshot!(comments.join("\n\n=====\n\n"));
}

#[test]
fn a_pull_request_to_main_waits_for_the_build_of_its_last_commit() {
    let mut world = begun();
    let hotfix = pull_from(&world, "hotfix/login", "main", "main");
    let mut read = Vec::new();
    let mut note = |world: &World, approves: bool| {
        let (approved, comments) = answered(world, &hotfix);
        assert_eq!(approved, approves, "{comments:?}");
        assert_eq!(comments.len(), 1, "{comments:?}");
        read.push(comments[0].clone());
    };
    pass(&mut world, 1);
    note(&world, false);
    pass(&mut world, 30);
    note(&world, true);
    // The approval was for another commit.
    push(&world, "hotfix/login", "Again, which breaks the build");
    pass(&mut world, 1);
    note(&world, false);
    pass(&mut world, 30);
    note(&world, false);
    push(&world, "hotfix/login", "Correct it");
    pass(&mut world, 30);
    note(&world, true);
    insta::assert_snapshot!(read.join("\n\n=====\n\n"));
}

#[test]
fn other_pull_requests_say_how_they_were_built() {
    let mut world = begun();
    let right = pull_from(&world, "feature/page", "develop", "develop");
    let wrong = pull_from(&world, "feature/menu", "develop", "main");
    pass(&mut world, 1);
    assert_eq!(answered(&world, &right), (false, vec![]));
    pass(&mut world, 30);
    let (approved, mut read) = answered(&world, &right);
    assert!(!approved);
    push(&world, "feature/page", "Again, which breaks the build");
    pass(&mut world, 30);
    for id in [&right, &wrong] {
        let (approved, comments) = answered(&world, id);
        assert!(!approved && comments.len() == 1, "{comments:?}");
        read.extend(comments);
    }
    insta::assert_snapshot!(read.join("\n\n=====\n\n"));
}

#[test]
fn trunk_based_pull_requests_say_it_too_and_none_is_approved() {
    let mut world = world_of(
        config_of(&format!("{}model = \"trunk\"\n", built())),
        1,
        Weather::default(),
    );
    pass(&mut world, 5);
    let id = pull_from(&world, "page", "main", "main");
    pass(&mut world, 30);
    let (approved, comments) = answered(&world, &id);
    assert!(!approved && comments.len() == 1, "{comments:?}");
    assert!(comments[0].starts_with("The build of"), "{comments:?}");
}

#[test]
fn what_had_ended_before_the_first_look_is_not_told() {
    let mut world = super::world(1, Weather::default());
    pass(&mut world, 5);
    world.with_cloud(|cloud| cloud.build_with("erp", "erp-ci"));
    feature(&world, "Add a page, which breaks the build");
    pass(&mut world, 30);
    let app = App::new(world.ports(), vec![Arc::new(config_of(&built()))]);
    world.deploy(Arc::new(DirectFunctions(app)));
    pass(&mut world, 120);
    push(&world, "feature/page", "Correct the page");
    pass(&mut world, 120);
    assert_eq!(told(&world), "");
    push(&world, "feature/page", "Again, which breaks the build");
    pass(&mut world, 30);
    assert_eq!(said(&world).len(), 1);
}

#[test]
fn a_failure_is_told_once_although_every_event_is_lost_or_doubled() {
    for (losses, doubles) in [(1.0, 0.0), (0.0, 1.0)] {
        let roads = Roads {
            losses,
            doubles,
            ..Roads::default()
        };
        let weather = Weather {
            roads,
            ..Weather::default()
        };
        let mut world = begun_in(weather);
        feature(&world, "Add a page, which breaks the build");
        let hotfix = pull_from(&world, "hotfix/login", "main", "main");
        pass(&mut world, 75);
        assert_eq!(said(&world).len(), 1, "losses {losses}, doubles {doubles}");
        assert!(
            answered(&world, &hotfix).0,
            "losses {losses}, doubles {doubles}"
        );
    }
}

#[test]
fn a_function_that_dies_anywhere_tells_once_and_leaves_one_comment() {
    let mut longest = 0;
    for call in 0..400 {
        let mut world = begun();
        feature(&world, "Add a page, which breaks the build");
        let hotfix = pull_from(&world, "hotfix/login", "main", "main");
        let first = world.calls();
        world.crash_at_call(first + call);
        pass(&mut world, 30);
        let summaries = summaries(&world);
        assert_eq!(summaries.len(), 1, "dies at call {call}: {summaries:?}");
        let (approved, comments) = answered(&world, &hotfix);
        assert!(
            approved && comments.len() == 1,
            "dies at call {call}: {comments:?}"
        );
        longest = longest.max(world.calls() - first);
        if call > longest {
            return;
        }
    }
}

/// CodeCommit takes a token again only for the same comment, and the build goes on meanwhile.
#[test]
fn a_comment_whose_answer_is_lost_until_the_build_has_ended_is_not_posted_again() {
    let mut world = begun();
    world.with_cloud(|cloud| {
        let faults = cloud.faults();
        faults.next(Operation::PostCommentForPullRequest, 4, Fault::LoseAnswer);
    });
    let hotfix = pull_from(&world, "hotfix/login", "main", "main");
    pass(&mut world, 1);
    let waits = answered(&world, &hotfix).1;
    assert!(waits[0].contains("has not approved"), "{waits:?}");
    push(&world, "hotfix/login", "Again");
    pass(&mut world, 120);
    let (approved, comments) = answered(&world, &hotfix);
    assert!(approved && comments.len() == 1, "{comments:?}");
    assert!(comments[0].contains("succeeded"), "{comments:?}");
}

#[test]
fn every_answer_about_builds_may_be_lost_once() {
    for operation in BUILDS {
        let mut world = begun();
        let struck = world.with_cloud(|cloud| {
            cloud.faults().nth(operation, 1, Fault::LoseAnswer);
            cloud.faults().struck()
        });
        feature(&world, "Add a page, which breaks the build");
        pass(&mut world, 75);
        assert_eq!(said(&world).len(), 1, "{operation:?}");
        let now = world.with_cloud(|cloud| cloud.faults().struck());
        assert!(now > struck, "{operation:?} was never asked for");
    }
}

#[test]
fn while_codebuild_is_out_branches_are_looked_at_and_builds_are_told_after_it() {
    let mut world = begun();
    world.with_cloud(|cloud| {
        let down = Fault::Fail(PortError::retryable("CodeBuild is down"));
        cloud
            .faults()
            .next(Operation::ListBuildsForProject, 25, down);
    });
    let hotfix = pull_from(&world, "hotfix/login", "main", "main");
    feature(&world, "Add a page, which breaks the build");
    push(&world, "main", "Fix it");
    pass(&mut world, 10);
    let summaries = summaries(&world);
    assert!(
        matches!(&summaries[..], [one] if one.contains("pushed directly to main")),
        "{summaries:?}"
    );
    assert!(
        !answered(&world, &hotfix).0,
        "an unread build is no green one"
    );
    pass(&mut world, 60 * 6);
    assert_eq!(said(&world).len(), 2);
    assert!(answered(&world, &hotfix).0);
}

#[test]
fn a_project_that_is_not_there_hides_no_wrong_merge() {
    let config = config_of(&format!("{SOURCE}build = \"crm-ci\"\n"));
    let mut world = super::world(1, Weather::default());
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    world.deploy(Arc::new(DirectFunctions(app)));
    pass(&mut world, 5);
    push(&world, "main", "Fix it");
    pass(&mut world, 10);
    assert_eq!(said(&world).len(), 1);
}

#[test]
fn a_build_that_ends_after_a_newer_one_of_its_branch_is_not_told() {
    let mut seen = [false; 2];
    for seed in 1..12 {
        let mut world = built_world(seed, Weather::default());
        pass(&mut world, 5);
        let old = feature(&world, "Add a page");
        let of = "refs/heads/feature/page";
        let slow =
            world.with_cloud(|cloud| cloud.start_build("erp-ci", of, &old, BuildFate::Fails));
        pass(&mut world, 1);
        let new = push(&world, "feature/page", "Add another");
        pass(&mut world, 60);
        let is_replaced = world.with_cloud(|cloud| {
            let slow = cloud.builds().iter().find(|build| build.id == slow);
            let slow = slow.unwrap();
            // Where the branch began was built too, and is older.
            let newer = |build: &&SimulatedBuild| {
                build.commit == new || (build.commit == old && build.started_at > slow.started_at)
            };
            let mut newer = cloud.builds().iter().filter(newer);
            newer.any(|build| build.ends_at < slow.ends_at)
        });
        let summaries = summaries(&world);
        assert_eq!(summaries.is_empty(), is_replaced, "{seed}: {summaries:?}");
        seen[usize::from(is_replaced)] = true;
    }
    assert_eq!(seen, [true; 2]);
}
