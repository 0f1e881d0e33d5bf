//! What earlier versions stored must still load, replay and verify: deployments are under way while
//! Sluice itself is upgraded. A file here is written by the version it is named after, and once that
//! is released never renewed: what breaks it breaks somebody's history. Until then a change of the
//! stored form writes it anew:
//!
//!     cargo test -p sluice-tests --test simulation writes_version_1 -- --ignored
//!     cargo test -p sluice-contracts writes_version_1 -- --ignored

use sluice_core::deployment::{Deployment, SCHEMA};
use sluice_core::history::{Record, Replay, replay};
use sluice_sim::cloud::{Answer, ImageBehaviour};
use sluice_sim::workplace::Weather;
use sluice_words::{note, refusal};

use crate::erp;

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

/// A file of each version is there, and today's code decides at every record as that version did.
#[test]
fn every_version_has_a_history_and_it_is_decided_the_same_today() {
    for version in 1..=SCHEMA {
        let path = format!(
            "{}/stored/v{version}-history.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(&path).expect("each version leaves a history");
        let history: Vec<Record> = serde_json::from_str(&text).expect("its records are read");
        let (mut replay, first) =
            Replay::begin(&history, note::news, refusal::rejected).expect("its chain is whole");
        let mut different = first.differences;
        while let Some(folded) = replay.fold_next() {
            different.extend(folded.differences);
        }
        different.retain(|difference| difference.differs.is_decision());
        assert_eq!(different, [], "version {version}");
    }
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

/// A release whose smoke tests fail in production, after its migration has run.
#[test]
#[ignore = "writes tests/stored/v1-history.json again"]
fn writes_version_1() {
    let mut image = ImageBehaviour::default();
    let mut world = erp::world(1, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &image);
    erp::run(&mut world);
    let broken = Answer {
        status: 500,
        body: String::new(),
        latency_ms: 20,
    };
    let products = "/api/v1/products?limit=1".to_owned();
    image.answers.insert(products, broken);
    erp::push(&world, "v1.4.0", "one", &image);
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, "production"), ["RolledBack"]);
    let last = erp::deployments(&world, "production").remove(0);
    let history = erp::history(&world, &last.deployment.id);
    let lines: Vec<String> = history
        .iter()
        .map(|record| serde_json::to_string(record).expect("it serialises"))
        .collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/stored/v1-history.json");
    std::fs::write(path, format!("[\n{}\n]\n", lines.join(",\n"))).expect("it is written");
}
