//! All scenarios, by name.

use super::{
    Check, IMAGE, Scenario, TO_PRODUCTION, asked, branches, closed, failures, infrastructure,
    migrations, people, surprises, weather,
};

/// All scenarios; the first is played where none is named.
pub fn all() -> Vec<Scenario> {
    let mut all = vec![pushed_to_production()];
    all.extend(failures::scenarios());
    all.extend(migrations::scenarios());
    all.extend(infrastructure::scenarios());
    all.extend(people::scenarios());
    all.extend(asked::scenarios());
    all.extend(closed::scenarios());
    all.extend(surprises::scenarios());
    all.extend(branches::scenarios());
    all.extend(weather::scenarios());
    all
}

/// The scenario of that name.
pub fn find(name: &str) -> Option<Scenario> {
    all().into_iter().find(|scenario| scenario.name == name)
}

/// One scenario a line: its name, then what it shows.
pub fn list() -> String {
    let all = all();
    let width = all
        .iter()
        .map(|scenario| scenario.name.len())
        .max()
        .unwrap_or(0);
    let line = |scenario: &Scenario| format!("{:width$}  {}", scenario.name, scenario.shows);
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn pushed_to_production() -> Scenario {
    Scenario::new(
        "pushed-to-production",
        "an image goes to staging automatically and to production with an approval (the default)",
    )
    .check(Check::InOrder(
        TO_PRODUCTION,
        &[
            "is ready; nothing has been changed yet",
            "approved the plan",
            "re-checked: unchanged",
            "verified: available",
            "ended with exit code 0",
            "web: green is up",
            "beat runs the new version",
            "worker runs the new version",
            "smoke tests passed",
            "web: all traffic is on the new version",
            "bake finished",
            "the old version is shut down",
        ],
    ))
    .check(Check::Snapshots {
        environment: "production",
        count: 1,
    })
    .check(Check::Migrations {
        environment: "production",
        count: 1,
    })
    .check(Check::Runs {
        environment: "staging",
        image: IMAGE,
    })
    .check(Check::Runs {
        environment: "production",
        image: IMAGE,
    })
    .check(Check::OneBeat("production"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_found_and_every_scenario_says_what_it_shows() {
        let all = all();
        let names: BTreeSet<&str> = all.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), all.len());
        for scenario in &all {
            assert_eq!(find(scenario.name).unwrap().name, scenario.name);
            assert!(!scenario.shows.is_empty(), "{}", scenario.name);
        }
        assert!(find("no-such-scenario").is_none());
    }
}
