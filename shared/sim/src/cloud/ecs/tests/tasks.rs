//! One-off tasks.

use sluice_app::ports::{TaskOrder, Tasks as _};
use sluice_core::failure::ErrorClass;
use sluice_core::id::{ContainerName, TaskArn};
use sluice_core::observation::TaskObservation;

use crate::cloud::behaviour::{ImageBehaviour, MigrationEnd};
use crate::cloud::test_config::{furnished, minutes, pass, release, target, through, web};
use crate::cloud::{Cloud, Fault, Operation};

fn ordered(cloud: &mut Cloud, behaviour: ImageBehaviour) -> TaskOrder {
    TaskOrder {
        token: "dep-0000000000000001-migrate".into(),
        ecs_service: web(),
        task_definition: release(cloud, &web(), "v1", behaviour),
        container: ContainerName::new("web"),
        command: vec!["alembic".into(), "upgrade".into(), "head".into()],
    }
}

fn run(cloud: &mut Cloud, order: &TaskOrder) -> TaskArn {
    through(cloud, async |ports| {
        ports.ensure_task(&target(), order).await
    })
    .unwrap()
}

fn seen(cloud: &mut Cloud, task: &TaskArn) -> Option<TaskObservation> {
    through(cloud, async |ports| ports.task(&target(), task).await).unwrap()
}

#[test]
fn a_token_starts_one_task_however_often_it_is_asked_for() {
    let mut cloud = furnished();
    let order = ordered(&mut cloud, ImageBehaviour::default());
    cloud.faults().nth(Operation::RunTask, 1, Fault::LoseAnswer);
    let lost = through(&mut cloud, async |ports| {
        ports.ensure_task(&target(), &order).await
    });
    assert_eq!(lost.unwrap_err().class, ErrorClass::Retryable);
    let first = run(&mut cloud, &order);
    pass(&mut cloud, minutes(5));
    assert_eq!(run(&mut cloud, &order), first);
    assert_eq!(cloud.tasks().len(), 1);
}

#[test]
fn a_task_runs_ends_and_is_forgotten_after_an_hour() {
    let mut cloud = furnished();
    let order = ordered(&mut cloud, ImageBehaviour::default());
    let task = run(&mut cloud, &order);
    let pending = seen(&mut cloud, &task).unwrap();
    assert!(!pending.stopped);
    assert!(pending.exit_codes.is_empty() && pending.log_tail.is_empty());
    pass(&mut cloud, minutes(2));
    let stopped = seen(&mut cloud, &task).unwrap();
    assert!(stopped.stopped);
    // The sidecar is not essential: its exit code says nothing.
    assert_eq!(stopped.exit_codes.len(), 1);
    assert_eq!(stopped.exit_codes[&ContainerName::new("web")], Some(0));
    pass(&mut cloud, minutes(61));
    assert_eq!(seen(&mut cloud, &task), None);
}

#[test]
fn a_failing_migration_leaves_its_exit_code_and_its_last_lines() {
    let mut cloud = furnished();
    let line = "sqlalchemy.exc.ProgrammingError: column \"total\" does not exist";
    let behaviour = ImageBehaviour::default().with_failing_migration(1, &[line]);
    let order = ordered(&mut cloud, behaviour);
    let task = run(&mut cloud, &order);
    pass(&mut cloud, minutes(2));
    let stopped = seen(&mut cloud, &task).unwrap();
    assert_eq!(stopped.exit_codes[&ContainerName::new("web")], Some(1));
    assert_eq!(stopped.log_tail, [line]);
}

#[test]
fn a_task_that_never_started_has_no_exit_codes_and_one_that_hangs_never_stops() {
    for (ends, stops) in [
        (MigrationEnd::NeverStarts, true),
        (MigrationEnd::Hangs, false),
    ] {
        let mut cloud = furnished();
        let mut behaviour = ImageBehaviour::default();
        behaviour.migration.ends = ends;
        let order = ordered(&mut cloud, behaviour);
        let task = run(&mut cloud, &order);
        pass(&mut cloud, minutes(50));
        let after = seen(&mut cloud, &task).unwrap();
        assert_eq!(after.stopped, stops);
        assert!(after.exit_codes.is_empty(), "{after:?}");
    }
}
