//! What moves by itself stands beside the plan: it is told, and it makes no yes void. What will be
//! done is the plan: whoever said yes to another is asked again, and sees what is different.

use jiff::SignedDuration;
use sluice_core::deployment::DeploymentKind;
use sluice_core::deployment::Requester;
use sluice_core::id::{
    AlarmName, ImageTag, ServiceDeploymentArn, ServiceName, TaskDefinitionArn, UserId,
};
use sluice_core::note::Note;
use sluice_core::observation::AlarmState;
use sluice_core::origin::{Commit, Origin};
use sluice_core::plan::changes;
use sluice_core::rollback::{Rollback, settings};
use sluice_words::view::message;
use sluice_words::waits::waits_for;

use super::view::text;
use super::world::{APPROVER, World, digest, verified};
use crate::Run;

/// A plan that was approved, in a world that changed while people thought about it.
fn approved_after(change: impl FnOnce(&mut World)) -> Run {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    change(&mut world);
    run.approve(APPROVER).expect("whoever may approve does");
    for _ in 0..12 {
        run.look(&world);
        if run.phase() != "Planning" {
            break;
        }
        run.now += SignedDuration::from_secs(10);
    }
    run
}

/// The notes that people read last, about the plan.
fn told(run: &Run) -> &Note {
    let of_plan = |note: &&Note| {
        matches!(
            note,
            Note::PlanDrawn { .. } | Note::PlanChanged { .. } | Note::PlanConfirmed { .. }
        )
    };
    let mut notes = run.d.story.iter().rev().map(|entry| &entry.note);
    notes.find(of_plan).expect("a plan was drawn")
}

#[test]
fn what_moves_by_itself_makes_no_yes_void_and_is_told_where_it_matters() {
    let first_alarm = |world: &World| world.alarms.keys().next().cloned().unwrap();
    type Change = Box<dyn Fn(&mut World)>;
    let moves: Vec<(&str, Change)> = vec![
        (
            "the database erp-production is modifying",
            Box::new(|world| world.database.as_mut().unwrap().status = "modifying".to_owned()),
        ),
        (
            "web already has 1 unhealthy target",
            Box::new(|world| world.services[0].traffic.as_mut().unwrap().unhealthy = 1),
        ),
        (
            "is in ALARM already",
            Box::new(move |world| {
                let alarm: AlarmName = first_alarm(world);
                world.alarms.insert(alarm, AlarmState::Alarm);
            }),
        ),
        (
            "worker is scaled to zero",
            Box::new(|world| world.services[1].desired = 0),
        ),
        (
            "the tag v1.4.0 now names bbbbbbbbbbbb",
            Box::new(|world| world.image.tag_points_at = Some(digest('b'))),
        ),
        // Storage that grows, a minor version, a commit's tag, a proof that is renewed: nothing that
        // anybody must know.
        (
            "",
            Box::new(|world| {
                let database = world.database.as_mut().unwrap();
                database.storage_gib = 140;
                database.engine_version = "15.9".to_owned();
            }),
        ),
        (
            "",
            Box::new(|world| {
                world.image.origin = Origin {
                    commit: Commit::parse("8f3c2a1e5b9d"),
                    ..Origin::default()
                };
            }),
        ),
        (
            "",
            Box::new(|world| {
                let later = verified("release-1.4.0", 'a');
                world.proof = sluice_core::observation::ProofObservation::Verified(
                    sluice_core::release::VerifiedRelease {
                        at: later.at + SignedDuration::from_hours(1),
                        ..later
                    },
                );
            }),
        ),
        (
            "",
            Box::new(|world| {
                let low = (sluice_core::config::Severity::Low, 3);
                let found = sluice_core::scan::Counts::from([low]);
                world.scan = sluice_core::observation::ScanObservation::Complete(found.into());
            }),
        ),
    ];
    for (news, change) in moves {
        let run = approved_after(change);
        let Note::PlanConfirmed { remarks, .. } = told(&run) else {
            panic!("{news:?}: {:?}", run.story());
        };
        assert!(!run.d.approvals.is_empty(), "{news:?}");
        let said: Vec<String> = remarks.iter().map(sluice_words::plan::remark).collect();
        match news {
            "" => assert!(said.is_empty(), "{said:?}"),
            news => assert!(said.len() == 1 && said[0].contains(news), "{said:?}"),
        }
        let note = sluice_words::note::words(told(&run), &run.d);
        assert!(note.contains(news), "{note}");
    }
}

#[test]
fn what_will_be_done_is_what_people_approve() {
    type Change = Box<dyn Fn(&mut World)>;
    let changes: Vec<(&str, Change)> = vec![
        (
            "+ secret DATABASE_URL pinned to version v2",
            Box::new(|world| world.secret_version = "v2"),
        ),
        (
            "+ worker: replace erp-worker:44 a few at a time",
            Box::new(|world| {
                world.services[1].task_definition =
                    TaskDefinitionArn::new("arn:task-definition/erp-worker:44");
            }),
        ),
        (
            "+ secret DATABASE_URL not pinned: the current version",
            Box::new(|world| world.secret_rotates = true),
        ),
        (
            "+ pushed by U0000000009",
            Box::new(|world| {
                world.image.origin.pushed_by = Some(UserId::new("U0000000009"));
            }),
        ),
    ];
    for (line, change) in changes {
        let run = approved_after(change);
        assert!(run.d.approvals.is_empty(), "{line}");
        assert_eq!(run.phase(), "AwaitingApproval", "{line}");
        let Note::PlanChanged { changes, .. } = told(&run) else {
            panic!("{line}: {:?}", run.story());
        };
        let said = changes.iter().any(|change| change.starts_with(line));
        assert!(said, "{line}: {changes:?}");
        // Whoever is asked again sees it at the top, and in the thread.
        let shown = text(&message(&run.d, None));
        let head = "Approval is needed again: the plan has changed since it was approved.";
        assert!(shown.contains(head) && shown.contains(line), "{shown}");
        assert!(sluice_words::note::words(told(&run), &run.d).contains(line));
    }
}

#[test]
fn people_who_are_asked_again_see_what_changed_line_by_line() {
    let run = approved_after(|world| {
        world.secret_version = "v2";
        world.inspection = super::world::at_head();
        world.services[0].task_definition =
            TaskDefinitionArn::new("arn:task-definition/erp-web:44");
        // Beside the plan: it is in no difference.
        world.database.as_mut().unwrap().status = "modifying".to_owned();
    });
    insta::assert_snapshot!(sluice_words::note::words(told(&run), &run.d));
}

#[test]
fn a_difference_is_bounded_and_never_empty() {
    let run = approved_after(|_| {});
    let plan = &run.d.sealed_plan().plan;
    let mut longer = plan.clone();
    for number in 0..500 {
        let value = "x".repeat(2_000);
        longer.variables.insert(format!("NAME_{number}"), value);
    }
    let said = changes(plan, &longer);
    assert_eq!(said.len(), 21);
    assert_eq!(said[20], "and 480 more: see the plan");
    assert!(said.iter().all(|line| line.chars().count() < 200));
    // What no line shows is named by its place.
    let mut other = plan.clone();
    other.services[0].ecs_service = sluice_core::id::EcsServiceName::new("erp-web-2");
    assert_eq!(changes(plan, &other), ["services.0.ecs_service is another"]);
}

#[test]
fn a_secret_that_rotates_by_itself_is_not_pinned_and_people_know() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.secret_rotates = true;
    run.until(&world, "AwaitingApproval");
    let before = run.d.sealed_plan().hash.clone();
    let shown = sluice_words::plan::text(run.d.sealed_plan());
    assert!(shown.contains("secret     DATABASE_URL not pinned: the current version"));
    assert!(
        shown.contains("! the secret DATABASE_URL rotates by itself, so it is not pinned"),
        "{shown}"
    );
    // It rotates while people think: nothing of what will be done has changed.
    world.secret_version = "v2";
    run.approve(APPROVER).unwrap();
    run.until(&world, "BackingUp");
    assert_eq!(run.d.sealed_plan().hash, before);
}

#[test]
fn an_alarm_that_rings_by_now_does_not_count_although_the_plan_names_it() {
    let run = approved_after(|world| {
        let alarm = world.alarms.keys().next().cloned().unwrap();
        world.alarms.insert(alarm, AlarmState::Alarm);
    });
    let sealed = run.d.sealed_plan();
    assert_eq!(sealed.plan.alarms.len(), 3);
    assert_eq!(sealed.alarms().len(), 2);
}

#[test]
fn a_snapshot_is_held_against_the_database_as_it_was_seen_last() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    // The storage grew by itself; the snapshot is of the size that was seen before that.
    world.database.as_mut().unwrap().storage_gib = 140;
    run.approve(APPROVER).unwrap();
    run.until(&world, "Failed");
    let said = run.report();
    assert!(
        said.contains("holds 100 GiB, the database has 140 GiB"),
        "{said}"
    );
}

#[test]
fn a_release_waits_until_nobody_else_deploys_and_then_reads_everything_again() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let by_hand = ServiceDeploymentArn::new("arn:service-deployment/erp/web/by-hand");
    world.services[0].in_progress = Some(by_hand);
    for _ in 0..200 {
        run.look(&world);
        run.now += SignedDuration::from_secs(30);
    }
    assert_eq!(run.phase(), "Planning");
    assert_eq!(
        waits_for(&run.d),
        "someone else's deployment of web to end (by-hand): stop it in ECS if it hangs"
    );
    world.services[0].in_progress = None;
    world.services[0].task_definition = TaskDefinitionArn::new("arn:task-definition/erp-web:44");
    world.secret_version = "v2";
    run.until(&world, "AwaitingApproval");
    let plan = &run.d.sealed_plan().plan;
    let web = plan.service(&ServiceName::new("web")).unwrap();
    assert!(web.from.as_str().ends_with("erp-web:44"));
    assert_eq!(plan.secrets[0].version.as_str(), "v2");
}

#[test]
fn a_release_does_not_wait_for_ever() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.services[0].in_progress = Some(ServiceDeploymentArn::new("arn:service-deployment/x"));
    run.until(&world, "Failed");
    let said = run.report();
    assert!(said.contains("waiting for deployments by others"), "{said}");
    assert!(!run.world_touched());
}

/// The way back to v1.4.0, asked for by somebody.
fn way_back() -> (Run, World) {
    let (first, world) = Run::new(Requester::Push);
    let then = &first.d.settings;
    let kind = DeploymentKind::Rollback(Box::new(Rollback {
        to: verified("v1.4.0", 'a'),
        from: Some(ImageTag::new("v1.5.0")),
        reason: "orders fail".to_owned(),
        revisions: Default::default(),
        secrets: Vec::new(),
        migrated: Vec::new(),
    }));
    let by = Requester::Person(UserId::new("U1"));
    (Run::of(by, kind, settings(then, then)), world)
}

#[test]
fn the_way_back_refuses_nothing_that_it_can_go_back_from() {
    let (mut run, mut world) = way_back();
    let web = &mut world.services[0];
    web.in_progress = Some(ServiceDeploymentArn::new("arn:service-deployment/by-hand"));
    web.desired = 0;
    let traffic = web.traffic.as_mut().unwrap();
    traffic.weights = [("blue".to_owned(), 70), ("green".to_owned(), 30)].into();
    traffic.healthy = 0;
    world.services[1].desired = 0;
    world.services[2].desired = 2;
    run.until(&world, "RollingOut");
    let sealed = run.d.sealed_plan();
    insta::assert_snapshot!(sluice_words::plan::text(sealed));
    let wanted = |name: &str| {
        sealed
            .plan
            .service(&ServiceName::new(name))
            .unwrap()
            .desired
    };
    assert_eq!(
        (wanted("web"), wanted("worker"), wanted("beat")),
        (Some(1), None, Some(1))
    );
    run.until(&world, "UpdatingWorkers");
}
