//! A channel that somebody archives while a release is on its way.

use std::sync::Arc;

use jiff::SignedDuration;
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::id::{ChannelName, EnvironmentName};
use sluice_sim::cloud::{ImageBehaviour, Operation};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, Ending, World};

use crate::erp;

fn channel_of(environment: &str) -> ChannelName {
    let config = erp::config();
    let found = config.environment(&EnvironmentName::new(environment));
    found.expect("the ERP has it").channel.clone()
}

fn is_baking(world: &World) -> bool {
    erp::ends(world, "staging").last() == Some(&"Baking")
}

/// The channel of staging is archived while a release bakes there.
fn archived_while_it_bakes() -> World {
    let mut world = erp::world(2, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    world.run(Bounds::default(), is_baking);
    world.slack().remove_channel(&channel_of("staging"));
    world
}

fn days(days: i64) -> Bounds {
    Bounds {
        steps: 1_000_000,
        time: SignedDuration::from_hours(24 * days),
    }
}

/// How often Slack was asked to show something.
fn asked(world: &World) -> u32 {
    world.with_cloud(|cloud| {
        let faults = cloud.faults();
        faults.calls(Operation::UpdateMessage) + faults.calls(Operation::PostMessage)
    })
}

fn last_words(world: &World, channel: &ChannelName) -> Vec<String> {
    let messages = world.slack().messages().into_iter();
    let there = messages.filter(|posted| posted.channel == *channel && posted.thread.is_none());
    there.map(|posted| posted.says().summary.clone()).collect()
}

#[test]
fn it_is_tried_ever_more_slowly_and_given_up_once_the_release_is_over() {
    let mut world = archived_while_it_bakes();
    let before = asked(&world);
    // Another environment has another channel, and its people hear everything.
    erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
    let ending = world.run(days(8), |_| false);
    assert_eq!(ending, Ending::Quiet, "{}", erp::stories(&world));
    assert_eq!(erp::ends(&world, "staging"), ["Succeeded"]);
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"]);
    let production = last_words(&world, &channel_of("production"));
    assert!(production[0].contains("live"), "{production:?}");

    let told = production_calls(&world);
    let staging = asked(&world) - before - told;
    assert!(staging < 25, "Slack was asked {staging} times");
    erp::assert_nothing_broke(&world);
}

/// What production's own messages took, which all arrived.
fn production_calls(world: &World) -> u32 {
    let channel = channel_of("production");
    let messages = world.slack().messages().into_iter();
    let there = messages.filter(|posted| posted.channel == channel);
    let calls = there.map(|posted| posted.versions.len() + 1);
    u32::try_from(calls.sum::<usize>()).expect("few")
}

#[test]
fn unarchived_it_says_how_it_ended() {
    let mut world = archived_while_it_bakes();
    world.plan(SignedDuration::from_hours(5), "unarchived", |world| {
        world.slack().add_channel(&channel_of("staging"));
    });
    let ending = world.run(days(8), |_| false);
    assert_eq!(ending, Ending::Quiet);
    let words = last_words(&world, &channel_of("staging"));
    assert!(words[0].contains("live"), "{words:?}");
}

#[test]
fn another_channel_in_sluice_toml_hears_all_of_it() {
    let mut world = archived_while_it_bakes();
    let other = ChannelName::new("#erp-releases");
    world.plan(
        SignedDuration::from_mins(5),
        "a new channel",
        move |world| {
            let mut config: Config = erp::config();
            for environment in &mut config.environments {
                environment.channel = other.clone();
            }
            world.slack().add_channel(&other);
            let app = App::new(world.ports(), vec![Arc::new(config)]);
            world.deploy(Arc::new(DirectFunctions(app)));
        },
    );
    world.run(days(8), |_| false);
    let words = last_words(&world, &ChannelName::new("#erp-releases"));
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(words[0].contains("live"), "{words:?}");
    let messages = world.slack().messages();
    let story = messages
        .iter()
        .filter(|posted| posted.channel.as_str() == "#erp-releases" && posted.thread.is_some())
        .flat_map(|posted| format!("{:?}", posted.says()).into_bytes())
        .collect::<Vec<u8>>();
    let story = String::from_utf8(story).expect("it is text");
    assert!(story.contains("migration started"), "{story}");
}
