//! Replaying what happened, and the same world twice.

use sluice_core::history::{replay, verify};
use sluice_sim::cloud::ImageBehaviour;
use sluice_sim::workplace::{Roads, Weather};

use crate::erp;

fn foul() -> Weather {
    let mut weather = Weather {
        crash_rate: 0.05,
        double_wakeups: 0.1,
        ..Weather::default()
    };
    weather.roads = Roads {
        doubles: 0.3,
        ..Roads::default()
    };
    weather.faults.throttle = 0.1;
    weather.faults.lose_answer = 0.05;
    weather
}

#[test]
fn every_history_replays_to_what_is_stored_byte_for_byte() {
    for seed in 0..20 {
        let mut world = erp::world(seed, foul());
        erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
        erp::run(&mut world);
        for stored in world.store().deployments() {
            let history = erp::history(&world, &stored.deployment.id);
            assert_eq!(verify(&history).expect("the chain holds"), stored.chain);
            let stored = serde_json::to_vec(&stored.deployment).expect("it serialises");
            for _ in 0..2 {
                let replayed = replay(&history).expect("it replays");
                assert_eq!(
                    serde_json::to_vec(&replayed).expect("it serialises"),
                    stored
                );
            }
        }
    }
}

#[test]
fn every_state_survives_being_stored_as_json() {
    let mut world = erp::world(1, foul());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    for stored in world.store().deployments() {
        let history = erp::history(&world, &stored.deployment.id);
        for length in 1..=history.len() {
            let state = replay(&history[..length]).expect("it replays");
            let json = serde_json::to_string(&state).expect("it serialises");
            let back: sluice_core::deployment::Deployment =
                serde_json::from_str(&json).expect("it is read again");
            assert_eq!(back, state);
        }
        let json = serde_json::to_string(&history).expect("it serialises");
        let back: Vec<sluice_core::history::Record> =
            serde_json::from_str(&json).expect("it is read again");
        assert_eq!(back, history);
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    let told = |seed: u64| {
        let mut world = erp::world(seed, foul());
        erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
        erp::run(&mut world);
        erp::stories(&world)
    };
    assert_eq!(told(7), told(7));
    assert_ne!(told(7), told(8), "the seed decides nothing");
}
