use jiff::SignedDuration;
use serde_json::{Value, json};
use sluice_app::ports::Services;
use sluice_core::command::{Direction, RolloutOrder};
use sluice_core::config::{Steps, Strategy};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{AlarmName, ServiceName};

use super::{DEPLOYMENT, NEW, NOON, brief, new, noon, revision, service, web};
use crate::EcsServices;
use crate::test_cloud::{Answer, TestCloud, target};

fn order(strategy: Strategy) -> RolloutOrder {
    RolloutOrder {
        deployment: target().deployment,
        service: ServiceName::new("web"),
        ecs_service: web(),
        task_definition: new(),
        strategy,
        bake: SignedDuration::from_mins(15),
        alarms: vec![AlarmName::new("erp-5xx")],
        direction: Direction::Forward,
        since: noon(),
        desired: None,
    }
}

fn steps(percent: u8) -> Steps {
    Steps {
        percent,
        bake: SignedDuration::from_mins(5),
    }
}

fn cloud(service: Value, deployments: Vec<Value>) -> TestCloud {
    TestCloud::new(move |asked| {
        Answer::json(&match asked.operation.as_str() {
            "ListServiceDeployments" => json!({ "serviceDeployments": deployments }),
            "DescribeServiceRevisions" => json!({ "serviceRevisions": [revision(42, NEW)] }),
            "DescribeServices" => json!({ "services": [service] }),
            "UpdateService" => json!({ "service": service }),
            other => panic!("no one should ask for {other}"),
        })
    })
}

async fn ensure(cloud: &TestCloud, order: &RolloutOrder) -> Result<(), PortError> {
    EcsServices::new(cloud.clients.clone())
        .ensure_rollout(&target(), order)
        .await
}

/// The one UpdateService that the order results in.
async fn update(service: Value, order: &RolloutOrder) -> Value {
    let cloud = cloud(service, Vec::new());
    ensure(&cloud, order).await.unwrap();
    let [update] = &cloud.asked("UpdateService")[..] else {
        panic!("one update is wanted")
    };
    update.clone()
}

#[tokio::test]
async fn blue_green_is_held_by_our_hook_and_leaves_everything_else_alone() {
    let update = update(service(), &order(Strategy::BlueGreen)).await;
    assert_eq!(
        update,
        json!({
            "cluster": "erp",
            "service": "erp-web",
            "taskDefinition": NEW,
            "deploymentConfiguration": {
                "strategy": "BLUE_GREEN",
                "bakeTimeInMinutes": 15,
                "minimumHealthyPercent": 100,
                "maximumPercent": 200,
                "deploymentCircuitBreaker": { "enable": false, "rollback": false },
                "alarms": { "alarmNames": ["erp-5xx"], "enable": true, "rollback": true },
                "lifecycleHooks": [{
                    "targetType": "AWS_LAMBDA",
                    "hookTargetArn":
                        "arn:aws:lambda:eu-central-1:111111111111:function:sluice-rollout-hook",
                    "roleArn": "arn:aws:iam::111111111111:role/sluice-rollout-hook-caller",
                    "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
                    "hookDetails":
                        { "deployment": "dep-0123456789abcdef", "direction": "forward" },
                }],
            },
        })
    );
}

#[tokio::test]
async fn a_count_goes_with_the_rollout_that_starts_a_stopped_service() {
    let wanted = RolloutOrder {
        desired: Some(3),
        ..order(Strategy::BlueGreen)
    };
    let update = update(service(), &wanted).await;
    assert_eq!(
        (&update["desiredCount"], &update["taskDefinition"]),
        (&json!(3), &json!(NEW))
    );
}

#[tokio::test]
async fn a_count_alone_starts_no_service_deployment_and_is_set_once() {
    for (desired, expected) in [
        (
            0,
            vec![json!({ "cluster": "erp", "service": "erp-web", "desiredCount": 0 })],
        ),
        (3, Vec::new()),
    ] {
        let cloud = cloud(service(), Vec::new());
        let services = EcsServices::new(cloud.clients.clone());
        let counted = services.ensure_count(&target(), &web(), desired).await;
        counted.unwrap();
        assert_eq!(cloud.asked("UpdateService"), expected);
    }
}

#[tokio::test]
async fn canary_and_linear_have_their_steps() {
    let canary = update(service(), &order(Strategy::Canary(steps(10)))).await;
    let canary = &canary["deploymentConfiguration"];
    assert_eq!(canary["strategy"], "CANARY");
    assert_eq!(
        canary["canaryConfiguration"],
        json!({ "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 5 })
    );
    let linear = update(service(), &order(Strategy::Linear(steps(25)))).await;
    let linear = &linear["deploymentConfiguration"];
    assert_eq!(linear["strategy"], "LINEAR");
    assert_eq!(
        linear["linearConfiguration"],
        json!({ "stepPercent": 25.0, "stepBakeTimeInMinutes": 5 })
    );
    for stepwise in [canary, linear] {
        assert_eq!(
            stepwise["lifecycleHooks"][0]["lifecycleStages"],
            json!(["POST_TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT"]),
            "each step is judged before the next"
        );
    }
}

/// How someone set the service up, in members of which Sluice knows nothing.
fn set_up_by_hand() -> Value {
    json!({
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 3,
        "minimumHealthyPercent": 50,
        "maximumPercent": 150,
        "deploymentCircuitBreaker": {
            "enable": false,
            "rollback": false,
            "resetOnHealthyTask": false,
            "thresholdConfiguration": { "type": "COUNT", "value": 4 },
        },
        "alarms": { "alarmNames": ["of-the-owner"], "enable": true, "rollback": true },
        "lifecycleHooks": [{
            "targetType": "PAUSE",
            "lifecycleStages": ["PRE_SCALE_UP"],
            "timeoutConfiguration": { "timeoutInMinutes": 60, "action": "ROLLBACK" },
        }],
    })
}

#[tokio::test]
async fn what_somebody_set_up_stays_as_it_was() {
    let mut service = service();
    service["deploymentConfiguration"] = set_up_by_hand();
    let mut expected = set_up_by_hand();
    for switch in ["enable", "rollback"] {
        expected["deploymentCircuitBreaker"][switch] = json!(true);
    }
    expected["alarms"]["alarmNames"] = json!(["of-the-owner", "erp-5xx"]);
    let rolling = update(service.clone(), &order(Strategy::Rolling)).await;
    assert_eq!(rolling["deploymentConfiguration"], expected);

    let green = update(service.clone(), &order(Strategy::BlueGreen)).await;
    let green = &green["deploymentConfiguration"];
    let hand = set_up_by_hand();
    for kept in [
        "minimumHealthyPercent",
        "maximumPercent",
        "deploymentCircuitBreaker",
    ] {
        assert_eq!(green[kept], hand[kept], "{kept}");
    }
    assert_eq!(green["lifecycleHooks"][0], hand["lifecycleHooks"][0]);
    assert_eq!(green["bakeTimeInMinutes"], 15, "the order's");

    // Once the schema has changed no alarm may bring the old code back.
    let without_alarms = RolloutOrder {
        alarms: Vec::new(),
        ..order(Strategy::Rolling)
    };
    let update = update(service, &without_alarms).await;
    assert_eq!(
        update["deploymentConfiguration"]["alarms"],
        json!({ "alarmNames": ["of-the-owner"], "enable": false, "rollback": false })
    );
}

#[tokio::test]
async fn the_steps_of_another_strategy_go() {
    let mut service = service();
    service["deploymentConfiguration"] = json!({
        "strategy": "CANARY",
        "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 5 },
    });
    let update = update(service, &order(Strategy::BlueGreen)).await;
    let configuration = &update["deploymentConfiguration"];
    assert_eq!(configuration["strategy"], "BLUE_GREEN");
    assert_eq!(configuration.get("canaryConfiguration"), None);
}

#[tokio::test]
async fn what_was_a_singleton_is_none_any_more() {
    let mut service = service();
    service["deploymentConfiguration"] =
        json!({ "minimumHealthyPercent": 0, "maximumPercent": 100 });
    let update = update(service, &order(Strategy::Rolling)).await;
    let configuration = &update["deploymentConfiguration"];
    assert_eq!(configuration["minimumHealthyPercent"], 100);
    assert_eq!(configuration["maximumPercent"], 200);
}

#[tokio::test(start_paused = true)]
async fn an_update_whose_answer_is_lost_is_not_sent_a_second_time() {
    for (fails, times) in [("DescribeServices", 3), ("UpdateService", 1)] {
        let cloud = TestCloud::new(move |asked| match asked.operation.as_str() {
            lost if lost == fails => Answer::error(500, "ServerException", "Service Unavailable."),
            "ListServiceDeployments" => Answer::json(&json!({ "serviceDeployments": [] })),
            _ => Answer::json(&json!({ "services": [service()] })),
        });
        let error = ensure(&cloud, &order(Strategy::Rolling)).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Retryable, "{error}");
        assert_eq!(cloud.asked(fails).len(), times, "{fails}");
    }
}

#[tokio::test]
async fn rolling_has_the_circuit_breaker_and_no_hook() {
    let rolling = RolloutOrder {
        alarms: Vec::new(),
        ..order(Strategy::Rolling)
    };
    let update = update(service(), &rolling).await;
    assert_eq!(
        update["deploymentConfiguration"],
        json!({
            "strategy": "ROLLING",
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
            "deploymentCircuitBreaker": { "enable": true, "rollback": true },
            "alarms": { "alarmNames": [], "enable": false, "rollback": false },
            "lifecycleHooks": [],
        })
    );
    assert_eq!(update.get("availabilityZoneRebalancing"), None);
}

#[tokio::test]
async fn of_a_singleton_there_are_never_two() {
    let update = update(service(), &order(Strategy::Singleton)).await;
    let configuration = &update["deploymentConfiguration"];
    assert_eq!(configuration["minimumHealthyPercent"], 0);
    assert_eq!(configuration["maximumPercent"], 100);
    assert_eq!(update["availabilityZoneRebalancing"], "DISABLED");
}

#[tokio::test]
async fn the_way_back_is_not_held_by_us_and_other_peoples_hooks_stay() {
    let theirs = json!({
        "targetType": "PAUSE",
        "lifecycleStages": ["PRE_SCALE_UP"],
        "timeoutConfiguration": { "timeoutInMinutes": 60, "action": "ROLLBACK" },
    });
    let ours = json!({
        "targetType": "AWS_LAMBDA",
        "hookTargetArn": "arn:aws:lambda:eu-central-1:111111111111:function:sluice-rollout-hook",
        "roleArn": "arn:aws:iam::111111111111:role/sluice-rollout-hook-caller",
        "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
        "hookDetails": { "deployment": "dep-00", "direction": "forward" },
    });
    let mut service = service();
    service["deploymentConfiguration"] = json!({ "lifecycleHooks": [theirs, ours] });
    let back = RolloutOrder {
        direction: Direction::Back,
        ..order(Strategy::BlueGreen)
    };
    let back = update(service.clone(), &back).await;
    assert_eq!(
        back["deploymentConfiguration"]["lifecycleHooks"],
        json!([theirs])
    );
    let forward = update(service, &order(Strategy::BlueGreen)).await;
    let hooks = forward["deploymentConfiguration"]["lifecycleHooks"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(hooks.len(), 2);
    assert_eq!(
        hooks[1]["hookDetails"]["deployment"],
        "dep-0123456789abcdef"
    );
}

#[tokio::test]
async fn no_count_and_no_load_balancer_is_ever_sent() {
    for strategy in [
        Strategy::Rolling,
        Strategy::BlueGreen,
        Strategy::Canary(steps(10)),
        Strategy::Linear(steps(10)),
        Strategy::Singleton,
    ] {
        let update = update(service(), &order(strategy)).await;
        assert_eq!(update.get("desiredCount"), None);
        assert_eq!(update.get("loadBalancers"), None);
    }
}

#[tokio::test]
async fn a_revision_that_runs_already_is_deployed_by_force() {
    let mut service = service();
    service["taskDefinition"] = json!(NEW);
    let update = update(service, &order(Strategy::BlueGreen)).await;
    assert_eq!(update["forceNewDeployment"], true);
}

#[tokio::test]
async fn a_second_call_finds_the_service_deployment_of_the_first() {
    let cloud = cloud(service(), vec![brief(DEPLOYMENT, 42, NOON + 3.0)]);
    ensure(&cloud, &order(Strategy::BlueGreen)).await.unwrap();
    assert!(cloud.asked("UpdateService").is_empty());
}

#[tokio::test]
async fn a_request_that_ecs_does_not_list_yet_is_seen_on_the_service() {
    let mut service = service();
    service["taskDefinition"] = json!(NEW);
    service["deployments"] =
        json!([{ "status": "PRIMARY", "taskDefinition": NEW, "createdAt": NOON + 1.0 }]);
    let cloud = cloud(service, Vec::new());
    ensure(&cloud, &order(Strategy::BlueGreen)).await.unwrap();
    assert!(cloud.asked("UpdateService").is_empty());
}

#[tokio::test]
async fn what_cannot_be_rolled_out_is_for_a_person_and_nothing_is_touched() {
    let mut code_deploy = service();
    code_deploy["deploymentController"]["type"] = json!("CODE_DEPLOY");
    let mut one_group = service();
    one_group["loadBalancers"][0]
        .as_object_mut()
        .unwrap()
        .remove("advancedConfiguration");
    for (service, says) in [
        (code_deploy, "CODE_DEPLOY"),
        (one_group, "advancedConfiguration"),
    ] {
        let cloud = cloud(service, Vec::new());
        let error = ensure(&cloud, &order(Strategy::BlueGreen))
            .await
            .unwrap_err();
        assert_eq!(error.class, ErrorClass::NeedsPerson);
        assert!(error.message.contains(says), "{error}");
        assert!(cloud.asked("UpdateService").is_empty());
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_refused_for_good() {
    let mut gone = service();
    gone["status"] = json!("INACTIVE");
    let cloud = cloud(gone, Vec::new());
    let error = ensure(&cloud, &order(Strategy::Rolling)).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(
        error.message.contains("`erp-web` in the cluster erp"),
        "{error}"
    );
}
