//! Every run of two deployments, two people and one fault, within bounds that are said.

use std::time::Instant;

use sluice_model::{Bounds, Bug, Model, walk};
use stateright::{Checker as _, HasDiscoveries, Model as _};

const SMALL: Bounds = Bounds {
    two: false,
    functions_each: 1,
    functions: 1,
    clicks: 0,
    lags: 0,
    fault: false,
    hints: false,
};

#[test]
fn small() {
    let began = Instant::now();
    let checker = Model::new(SMALL)
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
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
        println!("{name}: {} actions", path.into_actions().len());
    }
}
