//! One thing at a time.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::App;
use sluice_app::ports::TriggerId;
use sluice_core::id::{AccountId, PullRequestId, Region, UserId};
use sluice_sim::cloud::{Fault, MergeOption, Operation};
use sluice_sim::workplace::{Roads, Weather};
use sluice_sim::world::{Bounds, DirectFunctions, World};
use sluice_words::message::{Block, Message};
use sluice_words::slash::{Look, Slash};

use super::{SOURCE, config_of, said, world, world_of};

pub(super) fn pass(world: &mut World, minutes: i64) {
    let time = SignedDuration::from_mins(minutes);
    let until = world.now() + time;
    world.plan(time, "time has passed", |_| ());
    let bounds = Bounds {
        time: SignedDuration::from_hours(24 * 365),
        steps: u64::MAX,
    };
    world.run(bounds, |world| world.now() >= until);
}

/// A world that Sluice has looked at.
fn begun() -> World {
    let mut world = world(1, Weather::default());
    pass(&mut world, 5);
    world
}

pub(super) fn written(message: &Message) -> String {
    let blocks = message.blocks.iter().map(|block| match block {
        Block::Header(text) => format!("# {text}"),
        Block::Text(text) | Block::Context(text) => text.clone(),
        Block::Links(links) => {
            let links = links
                .iter()
                .map(|link| format!("[{}]({:?})", link.text, link.url));
            links.collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    });
    let blocks: Vec<String> = blocks.collect();
    format!("{}\n---\n{}", message.summary, blocks.join("\n"))
}

pub(super) fn told(world: &World) -> String {
    let all = said(world);
    let all: Vec<String> = all.iter().map(|posted| written(posted.says())).collect();
    all.join("\n\n=====\n\n")
}

/// What `/sluice status` says about source code, without its times.
fn status(world: &World) -> Vec<String> {
    let app = App::new(world.ports(), vec![Arc::new(config_of(SOURCE))]);
    let status = Slash::Look(Look::Status(None));
    let (by, trigger) = (UserId::new("U024BE7LH"), TriggerId("1.1".to_owned()));
    let reply = block_on(app.slash(&status, &by, &trigger)).unwrap();
    let lines = reply
        .message
        .unwrap()
        .blocks
        .into_iter()
        .filter_map(|block| match block {
            Block::Text(text) if text.contains("merged back") => {
                text.split(" (since").next().map(str::to_owned)
            }
            _ => None,
        });
    lines.collect()
}

#[test]
fn a_whole_release_as_it_should_be_is_not_mentioned() {
    let mut world = begun();
    world.with_cloud(|cloud| {
        cloud.git_branch("erp", "feature/page", "develop");
        cloud.git_commit("erp", "feature/page", "Add a page", "Ada");
        let id = cloud.git_open_pull("erp", "feature/page", "develop", "Ada");
        cloud.git_merge_pull("erp", &id, MergeOption::Squash, "Grace");
        cloud.git_branch("erp", "release/v1.4.0", "develop");
        cloud.git_commit("erp", "release/v1.4.0", "Correct a text", "Ada");
    });
    pass(&mut world, 30);
    world.with_cloud(|cloud| {
        cloud.git_merge("erp", "release/v1.4.0", "main", "Grace");
        let id = cloud.git_open_pull("erp", "release/v1.4.0", "develop", "Grace");
        cloud.git_merge_pull("erp", &id, MergeOption::ThreeWay, "Grace");
    });
    pass(&mut world, 60 * 48);
    assert_eq!(told(&world), "");
}

#[test]
fn a_branch_that_is_pushed_to_brought_forward_and_deleted_at_once_is_not_mentioned() {
    let mut world = begun();
    world.with_cloud(|cloud| {
        cloud.git_shows_pulls_after(SignedDuration::from_secs(30));
        cloud.git_branch("erp", "release/v1.4.0", "develop");
        cloud.git_commit("erp", "release/v1.4.0", "Version 1.4.0", "Ada");
    });
    pass(&mut world, 30);
    world.with_cloud(|cloud| {
        cloud.git_commit("erp", "release/v1.4.0", "Correct a text", "Ada");
        let id = cloud.git_open_pull("erp", "release/v1.4.0", "main", "Ada");
        cloud.git_merge_pull("erp", &id, MergeOption::FastForward, "Grace");
        cloud.git_delete("erp", "release/v1.4.0");
    });
    pass(&mut world, 60);
    assert_eq!(told(&world), "");
}

/// Within the two minutes in which CodeCommit may still explain it.
#[test]
fn a_direct_push_is_told_although_a_hotfix_is_begun_on_it_and_brought_forward_at_once() {
    let mut world = begun();
    let pushed = world.with_cloud(|cloud| {
        cloud.git_shows_pulls_after(SignedDuration::from_secs(30));
        cloud.git_commit("erp", "main", "Fix the login", "Grace")
    });
    pass(&mut world, 1);
    world.with_cloud(|cloud| {
        cloud.git_branch("erp", "hotfix/login", "main");
        cloud.git_commit("erp", "hotfix/login", "Fix it again", "Ada");
        let id = cloud.git_open_pull("erp", "hotfix/login", "main", "Ada");
        cloud.git_merge_pull("erp", &id, MergeOption::FastForward, "Grace");
    });
    pass(&mut world, 30);
    let [one] = &said(&world)[..] else {
        panic!("{}", told(&world));
    };
    let expected = format!("erp: commit {} was pushed directly to main", pushed.short());
    assert_eq!(one.says().summary, expected);
}

#[test]
fn each_wrong_way_is_told_with_what_it_means_and_what_to_do() {
    let mut world = begun();
    world
        .slack()
        .set_address("ada@example.com", UserId::new("U024BE7LH"));
    world.with_cloud(|cloud| {
        cloud.git_commit("erp", "main", "Fix <!channel> the login", "Grace");
        cloud.git_commit("erp", "main", "Fix it again", "Ada");
    });
    pass(&mut world, 10);
    world.with_cloud(|cloud| {
        cloud.git_branch("erp", "feature/page", "develop");
        cloud.git_commit("erp", "feature/page", "Add a page", "Ada");
        cloud.git_merge("erp", "feature/page", "main", "Grace");
    });
    pass(&mut world, 10);
    world.with_cloud(|cloud| {
        cloud.git_branch("erp", "feature/menu", "develop");
        cloud.git_commit("erp", "feature/menu", "Add a menu", "Ada");
        let id = cloud.git_open_pull("erp", "feature/menu", "main", "Ada");
        cloud.git_merge_pull("erp", &id, MergeOption::Squash, "Grace");
    });
    pass(&mut world, 10);
    let before = world
        .with_cloud(|cloud| cloud.git_head("erp", "develop"))
        .unwrap();
    world.with_cloud(|cloud| {
        cloud.git_commit("erp", "develop", "Change a colour", "Ada");
    });
    pass(&mut world, 10);
    world.with_cloud(|cloud| cloud.git_reset("erp", "develop", &before));
    pass(&mut world, 10);
    world.with_cloud(|cloud| cloud.git_delete("erp", "develop"));
    pass(&mut world, 10);
    insta::assert_snapshot!(told(&world));
}

#[test]
fn a_forgotten_merge_back_is_reminded_of_once_a_day_until_it_is_merged() {
    let mut world = begun();
    world.with_cloud(|cloud| {
        cloud.git_branch("erp", "release/v1.5.0", "develop");
        cloud.git_commit("erp", "release/v1.5.0", "Next version", "Ada");
        cloud.git_branch("erp", "hotfix/login", "main");
        cloud.git_commit("erp", "hotfix/login", "Fix the login", "Ada");
    });
    pass(&mut world, 30);
    world.with_cloud(|cloud| cloud.git_merge("erp", "hotfix/login", "main", "Grace"));
    pass(&mut world, 60 * 23);
    assert_eq!(said(&world).len(), 0);
    assert_eq!(
        status(&world),
        ["erp: main is not merged back into develop, release/v1.5.0"]
    );
    pass(&mut world, 60 * 2);
    assert_eq!(said(&world).len(), 1);
    insta::assert_snapshot!(told(&world));
    // `develop` has it now, and the open release not yet.
    world.with_cloud(|cloud| {
        let id = cloud.git_open_pull("erp", "hotfix/login", "develop", "Grace");
        cloud.git_merge_pull("erp", &id, MergeOption::Squash, "Grace")
    });
    pass(&mut world, 60 * 24);
    let second = said(&world).pop().unwrap();
    let summary = "erp: main is not merged back into develop, release/v1.5.0";
    assert_eq!(
        second.says().summary,
        summary,
        "a squash has none of its commits"
    );
    world.with_cloud(|cloud| {
        for branch in ["develop", "release/v1.5.0"] {
            let id = cloud.git_open_pull("erp", "main", branch, "Grace");
            cloud.git_merge_pull("erp", &id, MergeOption::ThreeWay, "Grace");
        }
    });
    pass(&mut world, 60 * 72);
    assert_eq!(said(&world).len(), 2);
    assert!(status(&world).is_empty());
}

/// What the merge brought is in `develop`; what was pushed just before it is not.
#[test]
fn a_push_before_a_wrong_merge_is_not_back_with_what_was_merged() {
    let mut world = begun();
    world.with_cloud(|cloud| {
        cloud.git_branch("erp", "feature/page", "develop");
        cloud.git_commit("erp", "feature/page", "Add a page", "Ada");
        let id = cloud.git_open_pull("erp", "feature/page", "develop", "Ada");
        cloud.git_merge_pull("erp", &id, MergeOption::ThreeWay, "Grace");
    });
    pass(&mut world, 10);
    world.with_cloud(|cloud| {
        cloud.git_commit("erp", "main", "Fix the login", "Grace");
        cloud.git_merge("erp", "feature/page", "main", "Grace");
    });
    pass(&mut world, 25 * 60);
    let all = said(&world);
    let mut summaries = all.iter().map(|posted| &posted.says().summary);
    let reminder = "erp: main is not merged back into develop";
    assert!(summaries.any(|said| said == reminder), "{}", told(&world));
}

/// Whether Sluice approves the pull request as it is, and what its comments say.
pub(super) fn answered(world: &World, id: &PullRequestId) -> (bool, Vec<String>) {
    world.with_cloud(|cloud| {
        let place = (
            &AccountId::new("222222222222"),
            &Region::new("eu-central-1"),
        );
        let place = cloud.place_of(place.0, place.1).unwrap();
        let (_, pull) = cloud.git_pull_in(&place, id).unwrap();
        let comments = pull.comments.into_iter().map(|(_, text)| text);
        (pull.approved.contains(&pull.revision), comments.collect())
    })
}

pub(super) fn pull_from(world: &World, branch: &str, from: &str, into: &str) -> PullRequestId {
    world.with_cloud(|cloud| {
        cloud.git_branch("erp", branch, from);
        cloud.git_commit("erp", branch, "Change it", "Ada");
        cloud.git_open_pull("erp", branch, into, "Ada")
    })
}

#[test]
fn pull_requests_of_release_and_hotfix_branches_are_approved_and_of_others_not() {
    let mut world = begun();
    let hotfix = pull_from(&world, "hotfix/login", "main", "main");
    let feature = pull_from(&world, "feature/menu", "develop", "main");
    let right = pull_from(&world, "feature/page", "develop", "develop");
    pass(&mut world, 1);
    assert_eq!(answered(&world, &hotfix), (true, vec![]));
    assert_eq!(answered(&world, &right), (false, vec![]));
    let (approved, comments) = answered(&world, &feature);
    assert!(!approved);
    insta::assert_snapshot!("comment", comments.join("\n\n=====\n\n"));
    // A push makes it another state, which has to be approved again.
    for branch in ["hotfix/login", "feature/menu"] {
        world.with_cloud(|cloud| cloud.git_commit("erp", branch, "Again", "Ada"));
    }
    assert!(!answered(&world, &hotfix).0);
    pass(&mut world, 1);
    assert_eq!(answered(&world, &hotfix), (true, vec![]));
    assert_eq!(answered(&world, &feature), (false, comments));
    assert_eq!(told(&world), "");
}

#[test]
fn a_comment_is_changed_and_not_posted_again_when_the_rules_change() {
    let mut world = begun();
    let urgent = pull_from(&world, "urgent/login", "main", "main");
    pass(&mut world, 1);
    let (approved, comments) = answered(&world, &urgent);
    assert!(!approved && comments.len() == 1, "{comments:?}");
    let config = config_of(&format!("{SOURCE}hotfix = [\"urgent/*\"]\n"));
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    world.deploy(Arc::new(DirectFunctions(app)));
    pass(&mut world, 70);
    let (approved, comments) = answered(&world, &urgent);
    assert!(approved);
    let says = "Sluice approves this pull request: `urgent/login` may be merged into `main`.";
    assert_eq!(comments, [says]);
    // And back again.
    let app = App::new(world.ports(), vec![Arc::new(config_of(SOURCE))]);
    world.deploy(Arc::new(DirectFunctions(app)));
    pass(&mut world, 70);
    let (approved, comments) = answered(&world, &urgent);
    assert!(!approved && comments.len() == 1, "{comments:?}");
    assert!(
        comments[0].starts_with("Sluice does not approve"),
        "{comments:?}"
    );
}

#[test]
fn a_function_that_dies_anywhere_leaves_one_comment_and_one_approval() {
    let mut longest = 0;
    for call in 0..200 {
        let mut world = begun();
        let first = world.calls();
        let hotfix = pull_from(&world, "hotfix/login", "main", "main");
        let feature = pull_from(&world, "feature/menu", "develop", "main");
        world.crash_at_call(first + call);
        pass(&mut world, 10);
        assert!(answered(&world, &hotfix).0, "dies at call {call}");
        let (approved, comments) = answered(&world, &feature);
        assert!(
            !approved && comments.len() == 1,
            "dies at call {call}: {comments:?}"
        );
        longest = longest.max(world.calls() - first);
        if call > longest {
            return;
        }
    }
}

/// Everything that is asked of CodeCommit.
pub(crate) const REPOSITORY: [Operation; 9] = [
    Operation::GetBranch,
    Operation::ListBranches,
    Operation::GetCommit,
    Operation::GetMergeCommit,
    Operation::ListPullRequests,
    Operation::GetPullRequest,
    Operation::UpdatePullRequestApprovalState,
    Operation::PostCommentForPullRequest,
    Operation::UpdateComment,
];

#[test]
fn every_answer_of_the_repository_may_be_lost_once_and_nothing_is_said_twice() {
    for operation in REPOSITORY {
        let mut world = begun();
        let struck = world.with_cloud(|cloud| {
            cloud.faults().nth(operation, 1, Fault::LoseAnswer);
            cloud.faults().struck()
        });
        let urgent = pull_from(&world, "urgent/login", "main", "main");
        world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix it", "Ada"));
        pass(&mut world, 15);
        let config = config_of(&format!("{SOURCE}hotfix = [\"urgent/*\"]\n"));
        let app = App::new(world.ports(), vec![Arc::new(config)]);
        world.deploy(Arc::new(DirectFunctions(app)));
        pass(&mut world, 70);
        assert_eq!(said(&world).len(), 1, "{operation:?}");
        let (approved, comments) = answered(&world, &urgent);
        assert!(
            approved && comments.len() == 1,
            "{operation:?}: {comments:?}"
        );
        let now = world.with_cloud(|cloud| cloud.faults().struck());
        assert!(now > struck, "{operation:?} was never asked for");
    }
}

#[test]
fn trunk_based_development_takes_merged_pull_requests_from_any_branch() {
    let config = config_of(&format!("{SOURCE}model = \"trunk\"\n"));
    let mut world = world_of(config, 1, Weather::default());
    pass(&mut world, 5);
    world.with_cloud(|cloud| {
        cloud.git_branch("erp", "page", "main");
        cloud.git_commit("erp", "page", "Add a page", "Ada");
        let id = cloud.git_open_pull("erp", "page", "main", "Ada");
        cloud.git_merge_pull("erp", &id, MergeOption::FastForward, "Grace");
    });
    pass(&mut world, 60 * 30);
    assert_eq!(told(&world), "");
    world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix it", "Ada"));
    pass(&mut world, 60 * 30);
    let all = said(&world);
    assert_eq!(all.len(), 1);
    let rule = Block::Context("Rule: main takes merged pull requests only.".to_owned());
    assert!(all[0].says().blocks.contains(&rule), "{}", told(&world));
}

#[test]
fn a_wrong_push_is_told_once_although_every_event_is_lost_or_doubled() {
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
        let mut world = world(3, weather);
        pass(&mut world, 5);
        world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix it", "Ada"));
        pass(&mut world, 70);
        assert_eq!(said(&world).len(), 1, "losses {losses}, doubles {doubles}");
    }
}

#[test]
fn a_function_that_dies_anywhere_is_followed_by_one_that_tells_the_same_once() {
    let mut longest = 0;
    for call in 0..200 {
        let mut world = begun();
        let first = world.calls();
        world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix it", "Ada"));
        world.crash_at_call(first + call);
        pass(&mut world, 10);
        assert_eq!(said(&world).len(), 1, "dies at call {call}");
        longest = longest.max(world.calls() - first);
        if call > longest {
            return;
        }
    }
}

#[test]
fn what_slack_does_not_take_is_posted_when_it_does() {
    let mut world = begun();
    world.with_cloud(|cloud| {
        let down = Fault::Fail(sluice_core::failure::PortError::retryable("Slack is down"));
        cloud.faults().next(Operation::PostMessage, 5, down);
        cloud.git_commit("erp", "main", "Fix it", "Ada");
    });
    pass(&mut world, 4);
    assert_eq!(said(&world).len(), 0);
    pass(&mut world, 10);
    assert_eq!(said(&world).len(), 1);
}

#[test]
fn what_was_there_before_the_first_look_is_not_judged() {
    let mut world = world(1, Weather::default());
    world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix it", "Ada"));
    pass(&mut world, 60);
    assert_eq!(told(&world), "");
}
