//! Migrations that are seen before they run, and what only people can decide.

use jiff::SignedDuration;
use sluice_core::config::Config;
use sluice_sim::cloud::ImageBehaviour;

use super::{Act, Check, Scenario, TO_PRODUCTION, When};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![point_of_no_return(), rehearsed()]
}

/// Old code uses what this drops, and the release is unhealthy under traffic.
fn breaking() -> ImageBehaviour {
    ImageBehaviour::default()
        .with_migration(
            "orders have no note any more",
            "ALTER TABLE orders DROP COLUMN note;",
        )
        .with_trouble_under_traffic(SignedDuration::from_mins(2), 503)
}

fn point_of_no_return() -> Scenario {
    let mut scenario = Scenario::new(
        "point-of-no-return",
        "a migration that old code does not run on, reported before the approval; the release is \
         unhealthy, and a person decides",
    )
    .in_production(breaking())
    .scene(
        When::After(
            TO_PRODUCTION,
            "AwaitingRestoreDecision",
            SignedDuration::from_mins(9),
        ),
        Act::RollForward,
    )
    .ends("RolledForward")
    .check(Check::Told(TO_PRODUCTION, "Decision needed"))
    .check(Check::Told(TO_PRODUCTION, "rolls forward"))
    .check(Check::OneBeat("production"));
    // One approver is enough for this story.
    scenario.config = |config: &mut Config| {
        let environments = config.environments.iter_mut();
        environments.for_each(|environment| environment.migration_rules.clear());
    };
    scenario
}

fn rehearsed() -> Scenario {
    let mut scenario = Scenario::new(
        "rehearsed",
        "the migration first runs on a copy of the database: how long, which locks, and the copy \
         is removed",
    )
    .check(Check::Told(
        TO_PRODUCTION,
        "the migration ran on the copy in",
    ))
    .check(Check::Told(
        TO_PRODUCTION,
        "the copy and its snapshot are removed",
    ))
    .check(Check::Migrations {
        environment: "production",
        count: 1,
    });
    scenario.config = |config: &mut Config| {
        let environments = config.environments.iter_mut();
        let backups = environments.filter_map(|environment| environment.backup.as_mut());
        backups.for_each(|backup| backup.rehearse = true);
    };
    scenario
}
