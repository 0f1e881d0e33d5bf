//! What people ask for: a release by name, the way back while it rolls out, and rollbacks.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_core::deployment::DeploymentKind;
use sluice_core::deployment::{Requester, Way};
use sluice_core::event::{Claim, Event, Outcome};
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::history::{replay, verify};
use sluice_core::hook::{HookAnswer, HookCall, answer};
use sluice_core::id::{DeploymentId, ImageTag, ServiceName, TaskDefinitionArn, UserId};
use sluice_core::observation::{ImageObservation, RolloutStatus, Stage};
use sluice_core::rollback::{Rollback, settings};
use sluice_words::refusal::rejected;
use sluice_words::view;

use super::world::{APPROVER, deployment_arn, digest, verified};
use crate::{Run, World};

const SOMEBODY: &str = "U0SOMEBODY";

fn person() -> Requester {
    Requester::Person(UserId::new(SOMEBODY))
}

fn go_back(request: &str) -> Event {
    Event::GoBack {
        by: UserId::new(SOMEBODY),
        reason: "orders fail for everybody".to_owned(),
        request: request.to_owned(),
        way: Way::Back,
    }
}

/// A rollback from v1.5.0, which migrated, to what `Run::new` deploys.
fn rollback() -> (Run, World) {
    let (first, mut world) = Run::new(Requester::Push);
    let revision = |name: &ServiceName| {
        let arn = format!("arn:task-definition/erp-{name}:41");
        (name.clone(), TaskDefinitionArn::new(arn))
    };
    let then = &first.d.settings;
    let revisions: BTreeMap<_, _> = then
        .services
        .iter()
        .map(|service| revision(&service.name))
        .collect();
    let mut to = verified("v1.4.0", 'a');
    to.at -= SignedDuration::from_hours(24);
    let kind = DeploymentKind::Rollback(Box::new(Rollback {
        to,
        from: Some(ImageTag::new("v1.5.0")),
        reason: "orders fail for everybody".to_owned(),
        revisions,
        secrets: Vec::new(),
        migrated: vec![ImageTag::new("v1.5.0")],
    }));
    for service in &mut world.services {
        let name = &service.service;
        service.task_definition =
            TaskDefinitionArn::new(format!("arn:task-definition/erp-{name}:42"));
        service.image = format!("registry/erp@{}", digest('5'));
    }
    world.revision = 41;
    (Run::of(person(), kind, settings(then, then)), world)
}

#[test]
fn a_baking_release_goes_back_when_somebody_asks() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.until(&world, "Baking");
    run.event(&go_back("r-1")).unwrap();
    assert_eq!(run.phase(), "RollingBack");
    run.look(&world);
    run.look(&world);
    world.web(RolloutStatus::RollbackSuccessful, Stage::CleanUp);
    run.until(&world, "RolledBack");
    assert!(run.given.iter().any(|key| key == "start-rollout/beat/back"));
    insta::assert_snapshot!(run.report());
    assert_eq!(replay(&run.history).unwrap(), run.d);
}

#[test]
fn going_back_is_refused_with_what_can_be_done_instead() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let mut said = Vec::new();
    let mut ask = |run: &mut Run| {
        let before = run.d.clone();
        let refused = run.event(&go_back("r-1")).unwrap_err();
        assert_eq!(run.d, before);
        said.push(format!("{}: {}", run.phase(), rejected(&refused)));
    };
    ask(&mut run);
    run.until(&world, "AwaitingApproval");
    ask(&mut run);
    run.approve(APPROVER).unwrap();
    run.until(&world, "RollingOut");
    run.event(&go_back("r-1")).unwrap();
    ask(&mut run);
    world.web(RolloutStatus::RollbackSuccessful, Stage::CleanUp);
    run.until(&world, "RolledBack");
    ask(&mut run);
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_rollback_asks_nobody_migrates_nothing_and_brings_the_old_revisions_back() {
    let (mut run, mut world) = rollback();
    run.until(&world, "RollingOut");
    insta::assert_snapshot!(
        "plan_of_a_rollback",
        sluice_words::plan::text(run.d.sealed_plan())
    );
    run.until(&world, "Shifting");
    world.web(RolloutStatus::Successful, Stage::CleanUp);
    run.until(&world, "Succeeded");
    for never in [
        "start-snapshot",
        "start-migration",
        "read-approvers",
        "sample-health",
    ] {
        assert!(!run.given.iter().any(|key| key == never), "{never}");
    }
    assert!(run.given.iter().any(|key| key == "run-smoke-tests"));
    for (service, revision) in &run.d.touched.task_definitions {
        assert!(
            revision.as_str().ends_with(":41"),
            "{service} got {revision}"
        );
    }
    insta::assert_snapshot!(
        "end_of_a_rollback",
        format!("{}\n\n{}", run.story().join("\n"), run.report())
    );
    verify(&run.history).unwrap();
    assert_eq!(replay(&run.history).unwrap(), run.d);
}

#[test]
fn production_that_is_down_does_not_stop_a_rollback() {
    let (mut run, mut world) = rollback();
    if let Some(traffic) = &mut world.services[0].traffic {
        traffic.healthy = 0;
        traffic.unhealthy = 2;
    }
    run.until(&world, "RollingOut");
    let warnings = sluice_words::plan::remarks(run.d.sealed_plan());
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("DOWN for its users")),
        "{warnings:?}"
    );
}

#[test]
fn there_is_no_rollback_of_a_rollback_and_people_are_told_every_command() {
    let (mut run, mut world) = rollback();
    world.smoke_failure = Some("GET /healthz/ready answered 503, not 200".to_owned());
    run.until(&world, "RollbackFailed");
    assert!(
        !run.given.iter().any(|key| key.contains("/back")),
        "{:?}",
        run.given
    );
    insta::assert_snapshot!("rollback_that_failed", run.report().replace("; ", ";\n  "));
    let held = HookCall {
        deployment: Some(run.d.id.clone()),
        direction: Some(sluice_core::command::Direction::Forward),
        service_deployment: deployment_arn("web", 2),
        stage: Some(Stage::PostTestTrafficShift),
        going_back: false,
    };
    assert_eq!(
        answer(&run.d, &held, run.now),
        HookAnswer::Failed,
        "ECS takes green down"
    );
    assert!(
        view::message(&run.d, None)
            .summary
            .contains("the rollback to v1.4.0 failed")
    );
}

#[test]
fn a_rollback_that_is_told_to_go_back_refuses() {
    let (mut run, world) = rollback();
    run.until(&world, "Verifying");
    assert_eq!(run.event(&go_back("r-2")), Err(RejectedEvent::IsRollback));
}

#[test]
fn a_rollback_whose_image_is_gone_ends_before_anything_is_touched() {
    let (mut run, mut world) = rollback();
    world.image = ImageObservation {
        present: false,
        tag_points_at: None,
        ..world.image
    };
    run.until(&world, "Failed");
    assert!(!run.world_touched());
    insta::assert_snapshot!("rollback_without_image", run.report());
}

#[test]
fn a_rollback_that_ecs_refuses_names_what_was_not_asked_for_yet() {
    let (mut run, mut world) = rollback();
    let refused = PortError::permanent("the service is DRAINING");
    world
        .failing
        .insert("start-rollout/web".to_owned(), refused);
    run.until(&world, "RollbackFailed");
    insta::assert_snapshot!("rollback_refused", run.report().replace("; ", ";\n  "));
}

#[test]
fn a_rollback_gives_way_to_no_release() {
    let (mut run, world) = rollback();
    let newer = Event::SupersededBy {
        deployment: DeploymentId::from_outside("dep-newer"),
    };
    assert!(run.event(&newer).is_err(), "queued");
    let held = Event::Done {
        command: sluice_core::command::Command::ClaimEnvironment.key(),
        outcome: Outcome::Claim(Claim::Granted),
    };
    run.event(&held).unwrap();
    assert!(run.event(&newer).is_err(), "planning");
    run.until(&world, "RollingOut");
}

#[test]
fn a_secret_that_is_gone_at_its_old_version_is_a_warning() {
    let (run, world) = rollback();
    let mut kind = run.d.kind.clone();
    let DeploymentKind::Rollback(rollback) = &mut kind else {
        panic!("it is one");
    };
    rollback.revisions.remove(&ServiceName::new("beat"));
    let mut run = Run::of(person(), kind, (*run.d.settings).clone());
    run.until(&world, "RollingOut");
    let warnings = sluice_words::plan::remarks(run.d.sealed_plan()).join("\n");
    assert!(
        warnings
            .contains("the version of the secret DATABASE_URL that v1.4.0 had no longer exists"),
        "{warnings}"
    );
}

#[test]
fn a_service_that_was_added_since_stays_as_it_is() {
    let (first, world) = Run::new(Requester::Push);
    let now = (*first.d.settings).clone();
    let mut then = now.clone();
    then.services
        .retain(|service| service.name.as_str() != "beat");
    let (run, _) = rollback();
    let mut run = Run::of(person(), run.d.kind.clone(), settings(&now, &then));
    run.until(&world, "RollingOut");
    let sealed = run.d.sealed_plan();
    assert!(sealed.plan.service(&ServiceName::new("beat")).is_none());
    assert!(
        sluice_words::plan::text(sealed).contains("beat was added after v1.4.0"),
        "{}",
        sluice_words::plan::text(sealed)
    );
}

#[test]
fn what_somebody_asks_for_may_be_older_or_the_same_and_the_plan_says_so() {
    let warnings = |tag: &str, older: bool| {
        let (mut run, mut world) = Run::new(person());
        world.previous = verified(tag, if older { '0' } else { 'a' });
        world.previous.release.pushed_at += SignedDuration::from_hours(1);
        run.until(&world, "AwaitingApproval");
        sluice_words::plan::remarks(run.d.sealed_plan()).join("\n")
    };
    insta::assert_snapshot!(
        "asked_for_by_somebody",
        format!(
            "{}\n{}",
            warnings("v1.5.0", true),
            warnings("v1.4.0", false)
        )
    );
}
