//! The ERP in a world, and what is told of it when a test fails.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use sluice_app::App;
use sluice_app::ports::Stored;
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::history::Record;
use sluice_core::id::{ClusterName, DeploymentId, EnvironmentName, UserId};
use sluice_core::phase::Phase;
use sluice_sim::cloud::{ImageBehaviour, Push, Tempo, digest_of};
use sluice_sim::workplace::{Roads, Weather};
use sluice_sim::world::{Bounds, DirectFunctions, Ending, Habit, World};
use sluice_words::message::ButtonAction;

pub(crate) const SLUICE_TOML: &str = include_str!("../erp/sluice.toml");

pub(crate) fn config() -> Config {
    Config::parse(SLUICE_TOML).expect("the ERP's configuration is good")
}

/// The ERP's world, with Sluice deployed in it and an approver who says yes after three minutes.
pub(crate) fn world(seed: u64, weather: Weather) -> World {
    world_of(config(), seed, weather)
}

/// As [`world`], with these settings.
pub(crate) fn world_of(config: Config, seed: u64, weather: Weather) -> World {
    let start: Timestamp = "2026-01-05T09:00:00Z".parse().expect("a time");
    let mut world = World::new(seed, start, std::slice::from_ref(&config), weather);
    world.with_cloud(|cloud| cloud.set_tempo(Tempo::default()));
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    world.deploy(Arc::new(DirectFunctions(app)));
    world.add_habit(Habit {
        user: UserId::new("U024BE7LH"),
        action: ButtonAction::Approve,
        environment: Some(EnvironmentName::new("production")),
        after: SignedDuration::from_mins(3),
    });
    world
}

pub(crate) fn push(world: &World, tag: &str, image: &str, behaviour: &ImageBehaviour) {
    let push = Push::image(&config().repository, tag, digest_of(image));
    world.with_cloud(|cloud| cloud.push_image(push.behaving(behaviour.clone())));
}

/// A member of the group that may deploy.
const ON_CALL: &str = "UONES0604QSJC";

/// The first deployment that waits for Sluice's own hold to be released.
fn held(world: &World) -> Option<Deployment> {
    let stored = world.store().deployments();
    let mut deployments = stored
        .into_iter()
        .map(|stored| Arc::unwrap_or_clone(stored.deployment));
    deployments.find(|d| match &d.phase {
        Phase::AwaitingWindow {
            closed: Some(closed),
        } => closed.hold.as_ref().is_some_and(|hold| hold.by.is_none()),
        _ => false,
    })
}

/// Somebody looks at what was taken back, and releases the environment after half an hour.
fn release_some_time(world: &mut World, held: &Deployment) {
    let (key, name) = (EnvironmentKey::of(held), held.environment().to_string());
    let after = SignedDuration::from_mins(30);
    world.plan(after, format!("{name} is released"), move |world| {
        let app = App::new(world.ports(), vec![Arc::new(config())]);
        // Nothing to release, or lost in bad weather: then whoever still waits is found again.
        let _ = block_on(app.release(&key, &UserId::new(ON_CALL)));
    });
}

/// Runs until all is quiet. What Sluice holds somebody releases. Events that a function failed on
/// three times wait in its dead-letter queue; somebody sends them back, as the alarm on that queue
/// says.
pub(crate) fn run(world: &mut World) {
    let mut sent_back = 0;
    loop {
        let ending = world.run(Bounds::default(), |world| held(world).is_some());
        if let Some(held) = held(world) {
            release_some_time(world, &held);
            let at = world.now() + SignedDuration::from_mins(31);
            world.run(Bounds::default(), |world| world.now() >= at);
            continue;
        }
        assert_eq!(ending, Ending::Quiet, "{ending}\n{}", stories(world));
        let now = world.now();
        let given_up = world.bridge().given_up()[sent_back..].to_vec();
        if given_up.is_empty() {
            return;
        }
        sent_back += given_up.len();
        // A dead-letter queue is not the road that lost it.
        world.bridge().set_roads(Roads::default());
        for event in given_up {
            world.bridge().accept(event, now);
        }
    }
}

/// The deployments of an environment, oldest first.
pub(crate) fn deployments(world: &World, environment: &str) -> Vec<Stored> {
    let mut found: Vec<Stored> = world
        .store()
        .deployments()
        .into_iter()
        .filter(|stored| stored.deployment.environment().as_str() == environment)
        .collect();
    found.sort_by_key(|stored| stored.deployment.requested_at);
    found
}

/// The history of a deployment.
pub(crate) fn history(world: &World, id: &DeploymentId) -> Vec<Record> {
    let histories = world.store().histories();
    histories
        .into_iter()
        .find(|(found, _)| found == id)
        .map(|(_, history)| history)
        .unwrap_or_default()
}

/// The phases in which they ended.
pub(crate) fn ends(world: &World, environment: &str) -> Vec<&'static str> {
    deployments(world, environment)
        .iter()
        .map(|stored| stored.deployment.phase.name())
        .collect()
}

/// The image that the revision of a service names which has the most tasks.
pub(crate) fn running_image(world: &World, environment: &str, service: &str) -> String {
    let config = config();
    let environment = config
        .environment(&EnvironmentName::new(environment))
        .expect("the ERP has it");
    let cluster: ClusterName = environment.cluster.clone();
    let placement = environment
        .services
        .iter()
        .find(|(name, _)| name.as_str() == service)
        .map(|(_, placement)| placement.ecs_service.clone())
        .expect("the ERP has it");
    world.with_cloud(|cloud| {
        let view = cloud
            .service(&cluster, &placement)
            .expect("it is furnished");
        view.revisions
            .iter()
            .max_by_key(|revision| revision.running)
            .map(|revision| revision.image.clone())
            .unwrap_or_default()
    })
}

pub(crate) fn assert_nothing_broke(world: &World) {
    let said: Vec<String> = world.violations().iter().map(ToString::to_string).collect();
    assert!(said.is_empty(), "{}\n\n{}", said.join("\n"), stories(world));
}

/// The stories of all deployments.
pub(crate) fn stories(world: &World) -> String {
    let mut lines = Vec::new();
    for stored in world.store().deployments() {
        let d = &stored.deployment;
        lines.push(format!(
            "{} {} to {}: {}",
            d.id,
            d.release.tag,
            d.environment(),
            d.phase.name()
        ));
        for entry in &d.story {
            lines.push(format!(
                "  {} {}",
                entry.at,
                sluice_words::note::words(&entry.note, d)
            ));
        }
    }
    lines.join("\n")
}
