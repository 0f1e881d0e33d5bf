//! `sluice.toml`, written by somebody in a hurry or by a program that went wrong.

use std::fs;

use proptest::prelude::*;
use sluice_core::config::{Config, Settings};
use sluice_hostile_tests::{holds, text};

use crate::stage::{ERP, root};

const WORDS: &[&str] = &[
    "[",
    "]",
    "[[",
    "]]",
    "[services.web]",
    "[environments.production]",
    "name =",
    "kind = \"web\"",
    "\"\"\"",
    "'''",
    "= {",
    "1979-05-27",
    "0x",
    "inf",
    "true",
    "[environments.staging.roles]",
    "windows = [\"Mon-Thu 09:00-17:00 Europe/Berlin\"]",
    "after = \"staging\"",
    "a.b.c = 1",
];

#[test]
fn any_file_is_read_or_refused_with_places() {
    let mistakes = root().join("shared/core/tests/config/every-mistake.toml");
    let corpus = vec![ERP.to_owned(), fs::read_to_string(mistakes).unwrap()];
    let name = "any_file_is_read_or_refused_with_places";
    holds(name, 200, &text(corpus, WORDS), |text| {
        match Config::parse(&text) {
            Err(problems) => {
                let told = problems.as_slice();
                prop_assert!(!told.is_empty() && told.len() <= 100);
                let lines = text.matches('\n').count() + 1;
                for problem in told {
                    prop_assert!((1..=lines).contains(&problem.line) && problem.column >= 1);
                    prop_assert!(!problem.message.is_empty() && !problem.help.is_empty());
                }
                prop_assert!(problems.to_string().len() < 400_000);
            }
            Ok(config) => {
                for environment in &config.environments {
                    let settings = config.settings(environment);
                    let json = serde_json::to_string(&settings).unwrap();
                    let again: Settings = serde_json::from_str(&json)
                        .map_err(|error| TestCaseError::fail(error.to_string()))?;
                    prop_assert_eq!(again, settings);
                }
            }
        }
        Ok(())
    });
}
