//! Services as they run, with their load balancers and task definitions.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    ContainerDefinition, DeploymentControllerType, LoadBalancer, Service as InEcs,
    ServiceDeploymentStatus,
};
use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum};
use sluice_core::config::Environment as Place;
use sluice_doctor::facts::{
    Balancer, Container, Decision, ListenerRule, Secret, Seen, Service, TargetGroup, TaskDefinition,
};
use sluice_doctor::rights::to_execution_role;

use super::rights::decisions;
use super::seen::{found, seen};
use crate::clients::ClientSet;
use crate::elb::groups_of;

/// DescribeServices takes no more at once.
const SERVICES_A_CALL: usize = 10;
/// Service deployments that are not over.
const IN_PROGRESS: [ServiceDeploymentStatus; 5] = [
    ServiceDeploymentStatus::Pending,
    ServiceDeploymentStatus::InProgress,
    ServiceDeploymentStatus::StopRequested,
    ServiceDeploymentStatus::RollbackRequested,
    ServiceDeploymentStatus::RollbackInProgress,
];

type Secrets = BTreeMap<String, Seen<Option<Secret>>>;

pub(super) async fn read(
    clients: &ClientSet,
    place: &Place,
    partition: &str,
    secrets: &Secrets,
) -> BTreeMap<String, Seen<Option<Service>>> {
    let names: Vec<String> = place
        .services
        .values()
        .map(|one| one.ecs_service.to_string())
        .collect();
    let mut services = BTreeMap::new();
    for names in names.chunks(SERVICES_A_CALL) {
        let call = clients
            .ecs()
            .describe_services()
            .cluster(place.cluster.as_str())
            .set_services(Some(names.to_vec()))
            .send();
        let on = format!("the services of the cluster {}", place.cluster);
        let missing = ["ClusterNotFoundException"];
        let answer = found("ecs:DescribeServices", &on, &missing, call).await;
        let there: Seen<Vec<InEcs>> = answer.map(|answer| {
            answer
                .and_then(|answer| answer.services)
                .unwrap_or_default()
        });
        for name in names {
            let seen = match &there {
                Err(why) => Err(why.clone()),
                Ok(there) => {
                    let is_it = |one: &&InEcs| {
                        one.service_name() == Some(name) && one.status() == Some("ACTIVE")
                    };
                    match there.iter().find(is_it) {
                        None => Ok(None),
                        Some(one) => {
                            Ok(Some(service(clients, place, partition, secrets, one).await))
                        }
                    }
                }
            };
            services.insert(name.clone(), seen);
        }
    }
    services
}

async fn service(
    clients: &ClientSet,
    place: &Place,
    partition: &str,
    secrets: &Secrets,
    service: &InEcs,
) -> Service {
    let task_definition = task_definition(clients, service).await;
    let readable = match &task_definition {
        Ok(definition) => readable(clients, place, partition, secrets, definition).await,
        Err(why) => Err(why.clone()),
    };
    let mut balancers = Vec::new();
    for one in service.load_balancers() {
        balancers.push(balancer(clients, one).await);
    }
    // None is ECS too.
    let controller = service.deployment_controller().map(|one| one.r#type());
    Service {
        arn: service.service_arn().unwrap_or_default().to_owned(),
        controller: controller
            .unwrap_or(&DeploymentControllerType::Ecs)
            .as_str()
            .to_owned(),
        capacity_providers: service
            .capacity_provider_strategy()
            .iter()
            .map(|one| one.capacity_provider().to_owned())
            .collect(),
        deploying: deploying(clients, place, service).await,
        task_definition,
        balancers,
        readable,
    }
}

async fn deploying(clients: &ClientSet, place: &Place, service: &InEcs) -> Seen<bool> {
    let name = service.service_name().unwrap_or_default();
    let call = clients
        .ecs()
        .list_service_deployments()
        .cluster(place.cluster.as_str())
        .service(name)
        .set_status(Some(IN_PROGRESS.to_vec()))
        .send();
    let answer = seen("ecs:ListServiceDeployments", name, call).await?;
    Ok(!answer.service_deployments().is_empty())
}

async fn task_definition(clients: &ClientSet, service: &InEcs) -> Seen<TaskDefinition> {
    let arn = service.task_definition().unwrap_or_default();
    let call = clients
        .ecs()
        .describe_task_definition()
        .task_definition(arn)
        .send();
    let answer = seen("ecs:DescribeTaskDefinition", arn, call).await?;
    let definition = answer.task_definition();
    let containers = definition
        .map(|one| one.container_definitions())
        .unwrap_or_default();
    Ok(TaskDefinition {
        family: definition
            .and_then(|one| one.family())
            .unwrap_or_default()
            .to_owned(),
        execution_role: definition
            .and_then(|one| one.execution_role_arn())
            .map(str::to_owned),
        task_role: definition
            .and_then(|one| one.task_role_arn())
            .map(str::to_owned),
        containers: containers
            .iter()
            .map(|one| (one.name().unwrap_or_default().to_owned(), container(one)))
            .collect(),
    })
}

fn container(definition: &ContainerDefinition) -> Container {
    let log = definition.log_configuration();
    let options = log.and_then(|log| log.options()).into_iter().flatten();
    Container {
        stop_timeout_s: definition.stop_timeout(),
        log_driver: log.map(|log| log.log_driver().as_str().to_owned()),
        log_options: options
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    }
}

/// What the execution role may read of the environment's secrets and parameters.
async fn readable(
    clients: &ClientSet,
    place: &Place,
    partition: &str,
    secrets: &Secrets,
    definition: &TaskDefinition,
) -> Seen<Vec<Decision>> {
    let Some(role) = &definition.execution_role else {
        return Ok(Vec::new());
    };
    let questions = to_execution_role(place, partition, secrets);
    decisions(clients, role, &questions).await
}

async fn balancer(clients: &ClientSet, balancer: &LoadBalancer) -> Balancer {
    let advanced = balancer.advanced_configuration();
    let alternate = advanced.and_then(|one| one.alternate_target_group_arn());
    let mut groups = Vec::new();
    for arn in balancer.target_group_arn().into_iter().chain(alternate) {
        groups.push(TargetGroup {
            arn: arn.to_owned(),
            health_path: health_path(clients, arn).await,
        });
    }
    let production = advanced.and_then(|one| one.production_listener_rule());
    let test = advanced.and_then(|one| one.test_listener_rule());
    Balancer {
        groups,
        has_role: advanced.and_then(|one| one.role_arn()).is_some(),
        production: rule(clients, production).await,
        test: rule(clients, test).await,
    }
}

async fn health_path(clients: &ClientSet, arn: &str) -> Seen<Option<String>> {
    let call = clients
        .elb()
        .describe_target_groups()
        .target_group_arns(arn)
        .send();
    let action = "elasticloadbalancing:DescribeTargetGroups";
    let answer = seen(action, arn, call).await?;
    let group = answer.target_groups.unwrap_or_default().pop();
    Ok(group.and_then(|group| group.health_check_path))
}

async fn rule(clients: &ClientSet, arn: Option<&str>) -> Option<ListenerRule> {
    let arn = arn?;
    Some(ListenerRule {
        arn: arn.to_owned(),
        weights: weights(clients, arn).await,
    })
}

/// ECS takes a listener in place of a rule where the load balancer is a network one.
async fn weights(clients: &ClientSet, arn: &str) -> Seen<Option<BTreeMap<String, u32>>> {
    let actions: Option<Vec<Action>> = if arn.contains(":listener-rule/") {
        let call = clients.elb().describe_rules().rule_arns(arn).send();
        let missing = ["RuleNotFound", "RuleNotFoundException"];
        let there = found("elasticloadbalancing:DescribeRules", arn, &missing, call).await?;
        let rule = there.and_then(|answer| answer.rules.unwrap_or_default().pop());
        rule.map(|rule| rule.actions.unwrap_or_default())
    } else {
        let call = clients.elb().describe_listeners().listener_arns(arn).send();
        let missing = ["ListenerNotFound", "ListenerNotFoundException"];
        let action = "elasticloadbalancing:DescribeListeners";
        let there = found(action, arn, &missing, call).await?;
        let listener = there.and_then(|answer| answer.listeners.unwrap_or_default().pop());
        listener.map(|listener| listener.default_actions.unwrap_or_default())
    };
    Ok(actions.map(|actions| {
        let forward = actions
            .iter()
            .find(|one| one.r#type() == Some(&ActionTypeEnum::Forward));
        forward.map(groups_of).unwrap_or_default()
    }))
}
