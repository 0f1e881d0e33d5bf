//! Runs a property, and says how to run it again.

use std::env;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

/// Shrinking is for people who read the failure: more steps make it no clearer.
const SHRINK_STEPS: u32 = 2_000;

/// Sees that the property holds for whatever the strategy makes. `cases` is how many are tried unless
/// `SLUICE_HOSTILE_CASES` says otherwise. A panic is a failure.
///
/// # Panics
/// It does not hold. The message has the smallest input that was found, the seed and the command.
pub fn holds<S: Strategy>(
    name: &str,
    cases: u32,
    strategy: &S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let asked = number("SLUICE_HOSTILE_CASES");
    let cases = asked.and_then(|n| u32::try_from(n).ok()).unwrap_or(cases);
    let seed = number("SLUICE_HOSTILE_SEED").unwrap_or_else(by_the_clock);
    if asked.is_some() {
        // Not through the test's captured output: a process that dies says nothing any more.
        let mut stderr = std::io::stderr().lock();
        let _ = writeln!(stderr, "{name}: {cases} cases, seed {seed}");
    }
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: SHRINK_STEPS,
        ..Config::default()
    };
    if let Err(error) = TestRunner::new(config).run(strategy, property) {
        panic!(
            "{name} does not hold: {error}\n\nThe same again:\n    SLUICE_HOSTILE_SEED={seed} \
             SLUICE_HOSTILE_CASES={cases} cargo test -p sluice-hostile-tests {name}\n"
        );
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} must be a number, and is `{text}`")))
}

fn by_the_clock() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() ^ u64::from(now.subsec_nanos()) << 20)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::holds;

    #[test]
    #[should_panic(expected = "SLUICE_HOSTILE_SEED=")]
    fn a_failure_says_its_seed() {
        holds("no_text_is_long", 1_000, &".{0,40}", |text| {
            prop_assert!(text.len() < 20);
            Ok(())
        });
    }

    #[test]
    #[should_panic(expected = "minimal failing input: 100")]
    fn a_panic_is_a_failure_and_is_made_small() {
        holds("no_number_is_large", 1_000, &(0_u32..10_000), |number| {
            assert!(number < 100);
            Ok(())
        });
    }
}
