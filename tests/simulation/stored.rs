//! What earlier versions stored must still load, replay and verify: deployments are under way while
//! Sluice itself is upgraded. A file here is written once, by the version it is named after, and
//! never renewed: what breaks it breaks somebody's history.

use sluice_core::deployment::{Deployment, SCHEMA};
use sluice_core::history::{Record, replay};

#[test]
fn a_history_of_version_1_replays() {
    let text = include_str!("../stored/v1-history.json");
    let history: Vec<Record> = serde_json::from_str(text).expect("its records are read");
    let deployment = replay(&history).expect("it verifies and replays");
    assert_eq!(deployment.phase.name(), "RolledBack");
    assert!(
        deployment
            .touched
            .migration
            .as_ref()
            .is_some_and(|run| run.succeeded())
    );
}

#[test]
fn every_state_of_version_1_is_read_again() {
    let text = include_str!("../stored/v1-history.json");
    let history: Vec<Record> = serde_json::from_str(text).expect("its records are read");
    for length in 1..=history.len() {
        let state = replay(&history[..length]).expect("it replays");
        let json = serde_json::to_value(&state).expect("it serialises");
        assert_eq!(json["schema"], SCHEMA);
        let back: Deployment = serde_json::from_value(json).expect("it is read again");
        assert_eq!(back, state);
    }
}
