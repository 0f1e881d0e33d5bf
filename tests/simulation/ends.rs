//! Stories whose end is known: each goes wrong in one way, and ends as it should.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::{App, Decide};
use sluice_core::id::UserId;
use sluice_sim::cloud::{Fault, ImageBehaviour, Operation};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, World};
use sluice_words::message::ButtonAction;

use crate::erp;

/// A good release to staging, and its tag for production pushed after it.
fn both(world: &mut World) {
    erp::push(world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(world);
    erp::push(world, "v1.4.0", "one", &ImageBehaviour::default());
    erp::run(world);
}

#[test]
fn a_push_reaches_staging_and_then_production() {
    let mut world = erp::world(1, Weather::default());
    both(&mut world);
    assert_eq!(
        erp::ends(&world, "staging"),
        ["Succeeded"],
        "{}",
        erp::stories(&world)
    );
    assert_eq!(
        erp::ends(&world, "production"),
        ["Succeeded"],
        "{}",
        erp::stories(&world)
    );
    erp::assert_nothing_broke(&world);
}

#[test]
fn a_version_tag_pushed_before_staging_is_done_waits_for_it() {
    let mut world = erp::world(1, Weather::default());
    erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, "production"),
        ["Succeeded"],
        "{}",
        erp::stories(&world)
    );
    erp::assert_nothing_broke(&world);
}

#[test]
fn of_three_pushes_the_newest_is_deployed_after_the_one_under_way() {
    let mut world = erp::world(1, Weather::default());
    let good = ImageBehaviour::default();
    erp::push(&world, "release-1.4.0", "one", &good);
    for (after_mins, tag, image) in [(4, "release-1.4.1", "two"), (5, "release-1.4.2", "three")] {
        let good = good.clone();
        world.plan(SignedDuration::from_mins(after_mins), tag, move |world| {
            erp::push(world, tag, image, &good);
        });
    }
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, "staging"),
        ["Succeeded", "Superseded", "Succeeded"],
        "{}",
        erp::stories(&world)
    );
    erp::assert_nothing_broke(&world);
}

#[test]
fn the_same_image_under_another_tag_is_deployed_once() {
    let mut world = erp::world(1, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::push(
        &world,
        "release-1.4.0-final",
        "one",
        &ImageBehaviour::default(),
    );
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, "staging"), ["Succeeded"]);
}

#[test]
fn a_hook_that_crashes_makes_ecs_go_back_and_sluice_says_so() {
    let weather = Weather {
        hook_crash_rate: 1.0,
        crash_within_calls: 1,
        ..Weather::default()
    };
    let mut world = erp::world(1, weather);
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, "staging"),
        ["RolledBack"],
        "{}",
        erp::stories(&world)
    );
    erp::assert_nothing_broke(&world);
}

#[test]
fn a_message_that_somebody_deletes_comes_back_and_can_be_approved() {
    let mut world = erp::world(1, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    let before = world.slack().messages().len();
    erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
    world.run(Bounds::default(), |world| {
        world.slack().messages().len() > before
    });
    let first = world.slack().messages()[before].reference.clone();
    world.slack().delete_message(&first);
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, "production"),
        ["Succeeded"],
        "{}",
        erp::stories(&world)
    );
    let messages = world.slack().messages();
    let heads: Vec<_> = messages[before..]
        .iter()
        .filter(|posted| posted.thread.is_none())
        .collect();
    assert_eq!(heads.len(), 2, "it was posted anew, once");
    assert!(heads[1].says().summary.contains("is live in production"));
    erp::assert_nothing_broke(&world);
}

#[test]
fn a_yes_whose_answer_was_lost_counts_and_a_second_click_is_no_error() {
    let mut world = erp::world(1, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
    world.run(Bounds::default(), |world| {
        erp::ends(world, "production") == ["AwaitingApproval"]
    });
    let stored = erp::deployments(&world, "production").remove(0);
    let yes = Decide {
        action: ButtonAction::Approve,
        deployment: stored.deployment.id.clone(),
        plan: stored
            .deployment
            .plan
            .as_ref()
            .map(|sealed| sealed.hash.clone()),
        by: UserId::new("U024BE7LH"),
        reason: None,
    };
    let app = App::new(world.ports(), vec![Arc::new(erp::config())]);
    world.with_cloud(|cloud| {
        cloud
            .faults()
            .next(Operation::TransactWriteItems, 1, Fault::LoseAnswer);
    });
    for _ in 0..2 {
        let decided = block_on(app.decide(&yes)).expect("it counts");
        assert_eq!(
            decided.reply,
            "Approved: v1.4.0 will be deployed to production."
        );
    }
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, "production"),
        ["Succeeded"],
        "{}",
        erp::stories(&world)
    );
    erp::assert_nothing_broke(&world);
}
