//! Restores of the database, in whole worlds: what is lost and what is not, by instance and cluster,
//! by moment and snapshot; crashed at every call; with faults of RDS; by two people at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use sluice_app::{App, AskError, Asked, AskedHow, Request, RestoreDatabase, RollBack};
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{AppName, EnvironmentName, UserId};
use sluice_core::phase::Phase;
use sluice_core::restore::{PointReference, Stands};
use sluice_core::rollback::ReleaseReference;
use sluice_sim::cloud::{
    CopyFate, Fault, Happened, ImageBehaviour, Operation, Push, Tempo, digest_of,
};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, Habit, World};
use sluice_words::message::ButtonAction;

use crate::erp;

/// A member of the group that may restore; the approver is another.
const SOMEBODY: &str = "UONES0604QSJC";
const PRODUCTION: &str = "production";
const NAME: &str = "erp-production";

/// The ERP without a staging to pass first, and without a bake: worlds that are told often.
fn config(database: &str) -> Config {
    let text = include_str!("../erp/sluice.toml")
        .replace(
            "after = \"staging\" # this very image must have succeeded there\n",
            "",
        )
        .replace(
            "bake = { duration = \"15m\", every",
            "bake = { duration = \"0m\", every",
        )
        .replace("instance = \"erp-production\"", database);
    Config::parse(&text).expect("the ERP's configuration is good")
}

/// A world in which v1.4.0 and then v1.5.0 came to production, each with a migration, and work has
/// been written since.
struct Story {
    world: World,
    config: Config,
}

impl Story {
    fn told(database: &str) -> Self {
        Self::at(database, Tempo::default(), 15)
    }

    /// `work` minutes after each release: RDS can restore what was five minutes ago.
    fn at(database: &str, tempo: Tempo, work: i64) -> Self {
        let config = config(database);
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().expect("a time");
        let mut world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
        world.with_cloud(|cloud| cloud.set_tempo(tempo));
        let app = App::new(world.ports(), vec![Arc::new(config.clone())]);
        world.deploy(Arc::new(DirectFunctions(app)));
        world.add_habit(Habit {
            user: UserId::new("U024BE7LH"),
            action: ButtonAction::Approve,
            environment: Some(EnvironmentName::new(PRODUCTION)),
            after: SignedDuration::from_mins(3),
        });
        let mut story = Self { world, config };
        for version in ["1.4.0", "1.5.0"] {
            story.push(version);
            story.quiet();
            story.works(work);
        }
        assert_eq!(story.ends(), ["Succeeded", "Succeeded"]);
        story
    }

    fn push(&self, version: &str) {
        self.push_behaving(version, ImageBehaviour::default());
    }

    fn push_behaving(&self, version: &str, behaviour: ImageBehaviour) {
        let image = digest_of(version);
        let push = Push::image(&self.config.repository, &format!("v{version}"), image);
        self.world
            .with_cloud(|cloud| cloud.push_image(push.behaving(behaviour)));
    }

    /// Until all is over and told.
    fn quiet(&mut self) {
        let ending = self.world.run(Bounds::default(), |_| false);
        let stories = erp::stories(&self.world);
        assert_eq!(ending, sluice_sim::world::Ending::Quiet, "{stories}");
    }

    /// So many minutes in which nothing happens but work.
    fn works(&mut self, minutes: i64) {
        let over = SignedDuration::from_mins(minutes);
        self.world.plan(over, "work goes on", |_| {});
        self.quiet();
    }

    fn app(&self) -> App {
        App::new(self.world.ports(), vec![Arc::new(self.config.clone())])
    }

    fn request(&self, id: &str) -> Request {
        Request {
            id: id.to_owned(),
            by: UserId::new(SOMEBODY),
            environment: EnvironmentKey {
                app: AppName::new("erp"),
                environment: EnvironmentName::new(PRODUCTION),
            },
        }
    }

    /// The deployments to production, oldest first.
    fn all(&self) -> Vec<Deployment> {
        let stored = erp::deployments(&self.world, PRODUCTION).into_iter();
        stored
            .map(|stored| Arc::unwrap_or_clone(stored.deployment))
            .collect()
    }

    fn ends(&self) -> Vec<&'static str> {
        erp::ends(&self.world, PRODUCTION)
    }

    fn last(&self) -> Deployment {
        self.all().pop().expect("there is one")
    }

    /// The moment before the migration of v1.5.0, or the snapshot that was taken for it.
    fn point(&self, moment: bool) -> PointReference {
        let id = self.all()[1].id.clone();
        match moment {
            true => PointReference::Moment(id),
            false => PointReference::Snapshot(id),
        }
    }

    fn restore(&self, id: &str, to: PointReference) -> Result<Asked, AskError> {
        let order = RestoreDatabase {
            to,
            reason: "v1.5.0 merged accounts that are not the same".to_owned(),
        };
        block_on(self.app().restore(&self.request(id), &order))
    }

    fn roll_back(&self, id: &str, to: Option<&str>) -> Result<Asked, AskError> {
        let order = RollBack {
            to: to.map(ReleaseReference::parse),
            reason: "orders fail".to_owned(),
            force: true,
        };
        block_on(self.app().roll_back(&self.request(id), &order))
    }

    fn named(&self, name: &str) -> Option<String> {
        let named =
            |cloud: &mut sluice_sim::cloud::Cloud| cloud.database_named(name).map(str::to_owned);
        self.world.with_cloud(named)
    }

    fn writes(&self, resource_id: &str) -> Vec<Timestamp> {
        self.world.with_cloud(|cloud| cloud.writes_of(resource_id))
    }

    fn until(&mut self, reached: impl Fn(&Deployment) -> bool) {
        self.world.run(Bounds::default(), |world| {
            let all = erp::deployments(world, PRODUCTION);
            all.last().is_some_and(|last| reached(&last.deployment))
        });
        assert!(reached(&self.last()), "{}", erp::stories(&self.world));
    }

    /// Every service runs the version, nothing broke, and nobody holds or waits for production.
    fn assert_runs(&self, version: &str) {
        let digest = digest_of(version);
        for service in ["web", "worker", "beat"] {
            let runs = erp::running_image(&self.world, PRODUCTION, service);
            let stories = erp::stories(&self.world);
            assert!(
                runs.ends_with(digest.as_str()),
                "{service}: {runs}\n{stories}"
            );
        }
        erp::assert_nothing_broke(&self.world);
        let key = self.request("").environment;
        let state = block_on(self.world.ports().store.environment(&key)).expect("it answers");
        assert_eq!((&state.active, &state.rollback), (&None, &None));
        assert!(state.hold.is_some(), "what pushes ask for is held");
    }

    /// The name is the restored database's, with every write until then and none from then to the
    /// start of the services; the old one is there with all that is in it.
    fn assert_restored(&self, old: &str) {
        let d = self.last();
        assert_eq!(d.phase.name(), "Restored", "{}", erp::stories(&self.world));
        let plan = d.plan.as_ref().expect("it has one");
        let planned = plan.plan.restore.as_ref().expect("it is a restore");
        assert_eq!(self.named(planned.aside.identifier()).as_deref(), Some(old));
        let new = self.named(NAME).expect("the name is somebody's");
        assert_ne!(new, old);
        let started = d.touched.rollouts_since.expect("services were started");
        let (kept, has) = (self.writes(old), self.writes(&new));
        let until = planned.until;
        let before: BTreeSet<&Timestamp> = kept.iter().filter(|at| **at <= until).collect();
        assert!(before.len() > 10, "there was work before");
        let come_back: BTreeSet<&Timestamp> = has.iter().filter(|at| **at < started).collect();
        assert_eq!(come_back, before);
        assert!(kept.iter().any(|at| *at > until), "something was lost");
        let stopped = |at: &&Timestamp| **at > d.entered_at;
        assert!(kept.iter().filter(stopped).count() == 0);
        assert_eq!(self.named(planned.copy.identifier()), None);
    }
}

#[test]
fn a_database_is_restored_with_the_code_that_fits() {
    for database in [
        "instance = \"erp-production\"",
        "cluster = \"erp-production\"",
    ] {
        for moment in [true, false] {
            let mut story = Story::told(database);
            let old = story.named(NAME).expect("there is a database");
            let asked = story
                .restore("r-1", story.point(moment))
                .expect("it is taken");
            assert_eq!(asked.how, AskedHow::Opened);
            story.quiet();
            story.works(15);
            story.assert_restored(&old);
            story.assert_runs("1.4.0");
            let new = story.named(NAME).expect("the name is somebody's");
            let since = story.last().entered_at;
            assert!(
                story.writes(&new).iter().any(|at| *at > since),
                "the application writes again"
            );
        }
    }
}

/// A restore in which whoever works on it dies at this call; how many calls it took.
fn crashed_at(crash_at: Option<u64>) -> u64 {
    let mut story = Story::at("instance = \"erp-production\"", Tempo::quick(), 7);
    let old = story.named(NAME).expect("there is a database");
    let moment = crash_at.is_none_or(|call| call % 2 == 0);
    story
        .restore("r-1", story.point(moment))
        .expect("it is taken");
    let begun = story.world.calls();
    if let Some(call) = crash_at {
        story.world.crash_at_call(begun + call);
    }
    story.quiet();
    // What is asked from here on is the story's own, and nobody would go on after its crash.
    let calls = story.world.calls() - begun;
    story.world.crash_at_call(u64::MAX);
    story.assert_restored(&old);
    story.assert_runs("1.4.0");
    let copies = story.world.with_cloud(|cloud| {
        let ledger = cloud.ledger().iter();
        ledger
            .filter(|entry| matches!(entry.what, Happened::CopyCreated { .. }))
            .count()
    });
    assert_eq!(copies, 1, "one copy is made, whatever crashes");
    calls
}

#[test]
fn a_crash_at_any_call_changes_nothing_about_the_end() {
    let calls = crashed_at(None);
    assert!(calls > 100, "{calls}");
    // Each is a world of its own, and there are hundreds: all cores take their share.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for core in 0..cores {
            scope.spawn(move || {
                for call in (0..calls).skip(core).step_by(cores) {
                    crashed_at(Some(call));
                }
            });
        }
    });
}

#[test]
fn faults_of_rds_delay_a_restore_and_change_nothing_about_its_end() {
    let of_both = [
        Operation::DescribeDbInstances,
        Operation::UpdateService,
        Operation::DescribeServices,
        Operation::RegisterTaskDefinition,
    ];
    let of_an_instance = [
        Operation::RestoreDbInstanceToPointInTime,
        Operation::ModifyDbInstance,
    ];
    let of_a_cluster = [
        Operation::RestoreDbClusterToPointInTime,
        Operation::CreateDbInstance,
        Operation::ModifyDbCluster,
    ];
    let instance = ("instance = \"erp-production\"", &of_an_instance[..]);
    let cluster = ("cluster = \"erp-production\"", &of_a_cluster[..]);
    for (database, own) in [instance, cluster] {
        for operation in of_both.iter().chain(own) {
            for fault in [Fault::Throttle, Fault::LoseAnswer] {
                for times in [1, 4] {
                    goes_wrong(database, *operation, times, &fault);
                }
            }
        }
    }
}

fn goes_wrong(database: &str, operation: Operation, times: u32, fault: &Fault) {
    let mut story = Story::at(database, Tempo::quick(), 7);
    let old = story.named(NAME).expect("there is a database");
    story
        .restore("r-1", story.point(true))
        .expect("it is taken");
    story.world.with_cloud(|cloud| {
        cloud.faults().next(operation, times, fault.clone());
    });
    story.quiet();
    story.assert_restored(&old);
    story.assert_runs("1.4.0");
    // A lost answer may be that of the last call that is needed.
    let struck = story.world.with_cloud(|cloud| cloud.faults().struck());
    assert!(struck >= 1, "{} is never called", operation.name());
}

#[test]
fn a_copy_that_rds_cannot_make_leaves_production_as_it_was() {
    for fate in [
        CopyFate::EndsAs("incompatible-restore".to_owned()),
        CopyFate::Hangs,
    ] {
        let mut story = Story::told("instance = \"erp-production\"");
        let old = story.named(NAME).expect("there is a database");
        story
            .world
            .with_cloud(|cloud| cloud.plan_copy_fate(NAME, fate.clone()));
        story
            .restore("r-1", story.point(true))
            .expect("it is taken");
        story.quiet();
        let last = story.last();
        let as_before = matches!(
            last.phase,
            Phase::RestoreFailed {
                stands: Stands::AsBefore,
                ..
            }
        );
        assert!(as_before, "{fate:?}\n{}", erp::stories(&story.world));
        assert_eq!(story.named(NAME), Some(old));
        story.assert_runs("1.5.0");
    }
}

#[test]
fn a_copy_that_somebody_deletes_is_made_again() {
    let mut story = Story::told("instance = \"erp-production\"");
    let old = story.named(NAME).expect("there is a database");
    let vanishes = |cloud: &mut sluice_sim::cloud::Cloud| {
        cloud.plan_copy_fate(NAME, CopyFate::Vanishes);
    };
    story.world.with_cloud(vanishes);
    story
        .restore("r-1", story.point(false))
        .expect("it is taken");
    story.quiet();
    story.assert_restored(&old);
    story.assert_runs("1.4.0");
}

#[test]
fn two_people_at_once_bring_about_one_thing() {
    // A restore, and then whoever else.
    let mut story = Story::told("instance = \"erp-production\"");
    let old = story.named(NAME).expect("there is a database");
    let point = story.point(true);
    story.restore("r-1", point.clone()).expect("it is taken");
    let again = story.restore("r-1", point.clone()).expect("it is known");
    assert_eq!(again.how, AskedHow::Again);
    for other in [
        story.restore("r-2", point.clone()),
        story.restore("r-3", story.point(false)),
        story.roll_back("r-4", None),
        story.roll_back("r-5", Some("v1.4.0")),
    ] {
        assert!(
            matches!(other, Err(AskError::RestoreUnderWay { .. })),
            "{other:?}"
        );
    }
    story.until(|last| last.phase.name() == "Restoring");
    story.push("1.6.0");
    // What is pushed waits behind it, and then for the hold to be released.
    story.until(|last| matches!(last.phase, Phase::AwaitingWindow { closed: Some(_) }));
    assert_eq!(story.all()[2].phase.name(), "Restored");
    assert!(story.named(NAME) != Some(old));

    // A rollback, and then a restore.
    let story = Story::told("instance = \"erp-production\"");
    story.roll_back("r-1", None).expect("it is taken");
    let other = story.restore("r-2", story.point(true));
    assert!(
        matches!(other, Err(AskError::OtherRollback { .. })),
        "{other:?}"
    );
}

#[test]
fn a_release_under_way_goes_back_first() {
    let mut story = Story::told("instance = \"erp-production\"");
    story.push("1.6.0");
    story.until(|last| last.phase.name() == "UpdatingWorkers");
    let id = story.last().id;
    // So soon RDS cannot restore the moment: the snapshot it can.
    let too_soon = story.restore("r-1", PointReference::Moment(id.clone()));
    assert!(matches!(too_soon, Err(AskError::PointGone)), "{too_soon:?}");
    assert_eq!(
        story.last().phase.name(),
        "UpdatingWorkers",
        "nothing was told to go back"
    );
    let old = story.named(NAME).expect("there is a database");
    story
        .restore("r-2", PointReference::Snapshot(id))
        .expect("it is taken");
    story.quiet();
    assert_eq!(
        story.ends(),
        ["Succeeded", "Succeeded", "RolledBack", "Restored"]
    );
    story.assert_restored(&old);
    story.assert_runs("1.5.0");
}

#[test]
fn a_release_that_works_on_the_database_is_stopped_first() {
    for (phase, end) in [("BackingUp", "Cancelled"), ("Migrating", "Cancelled")] {
        let mut story = Story::told("instance = \"erp-production\"");
        let (old, point) = (story.named(NAME), story.point(false));
        story.push("1.6.0");
        story.until(|last| last.phase.name() == phase);
        story.restore("r-1", point).expect(phase);
        story.quiet();
        assert_eq!(
            story.ends(),
            ["Succeeded", "Succeeded", end, "Restored"],
            "{}",
            erp::stories(&story.world)
        );
        story.assert_restored(&old.expect("there is a database"));
        story.assert_runs("1.4.0");
    }
}

#[test]
fn whoever_wants_the_database_back_is_not_asked_again_by_what_is_stopped() {
    // The migration breaks what ran before, runs when the restore is asked for, and commits.
    let mut story = Story::told("instance = \"erp-production\"");
    story.world.add_habit(Habit {
        user: UserId::new("UTWOS0604QSJC"),
        action: ButtonAction::Approve,
        environment: Some(EnvironmentName::new(PRODUCTION)),
        after: SignedDuration::from_mins(4),
    });
    let (old, point) = (story.named(NAME), story.point(false));
    let mut breaks = ImageBehaviour::default();
    let sql = "BEGIN;\n\nALTER TABLE orders DROP COLUMN note;\n\nCOMMIT;\n";
    breaks.migration.sql = Some(sql.to_owned());
    story.push_behaving("1.6.0", breaks);
    story.until(|last| last.phase.name() == "Migrating" && last.may_have_migrated());
    story.restore("r-1", point).expect("it is taken");
    story.quiet();
    assert_eq!(
        story.ends(),
        ["Succeeded", "Succeeded", "Failed", "Restored"],
        "{}",
        erp::stories(&story.world)
    );
    story.assert_restored(&old.expect("there is a database"));
    story.assert_runs("1.4.0");
}

#[test]
fn what_lost_its_schema_is_not_rolled_back_to() {
    let mut story = Story::told("instance = \"erp-production\"");
    story
        .restore("r-1", story.point(true))
        .expect("it is taken");
    story.quiet();
    story.works(15);
    let lost = story
        .roll_back("r-2", Some("v1.5.0"))
        .expect_err("it lost its schema");
    assert!(matches!(lost, AskError::NeverVerified { .. }), "{lost}");
    // What was undone is not undone again: the last migration is that of v1.4.0 by now, and before
    // it nothing was verified.
    let point = story.point(true);
    let undone = story.restore("r-3", point).expect_err("it is undone");
    assert!(matches!(undone, AskError::PointGone), "{undone}");
}

#[test]
fn whoever_has_no_role_restores_nothing() {
    let story = Story::told("instance = \"erp-production\"");
    let mut request = story.request("r-1");
    request.by = UserId::new("U0STRANGER");
    let order = RestoreDatabase {
        to: story.point(true),
        reason: "because".to_owned(),
    };
    let refused = block_on(story.app().restore(&request, &order)).expect_err("they may not");
    insta::assert_snapshot!(refused.to_string());
    request.environment.environment = EnvironmentName::new("staging");
    let refused = block_on(story.app().restore(&request, &order)).expect_err("they may not");
    assert!(matches!(refused, AskError::NotAllowed(_)), "{refused}");
}
