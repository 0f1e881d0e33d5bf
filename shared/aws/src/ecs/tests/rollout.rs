use serde_json::{Value, json};
use sluice_app::ports::Services;
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::ServiceDeploymentArn;
use sluice_core::observation::{RolloutObservation, RolloutStatus, Stage};

use super::{DEPLOYMENT, NEW, NOON, OLD, brief, new, noon, revision, revision_arn, web};
use crate::EcsServices;
use crate::test_cloud::{Answer, Asked, TestCloud, target};

/// ECS with two revisions, 41 of the old task definition and 42 of the new one.
fn answer(asked: &Asked, briefs: &[Value], deployment: &Value) -> Answer {
    Answer::json(&match asked.operation.as_str() {
        "ListServiceDeployments" => json!({ "serviceDeployments": briefs }),
        "DescribeServiceRevisions" => {
            let known = [revision(41, OLD), revision(42, NEW), revision(43, NEW)];
            let wanted = asked.body["serviceRevisionArns"].as_array().unwrap();
            let found: Vec<&Value> = known
                .iter()
                .filter(|one| wanted.contains(&one["serviceRevisionArn"]))
                .collect();
            json!({ "serviceRevisions": found })
        }
        "DescribeServiceDeployments" => {
            let mut deployment = deployment.clone();
            deployment["serviceDeploymentArn"] = asked.body["serviceDeploymentArns"][0].clone();
            json!({ "serviceDeployments": [deployment] })
        }
        "StopServiceDeployment" => json!({ "serviceDeploymentArn": DEPLOYMENT }),
        other => panic!("no one should ask for {other}"),
    })
}

fn cloud(briefs: Vec<Value>, deployment: Value) -> TestCloud {
    TestCloud::new(move |asked| answer(asked, &briefs, &deployment))
}

async fn rollout(cloud: &TestCloud) -> Result<Option<RolloutObservation>, PortError> {
    EcsServices::new(cloud.clients.clone())
        .rollout(&target(), &web(), &new(), noon())
        .await
}

fn green_at_ten_percent() -> Value {
    json!({
        "status": "IN_PROGRESS",
        "lifecycleStage": "PRODUCTION_TRAFFIC_SHIFT",
        "targetServiceRevision": {
            "arn": revision_arn(42),
            "runningTaskCount": 3,
            "requestedProductionTrafficWeight": 10.0,
        },
        "sourceServiceRevisions": [
            { "arn": revision_arn(41), "runningTaskCount": 3, "requestedProductionTrafficWeight": 90.0 },
        ],
    })
}

#[tokio::test]
async fn ours_is_the_youngest_to_our_revision() {
    let cloud = cloud(
        vec![
            brief("first", 42, NOON + 5.0),
            brief("back-to-the-old", 41, NOON + 20.0),
            brief("second", 43, NOON + 10.0),
        ],
        green_at_ten_percent(),
    );
    let seen = rollout(&cloud).await.unwrap().unwrap();
    assert_eq!(
        seen,
        RolloutObservation {
            arn: ServiceDeploymentArn::new("second"),
            status: RolloutStatus::InProgress,
            stage: Some(Stage::ProductionTrafficShift),
            traffic_percent: Some(10),
            reason: None,
        }
    );
}

#[tokio::test]
async fn of_two_to_one_revision_the_youngest_is_ours() {
    let cloud = cloud(
        vec![
            brief("second", 42, NOON + 8.0),
            brief("first", 42, NOON + 1.0),
        ],
        green_at_ten_percent(),
    );
    let seen = rollout(&cloud).await.unwrap().unwrap();
    assert_eq!(seen.arn.as_str(), "second");
    let asked = cloud.asked("DescribeServiceRevisions");
    assert_eq!(
        asked,
        [json!({ "serviceRevisionArns": [revision_arn(42)] })],
        "each revision is asked for once"
    );
}

#[tokio::test]
async fn one_from_before_our_request_is_not_ours() {
    let cloud = cloud(
        vec![brief(DEPLOYMENT, 42, NOON - 6.0)],
        green_at_ten_percent(),
    );
    assert_eq!(rollout(&cloud).await.unwrap(), None);
    let after = cloud.asked("ListServiceDeployments")[0]["createdAt"]["after"]
        .as_f64()
        .unwrap();
    assert!((after - (NOON - 5.0)).abs() < 0.001, "{after}");
}

#[tokio::test]
async fn ecs_may_date_ours_a_little_before_our_request() {
    let cloud = cloud(
        vec![brief(DEPLOYMENT, 42, NOON - 4.0)],
        green_at_ten_percent(),
    );
    assert!(rollout(&cloud).await.unwrap().is_some());
}

#[tokio::test]
async fn somebody_elses_success_is_not_ours() {
    let cloud = cloud(
        vec![brief(DEPLOYMENT, 41, NOON + 5.0)],
        json!({ "status": "SUCCESSFUL" }),
    );
    assert_eq!(rollout(&cloud).await.unwrap(), None);
}

#[tokio::test]
async fn every_page_is_read_and_twenty_revisions_go_into_one_call() {
    let cloud = TestCloud::new(|asked| {
        if asked.operation != "ListServiceDeployments" {
            return answer(asked, &[], &green_at_ten_percent());
        }
        Answer::json(&match asked.body["nextToken"].as_str() {
            None => {
                let others: Vec<Value> =
                    (100..125).map(|n| brief("other", n, NOON + 60.0)).collect();
                json!({ "serviceDeployments": others, "nextToken": "2" })
            }
            Some(_) => json!({ "serviceDeployments": [brief(DEPLOYMENT, 42, NOON)] }),
        })
    });
    assert_eq!(
        rollout(&cloud).await.unwrap().unwrap().arn.as_str(),
        DEPLOYMENT
    );
    let sizes: Vec<usize> = cloud
        .asked("DescribeServiceRevisions")
        .iter()
        .map(|body| body["serviceRevisionArns"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [20, 6]);
}

#[tokio::test]
async fn every_status_of_ecs_is_told_as_it_is() {
    let statuses = [
        ("PENDING", RolloutStatus::Pending),
        ("IN_PROGRESS", RolloutStatus::InProgress),
        ("SUCCESSFUL", RolloutStatus::Successful),
        ("STOP_REQUESTED", RolloutStatus::StopRequested),
        ("STOPPED", RolloutStatus::Stopped),
        ("ROLLBACK_REQUESTED", RolloutStatus::RollbackRequested),
        ("ROLLBACK_IN_PROGRESS", RolloutStatus::RollbackInProgress),
        ("ROLLBACK_SUCCESSFUL", RolloutStatus::RollbackSuccessful),
        ("ROLLBACK_FAILED", RolloutStatus::RollbackFailed),
    ];
    for (word, status) in statuses {
        let cloud = cloud(vec![brief(DEPLOYMENT, 42, NOON)], json!({ "status": word }));
        assert_eq!(rollout(&cloud).await.unwrap().unwrap().status, status);
    }
    let cloud = cloud(
        vec![brief(DEPLOYMENT, 42, NOON)],
        json!({ "status": "PAUSED" }),
    );
    let error = rollout(&cloud).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NeedsPerson);
    assert!(error.message.contains("PAUSED"), "{error}");
}

#[tokio::test]
async fn a_rolling_deployment_has_the_share_of_its_tasks_and_ecs_says_why_it_went_back() {
    let cloud = cloud(
        vec![brief(DEPLOYMENT, 42, NOON)],
        json!({
            "status": "ROLLBACK_IN_PROGRESS",
            "statusReason": "Service deployment rolled back.",
            "rollback": { "reason": "Circuit breaker threshold exceeded." },
            "targetServiceRevision": { "arn": revision_arn(42), "runningTaskCount": 1 },
            "sourceServiceRevisions": [{ "arn": revision_arn(41), "runningTaskCount": 3 }],
        }),
    );
    let seen = rollout(&cloud).await.unwrap().unwrap();
    assert_eq!(seen.traffic_percent, Some(25));
    assert_eq!(seen.stage, None);
    assert_eq!(
        seen.reason.as_deref(),
        Some("Service deployment rolled back.; Circuit breaker threshold exceeded.")
    );
}

async fn stop(cloud: &TestCloud) -> Result<(), PortError> {
    let arn = ServiceDeploymentArn::new(DEPLOYMENT);
    EcsServices::new(cloud.clients.clone())
        .ensure_stopping(&target(), &arn)
        .await
}

#[tokio::test]
async fn stopping_is_always_a_rollback() {
    let cloud = cloud(Vec::new(), json!({ "status": "IN_PROGRESS" }));
    stop(&cloud).await.unwrap();
    let asked = cloud.asked("StopServiceDeployment");
    assert_eq!(
        asked,
        [json!({ "serviceDeploymentArn": DEPLOYMENT, "stopType": "ROLLBACK" })]
    );
}

#[tokio::test]
async fn what_is_over_or_goes_back_is_left_alone() {
    for status in [
        "SUCCESSFUL",
        "STOPPED",
        "ROLLBACK_REQUESTED",
        "ROLLBACK_IN_PROGRESS",
    ] {
        let cloud = cloud(Vec::new(), json!({ "status": status }));
        stop(&cloud).await.unwrap();
        assert!(cloud.asked("StopServiceDeployment").is_empty(), "{status}");
    }
}

#[tokio::test]
async fn one_that_ends_between_the_look_and_the_stop_is_over() {
    let looks = std::sync::atomic::AtomicU32::new(0);
    let cloud = TestCloud::new(move |asked| {
        if asked.operation == "StopServiceDeployment" {
            return Answer::error(400, "ConflictException", "The deployment is complete.");
        }
        let first = looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        let status = if first { "IN_PROGRESS" } else { "SUCCESSFUL" };
        answer(asked, &[], &json!({ "status": status }))
    });
    stop(&cloud).await.unwrap();
}

#[tokio::test]
async fn a_conflict_that_is_not_an_end_passes() {
    let cloud = TestCloud::new(|asked| match asked.operation.as_str() {
        "StopServiceDeployment" => Answer::error(400, "ConflictException", "Try again."),
        _ => answer(asked, &[], &json!({ "status": "IN_PROGRESS" })),
    });
    assert_eq!(stop(&cloud).await.unwrap_err().class, ErrorClass::Retryable);
}

#[tokio::test]
async fn one_that_ecs_does_not_describe_yet_is_asked_for_again() {
    let cloud = TestCloud::new(|_| Answer::json(&json!({ "failures": [{ "reason": "MISSING" }] })));
    assert_eq!(stop(&cloud).await.unwrap_err().class, ErrorClass::Retryable);
    assert!(cloud.asked("StopServiceDeployment").is_empty());
}
