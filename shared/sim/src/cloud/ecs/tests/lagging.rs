//! Reads that lie behind what was written.

use jiff::SignedDuration;
use sluice_app::ports::{ServiceQuery, Services as _, TaskOrder, Tasks as _};
use sluice_core::config::Strategy;
use sluice_core::id::{ContainerName, ServiceName, TaskArn};
use sluice_core::observation::{RolloutStatus, ServiceObservation, TaskObservation};

use crate::cloud::behaviour::ImageBehaviour;
use crate::cloud::test_config::{
    furnished, minutes, order, pass, release, roll_out, target, through, web, worker,
};
use crate::cloud::{Cloud, Lag, Place, Read};

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn lagging(seconds: i64) -> Cloud {
    let mut cloud = furnished();
    cloud.set_lag(Lag::exactly(SignedDuration::from_secs(seconds)));
    cloud
}

fn read(cloud: &mut Cloud, service: &sluice_core::id::EcsServiceName) -> ServiceObservation {
    let query = ServiceQuery {
        service: ServiceName::new("any"),
        ecs_service: service.clone(),
        container: ContainerName::new("web"),
        definition: None,
    };
    let seen = through(cloud, async |ports| ports.read(&target(), &[query]).await);
    seen.unwrap().remove(0)
}

fn task(cloud: &mut Cloud, task: &TaskArn) -> Option<TaskObservation> {
    through(cloud, async |ports| ports.task(&target(), task).await).unwrap()
}

fn run(cloud: &mut Cloud) -> TaskArn {
    let order = TaskOrder {
        token: "dep-0000000000000001-migrate".into(),
        ecs_service: web(),
        task_definition: release(cloud, &web(), "v1", ImageBehaviour::default()),
        container: ContainerName::new("web"),
        command: vec!["alembic".into(), "upgrade".into(), "head".into()],
    };
    through(cloud, async |ports| {
        ports.ensure_task(&target(), &order).await
    })
    .unwrap()
}

fn place(cloud: &Cloud) -> std::sync::Arc<Place> {
    cloud.place(&target()).unwrap()
}

#[test]
fn a_task_is_missing_until_the_reads_have_caught_up_and_its_end_comes_as_late() {
    let mut cloud = lagging(60);
    let asked_at = cloud.now();
    let arn = run(&mut cloud);
    pass(&mut cloud, seconds(59));
    assert_eq!(task(&mut cloud, &arn), None);
    pass(&mut cloud, seconds(1));
    assert!(!task(&mut cloud, &arn).unwrap().stopped);
    // It starts after 40 s and runs for 20: it is over by now, and nobody sees it.
    let ended_at = cloud.tasks()[0].stopped_at.unwrap();
    assert_eq!(ended_at, asked_at + seconds(60));
    pass(&mut cloud, seconds(59));
    assert!(!task(&mut cloud, &arn).unwrap().stopped);
    let lines = through(&mut cloud, async |ports| {
        ports.log_lines(&target(), &arn, "INFO").await
    });
    assert_eq!(lines.unwrap().len(), 2, "what it wrote first is there");
    pass(&mut cloud, seconds(1));
    let seen = task(&mut cloud, &arn).unwrap();
    assert_eq!(seen.exit_codes[&ContainerName::new("web")], Some(0));
}

#[test]
fn of_many_reads_of_a_new_task_about_one_in_three_misses_it() {
    let mut cloud = furnished();
    cloud.set_lag(Lag::of(minutes(5)));
    let arn = run(&mut cloud);
    let mut missed = 0;
    for _ in 0..100 {
        pass(&mut cloud, SignedDuration::from_millis(100));
        missed += i32::from(task(&mut cloud, &arn).is_none());
    }
    assert!((20..50).contains(&missed), "{missed} of 100 missed it");
}

#[test]
fn a_service_deployment_is_not_listed_until_the_lag_has_passed_and_is_told_late() {
    let mut cloud = lagging(30);
    let new = release(&mut cloud, &worker(), "v1", ImageBehaviour::default());
    let order = order(&cloud, &worker(), Strategy::Rolling, &new);
    let seen = |cloud: &mut Cloud| {
        let seen = through(cloud, async |ports| {
            let (service, since) = (&order.ecs_service, order.since);
            ports
                .rollout(&target(), service, &order.task_definition, since)
                .await
        });
        seen.unwrap().map(|seen| seen.status)
    };
    let before = read(&mut cloud, &worker());
    roll_out(&mut cloud, &order).unwrap();
    pass(&mut cloud, seconds(29));
    assert_eq!(seen(&mut cloud), None);
    assert_eq!(read(&mut cloud, &worker()), before);
    pass(&mut cloud, seconds(1));
    // ECS takes 3 s to begin: by now it has long begun.
    assert_eq!(seen(&mut cloud), Some(RolloutStatus::Pending));
    let after = read(&mut cloud, &worker());
    assert_eq!(after.task_definition, new);
    assert!(after.in_progress.is_some());
    assert_eq!(after.running, before.running);
    pass(&mut cloud, minutes(10));
    assert_eq!(seen(&mut cloud), Some(RolloutStatus::Successful));
    assert_eq!(read(&mut cloud, &worker()).in_progress, None);
}

#[test]
fn a_deployment_that_is_not_listed_yet_is_started_twice_by_whoever_trusts_the_list() {
    let mut cloud = lagging(30);
    let new = release(&mut cloud, &worker(), "v1", ImageBehaviour::default());
    let order = order(&cloud, &worker(), Strategy::Rolling, &new);
    for _ in 0..2 {
        roll_out(&mut cloud, &order).unwrap();
        pass(&mut cloud, seconds(5));
    }
    let place = place(&cloud);
    let truth = cloud
        .service_in(&place, &target().cluster, &worker())
        .unwrap();
    assert_eq!(truth.rollouts.len(), 2);
}

#[test]
fn weights_changed_by_hand_are_seen_late_by_the_port_and_over_the_wire() {
    let mut cloud = lagging(10);
    let place = place(&cloud);
    pass(&mut cloud, minutes(1));
    cloud.set_weights(&target().cluster, &web(), [40, 60]);
    let weights = |cloud: &mut Cloud| {
        let traffic = read(cloud, &web()).traffic.unwrap();
        traffic.weights.into_values().collect::<Vec<_>>()
    };
    let on_wire = |cloud: &Cloud, read| {
        let seen = cloud.service_seen(&place, &target().cluster, &web(), read);
        seen.unwrap().target_groups.unwrap()[0].1
    };
    pass(&mut cloud, seconds(9));
    assert_eq!(weights(&mut cloud), [100, 0]);
    assert_eq!(on_wire(&cloud, Read::Targets), 100);
    let truth = cloud.service_in(&place, &target().cluster, &web()).unwrap();
    assert_eq!(truth.target_groups.unwrap()[0].1, 40);
    pass(&mut cloud, seconds(1));
    assert_eq!(weights(&mut cloud), [40, 60]);
    assert_eq!(on_wire(&cloud, Read::Targets), 40);
}

#[test]
fn without_lag_nothing_is_remembered() {
    let mut cloud = furnished();
    run(&mut cloud);
    pass(&mut cloud, minutes(5));
    assert!(
        cloud
            .ecs
            .services
            .iter()
            .all(|one| one.looked.last().is_none())
    );
}
