//! Migrations that are seen before they run, and what a failure of one comes to.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails its test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;
use sluice_core::command::Command;
use sluice_core::config::RiskRule;
use sluice_core::deployment::{Requester, Way};
use sluice_core::event::Event;
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::id::{ContainerName, GroupId, UserId};
use sluice_core::migration::{InspectionReading, Risk, Waiver};
use sluice_core::observation::{RolloutStatus, Stage};
use sluice_core::phase::Phase;
use sluice_words::refusal::rejected;

use super::unkind::given;
use crate::Run;
use crate::world::{APPROVER, World, at_head, finding, inspection};

const GROUP: &str = "S0604QSJC";

fn breaking() -> InspectionReading {
    inspection(vec![finding("drop-column", Risk::Breaking)])
}

fn half_done() -> InspectionReading {
    inspection(vec![finding("concurrent-index", Risk::NotTransactional)])
}

/// To a production that lets everything through.
fn allowing() -> (Run, World) {
    Run::to(Requester::Push, |environment| {
        environment.migration_rules.clear();
    })
}

fn fails(world: &mut World, code: i32) {
    let task = world.migration.as_mut().unwrap();
    task.exit_codes = BTreeMap::from([(ContainerName::new("app"), Some(code))]);
    task.log_tail = vec!["ERROR canceling statement due to lock timeout".to_owned()];
}

fn roll_forward(run: &mut Run, by: &str, groups: &[&str]) -> Result<(), RejectedEvent> {
    let groups: BTreeSet<GroupId> = groups.iter().map(|g| GroupId::new(*g)).collect();
    let by = UserId::new(by);
    run.event(&Event::RollForward { by, groups }).map(drop)
}

#[test]
fn the_verdict_stands_in_the_plan_before_anybody_says_yes() {
    let (mut run, mut world) = allowing();
    world.inspection = breaking();
    run.until(&world, "AwaitingApproval");
    assert!(!run.world_touched(), "looking changes nothing");
    insta::assert_snapshot!(sluice_words::plan::text(run.d.sealed_plan()));
}

#[test]
fn where_nothing_is_pending_nothing_is_backed_up_and_nothing_migrated() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.inspection = at_head();
    run.approved_until(&world, "RollingOut");
    let plan = &run.d.sealed_plan().plan;
    assert_eq!((&plan.backup, &plan.migration), (&None, &None));
    assert!(
        plan.to_string().contains("already at revision 3f2a9c"),
        "{plan}"
    );
    let touched = ["start-snapshot", "start-migration"];
    assert!(
        !run.given.iter().any(|key| touched.contains(&key.as_str())),
        "{:?}",
        run.given
    );
}

#[test]
fn another_sql_is_another_plan() {
    let (mut run, mut world) = allowing();
    run.until(&world, "AwaitingApproval");
    world.inspection = breaking();
    run.approve(APPROVER).unwrap();
    run.until(&world, "AwaitingApproval");
    assert!(
        run.story()
            .iter()
            .any(|line| line.contains("approvals given are void"))
    );
}

#[test]
fn a_table_that_grows_in_between_makes_no_yes_void() {
    let (mut run, mut world) = allowing();
    world.inspection = breaking();
    run.until(&world, "AwaitingApproval");
    let mut grown = finding("drop-column", Risk::Breaking);
    grown.means = "the code that runs now still uses orders.note (1,300,000 rows)".to_owned();
    world.inspection = inspection(vec![grown]);
    run.approve(APPROVER).unwrap();
    run.until(&world, "BackingUp");
}

#[test]
fn what_cannot_be_looked_at_is_told_with_what_to_do() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.inspection = InspectionReading::Failed("the image has no Alembic: install it".into());
    run.until(&world, "Failed");
    assert!(!run.world_touched());
    insta::assert_snapshot!(run.report());
}

#[test]
fn a_look_that_tells_nothing_is_not_waited_for_for_ever() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.inspection = InspectionReading::UnderWay;
    let began = run.now;
    run.until(&world, "Failed");
    assert!(run.now.duration_since(began) < SignedDuration::from_mins(30));
    assert!(run.report().contains("awslogs"), "{}", run.report());
}

/// ECS forgets a task an hour after it has stopped, and was out for longer.
#[test]
fn another_task_looks_where_ecs_has_forgotten_the_first() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.inspection = InspectionReading::NotShown;
    while given(&run, "start-inspection") < 2 {
        run.look(&world);
        run.now += SignedDuration::from_mins(1);
        assert_eq!(run.phase(), "Planning");
    }
    world.inspection = at_head();
    run.until(&world, "AwaitingApproval");

    let (mut run, mut world) = Run::new(Requester::Push);
    world.inspection = InspectionReading::NotShown;
    run.until(&world, "Failed");
    assert_eq!(given(&run, "start-inspection"), 3);
    assert!(
        run.report().contains("what it saw is not known"),
        "{}",
        run.report()
    );
}

#[test]
fn another_task_looks_where_the_database_stands_where_ecs_has_forgotten_the_first() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.confirmation = InspectionReading::NotShown;
    run.approved_until(&world, "Migrating");
    let looked = given(&run, "start-inspection");
    while given(&run, "start-inspection") < looked + 2 {
        run.look(&world);
        run.now += SignedDuration::from_mins(1);
        assert_eq!(run.phase(), "Migrating");
    }
    world.confirmation = at_head();
    run.until(&world, "RollingOut");
    assert_eq!(given(&run, "start-migration"), 1);
}

#[test]
fn the_task_that_looks_has_its_own_time_however_late_it_was_started() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.confirmation = InspectionReading::UnderWay;
    run.approved_until(&world, "Migrating");
    let throttled = PortError::retryable("ecs:RunTask: rate exceeded");
    world
        .failing
        .insert("start-inspection".to_owned(), throttled);
    let minutes = |run: &mut Run, world: &World, count: usize| {
        for _ in 0..count {
            run.look(world);
            run.now += SignedDuration::from_mins(1);
            assert_eq!(run.phase(), "Migrating", "{:?}", run.story());
        }
    };
    minutes(&mut run, &world, 15);
    world.failing.clear();
    minutes(&mut run, &world, 15);
    world.confirmation = at_head();
    run.until(&world, "RollingOut");
    assert_eq!(given(&run, "start-migration"), 1);
}

#[test]
fn where_no_look_ends_in_time_people_read_that() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.confirmation = InspectionReading::UnderWay;
    run.approved_until(&world, "AwaitingRestoreDecision");
    let told = run.story().join("\n");
    let said = "its task succeeded, and the database revision could not be read in time";
    assert!(told.contains(said), "{told}");
}

#[test]
fn a_log_that_cannot_be_read_is_not_taken_for_a_task_that_tells_nothing() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let throttled = PortError::retryable("logs:GetLogEvents: rate exceeded");
    world
        .failing
        .insert("read-inspection".to_owned(), throttled);
    for _ in 0..60 {
        run.look(&world);
        run.now += SignedDuration::from_mins(1);
    }
    assert_eq!(run.phase(), "Planning");
    world.failing.clear();
    run.until(&world, "AwaitingApproval");
}

#[test]
fn a_rule_refuses_what_is_breaking() {
    let (mut run, mut world) = Run::to(Requester::Push, |environment| {
        environment
            .migration_rules
            .insert(Risk::Breaking, RiskRule::Refuse);
    });
    world.inspection = breaking();
    run.until(&world, "Failed");
    insta::assert_snapshot!(run.report());
}

#[test]
fn whoever_answers_for_a_finding_lets_it_through() {
    let (mut run, mut world) = Run::to(Requester::Push, |environment| {
        environment
            .migration_rules
            .insert(Risk::Breaking, RiskRule::Refuse);
    });
    let mut waived = finding("drop-column", Risk::Breaking);
    waived.waiver = Some(Waiver {
        by: "Ada".to_owned(),
        reason: "unused since v1.2".to_owned(),
    });
    world.inspection = inspection(vec![waived]);
    run.until(&world, "AwaitingApproval");
    let judgement = run.d.sealed_plan().plan.judgement().unwrap();
    assert!(judgement.is_additive());
}

#[test]
fn a_rule_wants_two_and_neither_asked() {
    let (mut run, mut world) = Run::to(Requester::Person(UserId::new("U1")), |environment| {
        environment
            .migration_rules
            .insert(Risk::Breaking, RiskRule::FourEyes);
        if let Some(approval) = &mut environment.approval {
            approval.four_eyes = false;
        }
    });
    world.inspection = breaking();
    world.approvers.push(UserId::new("U2"));
    run.until(&world, "AwaitingApproval");
    assert_eq!(run.approve_in("U1", &[GROUP]), Err(RejectedEvent::FourEyes));
    run.approve(APPROVER).unwrap();
    assert_eq!(run.phase(), "AwaitingApproval", "one is not enough");
    run.approve_in("U2", &[GROUP]).unwrap();
    run.until(&world, "BackingUp");
}

#[test]
fn where_two_are_wanted_and_only_one_is_there_the_plan_says_so() {
    let (mut run, mut world) = Run::to(Requester::Push, |environment| {
        environment
            .migration_rules
            .insert(Risk::Breaking, RiskRule::FourEyes);
    });
    world.inspection = breaking();
    run.until(&world, "Failed");
    assert!(
        run.report().contains("2 approvals needed, but only 1"),
        "{}",
        run.report()
    );
}

#[test]
fn a_migration_of_one_transaction_that_fails_leaves_the_database_as_it_was() {
    let (mut run, mut world) = Run::new(Requester::Push);
    fails(&mut world, 1);
    run.approved_until(&world, "Failed");
    insta::assert_snapshot!(run.report());
}

#[test]
fn whoever_waits_reads_which_revision_it_is_at() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let task = world.migration.as_mut().unwrap();
    task.stopped = false;
    task.log_tail = vec!["INFO  [alembic] Running upgrade 2c91e0 -> 3f2a9c, add a note".to_owned()];
    run.approved_until(&world, "Migrating");
    for _ in 0..4 {
        run.look(&world);
    }
    let waits = sluice_words::waits::waits_for(&run.d);
    assert!(
        waits.ends_with("Running upgrade 2c91e0 -> 3f2a9c, add a note"),
        "{waits}"
    );
    let before = run.history.len();
    run.look(&world);
    assert_eq!(
        run.history.len(),
        before,
        "what is known already is no news"
    );
}

#[test]
fn a_migration_that_never_got_its_lock_did_nothing() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.inspection = half_done();
    fails(&mut world, 75);
    run.approved_until(&world, "Failed");
    assert!(
        run.report().contains("another migration"),
        "{}",
        run.report()
    );
    assert!(!run.report().contains("half migrated"));
}

#[test]
fn a_migration_that_may_have_left_a_part_of_itself_asks_a_person() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.inspection = half_done();
    fails(&mut world, 1);
    run.approved_until(&world, "AwaitingRestoreDecision");
    let message = sluice_words::view::message(&run.d, None);
    insta::assert_json_snapshot!(message);
    let refused = roll_forward(&mut run, "U0", &[]).unwrap_err();
    let refused = rejected(&refused);
    assert!(refused.contains("may not roll forward in"), "{refused}");
    roll_forward(&mut run, "U7", &[GROUP]).unwrap();
    insta::assert_snapshot!("rolled-forward", run.report());
    assert!(
        roll_forward(&mut run, "U7", &[GROUP]).is_err(),
        "it is over"
    );
}

#[test]
fn nobody_decides_about_the_half_done_migration_and_it_ends() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.inspection = half_done();
    fails(&mut world, 1);
    run.approved_until(&world, "AwaitingRestoreDecision");
    run.until(&world, "Failed");
    assert!(run.report().contains("may be half migrated"));
}

#[test]
fn an_exit_code_is_not_believed_where_the_database_says_otherwise() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.confirmation = inspection(Vec::new());
    run.approved_until(&world, "Failed");
    assert!(
        run.report()
            .contains("the database is at 2c91e0, not at 3f2a9c"),
        "{}",
        run.report()
    );
    assert!(
        !run.report().contains("on the new schema"),
        "{}",
        run.report()
    );
}

/// Sick under traffic, with a migration behind it that the old code does not run on.
fn sick_under_traffic() -> (Run, World) {
    let (mut run, mut world) = allowing();
    world.inspection = breaking();
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.until(&world, "Baking");
    world.health = vec!["web /healthz/ready answered 503".to_owned()];
    run.until(&world, "AwaitingRestoreDecision");
    (run, world)
}

#[test]
fn old_code_is_not_brought_back_onto_a_schema_that_it_does_not_run_on() {
    let (run, _) = sick_under_traffic();
    assert!(!run.given.iter().any(|key| key.starts_with("stop-rollout")));
    insta::assert_json_snapshot!(sluice_words::view::message(&run.d, None));
}

#[test]
fn somebody_who_knows_brings_it_back_all_the_same() {
    let (mut run, mut world) = sick_under_traffic();
    run.event(&Event::GoBack {
        by: UserId::new(APPROVER),
        reason: "reads work, and that is enough tonight".to_owned(),
        request: "r1".to_owned(),
        way: Way::Back,
    })
    .unwrap();
    assert_eq!(run.phase(), "RollingBack");
    world.web(RolloutStatus::RollbackSuccessful, Stage::CleanUp);
    for service in ["worker", "beat"] {
        let rollout = world
            .rollouts
            .get_mut(&sluice_core::id::ServiceName::new(service));
        if let Some(Some(rollout)) = rollout {
            rollout.status = RolloutStatus::Successful;
        }
    }
    run.until(&world, "RolledBack");
    assert!(
        run.report().contains("is expected to FAIL on it"),
        "{}",
        run.report()
    );
}

#[test]
fn nobody_decides_and_people_are_told_that_it_is_theirs() {
    let (mut run, world) = sick_under_traffic();
    run.until(&world, "RollbackFailed");
    insta::assert_snapshot!(run.report());
}

#[test]
fn ecs_does_not_go_back_by_itself_onto_a_schema_that_old_code_does_not_run_on() {
    for (reading, alarms) in [(inspection(Vec::new()), 3), (breaking(), 0)] {
        let (mut run, mut world) = allowing();
        world.inspection = reading;
        run.approved_until(&world, "RollingOut");
        let orders = run.event(&Event::Wake).unwrap();
        let of_web = orders.iter().find_map(|command| match command {
            Command::StartRollout(order) if !order.service.as_str().contains("beat") => Some(order),
            _ => None,
        });
        assert_eq!(of_web.unwrap().alarms.len(), alarms);
    }
}

#[test]
fn before_the_traffic_moves_a_breaking_release_goes_back_by_itself() {
    let (mut run, mut world) = allowing();
    world.inspection = breaking();
    world.smoke_failure = Some("answered 500".to_owned());
    run.approved_until(&world, "RollingBack");
    assert!(matches!(run.d.phase, Phase::RollingBack { .. }));
}

/// The same release with a migration that nobody looks at, until it is sick under traffic.
fn sick_uninspected(additive: bool) -> (Run, World) {
    let (mut run, mut world) = allowing();
    let migration = Arc::make_mut(&mut run.d.settings).migration.as_mut();
    let migration = migration.unwrap();
    migration.inspect = None;
    migration.additive = additive;
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.until(&world, "Baking");
    world.health = vec!["web /healthz/ready answered 503".to_owned()];
    (run, world)
}

#[test]
fn old_code_is_not_brought_back_onto_a_schema_that_nobody_knows() {
    let (mut run, world) = sick_uninspected(false);
    run.until(&world, "AwaitingRestoreDecision");
    assert!(!run.given.iter().any(|key| key.starts_with("stop-rollout")));
    let said = serde_json::to_string(&sluice_words::view::message(&run.d, None)).unwrap();
    assert!(said.contains("may fail on the new schema"), "{said}");
}

#[test]
fn where_the_team_promises_that_it_fits_it_goes_back_by_itself() {
    let (mut run, world) = sick_uninspected(true);
    run.until(&world, "RollingBack");
    let plan = sluice_words::plan::text(run.d.sealed_plan());
    assert!(
        plan.contains("as `additive` in sluice.toml promises"),
        "{plan}"
    );
}

#[test]
fn one_that_nobody_looked_at_and_that_fails_asks_a_person() {
    for (additive, end) in [(false, "AwaitingRestoreDecision"), (true, "Failed")] {
        let (mut run, mut world) = allowing();
        let migration = Arc::make_mut(&mut run.d.settings).migration.as_mut();
        let migration = migration.unwrap();
        migration.inspect = None;
        migration.additive = additive;
        fails(&mut world, 1);
        run.approved_until(&world, end);
    }
}
