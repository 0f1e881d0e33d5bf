//! Every run of two deployments, two people and one fault, within bounds that are said.

use std::time::Instant;

use sluice_model::{Bounds, Bug, Model, walk};
use stateright::{Checker as _, HasDiscoveries, Model as _};

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

#[test]
fn probe() {
    let bounds = Bounds {
        two: number("TWO", 0) == 1,
        functions_each: number("EACH", 1),
        functions: number("ALL", 1),
        clicks: number("CLICKS", 0) as u8,
        lags: number("LAGS", 0) as u8,
        fault: number("FAULT", 0) == 1,
        hints: number("HINTS", 0) == 1,
    };
    let began = Instant::now();
    let checker = Model::new(bounds)
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .target_state_count(number("MAX", 1_000_000))
        .spawn_dfs()
        .join();
    println!(
        "{} states, {} generated, depth {}, {:?}, {} deployments",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        began.elapsed(),
        checker.model().deployments(),
    );
    for (name, path) in checker.discoveries() {
        let is_failure = checker.model().property(name).expectation != stateright::Expectation::Sometimes;
        println!("{name}: {} actions", path.clone().into_actions().len());
        if is_failure {
            println!("{}", checker.model().story(path));
        }
    }
    if number("WALK", 0) == 1 {
        let began = Instant::now();
        println!("{:?} {:?}", walk(&Model::new(bounds)), began.elapsed());
    }
    let _ = Bug::MigratesAgain;
}
