//! Many deployments at once, all told of in one channel, and a Slack that takes only so much.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::id::{AppName, ClusterName, RepositoryName};
use sluice_sim::cloud::{Push, digest_of};
use sluice_sim::slack_web::Limits;
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, Ending, World};

use crate::erp;

/// Deployments that move at once.
const CROWD: usize = 500;

/// One of many applications like the ERP, each with a staging of its own.
fn one_of_many(number: usize) -> Config {
    let mut config = erp::config();
    config.app = AppName::new(format!("erp-{number}"));
    config.repository = RepositoryName::new(format!("erp-{number}"));
    config.environments.truncate(1);
    config.environments[0].cluster = ClusterName::new(format!("staging-{number}"));
    config
}

#[test]
fn five_hundred_at_once_keep_slacks_limits_and_none_is_left_stale() {
    let configs: Vec<Config> = (0..CROWD).map(one_of_many).collect();
    let start = "2026-01-05T09:00:00Z".parse().expect("a time");
    let mut world = World::new(1, start, &configs, Weather::default());
    world.slack().set_limits(Limits::default());
    let shared = configs.iter().cloned().map(Arc::new).collect();
    world.deploy(Arc::new(DirectFunctions(App::new(world.ports(), shared))));
    for config in &configs {
        let push = Push::image(
            &config.repository,
            "release-1.4.0",
            digest_of(config.app.as_str()),
        );
        world.with_cloud(|cloud| cloud.push_image(push));
    }
    let bounds = Bounds {
        time: SignedDuration::from_hours(24),
        steps: 4_000_000,
    };
    assert_eq!(world.run(bounds, |_| false), Ending::Quiet);

    let messages = world.slack().messages();
    let mut threads: BTreeMap<String, String> = BTreeMap::new();
    for message in &messages {
        if let Some(thread) = &message.thread {
            let said = threads.entry(thread.ts.clone()).or_default();
            said.push_str(&format!("{:?}", message.says()));
        }
    }
    let first = messages.iter().filter(|message| message.thread.is_none());
    let first: BTreeMap<String, _> = first
        .map(|message| (format!("{:?}", message.says()), message))
        .collect();
    assert_eq!(first.len(), CROWD, "one message a deployment");
    for stored in world.store().deployments() {
        let d = &stored.deployment;
        let of_this = first.iter().find(|(says, _)| says.contains(d.id.as_str()));
        let (says, message) = of_this.expect("every deployment has its message");
        assert!(says.contains("is live"), "left stale: {says}");
        let told = &threads[&message.reference.ts];
        for entry in &d.story {
            let time = entry.at.strftime("%H:%M:%S").to_string();
            assert!(
                told.contains(&time),
                "{} is told whole: {time} in {told}",
                d.id
            );
        }
    }
    assert!(world.slack().over_limit() > 0, "the limits were felt");
}
