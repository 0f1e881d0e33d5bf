//! Freezes, holds, overrides and pauses in a whole world, by the people the ERP names.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::FileFailurePersistence;
use sluice_app::ports::EnvironmentKey;
use sluice_app::{App, ControlError, Decided};
use sluice_core::id::{AppName, DeploymentId, EnvironmentName, UserId};
use sluice_sim::cloud::ImageBehaviour;
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

use crate::chance::{behaviour, weather};
use crate::erp;

const ALLOWED: &str = "U024BE7LH";

fn production() -> EnvironmentKey {
    EnvironmentKey {
        app: AppName::new("erp"),
        environment: EnvironmentName::new("production"),
    }
}

fn app(world: &World) -> App {
    App::new(world.ports(), vec![Arc::new(erp::config())])
}

/// What somebody does.
#[derive(Clone, Copy, Debug)]
enum Hand {
    Freeze,
    FreezeFor(i64),
    Thaw,
    Hold,
    Release,
    Pause,
    Resume,
    Override,
}

fn newest(world: &World) -> Option<DeploymentId> {
    let last = erp::deployments(world, "production").pop()?;
    Some(last.deployment.id.clone())
}

fn lay_on(world: &World, hand: Hand, by: &str) -> Result<Decided, ControlError> {
    let (app, key, by) = (app(world), production(), UserId::new(by));
    let unknown = || DeploymentId::from_outside("dep-0000000000000000");
    let id = newest(world).unwrap_or_else(unknown);
    let until = |mins| Some(world.now() + SignedDuration::from_mins(mins));
    block_on(async {
        match hand {
            Hand::Freeze => app.freeze(&key, &by, "the auditors are here", None).await,
            Hand::FreezeFor(mins) => app.freeze(&key, &by, "a sale", until(mins)).await,
            Hand::Thaw => app.thaw(&key, &by).await,
            Hand::Hold => app.hold(&key, Some(&by), "after a rollback").await,
            Hand::Release => app.release(&key, &by).await,
            Hand::Pause => app.pause(&id, &by, "wait for me").await,
            Hand::Resume => app.resume(&id, &by).await,
            Hand::Override => app.override_gate(&id, &by, "the fix of the outage").await,
        }
    })
}

/// A release that is verified in staging and asks for production after an hour.
fn world_with_a_release() -> World {
    let mut world = erp::world(7, Weather::default());
    let good = ImageBehaviour::default();
    erp::push(&world, "release-1.4.0", "one", &good);
    world.plan(
        SignedDuration::from_hours(1),
        "it is tagged",
        move |world| {
            erp::push(world, "v1.4.0", "one", &good);
        },
    );
    world
}

fn plan(world: &mut World, mins: i64, hand: Hand) {
    let after = SignedDuration::from_mins(mins);
    world.plan(after, format!("{hand:?}"), move |world| {
        lay_on(world, hand, ALLOWED).expect("they may");
    });
}

#[test]
fn a_frozen_production_waits_and_goes_on_when_it_is_thawed() {
    let mut world = world_with_a_release();
    plan(&mut world, 30, Hand::Freeze);
    plan(&mut world, 180, Hand::Thaw);
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"]);
    let stories = erp::stories(&world);
    assert!(
        stories.contains("frozen by <@U024BE7LH>: the auditors are here"),
        "{stories}"
    );
    assert!(stories.contains("production is open"), "{stories}");
    erp::assert_nothing_broke(&world);
}

#[test]
fn a_held_production_stops_the_push_and_a_released_one_lets_it_go_on() {
    let mut world = world_with_a_release();
    plan(&mut world, 30, Hand::Hold);
    plan(&mut world, 150, Hand::Release);
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"]);
    assert!(erp::stories(&world).contains("automatic deployments are paused by <@U024BE7LH>"));
    erp::assert_nothing_broke(&world);
}

#[test]
fn an_override_lets_one_deployment_into_a_frozen_production() {
    let mut world = world_with_a_release();
    plan(&mut world, 30, Hand::Freeze);
    plan(&mut world, 90, Hand::Override);
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"]);
    assert!(erp::stories(&world).contains("the fix of the outage"));
    erp::assert_nothing_broke(&world);
}

#[test]
fn a_pause_that_nobody_ends_leaves_production_as_it_was() {
    let mut world = world_with_a_release();
    let before = erp::running_image(&world, "production", "web");
    plan(&mut world, 62, Hand::Pause);
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, "production"),
        ["Expired"],
        "{}",
        erp::stories(&world)
    );
    assert_eq!(erp::running_image(&world, "production", "web"), before);
    erp::assert_nothing_broke(&world);
}

#[test]
fn whoever_may_not_is_told_who_may() {
    let mut world = world_with_a_release();
    let bounds = sluice_sim::world::Bounds::default();
    world.run(bounds, |world| newest(world).is_some());
    for hand in [
        Hand::Freeze,
        Hand::Thaw,
        Hand::Hold,
        Hand::Release,
        Hand::Pause,
    ] {
        let refused = lay_on(&world, hand, "U0STRANGER").expect_err("they may not");
        assert!(
            refused.to_string().contains("U024BE7LH"),
            "{hand:?}: {refused}"
        );
    }
    let not_frozen = lay_on(&world, Hand::Thaw, ALLOWED).unwrap_err();
    assert!(
        matches!(not_frozen, ControlError::NotSet { .. }),
        "{not_frozen}"
    );
    // A member of the group that may.
    lay_on(&world, Hand::Freeze, "UONES0604QSJC").unwrap();
    let past = lay_on(&world, Hand::FreezeFor(-5), ALLOWED).unwrap_err();
    assert!(matches!(past, ControlError::Past { .. }), "{past}");
}

/// Lays it on however long a service is out: what opens an environment again is not given up.
fn insist(world: &mut World, after: SignedDuration, hand: Hand) {
    world.plan(after, format!("{hand:?}"), move |world| {
        if let Err(ControlError::Port(_)) = lay_on(world, hand, ALLOWED) {
            insist(world, SignedDuration::from_mins(1), hand);
        }
    });
}

fn hands() -> impl Strategy<Value = Vec<(i64, Hand)>> {
    let hand = prop_oneof![
        Just(Hand::Freeze),
        (10..600_i64).prop_map(Hand::FreezeFor),
        Just(Hand::Thaw),
        Just(Hand::Hold),
        Just(Hand::Release),
        Just(Hand::Pause),
        Just(Hand::Resume),
        Just(Hand::Override),
    ];
    proptest::collection::vec((0..240_i64, hand), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    /// Whatever people do to production, and whatever the weather: nothing begins while it is
    /// closed, nothing goes on while it is paused, and everything comes to an end.
    #[test]
    fn nothing_begins_where_it_is_closed(
        seed in any::<u64>(),
        weather in weather(),
        image in behaviour(),
        hands in hands(),
    ) {
        let mut world = erp::world(seed, weather);
        erp::push(&world, "release-1.4.0", "one", &image);
        world.plan(SignedDuration::from_mins(60), "it is tagged", move |world| {
            erp::push(world, "v1.4.0", "one", &image);
        });
        for (mins, hand) in hands {
            world.plan(SignedDuration::from_mins(mins), format!("{hand:?}"), move |world| {
                // Refused or lost, as it may be.
                let _ = lay_on(world, hand, ALLOWED);
            });
        }
        // At the end of the day everything is opened again.
        for hand in [Hand::Thaw, Hand::Release, Hand::Resume] {
            insist(&mut world, SignedDuration::from_mins(300), hand);
        }
        erp::run(&mut world);
        erp::assert_nothing_broke(&world);
    }
}
