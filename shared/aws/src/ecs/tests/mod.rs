//! The ECS ports against recorded requests and answers in ECS's own form.

mod facts;
mod read;
mod rollout;
mod stopped;
mod task_definition;
mod tasks;
mod update;

use serde_json::{Value, json};
use sluice_core::id::{EcsServiceName, TaskDefinitionArn};

const OLD: &str = "arn:aws:ecs:eu-central-1:111111111111:task-definition/erp-web:41";
const NEW: &str = "arn:aws:ecs:eu-central-1:111111111111:task-definition/erp-web:42";
const DEPLOYMENT: &str =
    "arn:aws:ecs:eu-central-1:111111111111:service-deployment/erp/erp-web/NCWGC2ZR-taawPAYrIaU5";
/// 2026-03-01T12:00:00Z, as ECS writes times.
const NOON: f64 = 1_772_366_400.0;

fn noon() -> jiff::Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn web() -> EcsServiceName {
    EcsServiceName::new("erp-web")
}

fn new() -> TaskDefinitionArn {
    TaskDefinitionArn::new(NEW)
}

fn revision_arn(n: u32) -> String {
    format!("arn:aws:ecs:eu-central-1:111111111111:service-revision/erp/erp-web/{n}")
}

/// A service revision, as DescribeServiceRevisions has it.
fn revision(n: u32, task_definition: &str) -> Value {
    json!({
        "serviceRevisionArn": revision_arn(n),
        "taskDefinition": task_definition,
        "loadBalancers": [{ "targetGroupArn": "tg", "containerName": "web", "containerPort": 8000 }],
        "createdAt": NOON,
    })
}

/// A service deployment, as ListServiceDeployments has it.
fn brief(arn: &str, target: u32, created_at: f64) -> Value {
    json!({
        "serviceDeploymentArn": arn,
        "targetServiceRevisionArn": revision_arn(target),
        "createdAt": created_at,
        "status": "IN_PROGRESS",
    })
}

/// A web service with two target groups on one rule, as DescribeServices has it.
fn service() -> Value {
    json!({
        "serviceArn": "arn:aws:ecs:eu-central-1:111111111111:service/erp/erp-web",
        "serviceName": "erp-web",
        "status": "ACTIVE",
        "desiredCount": 3,
        "runningCount": 2,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "taskDefinition": OLD,
        "deploymentController": { "type": "ECS" },
        "loadBalancers": [{
            "targetGroupArn": "tg",
            "containerName": "web",
            "containerPort": 8000,
            "advancedConfiguration": {
                "alternateTargetGroupArn": "tg-2",
                "productionListenerRule": "arn:aws:elasticloadbalancing:eu-central-1:111111111111:listener-rule/app/erp/1/2/3",
                "roleArn": "arn:aws:iam::111111111111:role/ecs-elb",
            },
        }],
        "networkConfiguration": { "awsvpcConfiguration": {
            "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED",
        }},
        "deployments": [{ "status": "PRIMARY", "taskDefinition": OLD, "createdAt": NOON - 9000.0 }],
        "currentServiceRevisions": [{ "arn": revision_arn(41), "runningTaskCount": 2 }],
    })
}
