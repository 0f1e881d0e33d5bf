use serde_json::{Value, json};
use sluice_app::ports::{ServiceQuery, Services};
use sluice_core::failure::ErrorClass;
use sluice_core::id::{ContainerName, EcsServiceName, ServiceName};

use super::{DEPLOYMENT, NOON, OLD, brief, revision, service};
use crate::EcsServices;
use crate::test_cloud::{Answer, Asked, TestCloud, target};

fn query(ecs_service: &str) -> ServiceQuery {
    ServiceQuery {
        service: ServiceName::new("web"),
        ecs_service: EcsServiceName::new(ecs_service),
        container: ContainerName::new("web"),
    }
}

fn answer(asked: &Asked, services: &Value, deployments: &Value) -> Answer {
    Answer::json(&match asked.operation.as_str() {
        "DescribeServices" => services.clone(),
        "DescribeServiceRevisions" => json!({ "serviceRevisions": [revision(41, OLD)] }),
        "DescribeTaskDefinition" => json!({ "taskDefinition": {
            "taskDefinitionArn": asked.body["taskDefinition"],
            "containerDefinitions": [
                { "name": "envoy", "image": "envoy:v1" },
                { "name": "web", "image": "erp@sha256:old" },
            ],
        }}),
        "ListServiceDeployments" => deployments.clone(),
        "DescribeRules" => {
            return Answer::xml(
                "<DescribeRulesResponse><DescribeRulesResult><Rules><member><Actions><member>\
                 <Type>forward</Type><TargetGroupArn>arn:x:targetgroup/blue/1</TargetGroupArn>\
                 </member></Actions></member></Rules></DescribeRulesResult></DescribeRulesResponse>",
            );
        }
        "DescribeTargetHealth" => {
            return Answer::xml(
                "<DescribeTargetHealthResponse><DescribeTargetHealthResult>\
                 <TargetHealthDescriptions><member><TargetHealth><State>healthy</State>\
                 </TargetHealth></member></TargetHealthDescriptions>\
                 </DescribeTargetHealthResult></DescribeTargetHealthResponse>",
            );
        }
        other => panic!("no one should ask for {other}"),
    })
}

fn cloud(services: Value, deployments: Value) -> TestCloud {
    TestCloud::new(move |asked| answer(asked, &services, &deployments))
}

#[tokio::test]
async fn a_service_is_read_with_its_image_and_its_traffic() {
    let cloud = cloud(
        json!({ "services": [service()] }),
        json!({ "serviceDeployments": [] }),
    );
    let services = EcsServices::new(cloud.clients.clone());
    let read = services.read(&target(), &[query("erp-web")]).await.unwrap();
    let [web] = &read[..] else {
        panic!("one service, not {read:?}")
    };
    assert_eq!(web.task_definition.as_str(), OLD);
    assert_eq!(web.image, "erp@sha256:old");
    assert_eq!((web.desired, web.running), (3, 2));
    assert_eq!(web.in_progress, None);
    let traffic = web.traffic.as_ref().unwrap();
    assert_eq!(traffic.weights.get("blue"), Some(&100));
    assert_eq!((traffic.healthy, traffic.unhealthy), (1, 0));
}

/// The family's latest revision, with these tags: more memory, and another sidecar.
fn family(tags: Value) -> TestCloud {
    TestCloud::new(move |asked| {
        if asked.operation != "DescribeTaskDefinition" {
            let services = json!({ "services": [service()] });
            return answer(asked, &services, &json!({ "serviceDeployments": [] }));
        }
        let is_family = asked.body["taskDefinition"] == "erp-web";
        let (arn, memory, envoy) = match is_family {
            true => (super::NEW, "4096", "envoy:v2"),
            false => (OLD, "1024", "envoy:v1"),
        };
        let definition = json!({
            "taskDefinitionArn": arn,
            "family": "erp-web",
            "cpu": "512",
            "memory": memory,
            "containerDefinitions": [
                { "name": "envoy", "image": envoy },
                { "name": "web", "image": "erp@sha256:old" },
            ],
        });
        let tags = if is_family { tags.clone() } else { json!([]) };
        Answer::json(&json!({ "taskDefinition": definition, "tags": tags }))
    })
}

#[tokio::test]
async fn a_newer_revision_of_the_family_is_told_with_what_differs_and_who_made_it() {
    let theirs = json!([{ "key": "managed-by", "value": "terraform" }]);
    let ours = json!([{ "key": "sluice:deployment", "value": "dep-0123456789abcdef" }]);
    for (tags, deployment) in [(theirs, None), (ours, Some("dep-0123456789abcdef"))] {
        let cloud = family(tags);
        let services = EcsServices::new(cloud.clients.clone());
        let read = services.read(&target(), &[query("erp-web")]).await.unwrap();
        let newest = read[0].newest_in_family.as_ref().unwrap();
        assert_eq!(newest.task_definition.as_str(), super::NEW);
        assert_eq!(newest.deployment.as_ref().map(|id| id.as_str()), deployment);
        assert_eq!(
            newest.differs,
            ["image of envoy envoy:v1 → envoy:v2", "memory 1024 → 4096"]
        );
    }
}

#[tokio::test]
async fn while_the_old_version_is_kept_the_tasks_of_the_new_one_are_told_apart() {
    let mut baking = service();
    baking["taskDefinition"] = json!(OLD);
    baking["runningCount"] = json!(4);
    baking["currentServiceRevisions"] = json!([
        { "arn": super::revision_arn(40), "requestedTaskCount": 3, "runningTaskCount": 3 },
        { "arn": super::revision_arn(41), "requestedTaskCount": 3, "runningTaskCount": 1 },
    ]);
    let cloud = cloud(json!({ "services": [baking] }), json!({}));
    let services = EcsServices::new(cloud.clients.clone());
    let read = services.read(&target(), &[query("erp-web")]).await.unwrap();
    let newest = read[0].newest.as_ref().unwrap();
    assert_eq!(newest.task_definition.as_str(), OLD);
    assert_eq!((newest.requested, newest.running), (3, 1));
    let asked = &cloud.asked("DescribeServiceRevisions")[0]["serviceRevisionArns"];
    assert_eq!(asked.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_runs_is_read_from_the_revision_and_not_from_what_was_asked_last() {
    let mut asked_for_more = service();
    asked_for_more["taskDefinition"] = json!(super::NEW);
    let cloud = cloud(json!({ "services": [asked_for_more] }), json!({}));
    let services = EcsServices::new(cloud.clients.clone());
    let read = services.read(&target(), &[query("erp-web")]).await.unwrap();
    assert_eq!(read[0].task_definition.as_str(), OLD);
}

#[tokio::test]
async fn a_deployment_under_way_is_seen_whoever_started_it() {
    let cloud = cloud(
        json!({ "services": [service()] }),
        json!({ "serviceDeployments": [brief(DEPLOYMENT, 42, NOON)] }),
    );
    let services = EcsServices::new(cloud.clients.clone());
    let read = services.read(&target(), &[query("erp-web")]).await.unwrap();
    assert_eq!(read[0].in_progress.as_ref().unwrap().as_str(), DEPLOYMENT);
    let status = &cloud.asked("ListServiceDeployments")[0]["status"];
    let under_way = json!([
        "PENDING",
        "IN_PROGRESS",
        "STOP_REQUESTED",
        "ROLLBACK_REQUESTED",
        "ROLLBACK_IN_PROGRESS",
    ]);
    assert_eq!(*status, under_way);
}

#[tokio::test]
async fn services_that_are_not_there_or_are_going_are_left_out() {
    let mut going = service();
    going["status"] = json!("DRAINING");
    let missing = json!({ "arn": "arn:…:service/erp/erp-beat", "reason": "MISSING" });
    let cloud = cloud(
        json!({ "services": [going], "failures": [missing] }),
        json!({}),
    );
    let services = EcsServices::new(cloud.clients.clone());
    let queries = [query("erp-web"), query("erp-beat")];
    assert_eq!(services.read(&target(), &queries).await.unwrap(), []);
}

#[tokio::test]
async fn ten_services_go_into_one_call() {
    let cloud = cloud(json!({ "services": [] }), json!({}));
    let services = EcsServices::new(cloud.clients.clone());
    let queries: Vec<ServiceQuery> = (0..21).map(|n| query(&format!("s{n}"))).collect();
    services.read(&target(), &queries).await.unwrap();
    let sizes: Vec<usize> = cloud
        .asked("DescribeServices")
        .iter()
        .map(|body| body["services"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [10, 10, 1]);
}

#[tokio::test]
async fn a_container_that_is_not_there_is_named_with_those_that_are() {
    let cloud = cloud(json!({ "services": [service()] }), json!({}));
    let services = EcsServices::new(cloud.clients.clone());
    let wrong = ServiceQuery {
        container: ContainerName::new("app"),
        ..query("erp-web")
    };
    let error = services.read(&target(), &[wrong]).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(
        error
            .message
            .contains("no container `app`, only envoy, web"),
        "{error}"
    );
}
