//! A repository in GitHub: no events, merges by rebase, and a check in place of an approval.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use sluice_app::App;
use sluice_core::id::PullRequestId;
use sluice_sim::cloud::{Fault, MergeOption};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{DirectFunctions, World};

use super::company::Company;
use super::stories::{REPOSITORY, pass, pull_from, told};
use super::{config_of, said, weather, world_of};

const GITHUB: &str = r##"
[source]
github = "acme/erp"
token = "sluice/github"
channel = "#erp-source"
"##;

/// A world that Sluice has looked at.
fn begun() -> World {
    let mut world = world_of(config_of(GITHUB), 1, Weather::default());
    pass(&mut world, 10);
    world
}

/// What the check of a pull request says, if it says anything, and what its comments say.
fn answered(world: &World, id: &PullRequestId) -> (Option<bool>, Vec<String>) {
    world.with_cloud(|cloud| {
        let place = cloud.github().unwrap();
        let (_, pull) = cloud.git_pull_in(&place, id).unwrap();
        let comments = pull.comments.into_iter().map(|(_, text)| text);
        let status = cloud.git_status("erp", &pull.source_commit);
        (status, comments.collect())
    })
}

fn configured(world: &mut World, more: &str) {
    let config = config_of(&format!("{GITHUB}{more}"));
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    world.deploy(Arc::new(DirectFunctions(app)));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn days_with_rebases_and_squashes_and_without_events_are_seen_as_they_are(
        seed in any::<u64>(),
        weather in weather(),
    ) {
        let world = world_of(config_of(GITHUB), seed, weather);
        let mut company = Company::of(world, seed, MergeOption::Rebase);
        company.work(30);
        company.check().map_err(TestCaseError::fail)?;
        company.check_images().map_err(TestCaseError::fail)?;
    }
}

#[test]
fn each_wrong_way_is_told_with_the_commands_of_github() {
    let mut world = begun();
    world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix the login", "Grace"));
    pass(&mut world, 10);
    let before = world.with_cloud(|cloud| cloud.git_head("erp", "develop"));
    world.with_cloud(|cloud| {
        cloud.git_branch("erp", "feature/menu", "develop");
        for part in ["Add a menu", "Add its colours", "Add its tests"] {
            cloud.git_commit("erp", "feature/menu", part, "Ada");
        }
        let id = cloud.git_open_pull("erp", "feature/menu", "main", "Ada");
        cloud.git_merge_pull("erp", &id, MergeOption::Rebase, "Grace");
        cloud.git_commit("erp", "develop", "Change a colour", "Ada");
    });
    pass(&mut world, 10);
    world.with_cloud(|cloud| cloud.git_reset("erp", "develop", &before.unwrap()));
    pass(&mut world, 10);
    world.with_cloud(|cloud| cloud.git_delete("erp", "develop"));
    pass(&mut world, 10);
    insta::assert_snapshot!(told(&world));
}

#[test]
fn a_rebase_of_several_commits_is_one_merge() {
    let mut world = begun();
    for number in 0..3 {
        world.with_cloud(|cloud| {
            let name = format!("feature/{number}");
            cloud.git_branch("erp", &name, "develop");
            cloud.git_commit("erp", "develop", "Meanwhile", "Grace");
            let meanwhile = cloud.git_open_pull("erp", "develop", "main", "Grace");
            cloud.git_close_pull("erp", &meanwhile);
            for part in 0..4 {
                cloud.git_commit("erp", &name, &format!("Part {part}"), "Ada");
            }
            let id = cloud.git_open_pull("erp", &name, "develop", "Ada");
            cloud.git_merge_pull("erp", &id, MergeOption::Rebase, "Grace");
            cloud.git_delete("erp", &name);
        });
        pass(&mut world, 10);
        // The commit that was pushed is seen, and none of the four.
        let all = said(&world);
        assert_eq!(all.len(), number + 1, "{}", told(&world));
        let summary = &all[number].says().summary;
        assert!(summary.contains("was pushed directly"), "{summary}");
    }
}

#[test]
fn the_check_succeeds_for_release_and_hotfix_branches_and_fails_for_others() {
    let mut world = begun();
    let hotfix = pull_from(&world, "hotfix/login", "main", "main");
    let feature = pull_from(&world, "feature/menu", "develop", "main");
    let right = pull_from(&world, "feature/page", "develop", "develop");
    pass(&mut world, 6);
    assert_eq!(answered(&world, &hotfix), (Some(true), vec![]));
    assert_eq!(answered(&world, &right), (None, vec![]));
    let (status, comments) = answered(&world, &feature);
    assert_eq!(status, Some(false));
    insta::assert_snapshot!(comments.join("\n\n=====\n\n"));
    for branch in ["hotfix/login", "feature/menu"] {
        world.with_cloud(|cloud| cloud.git_commit("erp", branch, "Again", "Ada"));
    }
    assert_eq!(
        answered(&world, &hotfix).0,
        None,
        "a new commit has no status"
    );
    pass(&mut world, 6);
    assert_eq!(answered(&world, &hotfix), (Some(true), vec![]));
    assert_eq!(answered(&world, &feature), (Some(false), comments));
    // GitHub lets people change what a pull request is for.
    world.with_cloud(|cloud| cloud.git_retarget_pull("erp", &right, "main"));
    pass(&mut world, 6);
    let (status, comments) = answered(&world, &right);
    assert_eq!((status, comments.len()), (Some(false), 1));
    assert_eq!(told(&world), "");
}

/// A status is of a commit, so that of the release branch's pull request is the feature's too.
#[test]
fn two_pull_requests_of_one_commit_share_a_check_that_lets_the_right_one_pass() {
    for feature_first in [true, false] {
        let mut world = begun();
        let hotfix = pull_from(&world, "hotfix/login", "main", "main");
        let open = |world: &World| {
            world.with_cloud(|cloud| {
                cloud.git_branch("erp", "feature/login", "hotfix/login");
                cloud.git_open_pull("erp", "feature/login", "main", "Ada")
            })
        };
        let feature = match feature_first {
            true => open(&world),
            false => {
                pass(&mut world, 6);
                open(&world)
            }
        };
        pass(&mut world, 6);
        assert_eq!(answered(&world, &hotfix), (Some(true), vec![]));
        let (status, comments) = answered(&world, &feature);
        assert_eq!((status, comments.len()), (Some(true), 1));
    }
}

#[test]
fn the_check_and_the_comment_follow_the_rules() {
    let mut world = begun();
    let urgent = pull_from(&world, "urgent/login", "main", "main");
    pass(&mut world, 6);
    assert_eq!(answered(&world, &urgent).0, Some(false));
    for (more, expected) in [("hotfix = [\"urgent/*\"]\n", true), ("", false)] {
        configured(&mut world, more);
        pass(&mut world, 10);
        let (status, comments) = answered(&world, &urgent);
        assert_eq!((status, comments.len()), (Some(expected), 1));
        let fails = comments[0].starts_with("Sluice's check fails");
        assert_eq!(fails, !expected, "{comments:?}");
    }
}

#[test]
fn a_function_that_dies_anywhere_leaves_one_comment_and_the_right_checks() {
    let mut longest = 0;
    for call in 0..200 {
        let mut world = begun();
        let first = world.calls();
        let hotfix = pull_from(&world, "hotfix/login", "main", "main");
        let feature = pull_from(&world, "feature/menu", "develop", "main");
        world.crash_at_call(first + call);
        pass(&mut world, 15);
        assert_eq!(
            answered(&world, &hotfix).0,
            Some(true),
            "dies at call {call}"
        );
        let (status, comments) = answered(&world, &feature);
        assert_eq!(
            (status, comments.len()),
            (Some(false), 1),
            "dies at call {call}: {comments:?}"
        );
        longest = longest.max(world.calls() - first);
        if call > longest {
            return;
        }
    }
}

#[test]
fn every_answer_of_github_may_be_lost_once_and_nothing_is_said_twice() {
    for operation in REPOSITORY {
        let mut world = begun();
        let struck = world.with_cloud(|cloud| {
            cloud.faults().nth(operation, 1, Fault::LoseAnswer);
            cloud.faults().struck()
        });
        let urgent = pull_from(&world, "urgent/login", "main", "main");
        world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix it", "Ada"));
        pass(&mut world, 15);
        configured(&mut world, "hotfix = [\"urgent/*\"]\n");
        pass(&mut world, 15);
        assert_eq!(said(&world).len(), 1, "{operation:?}");
        let (status, comments) = answered(&world, &urgent);
        assert_eq!((status, comments.len()), (Some(true), 1), "{operation:?}");
        let now = world.with_cloud(|cloud| cloud.faults().struck());
        assert!(now > struck, "{operation:?} was never asked for");
    }
}
