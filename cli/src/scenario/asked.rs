//! What people ask for.

use jiff::SignedDuration;
use sluice_sim::cloud::ImageBehaviour;

use super::{Act, BETWEEN, Check, IMAGE, Scenario, TO_PRODUCTION, When, push};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        rollback_asked(),
        rollback_while_baking(),
        database_restored(),
    ]
}

fn rollback_asked() -> Scenario {
    let next = push("release-1.5.0", "1.5.0", ImageBehaviour::default());
    let to_production = push("v1.5.0", "1.5.0", ImageBehaviour::default());
    let mut scenario = Scenario::new(
        "rollback-asked",
        "half an hour after a release someone requests a rollback: done in minutes, with the old \
         task definitions",
    )
    .scene(
        When::After(TO_PRODUCTION, "Succeeded", SignedDuration::from_mins(20)),
        next,
    )
    .scene(
        When::After("release-1.5.0", "Succeeded", BETWEEN),
        to_production,
    )
    .scene(
        When::After("v1.5.0", "Succeeded", SignedDuration::from_mins(30)),
        Act::RollBack("invoices show the wrong currency"),
    )
    .check(Check::Told(
        TO_PRODUCTION,
        "production was rolled back from v1.5.0 to v1.4.0",
    ))
    .check(Check::Runs {
        environment: "production",
        image: IMAGE,
    })
    .check(Check::Migrations {
        environment: "production",
        count: 2,
    })
    .check(Check::OneBeat("production"));
    scenario.ends.extend([
        ("release-1.5.0", "Succeeded"),
        ("v1.5.0", "Succeeded"),
        (TO_PRODUCTION, "Succeeded"),
    ]);
    scenario
}

fn rollback_while_baking() -> Scenario {
    Scenario::new(
        "rollback-while-baking",
        "a release has the traffic and someone sees a fault no check sees: it rolls back when \
         requested",
    )
    .scene(
        When::After(TO_PRODUCTION, "Baking", SignedDuration::from_mins(3)),
        Act::RollBack("invoices show the wrong currency"),
    )
    .ends("RolledBack")
    .check(Check::Told(
        TO_PRODUCTION,
        "asked to go back: invoices show the wrong currency",
    ))
    .production_as_before()
}

fn database_restored() -> Scenario {
    let next = push("release-1.5.0", "1.5.0", ImageBehaviour::default());
    let to_production = push("v1.5.0", "1.5.0", ImageBehaviour::default());
    let mut scenario = Scenario::new(
        "database-restored",
        "a migration has corrupted data: the database is restored to before it, and the code is \
         rolled back with it",
    )
    .scene(
        When::After(TO_PRODUCTION, "Succeeded", SignedDuration::from_mins(20)),
        next,
    )
    .scene(
        When::After("release-1.5.0", "Succeeded", BETWEEN),
        to_production,
    )
    .scene(
        When::After("v1.5.0", "Succeeded", SignedDuration::from_mins(30)),
        Act::Restore("the migration merged accounts that are not the same"),
    )
    .check(Check::Told(TO_PRODUCTION, "is restored to"))
    .check(Check::InOrder(
        TO_PRODUCTION,
        &[
            "restore of",
            "approved the plan",
            "is DOWN from now",
            "all services have stopped",
            "is available, with the same settings",
            "the old database is now named",
            "the restored database now has the original name",
            "beat runs v1.4.0",
            "passed at the public URLs",
        ],
    ))
    .check(Check::Runs {
        environment: "production",
        image: IMAGE,
    })
    .check(Check::OneBeat("production"));
    scenario.ends.extend([
        ("release-1.5.0", "Succeeded"),
        ("v1.5.0", "Succeeded"),
        (TO_PRODUCTION, "Restored"),
    ]);
    scenario
}
