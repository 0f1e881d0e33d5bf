//! Every scenario ends as it says where AWS is not kind: reads that lie behind what was written,
//! and functions that cross each other.
//!
//! A run looks at a few seeds of each; `UNKIND_SEEDS=5000 cargo test -p sluice --test unkind --
//! --nocapture` looks at as many of each as it says, and says how far it is. `UNKIND_FROM=1001` begins
//! there, so that many seeds can be spread over several runs. A failure names the scenario and the
//! seed. `UNKIND_SCENARIO=NAME` looks at that one only, and `cargo run -p sluice -- demo --headless
//! --scenario NAME --seed N --lag TIME` plays it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::ops::Range;

use jiff::SignedDuration;
use sluice::play::{Play, Silence};
use sluice::sample;
use sluice::scenario::{self, Scenario};
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_sim::cloud::Lag;
use sluice_words::note;

/// Seeds that a test run looks at, of each scenario in each kind of weather.
const SEEDS: u64 = 1;
/// After so many seeds a long run says how far it is.
const PROGRESS: u64 = 50;
/// How often functions wait at their calls while others go on.
const OFTEN: f64 = 0.2;

/// A number in the environment.
fn number(name: &str) -> Option<u64> {
    let told = std::env::var(name).ok()?;
    Some(told.parse().expect(name))
}

fn seeds() -> Range<u64> {
    let from = number("UNKIND_FROM").unwrap_or(1);
    from..from + number("UNKIND_SEEDS").unwrap_or(SEEDS)
}

/// What did not end as it should, in a line each.
fn failures(bend: impl Fn(&mut Scenario)) -> Vec<String> {
    let config = sample::erp();
    let only = std::env::var("UNKIND_SCENARIO").ok();
    let is_wanted = |name: &str| only.as_ref().is_none_or(|only| only == name);
    let mut scenarios = scenario::all();
    scenarios.retain(|scenario| is_wanted(scenario.name));
    let mut failures = Vec::new();
    for seed in seeds() {
        for scenario in &scenarios {
            let mut bent = scenario.clone();
            bend(&mut bent);
            failures.extend(failure(bent, seed, &config));
        }
        if seed % PROGRESS == 0 {
            eprintln!("seed {seed} of every scenario: {} failures", failures.len());
        }
    }
    failures
}

fn failure(scenario: Scenario, seed: u64, config: &Config) -> Option<String> {
    let name = scenario.name;
    let mut play = Play::new(scenario, seed, config);
    let verdict = play.run(&mut Silence).unwrap().unwrap();
    if verdict.as_it_should {
        return None;
    }
    let broken = verdict.checked.iter().filter(|checked| !checked.holds);
    let broken: Vec<&str> = broken.map(|checked| checked.words.as_str()).collect();
    let stories = play.world().store().deployments();
    let stories = stories.iter().map(|stored| story(&stored.deployment));
    let told: String = stories.collect();
    eprintln!("{name}, seed {seed}: {}\n{told}", verdict.ended);
    Some(format!("{name}, seed {seed}: {}", broken.join("; ")))
}

/// What people read of a deployment, line by line.
fn story(d: &Deployment) -> String {
    let lines = d.story.iter().map(|entry| {
        let (at, words) = (entry.at, note::words(&entry.note, d));
        format!("  {at} {} {words}\n", d.environment())
    });
    lines.collect()
}

fn assert_ends_as_it_should(bend: impl Fn(&mut Scenario)) {
    let failures = failures(bend);
    assert!(
        failures.is_empty(),
        "{} stories:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn lagging(lag: Lag) {
    assert_ends_as_it_should(|scenario| scenario.weather.lag = lag);
}

#[test]
fn every_scenario_ends_as_it_should_with_reads_100_ms_late() {
    lagging(Lag::exactly(SignedDuration::from_millis(100)));
}

#[test]
fn every_scenario_ends_as_it_should_with_reads_3_s_late() {
    lagging(Lag::exactly(SignedDuration::from_secs(3)));
}

#[test]
fn every_scenario_ends_as_it_should_with_reads_a_minute_late() {
    lagging(Lag::exactly(SignedDuration::from_mins(1)));
}

#[test]
fn every_scenario_ends_as_it_should_with_reads_that_are_late_now_and_then() {
    lagging(Lag::of(SignedDuration::from_mins(1)));
}

#[test]
fn every_scenario_ends_as_it_should_with_functions_that_cross_each_other() {
    assert_ends_as_it_should(|scenario| scenario.weather.interleave = OFTEN);
}

#[test]
fn every_scenario_ends_as_it_should_with_late_reads_and_functions_that_cross_each_other() {
    assert_ends_as_it_should(|scenario| {
        scenario.weather.lag = Lag::of(SignedDuration::from_secs(3));
        scenario.weather.interleave = OFTEN;
    });
}
