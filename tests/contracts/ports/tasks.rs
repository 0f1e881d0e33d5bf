//! One-off tasks.

use sluice_app::ports::{Target, TaskOrder, Tasks};
use sluice_core::failure::ErrorClass;
use sluice_core::id::{EcsServiceName, TaskArn};
use sluice_core::observation::TaskObservation;
use sluice_sim::cloud::{ImageBehaviour, MigrationEnd};

use crate::faces::Model;
use crate::ports::services;

/// A cluster with the service `erp-web`, whose task definition can be run.
pub(crate) trait Stage {
    fn tasks(&self) -> &dyn Tasks;
    fn target(&self) -> Target;

    /// A task of this token.
    async fn order(&self, token: &str) -> TaskOrder;

    /// Lets the task end well, having written this line at least to its log.
    async fn end(&self, task: &TaskArn) -> String;
}

const TOKEN: &str = "dep-0000000000000001";

async fn seen(stage: &impl Stage, task: &TaskArn) -> Option<TaskObservation> {
    stage.tasks().task(&stage.target(), task).await.unwrap()
}

async fn a_task_is_run_once_for_its_token(stage: &impl Stage) {
    let (tasks, target) = (stage.tasks(), stage.target());
    let order = stage.order(TOKEN).await;
    let task = tasks.ensure_task(&target, &order).await.unwrap();
    assert_eq!(tasks.ensure_task(&target, &order).await.unwrap(), task);
    let another = TaskOrder {
        token: "dep-0000000000000002".to_owned(),
        ..order.clone()
    };
    let other = tasks.ensure_task(&target, &another).await.unwrap();
    assert_ne!(other, task);
    let running = seen(stage, &task).await.unwrap();
    assert_eq!((&running.task, running.stopped), (&task, false));
    assert!(running.exit_codes.is_empty() && running.log_tail.is_empty());
    // One that is over is not run again.
    stage.end(&task).await;
    assert_eq!(tasks.ensure_task(&target, &order).await.unwrap(), task);
}

async fn its_end_is_told_with_its_exit_code_and_its_log(stage: &impl Stage) {
    let (tasks, target) = (stage.tasks(), stage.target());
    let order = stage.order(TOKEN).await;
    let task = tasks.ensure_task(&target, &order).await.unwrap();
    let line = stage.end(&task).await;
    let ended = seen(stage, &task).await.unwrap();
    assert!(ended.stopped, "{ended:?}");
    assert_eq!(ended.exit_codes.get(&order.container), Some(&Some(0)));
    assert!(ended.log_tail.contains(&line), "{ended:?}");
}

async fn a_task_that_nobody_knows_is_none(stage: &impl Stage) {
    let order = stage.order(TOKEN).await;
    let task = stage.tasks().ensure_task(&stage.target(), &order).await;
    let task = task.unwrap();
    let (before, _) = task.as_str().rsplit_once('/').unwrap();
    let unknown = TaskArn::new(format!("{before}/{}", "0".repeat(32)));
    assert_eq!(seen(stage, &unknown).await, None);
}

async fn a_service_that_is_not_there_has_nowhere_to_run_it(stage: &impl Stage) {
    let order = TaskOrder {
        ecs_service: EcsServiceName::new("nothing"),
        ..stage.order(TOKEN).await
    };
    let run = stage.tasks().ensure_task(&stage.target(), &order).await;
    let error = run.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent, "{error}");
    assert!(error.message.contains("`nothing`"), "{error}");
}

/// moto runs nothing: see `moto::cannot`.
async fn a_task_that_fails_says_how(stage: &Model) {
    let log = ["upgrading", "ERROR: relation exists"];
    for (ends, exit_code) in [
        (MigrationEnd::Exits(3), Some(3)),
        (MigrationEnd::NeverStarts, None),
    ] {
        let mut behaviour = ImageBehaviour::default().with_failing_migration(3, &log);
        behaviour.migration.ends = ends;
        let tag = format!("{ends:?}").to_lowercase().replace(['(', ')'], "-");
        let image = stage.push_behaving(&tag, behaviour);
        let order = TaskOrder {
            task_definition: services::revision(stage, "web", &image).await,
            ..Stage::order(stage, &format!("dep-{tag}")).await
        };
        let (tasks, target) = (Stage::tasks(stage), Stage::target(stage));
        let task = tasks.ensure_task(&target, &order).await.unwrap();
        stage.pass(10);
        let ended = seen(stage, &task).await.unwrap();
        assert!(ended.stopped, "{ended:?}");
        let code = ended.exit_codes.get(&order.container).copied();
        assert_eq!(code.flatten(), exit_code, "{ended:?}");
        if exit_code.is_some() {
            assert_eq!(ended.log_tail, log);
        } else {
            assert!(ended.stopped_reason.is_some(), "{ended:?}");
        }
    }
}

async fn the_lines_that_begin_so_are_read_whole(stage: &impl Stage) {
    let (tasks, target) = (stage.tasks(), stage.target());
    let task = tasks.ensure_task(&target, &stage.order(TOKEN).await).await;
    let task = task.unwrap();
    let before = tasks.log_lines(&target, &task, "INFO").await.unwrap();
    assert!(before.is_empty(), "it has not logged yet: {before:?}");
    let line = stage.end(&task).await;
    let lines = tasks.log_lines(&target, &task, "INFO").await.unwrap();
    assert!(lines.contains(&line), "{lines:?}");
    let none = tasks.log_lines(&target, &task, "sluice:").await.unwrap();
    assert!(none.is_empty(), "{none:?}");
}

/// A task of an image whose migration writes this log.
async fn logged(stage: &Model, tag: &str, log: Vec<String>) -> TaskArn {
    let mut behaviour = ImageBehaviour::default();
    behaviour.migration.log = log;
    let image = stage.push_behaving(tag, behaviour);
    let order = TaskOrder {
        task_definition: services::revision(stage, "web", &image).await,
        ..Stage::order(stage, &format!("dep-{tag}")).await
    };
    let target = Stage::target(stage);
    let task = Stage::tasks(stage).ensure_task(&target, &order);
    let task = task.await.unwrap();
    stage.pass(10);
    task
}

/// moto gives every page at once.
async fn a_log_of_many_pages_is_read_to_its_end(stage: &Model) {
    let long = format!("sluice: {}", "x".repeat(5_000));
    let mut log = vec!["noise".to_owned(); 25_000];
    log[0] = "sluice: first".to_owned();
    log.push(long.clone());
    let task = logged(stage, "long", log).await;
    let target = Stage::target(stage);
    let lines = Stage::tasks(stage).log_lines(&target, &task, "sluice: ");
    assert_eq!(lines.await.unwrap(), ["sluice: first", &long]);
}

async fn more_lines_than_can_be_read_are_refused(stage: &Model) {
    let target = Stage::target(stage);
    let most = sluice_app::ports::LOG_LINES_MAX;
    for (tag, lines, fits) in [("most", most, true), ("more", most + 1, false)] {
        let task = logged(stage, tag, vec!["sluice: line".to_owned(); lines]).await;
        let read = Stage::tasks(stage).log_lines(&target, &task, "sluice: ");
        match read.await {
            Ok(read) => assert!(fits && read.len() == lines, "{} lines", read.len()),
            Err(error) => {
                assert!(!fits, "{error}");
                assert_eq!(error.class, ErrorClass::Permanent, "{error}");
                assert!(error.message.contains("2000"), "{error}");
            }
        }
    }
}

async fn where_a_forgotten_task_logged_nobody_knows(stage: &Model) {
    let task = logged(stage, "old", vec!["sluice: line".to_owned()]).await;
    stage.pass(90);
    let target = Stage::target(stage);
    let read = Stage::tasks(stage).log_lines(&target, &task, "sluice: ");
    let error = read.await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent, "{error}");
    assert!(error.message.contains("forgotten"), "{error}");
}

/// moto forgets nothing.
async fn ecs_forgets_a_task_that_is_long_over(stage: &Model) {
    let order = Stage::order(stage, TOKEN).await;
    let (tasks, target) = (Stage::tasks(stage), Stage::target(stage));
    let task = tasks.ensure_task(&target, &order).await.unwrap();
    stage.pass(10);
    assert!(seen(stage, &task).await.unwrap().stopped);
    stage.pass(90);
    assert_eq!(seen(stage, &task).await, None);
}

contract! {
    a_task_is_run_once_for_its_token on sim, wire, moto;
    its_end_is_told_with_its_exit_code_and_its_log on sim, wire, moto;
    a_task_that_nobody_knows_is_none on sim, wire, moto;
    a_service_that_is_not_there_has_nowhere_to_run_it on sim, wire, moto;
    a_task_that_fails_says_how on sim, wire;
    ecs_forgets_a_task_that_is_long_over on sim, wire;
    the_lines_that_begin_so_are_read_whole on sim, wire, moto;
    a_log_of_many_pages_is_read_to_its_end on sim, wire;
    more_lines_than_can_be_read_are_refused on sim, wire;
    where_a_forgotten_task_logged_nobody_knows on sim, wire;
}
