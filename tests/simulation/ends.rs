//! Stories whose end is known: each goes wrong in one way, and ends as it should.

use jiff::SignedDuration;
use sluice_sim::cloud::{Fault, ImageBehaviour, Operation};
use sluice_sim::workplace::Weather;

use crate::erp;

/// A good release to staging, and its tag for production pushed after it.
fn both(world: &mut sluice_sim::world::World) {
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
fn every_operation_may_lose_its_answer_once_and_nothing_happens_twice() {
    for operation in Operation::ALL {
        for nth in 1..=2 {
            let mut world = erp::world(1, Weather::default());
            world.with_cloud(|cloud| cloud.faults().nth(*operation, nth, Fault::LoseAnswer));
            both(&mut world);
            let said = format!("{}, call {nth}\n{}", operation.name(), erp::stories(&world));
            assert_eq!(erp::ends(&world, "staging"), ["Succeeded"], "{said}");
            assert_eq!(erp::ends(&world, "production"), ["Succeeded"], "{said}");
            erp::assert_nothing_broke(&world);
        }
    }
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
