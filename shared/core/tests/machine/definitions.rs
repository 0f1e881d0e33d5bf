//! What a release's task definitions are made from: what runs, or what infrastructure code owns.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails its test"
)]

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use sluice_core::command::{Command, Direction, TaskCommand};
use sluice_core::config::{Environment, NewerRevisions};
use sluice_core::deployment::Requester;
use sluice_core::event::Event;
use sluice_core::id::{ContainerName, ServiceName, TaskDefinitionArn, TaskFamily};
use sluice_core::machine::step;
use sluice_core::note::Note;
use sluice_core::observation::RolloutStatus;
use sluice_core::observation::Stage;
use sluice_core::plan::{PlannedBase, PlannedService, Remark};
use sluice_core::task_definition::{
    BaseReading, DefinitionObservation, FamilyRevision, Needs, Outline, RevisionOrder,
};
use sluice_words::plan::{remark, text};
use sluice_words::view::message;

use crate::view::text as card;
use crate::world::APPROVER;
use crate::{Run, World};

fn arn(name: &str) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!("arn:task-definition/{name}"))
}

fn outline(container: &str) -> Outline {
    Outline {
        network_mode: "awsvpc".to_owned(),
        launch_types: BTreeSet::from(["FARGATE".to_owned()]),
        ports: BTreeMap::from([(ContainerName::new(container), BTreeSet::from([8000]))]),
    }
}

fn revision(name: &str, differs: &[&str]) -> FamilyRevision {
    FamilyRevision {
        task_definition: arn(name),
        differs: differs.iter().map(|one| (*one).to_owned()).collect(),
        outline: outline("app"),
    }
}

/// Of web, which runs erp-web:41.
fn seen(world: &mut World) -> &mut DefinitionObservation {
    let needs = Needs::of(&outline("app"), Some("FARGATE".to_owned()), BTreeSet::new());
    world.services[0].definition.get_or_insert_with(|| {
        Box::new(DefinitionObservation {
            needs,
            ..DefinitionObservation::default()
        })
    })
}

/// To a production whose web is made from a base family.
fn based(base: FamilyRevision) -> (Run, World) {
    let (run, mut world) = Run::to(Requester::Push, with_base);
    seen(&mut world).base = Some(BaseReading::Newest(base));
    (run, world)
}

fn with_base(environment: &mut Environment) {
    let web = environment.services.get_mut(&ServiceName::new("web"));
    web.unwrap().task_definition = Some(TaskFamily::new("erp-web-base"));
}

fn web(run: &Run) -> &PlannedService {
    let plan = &run.d.sealed_plan().plan;
    plan.service(&ServiceName::new("web")).unwrap()
}

/// What the deployment asks for in its present phase, of this kind.
fn asked(run: &Run, kind: &str) -> Option<Command> {
    let commands = step(&run.d, &Event::Wake, run.now).unwrap().commands;
    commands
        .into_iter()
        .find(|command| command.kind().name() == kind)
}

fn problems(run: &mut Run, world: &World) -> String {
    run.until(world, "Failed");
    run.report()
}

#[test]
fn a_release_is_made_from_the_base_and_goes_back_to_the_services_own() {
    let differs = [
        "memory 1024 → 4096",
        "log driver of app awslogs → awsfirelens",
    ];
    let (mut run, mut world) = based(revision("erp-web-base:7", &differs));
    run.until(&world, "AwaitingApproval");
    let said = text(run.d.sealed_plan());
    let told = [
        "  base       web is made from erp-web-base:7: it differs from erp-web:41, which runs\n",
        "    memory 1024 → 4096\n",
        "    log driver of app awslogs → awsfirelens\n",
    ];
    assert!(said.contains(&told.concat()), "{said}");
    let card = card(&message(&run.d, None));
    let told = "web: memory 1024 → 4096; log driver of app awslogs → awsfirelens";
    assert!(card.contains(told), "{card}");
    let order = web(&run).order();
    let expected = RevisionOrder {
        from: arn("erp-web-base:7"),
        family: Some(TaskFamily::new("erp-web")),
        ..order.clone()
    };
    assert_eq!(order, expected, "into the service's own family");
    run.approve(APPROVER).unwrap();
    run.until(&world, "RollingOut");
    // ECS gives up: what ran before comes back, and not the base.
    world.web(RolloutStatus::RollbackFailed, Stage::ScaleUp);
    run.until(&world, "RollingBack");
    let back = (0..60).find_map(|_| {
        let asked = step(&run.d, &Event::Wake, run.now).unwrap().commands;
        run.look(&world);
        run.now += SignedDuration::from_secs(10);
        asked.into_iter().find_map(|command| match command {
            Command::StartRollout(order) if order.direction == Direction::Back => Some(order),
            _ => None,
        })
    });
    assert_eq!(back.unwrap().task_definition, arn("erp-web:41"));
}

#[test]
fn the_migration_is_looked_at_as_it_will_run_in_a_family_of_its_own() {
    let (mut run, world) = based(revision("erp-web-base:7", &[]));
    run.until(&world, "Planning");
    let registered = (0..20).find_map(|_| {
        let asked = asked(&run, "register-inspector");
        run.look(&world);
        match asked {
            Some(Command::Task(TaskCommand::RegisterInspector { revision, .. })) => Some(revision),
            _ => None,
        }
    });
    let registered = registered.unwrap();
    assert_eq!(registered.from, arn("erp-web-base:7"));
    assert_eq!(
        registered.family,
        Some(TaskFamily::new("erp-web-inspection"))
    );
    run.until(&world, "AwaitingApproval");
    let said = text(run.d.sealed_plan());
    let told = "base       web is made from erp-web-base:7: otherwise like erp-web:41, which runs";
    assert!(said.contains(told), "{said}");
}

#[test]
fn a_service_that_infrastructure_code_made_gets_a_family_of_its_own() {
    let (mut run, mut world) = based(revision("erp-web-base:7", &[]));
    world.services[0].task_definition = arn("erp-web-base:6");
    run.until(&world, "AwaitingApproval");
    assert_eq!(web(&run).family, Some(TaskFamily::new("erp-web")));
    assert_eq!(web(&run).from, arn("erp-web-base:6"));
}

#[test]
fn a_newer_base_after_the_yes_makes_it_void_and_people_see_the_difference() {
    let (mut run, mut world) = based(revision("erp-web-base:7", &[]));
    run.until(&world, "AwaitingApproval");
    let newer = revision("erp-web-base:8", &["memory 1024 → 4096"]);
    seen(&mut world).base = Some(BaseReading::Newest(newer));
    run.approve(APPROVER).unwrap();
    run.until(&world, "Planning");
    run.until(&world, "AwaitingApproval");
    assert!(run.d.approvals.is_empty());
    let notes = run.d.story.iter().map(|entry| &entry.note);
    let changes = notes.rev().find_map(|note| match note {
        Note::PlanChanged { changes, .. } => Some(changes.join("\n")),
        _ => None,
    });
    let changes = changes.unwrap();
    for part in [
        "- base web is made from erp-web-base:7",
        "+ memory 1024 → 4096",
    ] {
        assert!(changes.contains(part), "{changes}");
    }
    // Once it is confirmed, it is pinned: another one is for the next release.
    run.approve(APPROVER).unwrap();
    run.until(&world, "RollingOut");
    let newest = revision("erp-web-base:9", &["cpu 512 → 4096"]);
    seen(&mut world).base = Some(BaseReading::Newest(newest));
    assert_eq!(web(&run).order().from, arn("erp-web-base:8"));
}

#[test]
fn a_base_that_the_service_cannot_run_is_refused_before_anything_is_run() {
    let missing = FamilyRevision {
        outline: outline("api"),
        ..revision("erp-web-base:7", &[])
    };
    let mut bridge = revision("erp-web-base:7", &[]);
    bridge.outline.network_mode = "bridge".to_owned();
    let mut ec2 = revision("erp-web-base:7", &[]);
    ec2.outline.launch_types = BTreeSet::from(["EC2".to_owned()]);
    for (base, why) in [
        (Some(missing), "it has no container `app`, only api"),
        (
            Some(bridge),
            "its network mode is bridge, and the service's is awsvpc",
        ),
        (
            Some(ec2),
            "it is not compatible with the launch type FARGATE",
        ),
        (
            None,
            "no active revision of the task definition family erp-web-base",
        ),
    ] {
        let (mut run, mut world) = Run::to(Requester::Push, with_base);
        let reading = base.map_or(BaseReading::NotThere, BaseReading::Newest);
        seen(&mut world).base = Some(reading);
        let said = problems(&mut run, &world);
        assert!(said.contains(why), "{said}");
        let ran = run.given.iter().any(|key| key == "register-inspector");
        assert!(
            !ran,
            "nothing is registered for a plan that cannot be: {why}"
        );
        assert!(!run.world_touched());
    }
}

fn with_newer(rule: NewerRevisions) -> (Run, World) {
    let (run, mut world) = Run::to(Requester::Push, |environment| {
        environment.newer_revisions = rule;
    });
    seen(&mut world).newest = Some(revision("erp-web:44", &["cpu 512 → 1024"]));
    (run, world)
}

#[test]
fn a_newer_revision_of_someone_else_is_left_taken_or_refused_as_configured() {
    let (mut run, world) = with_newer(NewerRevisions::Leave);
    run.until(&world, "AwaitingApproval");
    assert_eq!(web(&run).base, None);
    let remarks = &run.d.sealed_plan().seen.remarks;
    let said: Vec<String> = remarks.iter().map(remark).collect();
    let told = "web runs erp-web:41, and erp-web:44 was registered since, not by Sluice (cpu 512 → \
                1024): the new revision is made from erp-web:41, without that change. To have it, \
                deploy erp-web:44 to the service first";
    assert!(said.iter().any(|said| said == told), "{said:?}");

    let (mut run, world) = with_newer(NewerRevisions::Take);
    run.until(&world, "AwaitingApproval");
    let taken = PlannedBase {
        revision: arn("erp-web:44"),
        differs: vec!["cpu 512 → 1024".to_owned()],
    };
    assert_eq!(web(&run).base, Some(taken));
    assert_eq!(web(&run).order().from, arn("erp-web:44"));
    let remarks = &run.d.sealed_plan().seen.remarks;
    let newer = |remark: &Remark| matches!(remark, Remark::NewerRevision { .. });
    assert!(!remarks.iter().any(newer), "the plan says it");

    let (mut run, world) = with_newer(NewerRevisions::Refuse);
    let said = problems(&mut run, &world);
    assert!(said.contains("erp-web:44 was registered since, not by Sluice (cpu 512 → 1024)"));
    assert!(!run.given.iter().any(|key| key == "register-inspector"));
}

#[test]
fn what_sluice_set_and_the_configuration_has_no_more_goes_and_the_rest_stays() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    seen(&mut world).others = names(&["OLD_FLAG", "OLD_KEY", "PORT"]);
    seen(&mut world).ours = names(&["OLD_FLAG", "OLD_KEY"]);
    run.until(&world, "AwaitingApproval");
    assert_eq!(web(&run).order().removes, ["OLD_FLAG", "OLD_KEY"]);
    let said = text(run.d.sealed_plan());
    let told = "removed    OLD_FLAG, OLD_KEY of web: not in sluice.toml any more";
    assert!(said.contains(told), "{said}");
    let card = card(&message(&run.d, None));
    assert!(card.contains("web: without OLD_FLAG, OLD_KEY"), "{card}");
    let keeps = "web keeps PORT, which sluice.toml does not set: Sluice removes only what it has set \
                 itself";
    let remarks = &run.d.sealed_plan().seen.remarks;
    let said: Vec<String> = remarks.iter().map(remark).collect();
    assert!(said.iter().any(|said| said == keeps), "{said:?}");
    let with_them = run.d.sealed_plan().hash.clone();
    let (mut run, mut world) = Run::new(Requester::Push);
    seen(&mut world).others = names(&["OLD_FLAG", "OLD_KEY", "PORT"]);
    run.until(&world, "AwaitingApproval");
    assert!(web(&run).removes.is_empty(), "no evidence, nothing goes");
    assert_ne!(
        run.d.sealed_plan().hash,
        with_them,
        "the hash covers what goes"
    );
}
