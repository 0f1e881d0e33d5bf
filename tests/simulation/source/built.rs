//! Images that name a commit: what their plans say of it, and what a rule makes of that.

use jiff::SignedDuration;
use sluice_core::failure::PortError;
use sluice_core::id::{CommitId, EnvironmentName, UserId};
use sluice_core::origin::REVISION;
use sluice_core::plan::Remark;
use sluice_core::signature::Stored;
use sluice_core::source::Doubt;
use sluice_signatures::KeyPair;
use sluice_sim::cloud::{Fault, MergeOption, Operation, Push, digest_of};
use sluice_sim::workplace::{Roads, Weather};
use sluice_sim::world::{Habit, World};
use sluice_words::message::ButtonAction;

use super::stories::pass;
use super::{SOURCE, config_of, world_of};
use crate::erp;

const STAGING: &str = "staging";
const PRODUCTION: &str = "production";

fn begun(more: &str) -> World {
    let mut world = world_of(config_of(&format!("{SOURCE}{more}")), 1, Weather::default());
    pass(&mut world, 5);
    for (user, minutes) in [("U024BE7LH", 3), ("UONES0604QSJC", 30)] {
        world.add_habit(Habit {
            user: UserId::new(user),
            action: ButtonAction::Approve,
            environment: Some(EnvironmentName::new(PRODUCTION)),
            after: SignedDuration::from_mins(minutes),
        });
    }
    world
}

fn ruled(environment: &str, rule: &str) -> World {
    begun(&format!(
        "[environments.{environment}.source]\nrule = {rule:?}\n"
    ))
}

fn roads(losses: f64) -> Roads {
    Roads {
        losses,
        ..Roads::default()
    }
}

fn head(world: &World, branch: &str) -> CommitId {
    let head = world.with_cloud(|cloud| cloud.git_head("erp", branch));
    head.unwrap()
}

/// CI pushes what it has built of a commit.
fn built(world: &World, tag: &str, commit: &CommitId) {
    let push = Push::image(&erp::config().repository, tag, digest_of(commit.as_str()));
    world.with_cloud(|cloud| cloud.push_image(push.annotated(REVISION, commit.as_str())));
}

/// To staging, and from there to production.
fn released(world: &mut World, version: &str, commit: &CommitId) {
    for tag in [format!("release-{version}"), format!("v{version}")] {
        built(world, &tag, commit);
        pass(world, 120);
    }
}

fn branch(world: &World, name: &str, from: &str) -> CommitId {
    world.with_cloud(|cloud| {
        cloud.git_branch("erp", name, from);
        cloud.git_commit("erp", name, "Change it", "Ada")
    })
}

/// What the plan of the last deployment says of its commit.
fn remarks(world: &World, environment: &str) -> Vec<String> {
    let last = erp::deployments(world, environment).pop().unwrap();
    let sealed = last.deployment.plan.as_ref().unwrap();
    let of_commit = sealed.seen.remarks.iter().filter(|one| {
        matches!(
            one,
            Remark::SourceInDoubt { .. } | Remark::LacksMergeBack { .. }
        )
    });
    of_commit.map(sluice_words::plan::remark).collect()
}

fn last_end(world: &World, environment: &str) -> &'static str {
    erp::ends(world, environment).pop().unwrap()
}

/// What people were told at the end of the last deployment.
fn told(world: &World) -> String {
    let last = erp::deployments(world, STAGING).pop().unwrap();
    sluice_words::report::told(&last.deployment)
        .unwrap()
        .happened
        .clone()
}

#[test]
fn a_plan_says_which_wrong_change_its_image_contains_until_that_runs() {
    let mut world = begun("");
    let wrong = world.with_cloud(|cloud| {
        cloud.git_commit("erp", "main", "Fix it", "Grace");
        cloud.git_commit("erp", "main", "Fix it again", "Ada")
    });
    pass(&mut world, 10);
    built(&world, "release-1", &wrong);
    pass(&mut world, 60);
    let said = format!(
        "the image says that it was built from commit {0}, which contains 2 commits up to {0} (pushed \
         directly, 2026-01-05 09:08 UTC): not a way into main that [source] allows, so it may not have \
         been reviewed",
        wrong.short()
    );
    assert_eq!(remarks(&world, STAGING), [said]);
    assert_eq!(last_end(&world, STAGING), "Succeeded", "it is only said");
    // The next one has it too. That was decided.
    let next = branch(&world, "hotfix/login", "main");
    built(&world, "release-2", &next);
    pass(&mut world, 60);
    assert_eq!(remarks(&world, STAGING), [""; 0]);
    erp::assert_nothing_broke(&world);
}

#[test]
fn what_a_forced_push_or_a_part_of_a_push_brought_is_wrong_too() {
    let mut world = begun("");
    let before = head(&world, "main");
    let first = world.with_cloud(|cloud| {
        let first = cloud.git_commit("erp", "main", "Fix it", "Grace");
        cloud.git_commit("erp", "main", "Fix it again", "Ada");
        first
    });
    pass(&mut world, 10);
    built(&world, "release-1", &first);
    pass(&mut world, 60);
    let said = remarks(&world, STAGING);
    assert!(said[0].contains("pushed directly"), "{said:?}");
    let forced = branch(&world, "other", "main");
    world.with_cloud(|cloud| {
        cloud.git_reset("erp", "main", &before);
        cloud.git_reset("erp", "other", &before);
        let forced = cloud.git_commit("erp", "other", "Instead", "Ada");
        cloud.git_reset("erp", "main", &forced);
    });
    pass(&mut world, 10);
    let main = head(&world, "main");
    assert_ne!(main, forced);
    built(&world, "release-2", &main);
    pass(&mut world, 60);
    let said = remarks(&world, STAGING);
    assert!(said[0].contains("a forced push"), "{said:?}");
    // A reset to what was there before brings nothing.
    world.with_cloud(|cloud| cloud.git_reset("erp", "main", &before));
    pass(&mut world, 10);
    built(&world, "release-3", &before);
    pass(&mut world, 60);
    assert_eq!(remarks(&world, STAGING), [""; 0]);
}

#[test]
fn what_is_in_doubt_is_refused_before_any_of_it_runs() {
    let mut world = ruled(STAGING, "refuse");
    let wrong = branch(&world, "feature/menu", "develop");
    let merged = world.with_cloud(|cloud| {
        let id = cloud.git_open_pull("erp", "feature/menu", "main", "Ada");
        cloud.git_merge_pull("erp", &id, MergeOption::ThreeWay, "Grace")
    });
    pass(&mut world, 10);
    let nowhere = branch(&world, "feature/page", "develop");
    let foreign = CommitId::new("0123456789012345678901234567890123456789");
    for (commit, found, waits) in [
        (&merged, "a way that [source] does not allow", false),
        (&nowhere, "is on none of main, develop, release/*", true),
        (&foreign, "is not in the repository erp", true),
        (
            &CommitId::new(&wrong.as_str()[..12]),
            "does not name its commit in full",
            false,
        ),
    ] {
        built(&world, &format!("release-{}", commit.short()), commit);
        pass(&mut world, 5);
        assert_eq!(
            last_end(&world, STAGING),
            if waits { "Planning" } else { "Failed" },
            "{found}"
        );
        pass(&mut world, 10);
        assert_eq!(last_end(&world, STAGING), "Failed", "{found}");
        let told = told(&world);
        assert!(told.contains(found), "{told}");
    }
    let tasks = world.with_cloud(|cloud| cloud.tasks());
    assert!(tasks.is_empty(), "not even one that looks at its migration");
    // What went the right way is deployed.
    let right = branch(&world, "release/v1", "develop");
    built(&world, "release-v1", &right);
    pass(&mut world, 60);
    assert_eq!(last_end(&world, STAGING), "Succeeded");
    erp::assert_nothing_broke(&world);
}

#[test]
fn an_image_that_is_faster_than_the_look_waits_for_it_although_the_event_is_lost() {
    for is_lost in [false, true] {
        let mut world = ruled(STAGING, "refuse");
        if is_lost {
            world.bridge().set_roads(roads(1.0));
        }
        let wrong = world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix it", "Ada"));
        pass(&mut world, 1);
        world.bridge().set_roads(roads(0.0));
        built(&world, "release-1", &wrong);
        pass(&mut world, 1);
        assert_eq!(last_end(&world, STAGING), "Planning");
        pass(&mut world, 10);
        assert_eq!(last_end(&world, STAGING), "Failed");
        let told = told(&world);
        assert!(
            told.contains("a way that [source] does not allow"),
            "{told}"
        );
    }
}

#[test]
fn where_two_must_approve_a_commit_in_doubt_one_is_not_enough() {
    let mut world = ruled(PRODUCTION, "four-eyes");
    let wrong = world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix it", "Ada"));
    pass(&mut world, 10);
    built(&world, "release-1", &wrong);
    pass(&mut world, 60);
    built(&world, "v1", &wrong);
    pass(&mut world, 20);
    assert_eq!(last_end(&world, PRODUCTION), "AwaitingApproval");
    let said = remarks(&world, PRODUCTION);
    assert!(said[0].ends_with("; two people must approve"), "{said:?}");
    pass(&mut world, 180);
    assert_eq!(last_end(&world, PRODUCTION), "Succeeded");
    erp::assert_nothing_broke(&world);
}

#[test]
fn a_release_that_lacks_a_fix_says_so_until_it_is_merged_back() {
    let mut world = begun("");
    branch(&world, "release/v2", "develop");
    branch(&world, "hotfix/login", "main");
    pass(&mut world, 30);
    let fix = world.with_cloud(|cloud| cloud.git_merge("erp", "hotfix/login", "main", "Grace"));
    pass(&mut world, 5);
    let lacks = head(&world, "release/v2");
    built(&world, "release-2", &lacks);
    pass(&mut world, 60);
    let said = remarks(&world, STAGING);
    let lost = format!("which lacks {} (", fix.short());
    assert!(said[0].contains(&lost), "{said:?}");
    assert!(
        said[0].ends_with("A fixed problem may come back"),
        "{said:?}"
    );
    // In production the fix runs.
    released(&mut world, "1.0.1", &fix);
    assert_eq!(
        remarks(&world, PRODUCTION),
        [""; 0],
        "{}",
        erp::stories(&world)
    );
    built(&world, "v2", &lacks);
    pass(&mut world, 20);
    let said = remarks(&world, PRODUCTION);
    assert!(
        said[0].contains("The version now running has it"),
        "{said:?}"
    );
    // Merged back.
    let back = world.with_cloud(|cloud| {
        let id = cloud.git_open_pull("erp", "main", "release/v2", "Grace");
        cloud.git_merge_pull("erp", &id, MergeOption::ThreeWay, "Grace")
    });
    built(&world, "release-2.1", &back);
    pass(&mut world, 60);
    assert_eq!(remarks(&world, STAGING), [""; 0]);
    erp::assert_nothing_broke(&world);
}

#[test]
fn while_codecommit_is_out_nothing_passes_for_clean() {
    let down = || Fault::Fail(PortError::retryable("CodeCommit is down"));
    for (rule, minutes) in [("allow", 60), ("refuse", 60), ("refuse", 60 * 6)] {
        let mut world = ruled(STAGING, rule);
        let wrong = world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix it", "Ada"));
        pass(&mut world, 10);
        world.with_cloud(|cloud| cloud.faults().always(Operation::GetMergeCommit, down()));
        built(&world, "release-1", &wrong);
        pass(&mut world, 4);
        assert_eq!(last_end(&world, STAGING), "Planning");
        pass(&mut world, minutes - 4);
        if rule == "allow" {
            let said = remarks(&world, STAGING);
            assert!(said[0].contains("could not be read"), "{said:?}");
            assert_eq!(last_end(&world, STAGING), "Succeeded");
            continue;
        }
        let is_long = minutes > 60;
        let end = if is_long { "Failed" } else { "Planning" };
        assert_eq!(last_end(&world, STAGING), end);
        world.with_cloud(|cloud| cloud.faults().clear());
        pass(&mut world, 10);
        assert_eq!(last_end(&world, STAGING), "Failed");
        let told = told(&world);
        let found = ["does not allow", "CodeCommit is down"][usize::from(is_long)];
        assert!(told.contains(found), "{told}");
    }
}

#[test]
fn every_answer_of_the_repository_may_be_lost_while_a_plan_is_made() {
    for operation in [
        Operation::GetCommit,
        Operation::GetBranch,
        Operation::GetMergeCommit,
        Operation::ListBranches,
    ] {
        let mut world = ruled(STAGING, "refuse");
        // The branch was never looked at: its event is lost.
        world.bridge().set_roads(roads(1.0));
        let right = branch(&world, "release/v1", "develop");
        pass(&mut world, 1);
        world.bridge().set_roads(roads(0.0));
        let struck = world.with_cloud(|cloud| {
            cloud.faults().next(operation, 2, Fault::LoseAnswer);
            cloud.faults().struck()
        });
        built(&world, "release-v1", &right);
        pass(&mut world, 40);
        let now = world.with_cloud(|cloud| cloud.faults().struck());
        assert!(now > struck, "{operation:?} was never asked for");
        assert_eq!(last_end(&world, STAGING), "Succeeded", "{operation:?}");
        let last = erp::deployments(&world, STAGING).pop().unwrap();
        let plan = last.deployment.sealed_plan().plan.to_string();
        assert!(plan.contains("checked in the source repository"), "{plan}");
    }
}

#[test]
fn only_a_signature_makes_it_more_than_the_image_says() {
    let key = KeyPair::of(&[7; 32]);
    let keys = format!(
        "[environments.staging.source]\nrule = \"refuse\"\n[signatures]\nkeys = [{:?}]\n",
        String::from(key.public_key())
    );
    let mut world = begun(&keys);
    let right = branch(&world, "release/v1", "develop");
    pass(&mut world, 10);
    let image = digest_of(right.as_str());
    let stored: Stored = key.bundle(&image);
    let repository = erp::config().repository;
    world.with_cloud(|cloud| cloud.store_signature(&repository, &image, stored));
    built(&world, "release-v1", &right);
    pass(&mut world, 40);
    let last = erp::deployments(&world, STAGING).pop().unwrap();
    let plan = last.deployment.sealed_plan().plan.to_string();
    let line = format!(
        "source     commit {}: checked in the source repository",
        right.short()
    );
    assert!(plan.contains(&line), "{plan}");
    assert_eq!(last.deployment.phase.name(), "Succeeded");
}

#[test]
fn a_function_that_dies_anywhere_while_it_reads_changes_nothing() {
    for call in (0..120).step_by(3) {
        let mut world = ruled(STAGING, "refuse");
        let wrong = world.with_cloud(|cloud| cloud.git_commit("erp", "main", "Fix it", "Ada"));
        pass(&mut world, 10);
        let first = world.calls();
        built(&world, "release-1", &wrong);
        world.crash_at_call(first + call);
        pass(&mut world, 30);
        assert_eq!(last_end(&world, STAGING), "Failed", "dies at call {call}");
        let last = erp::deployments(&world, STAGING).pop().unwrap();
        let is_wrong =
            |doubts: &[Doubt]| matches!(doubts, [Doubt::Wrong(changes)] if changes.len() == 1);
        if let Some(sealed) = &last.deployment.plan {
            let source = sealed.plan.source.as_ref().unwrap();
            assert!(is_wrong(&source.doubts), "{source:?}");
        }
        let told = told(&world);
        assert!(told.contains(wrong.short()), "{told}");
    }
}
