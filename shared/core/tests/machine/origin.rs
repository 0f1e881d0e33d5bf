//! Where an image comes from: what people see of it, and who may not approve.

use sluice_core::config::Day;
use sluice_core::deployment::Requester;
use sluice_core::failure::RejectedEvent;
use sluice_core::id::UserId;
use sluice_core::origin::{BuildPage, CiReport, Commit, Origin, Source};
use sluice_words::refusal::rejected;
use sluice_words::view::{Glance, message, status_message};

use super::view::text;
use super::world::APPROVER;
use crate::Run;

const OLD: &str = "4c1f0a2b9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a";
const NEW: &str = "8f3c2d1e0b9a8f7e6d5c4b3a2f1e0d9c8b7a6f5e";
const PUSHER: &str = "U07PUSHER1";

fn origin(commit: &str, pushed_by: Option<&str>) -> Origin {
    Origin {
        committed_at: None,
        commit: Commit::parse(commit),
        source: Source::parse("https://github.com/acme/erp"),
        pushed_by: pushed_by.map(UserId::new),
        ci: None,
    }
}

#[test]
fn an_image_that_says_nothing_of_itself_is_planned_as_it_always_was() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    let plan = serde_json::to_string(&run.d.sealed_plan().plan).unwrap();
    for new in ["origin", "hotfix", "pushed_by"] {
        assert!(!plan.contains(new), "{plan}");
    }
    let history = serde_json::to_string(&run.history).unwrap();
    assert!(!history.contains("origin"), "{history}");
}

#[test]
fn people_see_which_commit_it_is_who_pushed_it_and_what_changes() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.image.origin = origin(NEW, Some(PUSHER));
    world.image.origin.ci = Some(CiReport {
        build: BuildPage::parse("https://github.com/acme/erp/actions/runs/7"),
        tests: Some(214),
        coverage: Some(93),
        findings: Some(0),
        exceptions: Some(1),
        exceptions_until: Day::parse("2026-03-01").ok(),
    });
    run.until(&world, "AwaitingApproval");
    let mut before = run.d.sealed_plan().clone();
    before.seen.origin = origin(OLD, None);
    let shown = text(&message(&run.d, Some(&before)));
    let glance = Glance {
        unreadable: None,
        key: sluice_core::environment_key::EnvironmentKey::of(&run.d),
        verified: Some(world.previous.clone()),
        origin: Some(before.seen.origin.clone()),
        active: Some(run.d.clone()),
        next: None,
        last: None,
        closed: Vec::new(),
        running: None,
    };
    let status = text(&status_message(&[glance]));
    insta::assert_snapshot!(format!(
        "{shown}\n\n{}\n\n{status}",
        sluice_words::plan::text(run.d.sealed_plan())
    ));
}

#[test]
fn neither_who_asked_nor_who_pushed_approves() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.image.origin = origin(NEW, Some(APPROVER));
    world.approvers.push(UserId::new("U0OTHER"));
    run.until(&world, "AwaitingApproval");
    let refused = run.approve(APPROVER).unwrap_err();
    assert_eq!(refused, RejectedEvent::FourEyesPushed);
    let refused = rejected(&refused);
    assert!(refused.contains("you pushed this image"), "{refused}");

    let (mut run, mut world) = Run::to(Requester::Push, |environment| {
        environment.approval.as_mut().unwrap().four_eyes = false;
    });
    world.image.origin = origin(NEW, Some(APPROVER));
    run.until(&world, "AwaitingApproval");
    run.approve(APPROVER).unwrap();
}

#[test]
fn an_approval_that_only_the_one_who_pushed_could_give_is_found_before_anybody_is_asked() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.image.origin = origin(NEW, Some(APPROVER));
    run.until(&world, "Failed");
    assert!(
        run.report()
            .contains("1 approval needed, but only 0 could give it"),
        "{}",
        run.report()
    );
}

#[test]
fn somebody_whom_slack_does_not_know_is_a_warning_without_the_address() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.image.pushed_by_stranger = true;
    run.until(&world, "AwaitingApproval");
    let warnings = sluice_words::plan::remarks(run.d.sealed_plan()).join("\n");
    insta::assert_snapshot!(warnings, @"Slack does not know who pushed the image: Sluice cannot check that someone else approves the deployment");
}
