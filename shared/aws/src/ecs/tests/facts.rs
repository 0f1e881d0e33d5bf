//! What is compared of a service, from answers in ECS's and ELB's own form.

use serde_json::json;
use sluice_app::ports::{ServiceQuery, Services};
use sluice_core::id::{ContainerName, EcsServiceName, ServiceName};
use sluice_core::parity::{NotKnown, ServiceFacts, Value};

use super::{OLD, revision, service};
use crate::EcsServices;
use crate::test_cloud::{Answer, Asked, TestCloud, target};

fn definition() -> serde_json::Value {
    json!({
        "taskDefinitionArn": OLD,
        "family": "erp-web",
        "networkMode": "awsvpc",
        "cpu": "512",
        "memory": "1024",
        "runtimePlatform": { "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" },
        "containerDefinitions": [
            {
                "name": "web",
                "image": "erp@sha256:old",
                "command": ["serve", "--token", "hunter2"],
                "stopTimeout": 60,
                "environment": [{ "name": "LOG_LEVEL", "value": "info" }],
                "secrets": [{ "name": "DATABASE_URL", "valueFrom": "arn:secret" }],
                "healthCheck": {
                    "command": ["CMD", "/health"], "interval": 30, "timeout": 5, "retries": 3,
                },
            },
            {
                "name": "envoy",
                "image": "envoy:v1",
                "essential": false,
                "environment": [{ "name": "PORT", "value": "80" }],
                "logConfiguration": { "logDriver": "awslogs" },
            },
        ],
    })
}

fn rule() -> Answer {
    let values = |values: &[&str]| -> String {
        let values = values.iter();
        values
            .map(|value| format!("<member>{value}</member>"))
            .collect()
    };
    Answer::xml(&format!(
        "<DescribeRulesResponse><DescribeRulesResult><Rules><member><Conditions>\
         <member><Field>host-header</Field><HostHeaderConfig><Values>{}</Values></HostHeaderConfig>\
         </member><member><Field>path-pattern</Field><Values>{}</Values></member>\
         <member><Field>http-header</Field><HttpHeaderConfig><HttpHeaderName>X-Beta</HttpHeaderName>\
         <Values>{}</Values></HttpHeaderConfig></member></Conditions>\
         <Actions><member><Type>authenticate-oidc</Type></member><member><Type>forward</Type></member>\
         </Actions></member></Rules></DescribeRulesResult></DescribeRulesResponse>",
        values(&["b.example.com", "a.example.com"]),
        values(&["/api/*"]),
        values(&["yes"])
    ))
}

fn group() -> Answer {
    Answer::xml(
        "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups><member>\
         <HealthCheckProtocol>HTTP</HealthCheckProtocol><HealthCheckPath>/live</HealthCheckPath>\
         <HealthCheckIntervalSeconds>15</HealthCheckIntervalSeconds>\
         <HealthCheckTimeoutSeconds>5</HealthCheckTimeoutSeconds>\
         <HealthyThresholdCount>2</HealthyThresholdCount>\
         <UnhealthyThresholdCount>3</UnhealthyThresholdCount>\
         <Matcher><HttpCode>200</HttpCode></Matcher></member></TargetGroups>\
         </DescribeTargetGroupsResult></DescribeTargetGroupsResponse>",
    )
}

fn answer(asked: &Asked) -> Answer {
    match asked.operation.as_str() {
        "DescribeServices" => Answer::json(&json!({ "services": [service()] })),
        "DescribeServiceRevisions" => {
            Answer::json(&json!({ "serviceRevisions": [revision(41, OLD)] }))
        }
        "DescribeTaskDefinition" => Answer::json(&json!({ "taskDefinition": definition() })),
        "DescribeRules" => rule(),
        "DescribeTargetGroups" => group(),
        other => panic!("no one should ask for {other}"),
    }
}

async fn facts(cloud: &TestCloud) -> ServiceFacts {
    let query = ServiceQuery {
        service: ServiceName::new("web"),
        ecs_service: EcsServiceName::new("erp-web"),
        container: ContainerName::new("web"),
        definition: None,
    };
    let services = EcsServices::new(cloud.clients.clone());
    let mut facts = services.facts(&target(), &[query]).await.unwrap();
    assert_eq!(facts.len(), 1);
    facts.remove(0)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[tokio::test]
async fn everything_that_is_compared_is_read_and_no_value_of_a_variable() {
    let web = facts(&TestCloud::new(answer)).await;
    assert_eq!(web.image, "erp@sha256:old");
    assert_eq!((web.size["cpu"], web.size["memory"]), (512, 1024));
    let names: Vec<&str> = web.variables.iter().map(String::as_str).collect();
    assert_eq!(names, ["LOG_LEVEL", "PORT of envoy"]);
    assert!(web.secrets.contains("DATABASE_URL") && web.secrets.len() == 1);
    for (name, value) in [
        ("network mode", "awsvpc"),
        ("cpu architecture", "ARM64"),
        ("image of envoy", "envoy:v1"),
        ("essential of envoy", "false"),
        ("essential of web", "true"),
        ("stop timeout of web", "60 s"),
        ("log driver of envoy", "awslogs"),
    ] {
        assert_eq!(web.settings.get(name), Some(&text(value)), "{name}");
    }
    assert!(matches!(web.settings["command of web"], Value::Hidden(_)));
    assert_eq!(
        web.settings.get("image of web"),
        None,
        "that is the release"
    );
    assert_eq!(web.health_checks["web interval"], text("30 s"));
    let front = web.front.unwrap().unwrap();
    assert_eq!(
        front.rule["host-header"],
        text("a.example.com, b.example.com")
    );
    assert_eq!(front.rule["path-pattern"], text("/api/*"));
    assert_eq!(front.rule["http-header X-Beta"], text("yes"));
    assert_eq!(front.rule["actions"], text("authenticate-oidc, forward"));
    assert_eq!(front.health_check["path"], text("/live"));
    assert_eq!(front.health_check["healthy after"], text("2"));
}

#[tokio::test]
async fn a_load_balancer_that_refuses_is_told_with_the_missing_right() {
    let cloud = TestCloud::new(|asked| match asked.operation.as_str() {
        "DescribeTargetGroups" => Answer::xml_error(403, "AccessDenied", "not authorized"),
        _ => answer(asked),
    });
    let web = facts(&cloud).await;
    let Err(NotKnown::Unread(why)) = web.front else {
        panic!("{:?}", web.front)
    };
    assert!(
        why.contains("elasticloadbalancing:DescribeTargetGroups"),
        "{why}"
    );
    assert_eq!(web.size["cpu"], 512, "the rest is read");
}

#[tokio::test]
async fn a_service_without_a_load_balancer_has_no_front() {
    let cloud = TestCloud::new(|asked| match asked.operation.as_str() {
        "DescribeServices" => {
            let mut worker = service();
            worker["loadBalancers"] = json!([]);
            Answer::json(&json!({ "services": [worker] }))
        }
        _ => answer(asked),
    });
    assert_eq!(facts(&cloud).await.front, Ok(None));
    assert!(cloud.asked("DescribeTargetGroups").is_empty());
}
