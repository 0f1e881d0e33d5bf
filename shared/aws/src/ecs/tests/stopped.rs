use serde_json::{Value, json};
use sluice_app::ports::Services;
use sluice_core::observation::StoppedTask;

use super::{NEW, NOON, OLD, new, noon, web};
use crate::EcsServices;
use crate::test_cloud::{Answer, TestCloud, target};

fn task(id: &str, definition: &str, stop_code: &str, reason: &str) -> Value {
    json!({
        "taskArn": format!("arn:aws:ecs:eu-central-1:111111111111:task/erp/{id}"),
        "taskDefinitionArn": definition,
        "lastStatus": "STOPPED",
        "stopCode": stop_code,
        "stoppedReason": reason,
        "stoppedAt": NOON,
        "containers": [
            { "name": "web", "exitCode": 137, "reason": "OutOfMemoryError: killed" },
            { "name": "log-router", "exitCode": 0 },
        ],
    })
}

fn cloud(tasks: Vec<Value>) -> TestCloud {
    TestCloud::new(move |asked| {
        Answer::json(&match asked.operation.as_str() {
            "ListTasks" if asked.body["nextToken"].is_null() => {
                json!({ "taskArns": ["one"], "nextToken": "more" })
            }
            "ListTasks" => json!({ "taskArns": ["two"] }),
            "DescribeTasks" => json!({ "tasks": tasks, "failures": [] }),
            other => panic!("no one should ask for {other}"),
        })
    })
}

async fn stopped(cloud: &TestCloud) -> Vec<StoppedTask> {
    let services = EcsServices::new(cloud.clients.clone());
    let stopped = services.stopped_tasks(&target(), &web(), &new()).await;
    stopped.unwrap()
}

#[tokio::test]
async fn a_task_that_died_is_told_with_all_that_is_known_of_it() {
    let cloud = cloud(vec![task(
        "a",
        NEW,
        "EssentialContainerExited",
        "Essential container in task exited",
    )]);
    let [died] = &stopped(&cloud).await[..] else {
        panic!("one task stopped");
    };
    assert!(died.by_itself);
    assert_eq!(died.at, noon());
    assert_eq!(
        died.reason,
        "Essential container in task exited; web: OutOfMemoryError: killed"
    );
    let listed = cloud.asked("ListTasks");
    assert_eq!(
        listed[0],
        json!({ "cluster": "erp", "serviceName": "erp-web", "desiredStatus": "STOPPED" })
    );
    assert_eq!(listed[1]["nextToken"], "more");
    assert_eq!(
        cloud.asked("DescribeTasks")[0]["tasks"],
        json!(["one", "two"])
    );
}

#[tokio::test]
async fn what_ecs_or_somebody_stopped_did_not_stop_by_itself() {
    let cases = [
        (
            "EssentialContainerExited",
            "Essential container in task exited",
            true,
        ),
        (
            "TaskFailedToStart",
            "CannotPullContainerError: no such image",
            true,
        ),
        (
            "ServiceSchedulerInitiated",
            "Task failed ELB health checks in (target-group tg)",
            true,
        ),
        (
            "ServiceSchedulerInitiated",
            "Task failed container health checks",
            true,
        ),
        (
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by (deployment ecs-svc/1)",
            false,
        ),
        ("SpotInterruption", "Your Spot Task was interrupted.", false),
        ("UserInitiated", "Task stopped by user", false),
        ("TerminationNotice", "Your task is being retired", false),
    ];
    let tasks = cases.map(|(code, reason, _)| task(code, NEW, code, reason));
    let seen = stopped(&cloud(tasks.to_vec())).await;
    let by_itself: Vec<bool> = seen.iter().map(|task| task.by_itself).collect();
    assert_eq!(by_itself, cases.map(|(.., by_itself)| by_itself));
}

#[tokio::test]
async fn tasks_of_another_revision_and_tasks_that_only_will_stop_are_left_out() {
    let other = task("a", OLD, "EssentialContainerExited", "it ended");
    let mut going = task("b", NEW, "ServiceSchedulerInitiated", "it is told to");
    going["stoppedAt"] = Value::Null;
    assert_eq!(stopped(&cloud(vec![other, going])).await, []);
}
