//! Services with their task definitions.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    ContainerDefinition, DeploymentConfiguration, DeploymentControllerType, DeploymentStrategy,
    SchedulingStrategy, Service as InEcs, TaskDefinition as Defined,
};
use sluice_draft::facts::{Container, Hidden, Seen, Service, TaskDefinition};

use super::traffic;
use crate::clients::ClientSet;
use crate::doctor::seen::seen;

/// DescribeServices takes no more at once.
const SERVICES_A_CALL: usize = 10;

pub(super) async fn read(
    clients: &ClientSet,
    cluster: &str,
    arns: &[String],
) -> Seen<Vec<Service>> {
    let mut services = Vec::new();
    for arns in arns.chunks(SERVICES_A_CALL) {
        let call = clients
            .ecs()
            .describe_services()
            .cluster(cluster)
            .set_services(Some(arns.to_vec()))
            .send();
        let on = format!("the services of the cluster {cluster}");
        let answer = seen("ecs:DescribeServices", &on, call).await?;
        let active = answer.services.unwrap_or_default();
        let active = active
            .into_iter()
            .filter(|one| one.status() == Some("ACTIVE"));
        for one in active {
            services.push(Box::pin(service(clients, &one)).await);
        }
    }
    services.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(services)
}

async fn service(clients: &ClientSet, service: &InEcs) -> Service {
    let mut balancers = Vec::new();
    for one in service.load_balancers() {
        balancers.push(traffic::balancer(clients, one).await);
    }
    // None is ECS too.
    let controller = service.deployment_controller().map(|one| one.r#type());
    let rollout = service.deployment_configuration();
    let strategy = rollout.and_then(|one| one.strategy());
    let alarms = rollout
        .and_then(|one| one.alarms())
        .filter(|alarms| alarms.enable());
    let definition = definition(clients, service.task_definition().unwrap_or_default()).await;
    Service {
        name: service.service_name().unwrap_or_default().to_owned(),
        controller: controller
            .unwrap_or(&DeploymentControllerType::Ecs)
            .as_str()
            .to_owned(),
        is_daemon: service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon),
        strategy: strategy
            .unwrap_or(&DeploymentStrategy::Rolling)
            .as_str()
            .to_owned(),
        steps: rollout.and_then(steps),
        maximum_percent: rollout.and_then(|one| one.maximum_percent()),
        desired: service.desired_count(),
        alarms: alarms
            .map(|one| one.alarm_names().to_vec())
            .unwrap_or_default(),
        definition,
        balancers,
    }
}

fn steps(rollout: &DeploymentConfiguration) -> Option<(f64, i32)> {
    let canary = rollout
        .canary_configuration()
        .and_then(|one| Some((one.canary_percent()?, one.canary_bake_time_in_minutes()?)));
    canary.or_else(|| {
        let linear = rollout.linear_configuration()?;
        Some((linear.step_percent()?, linear.step_bake_time_in_minutes()?))
    })
}

pub(super) async fn definition(clients: &ClientSet, name: &str) -> Seen<TaskDefinition> {
    let call = clients
        .ecs()
        .describe_task_definition()
        .task_definition(name)
        .send();
    let answer = seen("ecs:DescribeTaskDefinition", name, call).await?;
    let defined = answer.task_definition();
    let containers = defined
        .map(Defined::container_definitions)
        .unwrap_or_default();
    let roles = defined.map(|one| [one.task_role_arn(), one.execution_role_arn()]);
    let roles = roles.into_iter().flatten().flatten();
    Ok(TaskDefinition {
        family: defined
            .and_then(Defined::family)
            .unwrap_or_default()
            .to_owned(),
        roles: roles.map(str::to_owned).collect(),
        containers: containers.iter().map(container).collect(),
    })
}

fn container(definition: &ContainerDefinition) -> Container {
    let hidden = |words: &[String]| words.iter().map(Hidden::new).collect::<Vec<_>>();
    let log = definition.log_configuration().and_then(|log| log.options());
    let variables = definition.environment().iter().filter_map(|pair| {
        Some((
            pair.name()?.to_owned(),
            Hidden::new(pair.value().unwrap_or_default()),
        ))
    });
    let secrets = definition
        .secrets()
        .iter()
        .filter(|one| !one.name().is_empty());
    let secrets = secrets.map(|one| (one.name().to_owned(), one.value_from().to_owned()));
    let ports = definition.port_mappings().iter();
    Container {
        name: definition.name().unwrap_or_default().to_owned(),
        image: definition.image().unwrap_or_default().to_owned(),
        // ECS's own default.
        essential: definition.essential().unwrap_or(true),
        command: [definition.entry_point(), definition.command()]
            .map(hidden)
            .concat(),
        health_check: definition
            .health_check()
            .map(|check| hidden(check.command()))
            .unwrap_or_default(),
        ports: ports.filter_map(|port| port.container_port()).collect(),
        stop_timeout_s: definition.stop_timeout(),
        log_group: log.and_then(|options| options.get("awslogs-group").cloned()),
        variables: variables.collect::<BTreeMap<_, _>>(),
        secrets: secrets.collect(),
    }
}
