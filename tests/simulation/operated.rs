//! Slack is down, and people ask from their terminals, by the function `operate`.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::phase::Phase;
use sluice_sim::cloud::ImageBehaviour;
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, World};

use crate::erp;

const ANNA: &str = "arn:aws:iam::222222222222:user/anna";
const DAY: SignedDuration = SignedDuration::from_hours(24);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// What the function answers to Anna.
fn asks(world: &World, command: &str, more: &Value) -> Value {
    asks_with(erp::config(), world, command, more)
}

/// The same of applications with this configuration.
pub(crate) fn asks_with(config: Config, world: &World, command: &str, more: &Value) -> Value {
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    let mut order = json!({
        "version": 1,
        "request": format!("{command} at {}", world.now()).replace(' ', "-"),
        "command": command,
    });
    for (key, value) in more.as_object().expect("they are names and values") {
        order[key] = value.clone();
    }
    let iam = json!({"userArn": ANNA, "accountId": "222222222222"});
    let request = json!({
        "requestContext": {
            "authorizer": {"iam": iam},
            "timeEpoch": world.now().as_millisecond(),
        },
        "body": order.to_string(),
    });
    let response = block_on(sluice_operate::handler(&app, &request));
    serde_json::from_str(&response.body).expect("it answers in JSON")
}

fn newest(world: &World) -> Deployment {
    let stored = erp::deployments(world, "production");
    let last = stored.last().expect("there is one");
    (*last.deployment).clone()
}

fn run_until(world: &mut World, is_so: impl Fn(&Deployment) -> bool) {
    let all = |world: &World| erp::deployments(world, "production");
    let reached = |world: &World| all(world).iter().any(|stored| is_so(&stored.deployment));
    world.run(Bounds::default(), reached);
    assert!(reached(world), "{}", erp::stories(world));
}

/// v1.4.0 in production, and v1.5.0 on its way there until it is in this phase.
fn two_releases(until: &'static str) -> World {
    let mut world = erp::world(1, Weather::default());
    for (version, image) in [("1.4.0", "one"), ("1.5.0", "two")] {
        for tag in [format!("release-{version}"), format!("v{version}")] {
            erp::push(&world, &tag, image, &ImageBehaviour::default());
            world.run(Bounds::default(), |world| {
                let all = erp::deployments(world, "production");
                let last = all.last().map(|stored| &stored.deployment);
                last.is_some_and(|d| d.release.tag.as_str() == "v1.5.0" && d.phase.name() == until)
            });
        }
    }
    assert_eq!(newest(&world).phase.name(), until);
    let now = world.now();
    world.slack().plan_outage(now, now + DAY);
    world
}

fn is_sound(world: &World) {
    let broken = world.violations();
    assert!(broken.is_empty(), "{broken:?}\n{}", erp::stories(world));
}

#[test]
fn with_slack_down_a_release_under_traffic_is_taken_back_from_a_terminal_within_a_minute() {
    let mut world = two_releases("Baking");
    let asked_at = world.now();
    let reason = json!({"answers": {"reason": "orders fail for everyone"}});
    let answer = asks(&world, "rollback production", &reason);
    assert_eq!(answer["outcome"], "done", "{answer}");
    run_until(&mut world, |d| matches!(d.phase, Phase::RollingBack { .. }));
    assert!(world.now().duration_since(asked_at) < MINUTE);
    run_until(&mut world, |d| matches!(d.phase, Phase::RolledBack { .. }));
    let now = world.now();
    assert!(
        world.slack().down_until(now).is_some(),
        "all that without Slack"
    );
    let shown = asks(&world, "show production", &json!({}));
    assert_eq!(shown["deployment"]["phase"], "RolledBack", "{shown}");

    // When Slack is there again, it hears of it.
    erp::run(&mut world);
    assert!(world.slack().was_ever_said("orders fail for everyone"));
    is_sound(&world);
}

#[test]
fn with_slack_down_yesterdays_release_is_brought_back_from_a_terminal() {
    let mut world = two_releases("Succeeded");
    let form = asks(&world, "rollback production", &json!({}));
    assert_eq!(form["outcome"], "needs-answers", "{form}");
    let asked_at = world.now();
    let answers = json!({"answers": {"reason": "orders fail for everyone", "schema": "force"}});
    let answer = asks(&world, "rollback production to v1.4.0", &answers);
    assert_eq!(answer["outcome"], "done", "{answer}");
    run_until(&mut world, |d| {
        d.rollback().is_some() && matches!(d.phase, Phase::RollingOut)
    });
    assert!(world.now().duration_since(asked_at) < MINUTE);
    run_until(&mut world, |d| {
        d.rollback().is_some() && matches!(d.phase, Phase::Succeeded)
    });
    assert!(world.slack().down_until(world.now()).is_some());
    let released = asks(&world, "release production", &json!({}));
    assert_eq!(released["outcome"], "done", "{released}");
    erp::run(&mut world);
    is_sound(&world);
}
