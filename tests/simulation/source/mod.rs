//! The source code: what reached a branch by another way than the rules allow is told once, and
//! nothing else is; what is not merged back is reminded of.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod builds;
mod built;
mod company;
mod github;
mod stories;

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use sluice_app::App;
use sluice_core::config::Config;
use sluice_sim::cloud::FaultRates;
use sluice_sim::workplace::{Posted, Roads, Weather};
use sluice_sim::world::{DirectFunctions, World};

use company::Company;

pub(crate) use builds::BUILDS;
pub(crate) use stories::REPOSITORY;

/// The repository, beside the ERP's images.
const SOURCE: &str = r##"
[source]
repository = "erp"
account = "222222222222"
region = "eu-central-1"
channel = "#erp-source"
"##;

fn config_of(source: &str) -> Config {
    Config::parse(&format!(
        "{}{source}",
        include_str!("../../erp/sluice.toml")
    ))
    .unwrap()
}

fn world(seed: u64, weather: Weather) -> World {
    world_of(config_of(SOURCE), seed, weather)
}

fn world_of(config: Config, seed: u64, weather: Weather) -> World {
    let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    let mut world = World::new(seed, start, std::slice::from_ref(&config), weather);
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    world.deploy(Arc::new(DirectFunctions(app)));
    world
}

/// What was said about the source code, oldest first.
fn said(world: &World) -> Vec<Posted> {
    let mut messages = world.slack().messages();
    messages.retain(|posted| posted.channel.as_str() == "#erp-source");
    messages
}

fn weather() -> impl Strategy<Value = Weather> {
    let roads = (0..90_i64, 0.0..0.5_f64, 0.0..0.3_f64);
    // Of each request, with all of its tries: a look makes dozens.
    let rates = (0.0..0.1_f64, 0.0..0.02_f64, 0.0..0.01_f64);
    (roads, rates, 0.0..0.2_f64).prop_map(|((jitter, doubles, losses), rates, interleave)| {
        Weather {
            roads: Roads {
                jitter: jiff::SignedDuration::from_secs(jitter),
                doubles,
                losses,
                ..Roads::default()
            },
            crash_rate: rates.0,
            faults: FaultRates {
                fail: rates.1,
                throttle: 0.0,
                lose_answer: rates.2,
            },
            interleave,
            ..Weather::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_wrong_merge_is_unseen_no_right_one_is_told_and_no_merge_back_is_forgotten(
        seed in any::<u64>(),
        weather in weather(),
    ) {
        let mut company = Company::new(seed, weather);
        company.work(30);
        company.check().map_err(TestCaseError::fail)?;
        company.check_images().map_err(TestCaseError::fail)?;
        company.check_builds().map_err(TestCaseError::fail)?;
    }
}
