//! Somebody deploys a service by hand: a release waits for the end of it, the way back does not.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::{App, Request, RollBack};
use sluice_core::config::Config;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{ClusterName, EcsServiceName, EnvironmentName, UserId};
use sluice_sim::cloud::{ImageBehaviour, Push, UnderTraffic, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, World};
use sluice_words::waits::waits_for;

use crate::erp;

const ON_CALL: &str = "UONES0604QSJC";

fn app(world: &World) -> App {
    let config: Config = erp::config();
    App::new(world.ports(), vec![Arc::new(config)])
}

/// Somebody deploys an image of theirs to web, in the console.
fn deploys_by_hand(world: &World, environment: &str, image: &str, behaviour: &ImageBehaviour) {
    let cluster = ClusterName::new(format!("erp-{environment}"));
    let web = EcsServiceName::new("erp-web");
    let digest = digest_of(image);
    world.with_cloud(|cloud| {
        let push = Push::image(&erp::config().repository, "by-hand", digest.clone());
        cloud.push_image(push.behaving(behaviour.clone()));
        cloud.take_emitted();
        let name = format!("{}/erp@{digest}", cloud.registry_host());
        cloud
            .deploy_by_hand(&cluster, &web, &name)
            .expect("it is furnished");
    });
}

/// An image whose tasks never come up: the deployment of it hangs.
fn never_up() -> ImageBehaviour {
    ImageBehaviour {
        live: Some(500),
        ..ImageBehaviour::default()
    }
}

fn phase(world: &World, environment: &str) -> &'static str {
    erp::ends(world, environment).pop().unwrap_or("none")
}

#[test]
fn a_release_waits_until_it_has_the_service_to_itself() {
    let mut world = erp::world(1, Weather::default());
    deploys_by_hand(&world, "staging", "by-hand", &ImageBehaviour::default());
    // ECS shows it by then: of two at one moment nobody sees the other.
    let soon = SignedDuration::from_secs(10);
    world.plan(soon, "the release is pushed", |world| {
        erp::push(world, "release-1.4.0", "one", &ImageBehaviour::default());
    });
    world.run(Bounds::default(), |world| {
        let stored = erp::deployments(world, "staging");
        stored.last().is_some_and(|stored| {
            waits_for(&stored.deployment).starts_with("someone else's deployment of web")
        })
    });
    assert_eq!(phase(&world, "staging"), "Planning");
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, "staging"),
        ["Succeeded"],
        "{}",
        erp::stories(&world)
    );
    erp::assert_nothing_broke(&world);
}

#[test]
fn the_way_back_replaces_a_deployment_by_hand_that_hangs() {
    let mut world = erp::world(2, Weather::default());
    for (tag, image) in [("1.4.0", "one"), ("1.5.0", "two")] {
        for tag in [format!("release-{tag}"), format!("v{tag}")] {
            erp::push(&world, &tag, image, &ImageBehaviour::default());
        }
        erp::run(&mut world);
    }
    assert_eq!(erp::ends(&world, "production"), ["Succeeded", "Succeeded"]);
    deploys_by_hand(&world, "production", "by-hand", &never_up());
    world.plan(SignedDuration::from_mins(5), "somebody sees it", |_| {});
    world.run(Bounds::default(), |_| false);

    let request = Request {
        id: "r1".to_owned(),
        by: UserId::new(ON_CALL),
        environment: EnvironmentKey {
            app: erp::config().app,
            environment: EnvironmentName::new("production"),
        },
    };
    let order = RollBack {
        to: None,
        reason: "orders fail".to_owned(),
        force: true,
    };
    block_on(app(&world).roll_back(&request, &order)).expect("the way back is one request");
    world.run(Bounds::default(), |world| {
        phase(world, "production") != "Queued"
            && erp::deployments(world, "production")
                .last()
                .is_some_and(|stored| stored.deployment.phase.is_terminal())
    });
    let back = erp::deployments(&world, "production")
        .pop()
        .expect("it was opened");
    let d = &back.deployment;
    assert_eq!(d.phase.name(), "Succeeded", "{}", erp::stories(&world));
    let remarks = sluice_words::plan::remarks(d.sealed_plan()).join("\n");
    assert!(remarks.contains("this deployment replaces it"), "{remarks}");
    let one = digest_of("one");
    for service in ["web", "worker", "beat"] {
        let image = erp::running_image(&world, "production", service);
        assert!(image.ends_with(one.as_str()), "{service} runs {image}");
    }
    erp::assert_nothing_broke(&world);
}

#[test]
fn the_release_that_fixes_waits_for_sluices_own_deployment_and_arrives() {
    let mut world = erp::world(3, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    let mut bad = ImageBehaviour::default();
    let sql = "BEGIN;\n\nALTER TABLE orders DROP COLUMN note;\n\nCOMMIT;\n";
    bad.migration.sql = Some(sql.to_owned());
    bad.under_traffic = Some(UnderTraffic {
        after: SignedDuration::from_secs(30),
        status: 500,
        fires_alarms: false,
    });
    erp::push(&world, "release-1.5.0", "two", &bad);
    world.run(Bounds::default(), |world| {
        phase(world, "staging") == "AwaitingRestoreDecision"
    });
    let decides = erp::deployments(&world, "staging")
        .pop()
        .expect("it was opened");
    block_on(app(&world).roll_forward(&decides.deployment.id, &UserId::new(ON_CALL)))
        .expect("somebody who may deploy may");
    erp::push(&world, "release-1.5.1", "three", &ImageBehaviour::default());
    let limit = Bounds {
        time: SignedDuration::from_hours(48),
        ..Bounds::default()
    };
    world.run(limit, |world| {
        let stored = erp::deployments(world, "staging");
        stored.len() == 3 && stored[2].deployment.phase.is_terminal()
    });
    assert_eq!(
        erp::ends(&world, "staging"),
        ["Succeeded", "RolledForward", "Succeeded"],
        "{}",
        erp::stories(&world)
    );
    erp::assert_nothing_broke(&world);
}
