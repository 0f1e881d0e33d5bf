//! Tasks that never start, and tasks that somebody stops.

use sluice_app::ports::{TaskOrder, Tasks as _};
use sluice_core::config::Strategy;
use sluice_core::id::{ContainerName, TaskArn};
use sluice_core::observation::RolloutStatus;

use crate::cloud::Cloud;
use crate::cloud::behaviour::ImageBehaviour;
use crate::cloud::test_config::{
    furnished, minutes, order, pass, release, roll_out, rollout, target, through, web, worker,
};

fn run(cloud: &mut Cloud, token: &str) -> TaskArn {
    run_of(cloud, token, ImageBehaviour::default())
}

fn run_of(cloud: &mut Cloud, token: &str, behaviour: ImageBehaviour) -> TaskArn {
    let order = TaskOrder {
        token: token.into(),
        ecs_service: web(),
        task_definition: release(cloud, &web(), "v1", behaviour),
        container: ContainerName::new("web"),
        command: vec!["alembic".into(), "upgrade".into(), "head".into()],
    };
    through(cloud, async |ports| {
        ports.ensure_task(&target(), &order).await
    })
    .unwrap()
}

/// Exit code of the one-off task, and why it stopped.
fn end(cloud: &mut Cloud, task: &TaskArn) -> (Option<i32>, String) {
    let seen = through(cloud, async |ports| ports.task(&target(), task).await);
    let seen = seen.unwrap().unwrap();
    assert!(seen.stopped);
    let code = seen.exit_codes.into_values().next().flatten();
    (code, seen.stopped_reason.unwrap_or_default())
}

#[test]
fn a_task_that_never_starts_executes_nothing_and_another_token_starts_the_next() {
    let mut cloud = furnished();
    cloud.never_start(1);
    let first = run(&mut cloud, "dep-1-migrate");
    pass(&mut cloud, minutes(5));
    let (code, reason) = end(&mut cloud, &first);
    assert_eq!(code, None);
    assert!(reason.contains("network interface"), "{reason}");
    assert_eq!(
        run(&mut cloud, "dep-1-migrate"),
        first,
        "one token, one task"
    );
    let again = run(&mut cloud, "dep-1-migrate-2");
    pass(&mut cloud, minutes(5));
    assert_eq!(end(&mut cloud, &again).0, Some(0));
}

#[test]
fn a_service_starts_its_tasks_again_that_never_started() {
    let mut cloud = furnished();
    cloud.never_start(2);
    let new = release(&mut cloud, &worker(), "v1", ImageBehaviour::default());
    let order = order(&cloud, &worker(), Strategy::Rolling, &new);
    roll_out(&mut cloud, &order).unwrap();
    pass(&mut cloud, minutes(20));
    assert_eq!(
        rollout(&mut cloud, &order).status,
        RolloutStatus::Successful
    );
}

#[test]
fn on_a_bad_day_about_two_tasks_in_a_hundred_never_start() {
    let mut cloud = furnished();
    cloud.set_never_start_rate(0.02);
    let never = (0..2_000).filter(|_| cloud.starts.refused().is_some());
    let never = never.count();
    assert!((20..60).contains(&never), "{never} of 2000");
}

#[test]
fn a_task_that_somebody_stops_is_killed_and_never_ends_again() {
    let mut cloud = furnished();
    let mut slow = ImageBehaviour::default();
    slow.migration.takes = Some(minutes(3));
    let task = run_of(&mut cloud, "dep-1-migrate", slow);
    pass(&mut cloud, minutes(1));
    cloud.stop_task(&target().cluster, &task);
    pass(&mut cloud, minutes(5));
    let (code, reason) = end(&mut cloud, &task);
    assert_eq!((code, reason.as_str()), (Some(137), "Task stopped by user"));
    let place = cloud.place(&target()).unwrap();
    let stops = cloud
        .ledger()
        .iter()
        .filter(|entry| matches!(entry.what, crate::cloud::Happened::TaskStopped { .. }));
    assert_eq!(stops.count(), 1);
    assert!(
        cloud.tasks_in(&place, &target().cluster)[0]
            .stopped_at
            .is_some()
    );
}
