//! A function may crash before or after any call to the world, in any scenario: the end is the
//! same.
//!
//! A crash comes at a port call: the call before it was done, and this one was not. A run takes a
//! few of each scenario's calls; `CRASH_EVERY=1 cargo test -p sluice --test crashes` takes all of
//! them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::thread;

use sluice::play::{Play, Silence, Verdict};
use sluice::sample;
use sluice::scenario::{self, Scenario};
use sluice_sim::cloud::Lag;

/// One of this many calls crashes, a different one for each scenario.
const EVERY: u64 = 701;

fn every() -> u64 {
    let told = std::env::var("CRASH_EVERY").ok();
    told.and_then(|told| told.parse().ok()).unwrap_or(EVERY)
}

/// Plays it; how it ended, and how many calls that took.
fn played(scenario: &Scenario, crash: Option<u64>) -> (Verdict, u64) {
    let mut scenario = scenario.clone();
    scenario.weather.lag = Lag::none();
    let mut play = Play::new(scenario, 1, &sample::erp());
    if let Some(call) = crash {
        play.world().crash_at_call(call);
    }
    let verdict = play.run(&mut Silence).unwrap().unwrap();
    let calls = play.world().calls();
    (verdict, calls)
}

/// What went otherwise for a crash at some call.
fn failures(number: usize, scenario: &Scenario) -> Vec<String> {
    let (_, calls) = played(scenario, None);
    let first = number as u64 * 37 % every();
    let crashed = (first..calls).step_by(usize::try_from(every()).unwrap());
    crashed
        .filter_map(|call| {
            let (verdict, _) = played(scenario, Some(call));
            let broken = verdict.checked.iter().filter(|checked| !checked.holds);
            let broken: Vec<&str> = broken.map(|checked| checked.words.as_str()).collect();
            (!verdict.as_it_should)
                .then(|| format!("{} at call {call}: {}", scenario.name, broken.join("; ")))
        })
        .collect()
}

#[test]
fn a_crash_at_any_call_of_any_scenario_changes_nothing_about_the_end() {
    let scenarios: Vec<(usize, Scenario)> = scenario::all().into_iter().enumerate().collect();
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let shares = scenarios.chunks(scenarios.len().div_ceil(cores));
    let failures: Vec<String> = thread::scope(|scope| {
        let share = |share: &[(usize, Scenario)]| -> Vec<String> {
            let of_each = share.iter().map(|(number, one)| failures(*number, one));
            of_each.flatten().collect()
        };
        let threads: Vec<_> = shares
            .map(|chunk| scope.spawn(move || share(chunk)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        failures.is_empty(),
        "{} crashes:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
