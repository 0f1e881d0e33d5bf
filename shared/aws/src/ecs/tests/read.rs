use serde_json::{Value, json};
use sluice_app::ports::{DefinitionQuery, ServiceQuery, Services};
use sluice_core::failure::ErrorClass;
use sluice_core::id::{ContainerName, EcsServiceName, ServiceName, TaskFamily};
use sluice_core::task_definition::{BaseReading, DefinitionObservation};

use super::{DEPLOYMENT, NOON, OLD, brief, revision, service};
use crate::EcsServices;
use crate::test_cloud::{Answer, Asked, TestCloud, target};

fn query(ecs_service: &str) -> ServiceQuery {
    ServiceQuery {
        service: ServiceName::new("web"),
        ecs_service: EcsServiceName::new(ecs_service),
        container: ContainerName::new("web"),
        definition: None,
    }
}

/// The same where a plan is drawn.
fn planned(base: Option<&str>) -> ServiceQuery {
    ServiceQuery {
        definition: Some(DefinitionQuery {
            base: base.map(TaskFamily::new),
            ..DefinitionQuery::default()
        }),
        ..query("erp-web")
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

/// Revisions 41 to 44 of the family, of which the service runs the first; 43 has been deregistered.
/// Those after `theirs` are Sluice's.
fn family(theirs: u32) -> TestCloud {
    TestCloud::new(move |asked| {
        if asked.operation != "DescribeTaskDefinition" {
            let services = json!({ "services": [service()] });
            return answer(asked, &services, &json!({ "serviceDeployments": [] }));
        }
        let name = asked.body["taskDefinition"].as_str().unwrap();
        let name = name.rsplit('/').next().unwrap();
        let (family, revision) = match name.split_once(':') {
            None => (name, 44),
            Some((family, revision)) => (family, revision.parse().unwrap()),
        };
        if family != "erp-web" {
            let message = "Unable to describe task definition.";
            return Answer::error(400, "ClientException", message);
        }
        let (memory, envoy) = match revision {
            41 => ("1024", "envoy:v1"),
            _ => ("4096", "envoy:v2"),
        };
        let arn = OLD.replace(":41", &format!(":{revision}"));
        let status = if revision == 43 { "INACTIVE" } else { "ACTIVE" };
        let definition = json!({
            "taskDefinitionArn": arn,
            "family": "erp-web",
            "revision": revision,
            "status": status,
            "cpu": "512",
            "memory": memory,
            "containerDefinitions": [
                { "name": "envoy", "image": envoy },
                { "name": "web", "image": "erp@sha256:old" },
            ],
        });
        let ours = json!([{ "key": "sluice:deployment", "value": "dep-0123456789abcdef" }]);
        let others = json!([{ "key": "managed-by", "value": "terraform" }]);
        let tags = if revision > theirs { ours } else { others };
        Answer::json(&json!({ "taskDefinition": definition, "tags": tags }))
    })
}

async fn definition(cloud: &TestCloud, base: Option<&str>) -> DefinitionObservation {
    let services = EcsServices::new(cloud.clients.clone());
    let read = services.read(&target(), &[planned(base)]).await.unwrap();
    *read[0].definition.clone().unwrap()
}

#[tokio::test]
async fn a_newer_revision_of_someone_else_is_found_behind_sluices_own() {
    for (theirs, found) in [(44, Some(44)), (43, Some(42)), (42, Some(42)), (41, None)] {
        // 43 is inactive, by whatever hand.
        let seen = definition(&family(theirs), None).await;
        let found = found.map(|number| OLD.replace(":41", &format!(":{number}")));
        let newest = seen.newest.as_ref();
        let arn = newest.map(|newest| newest.task_definition.as_str());
        assert_eq!(arn, found.as_deref(), "{theirs}");
        if let Some(newest) = newest {
            let differs = ["image of envoy envoy:v1 → envoy:v2", "memory 1024 → 4096"];
            assert_eq!(newest.differs, differs);
        }
    }
    let services = EcsServices::new(family(44).clients.clone());
    let read = services.read(&target(), &[query("erp-web")]).await.unwrap();
    assert_eq!(read[0].definition, None, "only a plan looks");
}

#[tokio::test]
async fn a_base_family_is_the_newest_revision_that_is_not_sluices() {
    let seen = definition(&family(42), Some("erp-web")).await;
    let Some(BaseReading::Newest(base)) = seen.base else {
        panic!("it is there, not {:?}", seen.base)
    };
    assert_eq!(base.task_definition, super::new());
    let absent = definition(&family(42), Some("erp-web-base")).await.base;
    assert_eq!(absent, Some(BaseReading::NotThere));
}

/// A definition that names every member, and one in which a member is another.
#[tokio::test]
async fn no_difference_is_passed_over() {
    let every: Value = serde_json::from_str(include_str!("every_member.json")).unwrap();
    let set_by_ecs = [
        "taskDefinitionArn",
        "family",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "deregisteredAt",
        "deleteRequestedAt",
        "registeredBy",
        "containerDefinitions",
    ];
    let members = every
        .as_object()
        .unwrap()
        .keys()
        .map(|key| format!("/{key}"));
    let web = &every["containerDefinitions"][0];
    let of_web = web.as_object().unwrap().keys();
    let of_web = of_web.map(|key| format!("/containerDefinitions/0/{key}"));
    for place in members.chain(of_web) {
        let key = place.rsplit('/').next().unwrap();
        let own = ["name", "image"].contains(&key) && place.contains("Definitions/0");
        if own || (!place.contains("Definitions/0") && set_by_ecs.contains(&key)) {
            continue;
        }
        let mut other = every.clone();
        other["taskDefinitionArn"] = json!(super::NEW);
        other["revision"] = json!(42);
        let parent = place.rsplit_once('/').unwrap().0.to_owned();
        let parent = other.pointer_mut(&parent).unwrap();
        match key {
            // Without it, it is true.
            "essential" => parent[key] = json!(false),
            key => drop(parent.as_object_mut().unwrap().remove(key)),
        }
        let runs = every.clone();
        let cloud = TestCloud::new(move |asked| match asked.operation.as_str() {
            "DescribeTaskDefinition" => {
                let is_it = asked.body["taskDefinition"] == OLD;
                let definition = if is_it { &runs } else { &other };
                Answer::json(&json!({ "taskDefinition": definition }))
            }
            _ => {
                let services = json!({ "services": [service()] });
                answer(asked, &services, &json!({ "serviceDeployments": [] }))
            }
        });
        let newest = definition(&cloud, None).await.newest;
        let differs = newest.map(|newest| newest.differs).unwrap_or_default();
        assert!(!differs.is_empty(), "{place}");
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
