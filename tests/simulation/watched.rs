//! Bakes that prove nothing, and tasks that start well and die later, in whole worlds.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::Decide;
use sluice_core::id::UserId;
use sluice_core::phase::Phase;
use sluice_sim::cloud::{ImageBehaviour, digest_of};
use sluice_sim::world::{Bounds, World};
use sluice_words::message::{Block, ButtonAction};

use crate::asked::{app, released, request, way_back};
use crate::erp;

const PRODUCTION: &str = "production";
/// Approves, and so may say that a version is well.
const LEAD: &str = "U024BE7LH";

/// A world in which v1.3.0 is verified, and v1.4.0 with this behaviour is in production's bake.
fn baking(behaviour: &ImageBehaviour) -> World {
    let mut world = released(&["1.3.0"]);
    erp::push(&world, "release-1.4.0", "1.4.0", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::push(&world, "v1.4.0", "1.4.0", behaviour);
    until(&mut world, |phase| matches!(phase, Phase::Baking { .. }));
    world
}

fn newest(world: &World) -> sluice_core::deployment::Deployment {
    let newest = erp::deployments(world, PRODUCTION).pop();
    Arc::unwrap_or_clone(newest.expect("there is one").deployment)
}

fn until(world: &mut World, reached: impl Fn(&Phase) -> bool) {
    let there = |world: &World| {
        erp::deployments(world, PRODUCTION)
            .last()
            .is_some_and(|stored| reached(&stored.deployment.phase))
    };
    world.run(Bounds::default(), |world| there(world));
    assert!(there(world), "{}", erp::stories(world));
}

fn is_asked(phase: &Phase) -> bool {
    matches!(
        phase,
        Phase::Baking {
            asked_at: Some(_),
            ..
        }
    )
}

fn assert_ends(world: &World, ends: &[&str], image: &str) {
    assert_eq!(
        erp::ends(world, PRODUCTION),
        ends,
        "{}",
        erp::stories(world)
    );
    for service in ["web", "worker", "beat"] {
        let runs = erp::running_image(world, PRODUCTION, service);
        assert!(
            runs.ends_with(digest_of(image).as_str()),
            "{service} runs {runs}\n{}",
            erp::stories(world)
        );
    }
    erp::assert_nothing_broke(world);
}

#[test]
fn workers_that_die_again_and_again_take_the_release_back() {
    let dying = ImageBehaviour::default().with_dying_workers(SignedDuration::from_secs(80), 1);
    let mut world = baking(&dying);
    erp::run(&mut world);
    assert_ends(&world, &["Succeeded", "RolledBack"], "1.3.0");
    let stories = erp::stories(&world);
    assert!(
        stories.contains("health checks failed after the traffic shift"),
        "{stories}"
    );
    assert!(
        stories.contains("Essential container in task exited (exit code 1)"),
        "{stories}"
    );
}

#[test]
fn a_web_service_that_dies_once_users_come_goes_back() {
    let dying = ImageBehaviour::default().with_dying_web(SignedDuration::from_mins(3), 139);
    let mut world = baking(&dying);
    erp::run(&mut world);
    assert_ends(&world, &["Succeeded", "RolledBack"], "1.3.0");
    let stories = erp::stories(&world);
    assert!(stories.contains("exit code 139"), "{stories}");
}

#[test]
fn a_service_that_autoscaling_scales_in_bakes_on() {
    let mut world = baking(&ImageBehaviour::default());
    let config = erp::config();
    let production = config
        .environments
        .iter()
        .find(|one| one.name.as_str() == PRODUCTION);
    let production = production.expect("the ERP has it").clone();
    for (after, desired) in [(1, 6), (4, 1), (7, 3)] {
        let production = production.clone();
        world.plan(
            SignedDuration::from_mins(after),
            "autoscaling",
            move |world| {
                for placement in production.services.values() {
                    if placement.ecs_service.as_str() != "erp-beat" {
                        let (cluster, service) = (&production.cluster, &placement.ecs_service);
                        world.with_cloud(|cloud| cloud.scale(cluster, service, desired));
                    }
                }
            },
        );
    }
    erp::run(&mut world);
    assert_ends(&world, &["Succeeded", "Succeeded"], "1.4.0");
}

#[test]
fn nobody_can_see_it_and_nobody_says_so_it_stays_unverified_and_production_is_held() {
    let mut world = baking(&ImageBehaviour::default());
    world.with_cloud(|cloud| cloud.cut_off(true));
    erp::run(&mut world);
    assert_ends(&world, &["Succeeded", "Unverified"], "1.4.0");
    let state = block_on(
        world
            .ports()
            .store
            .environment(&request("", PRODUCTION).environment),
    );
    let state = state.expect("the store answers");
    assert_eq!(state.active, None);
    assert!(state.hold.is_some_and(|hold| hold.by.is_none()));
    assert_eq!(
        state
            .verified
            .map(|verified| verified.release.tag.to_string())
            .as_deref(),
        Some("v1.3.0")
    );
    let asked = world.slack().messages().into_iter().filter(|posted| {
        posted.broadcast
            && posted
                .says()
                .summary
                .contains("cannot tell whether v1.4.0 is healthy")
    });
    assert_eq!(asked.count(), 1, "the channel is asked once");

    // The way back leads to what was verified last, and not one further.
    world.with_cloud(|cloud| cloud.cut_off(false));
    let asked = block_on(app(&world).roll_back(&request("back", PRODUCTION), &way_back(None)));
    assert!(asked.is_ok(), "{asked:?}");
    erp::run(&mut world);
    assert_ends(&world, &["Succeeded", "Unverified", "Succeeded"], "1.3.0");
    let stories = erp::stories(&world);
    assert!(
        stories.contains("production was rolled back from v1.4.0 to v1.3.0"),
        "{stories}"
    );
}

#[test]
fn somebody_keeps_what_nobody_can_see() {
    let mut world = baking(&ImageBehaviour::default());
    world.with_cloud(|cloud| cloud.cut_off(true));
    until(&mut world, is_asked);
    let posted = world.slack().messages();
    let buttons = posted.iter().flat_map(|posted| &posted.says().blocks);
    let mut buttons = buttons.filter_map(|block| match block {
        Block::Buttons(buttons) => Some(buttons),
        _ => None,
    });
    let shown = buttons.find_map(|all| all.iter().find(|one| one.action == ButtonAction::Keep));
    let click = |by: &str| Decide {
        action: ButtonAction::Keep,
        deployment: shown.expect("people are asked").deployment.clone(),
        plan: None,
        by: UserId::new(by),
        reason: None,
    };
    let refused = block_on(app(&world).click(&click("U0STRANGER"), None)).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("may not mark a version as healthy"),
        "{refused}"
    );
    // Slack sends a click again whose answer was lost.
    for _ in 0..2 {
        let kept = block_on(app(&world).click(&click(LEAD), None)).expect("they may");
        let reply = kept.expect("there is nothing more to ask").reply;
        assert!(reply.contains("marked as verified"), "{reply}");
    }
    erp::run(&mut world);
    assert_ends(&world, &["Succeeded", "Succeeded"], "1.4.0");
}

#[test]
fn a_network_that_mends_itself_ends_the_question() {
    let mut world = baking(&ImageBehaviour::default());
    world.with_cloud(|cloud| cloud.cut_off(true));
    until(&mut world, is_asked);
    world.with_cloud(|cloud| cloud.cut_off(false));
    erp::run(&mut world);
    assert_ends(&world, &["Succeeded", "Succeeded"], "1.4.0");
    let kept = newest(&world).story.len();
    assert!(kept > 0);
    let stories = erp::stories(&world);
    assert!(
        stories.contains("cannot tell whether v1.4.0 is healthy"),
        "{stories}"
    );
    assert!(stories.contains("bake finished"), "{stories}");
}
