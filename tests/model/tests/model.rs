//! Every run of two deployments, two people and one fault, within bounds that are said.
//!
//! `SLUICE_MODEL=full cargo test --release -p sluice-model -- --nocapture` goes through all the spaces;
//! without it those are gone through that take seconds.

use std::collections::BTreeSet;
use std::time::Instant;

use sluice_model::{
    ALL_OVER, APPROVED, BACK_IS_BACK, BACKED_UP, Bounds, Bug, LOOKED_AT, MIGRATED_ONCE, Model,
    ONE_ACTIVE, OVER_IS_OVER, PAUSED, TESTED, TRUE_SUCCESS, walk,
};
use stateright::{Checker, Expectation, HasDiscoveries, Model as _};

/// Two deployments, one function at a time, and nothing goes wrong.
const PLAIN: Bounds = Bounds {
    two: true,
    functions_each: 1,
    functions: 1,
    clicks: 0,
    lags: 0,
    fault: false,
    hints: false,
};

/// Gone through whenever the tests are run.
const QUICK: [(&str, Bounds); 3] = [
    (
        "two deployments, one fault",
        Bounds {
            fault: true,
            ..PLAIN
        },
    ),
    ("two deployments, two people", Bounds { clicks: 1, ..PLAIN }),
    (
        "one deployment, two functions, a late read",
        Bounds {
            two: false,
            functions_each: 2,
            functions: 2,
            lags: 1,
            hints: true,
            ..PLAIN
        },
    ),
];

/// Gone through besides on demand.
const FULL: [(&str, Bounds); 5] = [
    (
        "two deployments, two functions for each",
        Bounds {
            functions_each: 2,
            functions: 2,
            ..PLAIN
        },
    ),
    (
        "two deployments, a function for each, one fault",
        Bounds {
            functions: 2,
            fault: true,
            ..PLAIN
        },
    ),
    (
        "one deployment, two functions, two people",
        Bounds {
            two: false,
            functions_each: 2,
            functions: 2,
            clicks: 1,
            ..PLAIN
        },
    ),
    (
        "one deployment, two functions, one fault",
        Bounds {
            two: false,
            functions_each: 2,
            functions: 2,
            fault: true,
            ..PLAIN
        },
    ),
    (
        "two deployments, two people, one fault",
        Bounds {
            clicks: 1,
            fault: true,
            ..PLAIN
        },
    ),
];

/// Goes through a space; what breaks fails the test with its story.
fn check(name: &str, bounds: Bounds) {
    let began = Instant::now();
    let checker = Model::new(bounds)
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_dfs()
        .join();
    println!(
        "{name}: {} states of {} reached, {} steps deep, {:.1?}; {} deployments\n  {bounds:?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        began.elapsed(),
        checker.model().deployments(),
    );
    let found = checker.discoveries();
    for property in checker.model().properties() {
        let path = found.get(property.name).cloned();
        match (property.expectation, path) {
            (Expectation::Sometimes, None) => panic!("{name}: never {}", property.name),
            (Expectation::Always | Expectation::Eventually, Some(path)) => {
                panic!("{}:\n{}", property.name, checker.model().story(path))
            }
            _ => {}
        }
    }
}

#[test]
fn every_run_within_the_bounds_keeps_what_must_be_true() {
    for (name, bounds) in QUICK {
        check(name, bounds);
    }
    if std::env::var("SLUICE_MODEL").as_deref() == Ok("full") {
        for (name, bounds) in FULL {
            check(name, bounds);
        }
    }
}

/// Where no state comes again, a run that goes on for ever would meet infinitely many.
#[test]
fn no_run_goes_round_in_a_circle() {
    for (name, bounds) in &QUICK[1..] {
        let walked = walk(&Model::new(*bounds));
        assert!(walked.circle.is_none(), "{name}: {:?}", walked.circle);
        println!("{name}: no circle in {} states", walked.states);
    }
}

#[test]
fn every_planted_bug_is_found() {
    let clicks = Bounds { clicks: 1, ..PLAIN };
    let fault = Bounds {
        fault: true,
        ..PLAIN
    };
    for (bug, breaks, bounds) in [
        (Bug::ClaimsWhatIsTaken, ONE_ACTIVE, PLAIN),
        (Bug::MigratesAgain, MIGRATED_ONCE, fault),
        (Bug::BelievesEverySnapshot, BACKED_UP, PLAIN),
        (Bug::LetsEverythingThrough, TESTED, PLAIN),
        (Bug::TakesAnybodysYes, APPROVED, PLAIN),
        (Bug::IgnoresTheVersion, OVER_IS_OVER, clicks),
        (Bug::SaysItIsBack, BACK_IS_BACK, clicks),
        (Bug::BelievesEveryRollout, TRUE_SUCCESS, PLAIN),
        (Bug::ActsBeforeItSaves, PAUSED, clicks),
        (Bug::NeverLooksAgain, LOOKED_AT, PLAIN),
        (Bug::KeepsTheEnvironment, ALL_OVER, PLAIN),
        (Bug::ClaimsForWhatIsOver, ALL_OVER, clicks),
    ] {
        let began = Instant::now();
        let checker = Model::with(bounds, bug)
            .checker()
            .finish_when(HasDiscoveries::AnyOf(BTreeSet::from([breaks])))
            .spawn_bfs()
            .join();
        let is_found = checker.discovery(breaks).is_some();
        assert!(is_found, "{bug:?} does not break `{breaks}`");
        println!(
            "{bug:?} breaks `{breaks}`: {} states, {:.1?}",
            checker.unique_state_count(),
            began.elapsed(),
        );
    }
}
