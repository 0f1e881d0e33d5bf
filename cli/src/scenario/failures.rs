//! Releases that are bad, and the cloud failing a good one.

use jiff::SignedDuration;
use sluice_core::config::{Config, Steps, Strategy};
use sluice_sim::cloud::{
    ImageBehaviour, MigrationEnd, Operation, SnapshotFate, Start, UnderTraffic,
};

use super::{Act, Check, Scenario, Scene, TO_PRODUCTION, When};

const NOW: SignedDuration = SignedDuration::ZERO;

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = before_the_rollout();
    scenarios.extend(after_the_migration());
    scenarios
}

fn before_the_rollout() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "broken-migration",
            "the migration fails on production's data: no service is changed, people get its last \
             log lines",
        )
        .in_production(ImageBehaviour::default().with_failing_migration(
            1,
            &[
                "INFO  [alembic.runtime.migration] Running upgrade 8d1f -> a27c, invoice number \
                 is unique",
                "sqlalchemy.exc.IntegrityError: could not create unique index \
                 \"uq_invoice_number\"",
            ],
        ))
        .ends("Failed")
        .check(Check::Snapshots {
            environment: "production",
            count: 1,
        })
        .check(Check::Migrations {
            environment: "production",
            count: 1,
        })
        .check(Check::NothingDeployed("production"))
        .check(Check::Told(TO_PRODUCTION, "uq_invoice_number"))
        .production_as_before(),
        Scenario::new(
            "hung-migration",
            "the migration never ends: Sluice stops it at its time limit and checks the database",
        )
        .in_production(hung_migration())
        .ends("Failed")
        .check(Check::Migrations {
            environment: "production",
            count: 1,
        })
        .check(Check::NothingDeployed("production"))
        .check(Check::Told(
            TO_PRODUCTION,
            "Sluice stops it and then checks the database",
        ))
        .production_as_before(),
        snapshot("failed-snapshot", SnapshotFate::FailsAt(40))
            .shows("RDS fails the snapshot: no migration runs"),
        snapshot("vanished-snapshot", SnapshotFate::VanishesAt(60))
            .shows("the snapshot disappears while it is taken: no migration runs"),
    ]
}

fn after_the_migration() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "green-never-up",
            "green's tasks crash: stopped after its time limit; no traffic ever reached it",
        )
        .in_production(ImageBehaviour {
            web: Start::Crashes(3),
            ..ImageBehaviour::default()
        })
        .ends("RolledBack")
        .check(Check::Told(
            TO_PRODUCTION,
            "bringing up the web services was not done",
        ))
        .production_as_before(),
        failing_smoke_test("failing-smoke-test")
            .shows("green answers wrongly: it never gets traffic; web, worker and beat roll back")
            .ends("RolledBack")
            .production_as_before(),
        Scenario::new(
            "worker-crash",
            "the workers crash after the migration: web, worker and beat roll back",
        )
        .in_production(ImageBehaviour {
            workers: Start::Crashes(1),
            ..ImageBehaviour::default()
        })
        .ends("RolledBack")
        .production_as_before(),
        Scenario::new(
            "bad-bake",
            "healthy at first, errors under traffic: Sluice sees it in the bake and rolls back",
        )
        .in_production(
            ImageBehaviour::default().with_trouble_under_traffic(SignedDuration::from_mins(4), 503),
        )
        .ends("RolledBack")
        .check(Check::Told(
            TO_PRODUCTION,
            "all traffic is on the new version",
        ))
        .check(Check::Told(
            TO_PRODUCTION,
            "health checks failed after the traffic shift",
        ))
        .production_as_before(),
        canary(Scenario::new(
            "canary-errors",
            "2 % more of the new version's requests fail: Sluice compares both versions at 10 % of \
             the traffic and rolls back within minutes",
        ))
        .in_production(ImageBehaviour::default().with_worse_answers(20, 0))
        .ends("RolledBack")
        .check(Check::Told(
            TO_PRODUCTION,
            "the new version answers worse than the old one at 10 % of the traffic: web: ",
        ))
        .production_as_before(),
        canary(Scenario::new(
            "canary",
            "a new version that is as good gets 10 % of the traffic, and then the rest",
        ))
        .check(Check::Told(
            TO_PRODUCTION,
            "healthy at 10 % of the traffic: ",
        ))
        .check(Check::Told(TO_PRODUCTION, "failed with 5xx, ")),
        Scenario::new(
            "dying-workers",
            "workers start and crash repeatedly: ECS restarts them, Sluice sees it in the bake \
             and rolls back",
        )
        .in_production(
            ImageBehaviour::default().with_dying_workers(SignedDuration::from_secs(80), 1),
        )
        .ends("RolledBack")
        .check(Check::Told(TO_PRODUCTION, "worker runs the new version"))
        .check(Check::Told(
            TO_PRODUCTION,
            "health checks failed after the traffic shift: ",
        ))
        .production_as_before(),
        Scenario::new(
            "alarm",
            "a CloudWatch alarm fires in the bake: ECS rolls back automatically, and Sluice \
             reports it",
        )
        .in_production(with_alarm())
        .ends("RolledBack")
        .check(Check::Told(
            TO_PRODUCTION,
            "all traffic is on the new version",
        ))
        .check(Check::Told(
            TO_PRODUCTION,
            "ECS rolls back by itself: alarm",
        ))
        .production_as_before(),
        failing_smoke_test("rollback-fails")
            .shows("the rollback is refused: Sluice reports clearly what is stuck and what to type")
            .scene(
                When::After(TO_PRODUCTION, "Verifying", NOW),
                Act::Refuse(Operation::UpdateService),
            )
            .ends("RollbackFailed")
            .check(Check::Told(TO_PRODUCTION, "could NOT be rolled back"))
            .check(Check::Told(TO_PRODUCTION, "aws ecs update-service")),
    ]
}

impl Scenario {
    fn shows(mut self, shows: &'static str) -> Self {
        self.shows = shows;
        self
    }
}

fn hung_migration() -> ImageBehaviour {
    let mut behaviour = ImageBehaviour::default();
    behaviour.migration.ends = MigrationEnd::Hangs;
    behaviour
}

/// A tenth of the traffic first, for ten minutes.
fn canary(mut scenario: Scenario) -> Scenario {
    let when = When::At(NOW);
    let act = Act::UsersAsk(50);
    // The release to production stays the last scene.
    scenario.scenes.insert(0, Scene { when, act });
    scenario.config = |config: &mut Config| {
        let placements = config
            .environments
            .iter_mut()
            .flat_map(|one| one.services.values_mut());
        for placement in placements.filter(|one| one.strategy.shifts_traffic()) {
            placement.strategy = Strategy::Canary(Steps {
                percent: 10,
                bake: SignedDuration::from_mins(10),
            });
        }
    };
    scenario
}

fn with_alarm() -> ImageBehaviour {
    ImageBehaviour {
        under_traffic: Some(UnderTraffic {
            after: SignedDuration::from_mins(3),
            status: 500,
            fires_alarms: true,
        }),
        ..ImageBehaviour::default()
    }
}

fn snapshot(name: &'static str, fate: SnapshotFate) -> Scenario {
    Scenario::new(name, "")
        .scene(When::Opened(TO_PRODUCTION), Act::NextSnapshot(fate))
        .ends("Failed")
        .check(Check::Snapshots {
            environment: "production",
            count: 1,
        })
        .check(Check::Migrations {
            environment: "production",
            count: 0,
        })
        .check(Check::NothingDeployed("production"))
        .production_as_before()
}

fn failing_smoke_test(name: &'static str) -> Scenario {
    Scenario::new(name, "")
        .in_production(ImageBehaviour::default().with_answer(
            "/api/v1/products?limit=1",
            500,
            r#"{"detail":"relation \"price_list\" does not exist"}"#,
        ))
        .check(Check::Migrations {
            environment: "production",
            count: 1,
        })
        .check(Check::Told(TO_PRODUCTION, "smoke tests failed"))
}
