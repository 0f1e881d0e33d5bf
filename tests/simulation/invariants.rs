//! The invariants of the design, over random worlds, faults, doubles, losses and orders.

use jiff::SignedDuration;
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::test_runner::FileFailurePersistence;
use sluice_core::id::DeploymentId;
use sluice_sim::cloud::ImageBehaviour;
use sluice_sim::workplace::Weather;

use crate::asked;
use crate::chance::{behaviour, orders, weather};
use crate::erp;

/// Worlds a test run looks at; `PROPTEST_CASES` asks for more.
const WORLDS: u32 = 150;

fn settings() -> ProptestConfig {
    ProptestConfig {
        cases: std::env::var("PROPTEST_CASES")
            .ok()
            .and_then(|cases| cases.parse().ok())
            .unwrap_or(WORLDS),
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(settings())]

    /// A release to staging and on to production, another on its heels, in any weather.
    #[test]
    fn nothing_that_must_always_be_true_is_ever_false(
        seed in any::<u64>(),
        weather in weather(),
        first in behaviour(),
        second in behaviour(),
        gap_s in 0..5_400_i64,
    ) {
        let mut world = erp::world(seed, weather);
        erp::push(&world, "release-1.4.0", "one", &first);
        world.plan(SignedDuration::from_secs(gap_s), "the next release", move |world| {
            erp::push(world, "release-1.5.0", "two", &second);
        });
        world.plan(SignedDuration::from_secs(gap_s / 2), "it is tagged", move |world| {
            erp::push(world, "v1.4.0", "one", &first);
        });
        erp::run(&mut world);
        erp::assert_nothing_broke(&world);
    }

    /// People ask for deployments and for the way back at any moment, some of them twice.
    #[test]
    fn whatever_people_ask_for_and_whenever_nothing_breaks(
        seed in any::<u64>(),
        weather in weather(),
        first in behaviour(),
        second in behaviour(),
        orders in orders(),
    ) {
        let mut world = erp::world(seed, weather);
        let minutes = SignedDuration::from_mins;
        for (image, tag, at, behaviour) in [
            ("one", "release-1.4.0", 0, &first),
            ("one", "v1.4.0", 20, &first),
            ("two", "release-1.5.0", 130, &second),
            ("two", "v1.5.0", 150, &second),
        ] {
            let behaviour = behaviour.clone();
            world.plan(minutes(at), format!("push {tag}"), move |world| {
                erp::push(world, tag, image, &behaviour);
            });
        }
        for (number, (at_s, order, twice)) in orders.into_iter().enumerate() {
            for after_s in [0, 30].into_iter().take(1 + usize::from(twice)) {
                let (order, at) = (order.clone(), SignedDuration::from_secs(at_s + after_s));
                world.plan(at, format!("{order:?}"), move |world| {
                    asked::ask(world, &format!("r-{number}"), &order);
                });
            }
        }
        erp::run(&mut world);
        erp::assert_nothing_broke(&world);
        asked::assert_orders_came_about(&world);
    }

    /// A good release succeeds, whatever the weather: nothing that passes by itself takes it back.
    #[test]
    fn foul_weather_delays_and_never_damages(seed in any::<u64>(), weather in weather()) {
        let mut calm = weather.clone();
        calm.roads.losses = 0.0;
        let mut world = erp::world(seed, calm);
        erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
        // The push itself arrives; every hint after it may be lost.
        let roads = weather.roads;
        world.plan(SignedDuration::from_mins(15), "the roads get worse", move |world| {
            world.bridge().set_roads(roads);
        });
        erp::run(&mut world);
        proptest::prop_assert_eq!(erp::ends(&world, "staging"), ["Succeeded"], "{}", erp::stories(&world));
        erp::assert_nothing_broke(&world);
        let migrations = world.with_cloud(|cloud| {
            cloud.ledger().iter().filter(|entry| {
                // Of a migration: tasks that only look have another token than their deployment's id.
                matches!(&entry.what, sluice_sim::cloud::Happened::TaskRun { token, .. }
                    if world.store().deployment(&DeploymentId::from_outside(token.as_str())).is_some())
            }).count()
        });
        proptest::prop_assert_eq!(migrations, 1);
    }

    /// A broken release leaves what ran before running, in staging as in production.
    #[test]
    fn whatever_does_not_succeed_is_as_before(seed in any::<u64>(), broken in behaviour()) {
        let mut world = erp::world(seed, Weather::default());
        let before = erp::running_image(&world, "staging", "web");
        erp::push(&world, "release-1.4.0", "one", &broken);
        erp::run(&mut world);
        let after: Vec<String> = ["web", "worker", "beat"]
            .map(|service| erp::running_image(&world, "staging", service))
            .into();
        let ends = erp::ends(&world, "staging");
        if ends == ["Succeeded"] {
            proptest::prop_assert!(after.iter().all(|image| *image != before));
        } else {
            proptest::prop_assert!(after.iter().all(|image| *image == before), "{:?}: {:?}", ends, after);
        }
        erp::assert_nothing_broke(&world);
    }
}
