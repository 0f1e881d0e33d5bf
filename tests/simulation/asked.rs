//! What people ask for, in whole worlds: deployments by name, promotions, and the way back.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::ports::EnvironmentKey;
use sluice_app::{App, AskError, Asked, AskedHow, Request, RollBack};
use sluice_core::deployment::Requester;
use sluice_core::id::{AppName, EnvironmentName, UserId};
use sluice_core::rollback::{ImageReference, ReleaseReference};
use sluice_sim::cloud::{Happened, ImageBehaviour, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, Habit, World};
use sluice_words::message::ButtonAction;

use crate::chance::Order;
use crate::erp;

/// A member of the group that may deploy and roll back.
const SOMEBODY: &str = "UONES0604QSJC";
const PRODUCTION: &str = "production";

pub(crate) fn app(world: &World) -> App {
    App::new(world.ports(), vec![Arc::new(erp::config())])
}

pub(crate) fn request(id: &str, environment: &str) -> Request {
    Request {
        id: id.to_owned(),
        by: UserId::new(SOMEBODY),
        environment: EnvironmentKey {
            app: AppName::new("erp"),
            environment: EnvironmentName::new(environment),
        },
    }
}

pub(crate) fn way_back(to: Option<&str>) -> RollBack {
    RollBack {
        to: to.map(ReleaseReference::parse),
        reason: "orders fail for everybody".to_owned(),
        force: true,
    }
}

fn deploy(world: &World, id: &str, environment: &str, image: &str) -> Result<Asked, AskError> {
    let image = ImageReference::parse(image);
    block_on(app(world).deploy(&request(id, environment), &image))
}

fn roll_back(world: &World, id: &str, to: Option<&str>) -> Result<Asked, AskError> {
    block_on(app(world).roll_back(&request(id, PRODUCTION), &way_back(to)))
}

/// Asks, and takes whatever comes of it. What broke on the way the invariants tell.
pub(crate) fn ask(world: &World, id: &str, order: &Order) {
    let (app, request) = (app(world), request(id, PRODUCTION));
    let asked = match order {
        Order::Deploy(tag) => block_on(app.deploy(&request, &ImageReference::parse(tag))),
        Order::Promote => block_on(app.promote(&request)),
        Order::RollBack(to) => block_on(app.roll_back(&request, &way_back(*to))),
    };
    if let Ok(asked) = asked {
        let known = world.store().deployment(&asked.deployment);
        assert!(known.is_some(), "{asked:?} names no deployment");
    }
}

/// What succeeded last runs, and nobody holds the environment or waits for it any more.
pub(crate) fn assert_orders_came_about(world: &World) {
    let all = erp::deployments(world, PRODUCTION);
    let last = all
        .iter()
        .filter(|stored| stored.deployment.touched.rollouts_since.is_some())
        .max_by_key(|stored| stored.deployment.entered_at);
    if let Some(last) = last.map(|stored| &stored.deployment)
        && last.phase.name() == "Succeeded"
    {
        let runs = erp::running_image(world, PRODUCTION, "web");
        assert!(
            runs.ends_with(last.release.digest.as_str()),
            "{} succeeded last, and {runs} runs\n{}",
            last.id,
            erp::stories(world)
        );
    }
    let states = block_on(
        world
            .ports()
            .store
            .environment(&request("", PRODUCTION).environment),
    );
    if let Ok(state) = states {
        assert_eq!(
            (state.active, state.rollback),
            (None, None),
            "{}",
            erp::stories(world)
        );
    }
}

/// Brings a good image all the way to production: `1.4.0` as `release-1.4.0` and `v1.4.0`.
fn release(world: &mut World, version: &str) {
    release_as(world, version, &ImageBehaviour::default());
}

fn release_as(world: &mut World, version: &str, behaviour: &ImageBehaviour) {
    erp::push(world, &format!("release-{version}"), version, behaviour);
    erp::run(world);
    erp::push(world, &format!("v{version}"), version, behaviour);
    erp::run(world);
}

pub(crate) fn released(versions: &[&str]) -> World {
    let mut world = erp::world(1, Weather::default());
    for version in versions {
        release(&mut world, version);
    }
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        vec!["Succeeded"; versions.len()],
        "{}",
        erp::stories(&world)
    );
    world
}

fn assert_runs(world: &World, image: &str) {
    let digest = digest_of(image);
    for service in ["web", "worker", "beat"] {
        let runs = erp::running_image(world, PRODUCTION, service);
        assert!(
            runs.ends_with(digest.as_str()),
            "{service} runs {runs}\n{}",
            erp::stories(world)
        );
    }
    erp::assert_nothing_broke(world);
}

pub(crate) fn until(world: &mut World, phase: &str) {
    world.run(Bounds::default(), |world| {
        erp::ends(world, PRODUCTION).last() == Some(&phase)
    });
    assert_eq!(
        erp::ends(world, PRODUCTION).last(),
        Some(&phase),
        "{}",
        erp::stories(world)
    );
}

/// The release 1.5.0 on its way to production, until this phase.
pub(crate) fn under_way(phase: &str) -> World {
    let mut world = released(&["1.4.0"]);
    erp::push(&world, "release-1.5.0", "1.5.0", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::push(&world, "v1.5.0", "1.5.0", &ImageBehaviour::default());
    until(&mut world, phase);
    world
}

#[test]
fn a_deployment_that_is_asked_for_twice_is_opened_once() {
    let mut world = erp::world(1, Weather::default());
    erp::push(&world, "mended", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    assert!(
        erp::ends(&world, "staging").is_empty(),
        "no environment takes that tag"
    );

    let first = deploy(&world, "r-1", "staging", "mended").unwrap();
    // In between the tag has moved.
    erp::push(&world, "mended", "two", &ImageBehaviour::default());
    let second = deploy(&world, "r-1", "staging", "mended").unwrap();
    assert_eq!((first.how, second.how), (AskedHow::Opened, AskedHow::Again));
    assert_eq!(first.deployment, second.deployment);
    assert_eq!(first.reply, second.reply);
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, "staging"), ["Succeeded"]);
    let deployment = erp::deployments(&world, "staging").remove(0).deployment;
    assert_eq!(
        deployment.requested_by,
        Requester::Person(UserId::new(SOMEBODY))
    );
    assert_eq!(deployment.release.digest, digest_of("one"));
    erp::assert_nothing_broke(&world);
}

#[test]
fn two_who_ask_for_the_same_image_get_one_deployment() {
    let mut world = erp::world(1, Weather::default());
    erp::push(&world, "mended", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    let first = deploy(&world, "r-1", "staging", "mended").unwrap();
    let second = deploy(&world, "r-2", "staging", digest_of("one").as_str()).unwrap();
    assert_eq!(second.how, AskedHow::OnItsWay);
    assert_eq!(first.deployment, second.deployment);
    insta::assert_snapshot!(
        "asked_for_by_two",
        format!("{}\n{}", first.reply, second.reply)
    );
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, "staging"), ["Succeeded"]);
}

#[test]
fn what_runs_already_is_rolled_out_again_with_the_secret_that_was_rotated() {
    let mut world = released(&["1.4.0"]);
    world.with_cloud(|cloud| cloud.rotate_secret("erp/production/redis"));
    let asked = deploy(&world, "r-1", PRODUCTION, "v1.4.0").unwrap();
    assert!(
        asked.reply.ends_with("it is rolled out again."),
        "{}",
        asked.reply
    );
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, PRODUCTION), ["Succeeded", "Succeeded"]);
    let both = erp::deployments(&world, PRODUCTION);
    let revision = |at: usize| both[at].deployment.touched.task_definitions.clone();
    assert_ne!(revision(0), revision(1), "the secret has another version");

    // Nothing has changed now, and still there is a new service deployment to wait for.
    deploy(&world, "r-2", PRODUCTION, "v1.4.0").unwrap();
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        ["Succeeded"; 3],
        "{}",
        erp::stories(&world)
    );
    assert_runs(&world, "1.4.0");
}

#[test]
fn an_older_image_may_be_asked_for_and_a_later_push_does_not_stand_in_its_way() {
    let mut world = released(&["1.4.0", "1.5.0"]);
    let asked = deploy(&world, "r-1", PRODUCTION, "v1.4.0").unwrap();
    assert!(
        asked.reply.contains("It is older than v1.5.0"),
        "{}",
        asked.reply
    );
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        ["Succeeded"; 3],
        "{}",
        erp::stories(&world)
    );
    assert_runs(&world, "1.4.0");
}

#[test]
fn what_is_verified_in_staging_is_promoted() {
    let mut world = erp::world(1, Weather::default());
    let promote = |world: &World, id: &str| block_on(app(world).promote(&request(id, PRODUCTION)));
    let none = promote(&world, "r-0").unwrap_err();
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    assert!(erp::ends(&world, PRODUCTION).is_empty());
    assert_eq!(promote(&world, "r-1").unwrap().how, AskedHow::Opened);
    erp::run(&mut world);
    assert_runs(&world, "one");
    let again = promote(&world, "r-2").unwrap_err();
    let staging = block_on(app(&world).promote(&request("r-3", "staging"))).unwrap_err();
    insta::assert_snapshot!("nothing_to_promote", format!("{none}\n{again}\n{staging}"));
}

#[test]
fn what_cannot_be_deployed_is_refused_at_once_and_says_why() {
    let mut world = released(&["1.4.0"]);
    erp::push(&world, "mended", "mended", &ImageBehaviour::default());
    erp::push(
        &world,
        "sha256-0123.sig",
        "signature",
        &ImageBehaviour::default(),
    );
    erp::run(&mut world);
    let refused = |id: &str, environment: &str, image: &str| {
        deploy(&world, id, environment, image)
            .unwrap_err()
            .to_string()
    };
    let said = [
        refused("r-1", PRODUCTION, "v9.9.9"),
        refused("r-2", PRODUCTION, "mended"),
        refused("r-3", "staging", "sha256-0123.sig"),
        refused("r-4", "qa", "v1.4.0"),
    ];
    insta::assert_snapshot!("refused_to_deploy", said.join("\n"));
    assert_eq!(erp::ends(&world, PRODUCTION), ["Succeeded"]);
}

#[test]
fn a_rollback_while_baking_takes_the_deployment_back() {
    let mut world = under_way("Baking");
    let asked = roll_back(&world, "r-1", None).unwrap();
    assert_eq!(asked.how, AskedHow::GoesBack);
    // The same request again, at once and after all is over.
    assert_eq!(roll_back(&world, "r-1", None).unwrap().how, AskedHow::Again);
    erp::run(&mut world);
    assert_eq!(roll_back(&world, "r-1", None).unwrap().how, AskedHow::Again);
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        ["Succeeded", "RolledBack"],
        "{}",
        erp::stories(&world)
    );
    assert_runs(&world, "1.4.0");
}

#[test]
fn two_who_press_at_the_same_moment_go_back_once() {
    for phase in ["RollingOut", "UpdatingWorkers", "Baking", "CleaningUp"] {
        let mut world = under_way(phase);
        let first = roll_back(&world, "r-1", None).unwrap();
        let second = roll_back(&world, "r-2", None).unwrap();
        assert_eq!(
            (first.how, second.how),
            (AskedHow::GoesBack, AskedHow::OnItsWay)
        );
        erp::run(&mut world);
        // And one who comes a moment too late.
        let late = roll_back(&world, "r-3", None).unwrap_err();
        assert!(matches!(late, AskError::WentBackJustNow { .. }), "{late}");
        assert_eq!(erp::ends(&world, PRODUCTION), ["Succeeded", "RolledBack"]);
        assert_runs(&world, "1.4.0");
    }
}

#[test]
fn a_rollback_while_the_database_is_worked_on_stops_it_before_any_service_is_changed() {
    for phase in ["BackingUp", "Migrating"] {
        let mut world = under_way(phase);
        let asked = roll_back(&world, "r-1", None).unwrap();
        assert_eq!(asked.how, AskedHow::GoesBack, "{}", asked.reply);
        // The request is told again, and somebody else asks for the same.
        assert_eq!(roll_back(&world, "r-1", None).unwrap().how, asked.how);
        let is_over = |world: &World| erp::ends(world, PRODUCTION).last() == Some(&"Cancelled");
        world.run(Bounds::default(), is_over);
        assert!(is_over(&world), "{phase}: {}", erp::stories(&world));
        assert_runs(&world, "1.4.0");
        let again = roll_back(&world, "r-2", None).unwrap_err();
        assert!(again.to_string().contains("is still running"), "{again}");
        assert_eq!(roll_back(&world, "r-1", None).unwrap().how, asked.how);
    }
}

#[test]
fn a_rollback_leads_to_what_ran_before_with_its_own_revisions_and_secrets() {
    let mut world = released(&["1.4.0", "1.5.0"]);
    world.with_cloud(|cloud| cloud.rotate_secret("erp/production/redis"));
    let (migrations, snapshots) = counted(&world);
    let asked = roll_back(&world, "r-1", None).unwrap();
    assert_eq!(asked.how, AskedHow::Opened);
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        ["Succeeded"; 3],
        "{}",
        erp::stories(&world)
    );
    assert_runs(&world, "1.4.0");
    let all = erp::deployments(&world, PRODUCTION);
    assert_eq!(
        all[0].deployment.touched.task_definitions, all[2].deployment.touched.task_definitions,
        "its own revisions, and with them its own secrets"
    );
    assert_eq!(
        counted(&world),
        (migrations, snapshots),
        "the database is left alone"
    );

    // Again within minutes: refused, unless it is named.
    let again = roll_back(&world, "r-2", None).unwrap_err();
    insta::assert_snapshot!(
        "went_back_just_now",
        again
            .to_string()
            .replace(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], "#")
    );
    assert_eq!(roll_back(&world, "r-1", None).unwrap().how, AskedHow::Again);
}

fn counted(world: &World) -> (usize, usize) {
    world.with_cloud(|cloud| {
        let ledger = cloud.ledger();
        let count = |wanted: fn(&Happened) -> bool| {
            ledger.iter().filter(|entry| wanted(&entry.what)).count()
        };
        (
            count(|what| matches!(what, Happened::TaskRun { .. })),
            count(|what| matches!(what, Happened::SnapshotCreated { .. })),
        )
    })
}

#[test]
fn going_further_back_never_leads_to_what_was_taken_back() {
    let mut world = released(&["1.3.0", "1.4.0", "1.5.0"]);
    roll_back(&world, "r-1", None).unwrap();
    erp::run(&mut world);
    assert_runs(&world, "1.4.0");
    world.plan(SignedDuration::from_mins(30), "half an hour later", |_| {});
    erp::run(&mut world);
    roll_back(&world, "r-2", None).unwrap();
    erp::run(&mut world);
    assert_runs(&world, "1.3.0");
}

#[test]
fn a_rollback_to_a_chosen_release_by_tag_digest_or_deployment() {
    let start = released(&["1.3.0", "1.4.0", "1.5.0"]);
    let first = erp::deployments(&start, PRODUCTION).remove(0).deployment;
    for to in ["v1.3.0", first.release.digest.as_str(), first.id.as_str()] {
        let mut world = released(&["1.3.0", "1.4.0", "1.5.0"]);
        roll_back(&world, "r-1", Some(to)).unwrap();
        erp::run(&mut world);
        assert_runs(&world, "1.3.0");
    }
    let never = roll_back(&start, "r-2", Some("v9.9.9")).unwrap_err();
    insta::assert_snapshot!("never_verified", never.to_string());
}

#[test]
fn an_additive_migration_lets_the_old_code_back_without_a_word() {
    let mut world = released(&["1.4.0", "1.5.0"]);
    let mut order = way_back(None);
    order.force = false;
    block_on(app(&world).roll_back(&request("r-1", PRODUCTION), &order)).unwrap();
    erp::run(&mut world);
    assert_runs(&world, "1.4.0");
}

#[test]
fn old_code_meets_a_newer_schema_only_when_somebody_says_so() {
    let mut world = released(&["1.4.0"]);
    // Two people must say yes to what old code does not run on.
    world.add_habit(Habit {
        user: UserId::new(SOMEBODY),
        action: ButtonAction::Approve,
        environment: Some(EnvironmentName::new(PRODUCTION)),
        after: SignedDuration::from_mins(5),
    });
    let breaking = ImageBehaviour::default().with_migration(
        "orders have no note any more",
        "ALTER TABLE orders DROP COLUMN note;",
    );
    release_as(&mut world, "1.5.0", &breaking);
    let mut order = way_back(None);
    order.force = false;
    let refused = block_on(app(&world).roll_back(&request("r-1", PRODUCTION), &order)).unwrap_err();
    insta::assert_snapshot!("schema_moved", refused.to_string());
    assert_eq!(erp::ends(&world, PRODUCTION), ["Succeeded"; 2]);
    roll_back(&world, "r-1", None).unwrap();
    erp::run(&mut world);
    let last = erp::deployments(&world, PRODUCTION)
        .pop()
        .unwrap()
        .deployment;
    assert!(
        sluice_words::note::words(&last.story[0].note, &last).contains("orders fail for everybody"),
        "the reason is on record"
    );
    assert_eq!(last.rollback().unwrap().migrated.len(), 1);
    assert_runs(&world, "1.4.0");
}

#[test]
fn a_rollback_overtakes_a_release_that_waits_and_a_newer_one_waits_behind_it() {
    let mut world = released(&["1.4.0", "1.5.0"]);
    erp::push(&world, "release-1.6.0", "1.6.0", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::push(&world, "v1.6.0", "1.6.0", &ImageBehaviour::default());
    until(&mut world, "AwaitingApproval");
    roll_back(&world, "r-1", None).unwrap();
    // Another push, while the rollback is at it.
    erp::push(&world, "release-1.7.0", "1.7.0", &ImageBehaviour::default());
    world.plan(SignedDuration::from_secs(30), "tagged", |world| {
        erp::push(world, "v1.7.0", "1.7.0", &ImageBehaviour::default());
    });
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        [
            "Succeeded",
            "Succeeded",
            "Superseded",
            "Succeeded",
            "Succeeded"
        ],
        "{}",
        erp::stories(&world)
    );
    assert_runs(&world, "1.7.0");
}

#[test]
fn a_chosen_release_takes_the_one_under_way_back_first() {
    let mut world = released(&["1.3.0", "1.4.0"]);
    erp::push(&world, "release-1.5.0", "1.5.0", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::push(&world, "v1.5.0", "1.5.0", &ImageBehaviour::default());
    until(&mut world, "Baking");
    let asked = roll_back(&world, "r-1", Some("v1.3.0")).unwrap();
    assert_eq!(asked.how, AskedHow::Opened);
    let other = roll_back(&world, "r-2", Some("v1.4.0")).unwrap_err();
    assert!(matches!(other, AskError::OtherRollback { .. }), "{other}");
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        ["Succeeded", "Succeeded", "RolledBack", "Succeeded"],
        "{}",
        erp::stories(&world)
    );
    assert_runs(&world, "1.3.0");
}

#[test]
fn a_rollback_whose_smoke_tests_fail_ends_with_a_person() {
    let mut world = released(&["1.4.0", "1.5.0"]);
    let spoiled = ImageBehaviour {
        ready: Some(503),
        ..ImageBehaviour::default()
    };
    // What it needs has changed since: the same image does not come up any more.
    erp::push(&world, "spoiled", "1.4.0", &spoiled);
    roll_back(&world, "r-1", None).unwrap();
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        ["Succeeded", "Succeeded", "RollbackFailed"],
        "{}",
        erp::stories(&world)
    );
    erp::assert_nothing_broke(&world);
    world.plan(
        SignedDuration::from_mins(30),
        "ECS takes green down",
        |_| {},
    );
    erp::run(&mut world);
    let web = erp::running_image(&world, PRODUCTION, "web");
    assert!(
        web.ends_with(digest_of("1.5.0").as_str()),
        "users were never sent to it"
    );
    // A release that is mended gets through.
    release(&mut world, "1.6.0");
    assert_runs(&world, "1.6.0");
}

#[test]
fn an_image_that_was_removed_is_found_out_before_anything_is_opened_or_touched() {
    let mut world = released(&["1.4.0", "1.5.0"]);
    let repository = erp::config().repository;
    let remove = |world: &World| {
        world.with_cloud(|cloud| cloud.delete_image(&repository, &digest_of("1.4.0")));
    };
    roll_back(&world, "r-1", None).unwrap();
    remove(&world);
    erp::run(&mut world);
    assert_eq!(
        erp::ends(&world, PRODUCTION),
        ["Succeeded", "Succeeded", "Failed"]
    );
    assert_runs(&world, "1.5.0");
    let refused = roll_back(&world, "r-2", None).unwrap_err();
    insta::assert_snapshot!("image_gone", refused.to_string());
}

#[test]
fn secret_versions_that_are_gone_are_replaced_by_the_current_ones_and_the_plan_says_so() {
    let mut world = released(&["1.4.0", "1.5.0"]);
    world.with_cloud(|cloud| {
        cloud.rotate_secret("erp/production/redis");
        cloud.forget_secret_versions("erp/production/redis");
    });
    roll_back(&world, "r-1", None).unwrap();
    erp::run(&mut world);
    let last = erp::deployments(&world, PRODUCTION)
        .pop()
        .unwrap()
        .deployment;
    let warnings = sluice_words::plan::remarks(last.sealed_plan()).join("\n");
    assert!(warnings.contains("no longer exists"), "{warnings}");
    assert_runs(&world, "1.4.0");
}
