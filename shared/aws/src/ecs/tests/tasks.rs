use std::collections::BTreeMap;

use serde_json::{Value, json};
use sluice_app::ports::{TaskOrder, Tasks};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{ContainerName, TaskArn};
use sluice_core::observation::TaskObservation;

use super::{NEW, NOON, new, service, web};
use crate::EcsTasks;
use crate::test_cloud::{Answer, Asked, TestCloud, target};

const TASK: &str =
    "arn:aws:ecs:eu-central-1:111111111111:task/erp/0f1e2d3c4b5a69788796a5b4c3d2e1f0";

fn order() -> TaskOrder {
    TaskOrder {
        token: "dep-0123456789abcdef".to_owned(),
        ecs_service: web(),
        task_definition: new(),
        container: ContainerName::new("web"),
        command: vec!["alembic".into(), "upgrade".into(), "head".into()],
    }
}

/// ECS with no task yet, and `run` as its answer to RunTask.
fn answer(asked: &Asked, service: &Value, run: &Value) -> Answer {
    Answer::json(&match asked.operation.as_str() {
        "ListTasks" => json!({ "taskArns": [] }),
        "DescribeServices" => json!({ "services": [service] }),
        "RunTask" => run.clone(),
        other => panic!("no one should ask for {other}"),
    })
}

fn cloud(service: Value, run: Value) -> TestCloud {
    TestCloud::new(move |asked| answer(asked, &service, &run))
}

async fn ensure(cloud: &TestCloud, order: &TaskOrder) -> Result<TaskArn, PortError> {
    EcsTasks::new(cloud.clients.clone())
        .ensure_task(&target(), order)
        .await
}

#[tokio::test]
async fn a_task_runs_where_and_as_its_service_does() {
    let cloud = cloud(service(), json!({ "tasks": [{ "taskArn": TASK }] }));
    assert_eq!(ensure(&cloud, &order()).await.unwrap().as_str(), TASK);
    assert_eq!(
        cloud.asked("RunTask"),
        [json!({
            "cluster": "erp",
            "taskDefinition": NEW,
            "count": 1,
            "clientToken": "dep-0123456789abcdef",
            "startedBy": "dep-0123456789abcdef",
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "networkConfiguration": service()["networkConfiguration"],
            "overrides": { "containerOverrides": [
                { "name": "web", "command": ["alembic", "upgrade", "head"] },
            ]},
        })]
    );
}

#[tokio::test]
async fn a_capacity_provider_takes_the_place_of_the_launch_type() {
    let mut service = service();
    let strategy = json!([{ "capacityProvider": "FARGATE", "weight": 1, "base": 0 }]);
    service["capacityProviderStrategy"] = strategy.clone();
    let cloud = cloud(service, json!({ "tasks": [{ "taskArn": TASK }] }));
    ensure(&cloud, &order()).await.unwrap();
    let asked = &cloud.asked("RunTask")[0];
    assert_eq!(asked["capacityProviderStrategy"], strategy);
    assert_eq!(asked.get("launchType"), None);
}

#[tokio::test]
async fn nothing_that_runs_once_runs_on_machines_that_aws_takes_away() {
    let item = |provider: &str| json!({ "capacityProvider": provider, "weight": 1, "base": 0 });
    for (strategy, launch_type) in [
        (
            json!([item("FARGATE"), item("FARGATE_SPOT")]),
            Some("FARGATE"),
        ),
        (json!([item("FARGATE_SPOT")]), Some("FARGATE")),
        (json!([item("erp-machines")]), None),
    ] {
        let mut service = service();
        service["capacityProviderStrategy"] = strategy.clone();
        service["launchType"] = Value::Null;
        let cloud = cloud(service, json!({ "tasks": [{ "taskArn": TASK }] }));
        ensure(&cloud, &order()).await.unwrap();
        let asked = &cloud.asked("RunTask")[0];
        let asked_for = asked.get("launchType").and_then(Value::as_str);
        assert_eq!(asked_for, launch_type, "{strategy}");
        let kept = launch_type.is_none().then_some(&strategy);
        assert_eq!(asked.get("capacityProviderStrategy"), kept, "{strategy}");
    }
}

#[tokio::test]
async fn a_task_of_the_token_is_found_again_running_or_stopped() {
    for status in ["RUNNING", "STOPPED"] {
        let cloud = TestCloud::new(move |asked| {
            assert_eq!(asked.operation, "ListTasks");
            assert_eq!(asked.body["startedBy"], "dep-0123456789abcdef");
            let found: &[&str] = if asked.body["desiredStatus"] == status {
                &[TASK]
            } else {
                &[]
            };
            Answer::json(&json!({ "taskArns": found }))
        });
        assert_eq!(ensure(&cloud, &order()).await.unwrap().as_str(), TASK);
    }
}

#[tokio::test]
async fn where_ecs_does_not_look_among_the_stopped_the_client_token_is_enough() {
    let cloud = TestCloud::new(|asked| {
        if asked.body["desiredStatus"] == "STOPPED" {
            return Answer::error(
                400,
                "InvalidParameterException",
                "startedBy must stand alone.",
            );
        }
        answer(
            asked,
            &service(),
            &json!({ "tasks": [{ "taskArn": TASK }] }),
        )
    });
    assert_eq!(ensure(&cloud, &order()).await.unwrap().as_str(), TASK);
}

#[tokio::test]
async fn a_token_longer_than_started_by_is_refused_before_anything_is_asked() {
    let cloud = cloud(service(), json!({}));
    let long = TaskOrder {
        token: "x".repeat(37),
        ..order()
    };
    assert_eq!(
        ensure(&cloud, &long).await.unwrap_err().class,
        ErrorClass::Permanent
    );
    assert!(cloud.everything_asked().is_empty());
}

#[tokio::test]
async fn a_task_without_a_place_waits_for_room_or_a_person() {
    for (reason, class) in [
        ("RESOURCE:MEMORY", ErrorClass::Retryable),
        (
            "Capacity is unavailable at this time. Please try again later",
            ErrorClass::Retryable,
        ),
        (
            "You've reached the limit on the number of vCPUs you can run concurrently",
            ErrorClass::Retryable,
        ),
        ("AGENT", ErrorClass::Retryable),
        ("ATTRIBUTE", ErrorClass::NeedsPerson),
        ("MISSING", ErrorClass::NeedsPerson),
    ] {
        let cloud = cloud(
            service(),
            json!({ "tasks": [], "failures": [{ "reason": reason }] }),
        );
        let error = ensure(&cloud, &order()).await.unwrap_err();
        assert_eq!(error.class, class);
        assert!(error.message.contains(reason), "{error}");
    }
}

#[tokio::test]
async fn a_token_used_with_other_parameters_starts_nothing_new() {
    let cloud = TestCloud::new(|asked| match asked.operation.as_str() {
        "RunTask" => Answer::error(
            400,
            "ConflictException",
            "The clientToken was used already.",
        ),
        _ => answer(asked, &service(), &json!({})),
    });
    let error = ensure(&cloud, &order()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert_eq!(cloud.asked("RunTask").len(), 1);
    assert_eq!(cloud.asked("ListTasks").len(), 4);
}

fn described(task: Value) -> TestCloud {
    TestCloud::new(move |asked| {
        Answer::json(&match asked.operation.as_str() {
            "DescribeTasks" => json!({ "tasks": [task] }),
            "DescribeTaskDefinition" => json!({ "taskDefinition": { "containerDefinitions": [
                { "name": "web", "image": "erp", "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": { "awslogs-group": "/ecs/erp", "awslogs-stream-prefix": "web" },
                }},
                { "name": "envoy", "image": "envoy", "essential": true },
                { "name": "init", "image": "init", "essential": false },
            ]}}),
            "GetLogEvents" => json!({ "events": [{ "message": "Traceback" }] }),
            other => panic!("no one should ask for {other}"),
        })
    })
}

async fn seen(cloud: &TestCloud) -> Result<Option<TaskObservation>, PortError> {
    EcsTasks::new(cloud.clients.clone())
        .task(&target(), &TaskArn::new(TASK))
        .await
}

#[tokio::test]
async fn a_task_that_runs_is_not_asked_for_more() {
    let cloud = described(json!({ "taskArn": TASK, "lastStatus": "RUNNING" }));
    let task = seen(&cloud).await.unwrap().unwrap();
    assert!(task.started && !task.stopped);
    assert_eq!(cloud.everything_asked().len(), 1);
}

async fn followed(cloud: &TestCloud) -> TaskObservation {
    let tasks = EcsTasks::new(cloud.clients.clone());
    let seen = tasks.follow(&target(), &TaskArn::new(TASK), "Trace").await;
    seen.unwrap().unwrap()
}

#[tokio::test]
async fn whoever_follows_a_task_that_runs_reads_one_page_of_its_log() {
    let running = |status: &str| {
        described(json!({
            "taskArn": TASK,
            "lastStatus": status,
            "taskDefinitionArn": NEW,
            "overrides": { "containerOverrides": [{ "name": "web", "command": ["alembic"] }] },
        }))
    };
    let cloud = running("RUNNING");
    assert_eq!(followed(&cloud).await.log_tail, ["Traceback"]);
    let looks = [cloud.asked("DescribeTasks"), cloud.asked("GetLogEvents")];
    assert_eq!(looks.map(|looks| looks.len()), [1, 1]);
    let [page] = &cloud.asked("GetLogEvents")[..] else {
        panic!("one page is wanted")
    };
    assert_eq!(
        (&page["startFromHead"], page.get("nextToken")),
        (&json!(false), None)
    );

    let cloud = running("PENDING");
    assert_eq!(followed(&cloud).await.log_tail, Vec::<String>::new());
    assert_eq!(cloud.everything_asked().len(), 1, "it has no log yet");
}

#[tokio::test]
async fn a_stopped_task_has_its_exit_codes_reasons_and_log() {
    let cloud = described(json!({
        "taskArn": TASK,
        "lastStatus": "STOPPED",
        "taskDefinitionArn": NEW,
        "stoppedReason": "Essential container in task exited",
        "overrides": { "containerOverrides": [{ "name": "web", "command": ["alembic"] }] },
        "containers": [
            { "name": "web", "exitCode": 137, "reason": "OutOfMemoryError: killed" },
            { "name": "envoy", "exitCode": 0 },
            { "name": "init", "exitCode": 1 },
        ],
    }));
    let expected = TaskObservation {
        task: TaskArn::new(TASK),
        started: true,
        stopped: true,
        exit_codes: BTreeMap::from([
            (ContainerName::new("envoy"), Some(0)),
            (ContainerName::new("web"), Some(137)),
        ]),
        stopped_reason: Some(
            "Essential container in task exited; web: OutOfMemoryError: killed".to_owned(),
        ),
        log_tail: vec!["Traceback".to_owned()],
    };
    assert_eq!(seen(&cloud).await.unwrap(), Some(expected));
    let stream = &cloud.asked("GetLogEvents")[0]["logStreamName"];
    assert_eq!(stream, "web/web/0f1e2d3c4b5a69788796a5b4c3d2e1f0");
}

#[tokio::test]
async fn a_task_that_never_started_has_no_exit_code_of_anything_essential() {
    let cloud = described(json!({
        "taskArn": TASK,
        "lastStatus": "STOPPED",
        "taskDefinitionArn": NEW,
        "stopCode": "TaskFailedToStart",
        "stoppedReason": "ResourceInitializationError: unable to pull secrets",
        "containers": [],
    }));
    let task = seen(&cloud).await.unwrap().unwrap();
    assert_eq!(task.exit_codes.values().collect::<Vec<_>>(), [&None, &None]);
    assert_eq!(
        task.stopped_reason.as_deref(),
        Some("ResourceInitializationError: unable to pull secrets")
    );
}

#[tokio::test]
async fn only_a_task_of_which_nothing_ran_counts_as_never_started() {
    let stopped = |code: &str, container: Value| json!({ "lastStatus": "STOPPED", "stopCode": code, "containers": [container] });
    let nothing =
        || json!({ "name": "web", "lastStatus": "STOPPED", "reason": "CannotPullContainerError" });
    for (task, started) in [
        (json!({ "lastStatus": "PROVISIONING" }), false),
        (
            json!({ "lastStatus": "PENDING", "containers": [{ "name": "web", "lastStatus": "PENDING" }] }),
            false,
        ),
        // One that the others wait for runs before the task does.
        (
            json!({ "lastStatus": "PENDING", "containers": [{ "name": "init", "lastStatus": "RUNNING" }] }),
            true,
        ),
        (
            json!({ "lastStatus": "STOPPED", "stopCode": "TaskFailedToStart", "containers": [] }),
            false,
        ),
        (stopped("TaskFailedToStart", nothing()), false),
        (
            stopped(
                "TaskFailedToStart",
                json!({ "name": "init", "exitCode": 1 }),
            ),
            true,
        ),
        (
            stopped(
                "TaskFailedToStart",
                json!({ "name": "init", "runtimeId": "0f1e-2" }),
            ),
            true,
        ),
        (stopped("UserInitiated", nothing()), false),
        // Nothing has confirmed what ran on a host that is gone.
        (stopped("SpotInterruption", nothing()), true),
        (stopped("TerminationNotice", nothing()), true),
        (stopped("EssentialContainerExited", nothing()), true),
        (json!({ "lastStatus": "STOPPED" }), true),
        (
            json!({ "lastStatus": "DEPROVISIONING", "startedAt": NOON }),
            true,
        ),
    ] {
        let mut described_so = task.clone();
        described_so["taskArn"] = json!(TASK);
        described_so["taskDefinitionArn"] = json!(NEW);
        let seen = seen(&described(described_so)).await.unwrap().unwrap();
        assert_eq!(seen.started, started, "{task}");
    }
}

#[tokio::test]
async fn a_task_is_stopped_with_the_reason() {
    let cloud = TestCloud::new(|_| Answer::json(&json!({ "task": { "taskArn": TASK } })));
    let tasks = EcsTasks::new(cloud.clients.clone());
    let task = TaskArn::new(TASK);
    tasks.ensure_stopped(&target(), &task).await.unwrap();
    let reason = "Sluice: the migration is over its time limit";
    assert_eq!(
        cloud.asked("StopTask"),
        [json!({ "cluster": "erp", "task": TASK, "reason": reason })]
    );
}

#[tokio::test]
async fn a_task_that_ecs_has_forgotten_is_none() {
    let cloud = TestCloud::new(|_| {
        Answer::json(&json!({ "tasks": [], "failures": [{ "arn": TASK, "reason": "MISSING" }] }))
    });
    assert_eq!(seen(&cloud).await.unwrap(), None);
}

#[tokio::test]
async fn a_throttle_passes() {
    let cloud = TestCloud::new(|_| Answer::error(400, "ThrottlingException", "Rate exceeded"));
    assert_eq!(seen(&cloud).await.unwrap_err().class, ErrorClass::Retryable);
    assert_eq!(
        ensure(&cloud, &order()).await.unwrap_err().class,
        ErrorClass::Retryable
    );
}
