//! Deployments that cannot be read keep nobody else from going on.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::ports::TriggerId;
use sluice_app::{App, Minute};
use sluice_core::id::{DeploymentId, ImageTag, UserId};
use sluice_core::intake::ImagePush;
use sluice_sim::cloud::{ImageBehaviour, digest_of};
use sluice_sim::workplace::{Roads, Weather};
use sluice_sim::world::{Bounds, World};
use sluice_words::message::Block;

use crate::erp;

fn app(world: &World) -> App {
    App::new(world.ports(), vec![Arc::new(erp::config())])
}

fn minute(world: &World) -> Minute {
    let stop_at = world.now() + SignedDuration::from_secs(50);
    block_on(app(world).minute(stop_at)).expect("the store says what is due")
}

/// Nothing in the queue arrives.
fn lose_all_wake_ups(world: &World) {
    while let Some(at) = world.wakeups().next_visible() {
        let Some(received) = world.wakeups().receive(at) else {
            return;
        };
        world.wakeups().delete(&received);
    }
}

/// What ECR's event tells of a push, some seconds from now.
fn told(world: &World, tag: &str, image: &str, after_s: i64) -> ImagePush {
    ImagePush {
        event: format!("{tag} {image}"),
        registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
        repository: erp::config().repository,
        tag: Some(ImageTag::new(tag)),
        digest: digest_of(image),
        pushed_at: world.now() + SignedDuration::from_secs(after_s),
        manifest_media_type: None,
        artifact_media_type: None,
    }
}

fn production(world: &World) -> DeploymentId {
    let last = erp::deployments(world, "production").pop();
    last.expect("it was opened").deployment.id.clone()
}

/// A release waits in production for its approval, and can then not be read any more.
fn a_damaged_one_in_production() -> World {
    let mut world = erp::world(3, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
    world.run(Bounds::default(), |world| {
        erp::ends(world, "production") == ["AwaitingApproval"]
    });
    world.store().damage(&production(&world));
    world
}

#[test]
fn the_minute_sees_to_all_others() {
    let mut world = a_damaged_one_in_production();
    // Every event is lost, and the first wake-up: the minute is there for that.
    world.bridge().set_roads(Roads {
        losses: 1.0,
        ..Roads::default()
    });
    erp::push(&world, "release-1.5.0", "two", &ImageBehaviour::default());
    let push = told(&world, "release-1.5.0", "two", 0);
    block_on(app(&world).image_pushed(&push)).expect("it is taken");
    lose_all_wake_ups(&world);
    let until = world.now() + SignedDuration::from_hours(3);
    world.run(Bounds::default(), |world| world.now() >= until);
    assert_eq!(
        erp::ends(&world, "staging"),
        ["Succeeded", "Succeeded"],
        "{}",
        erp::stories(&world)
    );
    erp::assert_nothing_broke(&world);
}

#[test]
fn however_many_there_are_the_minute_comes_to_those_behind_them() {
    let world = erp::world(3, Weather::default());
    let app = app(&world);
    for number in 0..450 {
        let push = told(&world, "release-1.4.0", &format!("{number}"), number);
        block_on(app.image_pushed(&push)).expect("it is taken");
    }
    let all = world.store().deployments();
    let (last, others) = all.split_last().expect("there are some");
    for damaged in others {
        world.store().damage(&damaged.deployment.id);
    }
    lose_all_wake_ups(&world);
    let late = last.due_at.expect("it is due") + SignedDuration::from_mins(2);
    world.with_cloud(|cloud| cloud.advance_to(late));
    let expected = Minute {
        sampled: 0,
        woken: 1,
        looked: 0,
        failed: others.len(),
        newer: 0,
    };
    assert_eq!(minute(&world), expected);
}

#[test]
fn people_see_how_everything_else_stands() {
    let world = a_damaged_one_in_production();
    let (by, trigger) = (UserId::new("U024BE7LH"), TriggerId("1.1".to_owned()));
    let app = app(&world);
    let typed = |text: &str| block_on(app.typed(text, &by, &trigger));
    let reply = typed("status").expect("staging is read");
    let fields: Vec<(String, String)> = reply
        .message
        .expect("it is told")
        .blocks
        .into_iter()
        .filter_map(|block| match block {
            Block::Fields(fields) => Some(fields),
            _ => None,
        })
        .flatten()
        .filter(|(name, _)| name == "Version" || name == "State")
        .collect();
    insta::assert_debug_snapshot!(fields);
    let refused = typed("approve").expect_err("it may not be the only one");
    insta::assert_snapshot!(refused, @"erp/production cannot be read, and a deployment may be waiting there too: name the environment");
    block_on(app.show_home(&by)).expect("they have a home page");
}
