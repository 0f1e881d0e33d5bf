//! Who pushed and which commit, and hotfixes, in whole worlds.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::AskedHow;
use sluice_app::ports::TriggerId;
use sluice_core::deployment::Deployment;
use sluice_core::id::{EnvironmentName, UserId};
use sluice_core::origin::{PUSHED_BY, REVISION, SOURCE};
use sluice_core::rollback::ImageReference;
use sluice_sim::cloud::{Fault, ImageBehaviour, Operation, Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Habit, World};
use sluice_words::message::{Block, ButtonAction};

use crate::asked::{app, released, request};
use crate::erp;

const PRODUCTION: &str = "production";
/// Approves, and may override.
const LEAD: &str = "U024BE7LH";
/// In the group that may deploy and approve.
const ON_CALL: &str = "UONES0604QSJC";
const EMAIL: &str = "lead@example.com";
const OLD: &str = "4c1f0a2b9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a";
const NEW: &str = "8f3c2d1e0b9a8f7e6d5c4b3a2f1e0d9c8b7a6f5e";

/// CI pushes a version to staging, and once it is verified there to production.
fn ci(world: &mut World, version: &str, annotate: impl Fn(Push) -> Push) {
    for tag in [format!("release-{version}"), format!("v{version}")] {
        let push = Push::image(&erp::config().repository, &tag, digest_of(version));
        world.with_cloud(|cloud| cloud.push_image(annotate(push)));
        erp::run(world);
    }
}

fn annotated(commit: &'static str, by: &'static str) -> impl Fn(Push) -> Push {
    move |push| {
        push.annotated(REVISION, commit)
            .annotated(SOURCE, "https://github.com/acme/erp")
            .annotated(PUSHED_BY, by)
    }
}

/// Another approver, who takes longer than the first.
fn second_approver(world: &mut World) {
    world.add_habit(Habit {
        user: UserId::new(ON_CALL),
        action: ButtonAction::Approve,
        environment: Some(EnvironmentName::new(PRODUCTION)),
        after: SignedDuration::from_mins(20),
    });
}

fn newest(world: &World) -> Deployment {
    let newest = erp::deployments(world, PRODUCTION).pop();
    Arc::unwrap_or_clone(newest.expect("there is one").deployment)
}

/// Everything that is kept, and everything that was said.
fn assert_never_kept(world: &World, address: &str) {
    for (id, history) in world.store().histories() {
        let kept = serde_json::to_string(&history).expect("it serialises");
        assert!(!kept.contains(address), "{id} keeps {address}");
    }
    for stored in world.store().deployments() {
        let kept = serde_json::to_string(&stored.deployment).expect("it serialises");
        assert!(
            !kept.contains(address),
            "{} keeps {address}",
            stored.deployment.id
        );
    }
    assert!(!world.slack().was_ever_said(address));
}

#[test]
fn a_link_leads_to_no_forged_page() {
    let mut world = erp::world(3, Weather::default());
    ci(&mut world, "1.4.0", |push| {
        push.annotated(REVISION, NEW)
            .annotated(SOURCE, "https://github.com.evil.example/acme/erp")
    });
    assert_eq!(erp::ends(&world, PRODUCTION), ["Succeeded"]);
    assert!(world.slack().was_ever_said("commit 8f3c2d1"));
    assert!(!world.slack().was_ever_said("evil.example"));
}

#[test]
fn whoever_pushed_does_not_approve_and_their_address_is_kept_nowhere() {
    let mut world = erp::world(3, Weather::default());
    world.slack().set_address(EMAIL, UserId::new(LEAD));
    second_approver(&mut world);
    ci(&mut world, "1.3.0", annotated(OLD, EMAIL));
    ci(&mut world, "1.4.0", annotated(NEW, EMAIL));
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        ["Succeeded", "Succeeded"],
        "{}",
        erp::stories(&world)
    );
    let d = newest(&world);
    assert_eq!(d.pushed_by(), Some(&UserId::new(LEAD)));
    let approved: Vec<&str> = d.approvals.keys().map(UserId::as_str).collect();
    assert_eq!(approved, [ON_CALL]);
    assert_never_kept(&world, EMAIL);
    erp::assert_nothing_broke(&world);

    let links = world.slack().messages().into_iter().flat_map(|posted| {
        let versions = posted.versions.into_iter();
        versions
            .flat_map(|(_, message)| message.blocks)
            .collect::<Vec<_>>()
    });
    let links: Vec<String> = links
        .filter_map(|block| match block {
            Block::Links(links) => Some(links),
            _ => None,
        })
        .flatten()
        .filter_map(|link| link.url)
        .collect();
    let compare = format!("https://github.com/acme/erp/compare/{OLD}...{NEW}");
    assert!(links.contains(&compare), "{links:?}");
}

#[test]
fn an_address_that_slack_does_not_know_is_a_warning_that_does_not_say_it() {
    let mut world = erp::world(3, Weather::default());
    ci(&mut world, "1.3.0", annotated(NEW, EMAIL));
    assert_eq!(erp::ends(&world, PRODUCTION), ["Succeeded"]);
    let warnings = sluice_words::plan::remarks(newest(&world).sealed_plan()).join("\n");
    assert!(
        warnings.contains("Slack does not know who pushed the image"),
        "{warnings}"
    );
    assert_never_kept(&world, EMAIL);
}

#[test]
fn a_commit_is_read_from_a_tag_where_nothing_else_names_it() {
    let mut world = erp::world(3, Weather::default());
    let push = Push::image(&erp::config().repository, "sha-8f3c2d1", digest_of("1.3.0"));
    world.with_cloud(|cloud| cloud.push_image(push));
    ci(&mut world, "1.3.0", |push| push);
    let origin = newest(&world).origin().cloned().expect("it is known");
    assert_eq!(
        origin.commit.map(|commit| commit.to_string()).as_deref(),
        Some("8f3c2d1")
    );
}

#[test]
fn a_chat_that_does_not_know_people_yet_holds_up_what_needs_a_yes_and_nothing_else() {
    let mut world = erp::world(3, Weather::default());
    world.slack().set_address(EMAIL, UserId::new(ON_CALL));
    let down = sluice_core::failure::PortError::retryable("Slack answered with HTTP 500");
    world.with_cloud(|cloud| {
        cloud
            .faults()
            .next(Operation::LookupUser, 6, Fault::Fail(down))
    });
    ci(&mut world, "1.3.0", annotated(NEW, EMAIL));
    assert_eq!(erp::ends(&world, "staging"), ["Succeeded"]);
    assert_eq!(erp::ends(&world, PRODUCTION), ["Succeeded"]);
    assert_eq!(newest(&world).pushed_by(), Some(&UserId::new(ON_CALL)));
}

fn typed(world: &World, by: &str, text: &str, trigger: &str) -> String {
    let trigger = TriggerId(trigger.to_owned());
    match block_on(app(world).typed(text, &UserId::new(by), &trigger)) {
        Ok(reply) => reply
            .message
            .map(|message| message.summary)
            .unwrap_or_default(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_hotfix_skips_staging_when_somebody_who_may_says_so() {
    let mut world = released(&["1.3.0"]);
    second_approver(&mut world);
    let fix = Push::image(&erp::config().repository, "fix-1", digest_of("fix-1"));
    world.with_cloud(|cloud| cloud.push_image(fix));
    let plain = typed(&world, ON_CALL, "deploy fix-1 to production", "1.t");
    let may_not = typed(
        &world,
        ON_CALL,
        "deploy fix-1 to production hotfix: the shop is down",
        "2.t",
    );
    let no_reason = typed(&world, LEAD, "deploy fix-1 to production hotfix:", "3.t");
    let staging = typed(
        &world,
        LEAD,
        "deploy fix-1 to staging hotfix: the shop is down",
        "4.t",
    );
    let taken = typed(
        &world,
        LEAD,
        "deploy fix-1 to production hotfix: the shop is down",
        "5.t",
    );
    let again = typed(
        &world,
        LEAD,
        "deploy fix-1 to production hotfix: the shop is down",
        "5.t",
    );
    assert_eq!(
        taken.split(" It skips").next(),
        again.split(" It skips").next()
    );
    insta::assert_snapshot!([plain, may_not, no_reason, staging, taken].join("\n"));
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        ["Succeeded", "Succeeded"],
        "{}",
        erp::stories(&world)
    );
    let d = newest(&world);
    let approved: Vec<&str> = d.approvals.keys().map(UserId::as_str).collect();
    assert_eq!(approved, [ON_CALL], "not the one who asked");
    assert!(d.touched.snapshot.is_some() && d.sealed_plan().seen.scan.is_some());
    assert!(d.sealed_plan().seen.passed.is_none());
    let told = typed(&world, LEAD, "history production", "6.t");
    assert!(!told.is_empty());
    erp::assert_nothing_broke(&world);
}

#[test]
fn a_hotfix_takes_the_place_of_the_same_image_that_waits_to_be_verified() {
    let mut world = released(&["1.3.0"]);
    second_approver(&mut world);
    // Pushed for production at once: it waits for a proof that does not come.
    erp::push(&world, "v1.4.1", "1.4.1", &ImageBehaviour::default());
    let at = world.now() + SignedDuration::from_mins(2);
    world.run(Default::default(), |world| world.now() >= at);
    let hotfix = || {
        let mut request = request("in a hurry", PRODUCTION);
        request.by = UserId::new(LEAD);
        let image = ImageReference::parse("v1.4.1");
        block_on(app(&world).hotfix(&request, &image, "the shop is down"))
    };
    assert_eq!(hotfix().expect("they may").how, AskedHow::Opened);
    assert_eq!(hotfix().expect("they may").how, AskedHow::Again);
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        ["Succeeded", "Superseded", "Succeeded"],
        "{}",
        erp::stories(&world)
    );
    assert!(erp::stories(&world).contains("Hotfix, skips staging: the shop is down"));
    erp::assert_nothing_broke(&world);
}
