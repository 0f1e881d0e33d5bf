//! UpdateService: the revision, and how ECS brings it up. A desired count, which is autoscaling's,
//! only for a database restore; never the load balancers, which what is not sent leaves as they
//! are.

use std::collections::HashMap;

use aws_config::retry::RetryConfig;
use aws_sdk_ecs::config::Builder;
use aws_sdk_ecs::types::{
    AvailabilityZoneRebalancing, CanaryConfiguration, DeploymentAlarms, DeploymentCircuitBreaker,
    DeploymentConfiguration, DeploymentControllerType, DeploymentLifecycleHook,
    DeploymentLifecycleHookStage, DeploymentLifecycleHookTargetType, DeploymentStrategy,
    LinearConfiguration, Service,
};
use aws_smithy_types::Document;
use jiff::SignedDuration;
use sluice_core::command::{Direction, RolloutOrder};
use sluice_core::config::Strategy;
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, EcsServiceName};

use super::{read, rollout};
use crate::clients::{ClientSet, RolloutHook};
use crate::error::port_error;
use crate::time::timestamp;

/// Per cent of the desired tasks that stay up, and that may run at once, while ECS replaces them.
struct Room {
    minimum: i32,
    maximum: i32,
}

/// A complete second set next to the first: no task waits for a free place.
const SIDE_BY_SIDE: Room = Room {
    minimum: 100,
    maximum: 200,
};
/// The old one stops before the new one starts: never two.
const ONE_AT_A_TIME: Room = Room {
    minimum: 0,
    maximum: 100,
};

/// Has ECS bring the service to the revision, unless it was asked to already.
pub(super) async fn ensure(
    clients: &ClientSet,
    cluster: &ClusterName,
    hook: Option<&RolloutHook>,
    order: &RolloutOrder,
) -> Result<(), PortError> {
    let RolloutOrder {
        ecs_service: name,
        task_definition,
        since,
        ..
    } = order;
    if rollout::find(clients, cluster, name, task_definition, *since)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let service = read::one(clients, cluster, name).await?;
    if was_asked_for(&service, order) {
        return Ok(());
    }
    can_be_rolled_out(&service, order)?;
    let configuration = configuration(&service, hook, order)?;
    let runs_it_already = service.task_definition() == Some(task_definition.as_str());
    clients
        .ecs()
        .update_service()
        .cluster(cluster.as_str())
        .service(name.as_str())
        .task_definition(task_definition.as_str())
        .deployment_configuration(configuration)
        .set_desired_count(order.desired.map(count).transpose()?)
        // ECS starts tasks of the new revision elsewhere before it stops the old ones, which would
        // be two of a singleton, and refuses a maximum of 100 per cent with it.
        .set_availability_zone_rebalancing(
            (order.strategy == Strategy::Singleton)
                .then_some(AvailabilityZoneRebalancing::Disabled),
        )
        // Without it ECS starts no service deployment for a revision the service already has.
        .set_force_new_deployment(runs_it_already.then_some(true))
        .customize()
        // A second one of the SDK's own would start a second service deployment. Calling again
        // looks first.
        .config_override(Builder::default().retry_config(RetryConfig::disabled()))
        .send()
        .await
        .map_err(|e| port_error("ecs:UpdateService", &format!("the service {name}"), e))?;
    Ok(())
}

/// Makes ECS run this many tasks, unless that is already the service's desired count. Without a
/// task definition or a configuration ECS starts no service deployment.
pub(super) async fn ensure_count(
    clients: &ClientSet,
    cluster: &ClusterName,
    name: &EcsServiceName,
    desired: u32,
) -> Result<(), PortError> {
    let desired = count(desired)?;
    let service = read::one(clients, cluster, name).await?;
    if service.desired_count() == desired {
        return Ok(());
    }
    clients
        .ecs()
        .update_service()
        .cluster(cluster.as_str())
        .service(name.as_str())
        .desired_count(desired)
        .send()
        .await
        .map_err(|e| port_error("ecs:UpdateService", &format!("the service {name}"), e))?;
    Ok(())
}

fn count(desired: u32) -> Result<i32, PortError> {
    i32::try_from(desired)
        .map_err(|_| PortError::permanent(format!("{desired} tasks are more than ECS can store")))
}

/// ECS lists a service deployment a little after it has taken the request, but shows the request on
/// the service at once.
fn was_asked_for(service: &Service, order: &RolloutOrder) -> bool {
    let not_before = rollout::earliest(order.since);
    service.deployments().iter().any(|deployment| {
        deployment.status() == Some("PRIMARY")
            && deployment.task_definition() == Some(order.task_definition.as_str())
            && deployment
                .created_at()
                .and_then(timestamp)
                .is_some_and(|created| created >= not_before)
    })
}

fn can_be_rolled_out(service: &Service, order: &RolloutOrder) -> Result<(), PortError> {
    let name = &order.ecs_service;
    if let Some(controller) = service.deployment_controller()
        && *controller.r#type() != DeploymentControllerType::Ecs
    {
        return Err(PortError::needs_person(format!(
            "the service {name} is deployed by {}: set its deployment controller to ECS",
            controller.r#type()
        )));
    }
    let can_shift = service
        .load_balancers()
        .iter()
        .any(|one| one.advanced_configuration().is_some());
    if order.strategy.shifts_traffic() && !can_shift {
        return Err(PortError::needs_person(format!(
            "the service {name} has no second target group to shift traffic to: give its load \
             balancer an `advancedConfiguration` with an alternate target group, the production \
             listener rule and a role, or set `strategy` to `rolling` in sluice.toml"
        )));
    }
    Ok(())
}

/// What is there, changed in what the order says. ECS puts the whole in place of what was there, so
/// what Sluice does not know of is sent as it was read.
fn configuration(
    service: &Service,
    hook: Option<&RolloutHook>,
    order: &RolloutOrder,
) -> Result<DeploymentConfiguration, PortError> {
    let there = service.deployment_configuration().cloned();
    let mut configuration = there.unwrap_or_else(|| DeploymentConfiguration::builder().build());
    let shifts = order.strategy.shifts_traffic();
    set_room(&mut configuration, &order.strategy);
    set_breaker(&mut configuration, !shifts);
    set_alarms(&mut configuration, order);
    set_strategy(&mut configuration, &order.strategy)?;
    configuration.lifecycle_hooks = Some(hooks(service, hook, order)?);
    if shifts {
        configuration.bake_time_in_minutes = Some(minutes(order.bake)?);
    }
    Ok(configuration)
}

/// The service's own, but of a singleton. What makes a singleton is taken back from a service that
/// is none any more.
fn set_room(configuration: &mut DeploymentConfiguration, strategy: &Strategy) {
    let there = (
        configuration.minimum_healthy_percent,
        configuration.maximum_percent,
    );
    let room = if *strategy == Strategy::Singleton {
        ONE_AT_A_TIME
    } else if there == (Some(ONE_AT_A_TIME.minimum), Some(ONE_AT_A_TIME.maximum)) {
        SIDE_BY_SIDE
    } else {
        Room {
            minimum: there.0.unwrap_or(SIDE_BY_SIDE.minimum),
            maximum: there.1.unwrap_or(SIDE_BY_SIDE.maximum),
        }
    };
    configuration.minimum_healthy_percent = Some(room.minimum);
    configuration.maximum_percent = Some(room.maximum);
}

/// On for what ECS replaces task by task, off for what it shifts: of that it has none. When it
/// trips is the service's own.
fn set_breaker(configuration: &mut DeploymentConfiguration, is_on: bool) {
    let there = configuration.deployment_circuit_breaker.take();
    let mut breaker = there.unwrap_or_else(|| DeploymentCircuitBreaker::builder().build());
    breaker.enable = is_on;
    breaker.rollback = is_on;
    configuration.deployment_circuit_breaker = Some(breaker);
}

/// The order's in addition to the service's own, which may be someone else's. Where the order has
/// none, no alarm may take this one back, and the names stay for the next.
fn set_alarms(configuration: &mut DeploymentConfiguration, order: &RolloutOrder) {
    let there = configuration.alarms.take();
    let mut names = there.map_or_else(Vec::new, |there| there.alarm_names);
    let ordered = order.alarms.iter().map(ToString::to_string);
    let missing: Vec<String> = ordered.filter(|name| !names.contains(name)).collect();
    names.extend(missing);
    let watched = !order.alarms.is_empty();
    let alarms = DeploymentAlarms::builder()
        .set_alarm_names(Some(names))
        .enable(watched)
        .rollback(watched)
        .build();
    configuration.alarms =
        Some(alarms.expect("alarms with their names and both switches are whole"));
}

/// ECS refuses the steps of another strategy.
fn set_strategy(
    configuration: &mut DeploymentConfiguration,
    strategy: &Strategy,
) -> Result<(), PortError> {
    configuration.canary_configuration = None;
    configuration.linear_configuration = None;
    configuration.strategy = Some(match strategy {
        Strategy::Rolling | Strategy::Singleton => DeploymentStrategy::Rolling,
        Strategy::BlueGreen => DeploymentStrategy::BlueGreen,
        Strategy::Canary(steps) => {
            let canary = CanaryConfiguration::builder()
                .canary_percent(f64::from(steps.percent))
                .canary_bake_time_in_minutes(minutes(steps.bake)?);
            configuration.canary_configuration = Some(canary.build());
            DeploymentStrategy::Canary
        }
        Strategy::Linear(steps) => {
            let linear = LinearConfiguration::builder()
                .step_percent(f64::from(steps.percent))
                .step_bake_time_in_minutes(minutes(steps.bake)?);
            configuration.linear_configuration = Some(linear.build());
            DeploymentStrategy::Linear
        }
    });
    Ok(())
}

fn minutes(duration: SignedDuration) -> Result<i32, PortError> {
    i32::try_from(duration.as_mins()).map_err(|_| {
        PortError::permanent(format!("a bake of {duration:#} is more than ECS can store"))
    })
}

/// The service's own hooks, and ours where the rollout is to be held. In a rollback ours is
/// removed: nothing of Sluice may stand between users and the previous version.
fn hooks(
    service: &Service,
    hook: Option<&RolloutHook>,
    order: &RolloutOrder,
) -> Result<Vec<DeploymentLifecycleHook>, PortError> {
    let there = service
        .deployment_configuration()
        .map(|there| there.lifecycle_hooks());
    let mut hooks = there.unwrap_or_default().to_vec();
    hooks.retain(|there| !is_ours(there, hook));
    if !order.strategy.shifts_traffic() || order.direction == Direction::Back {
        return Ok(hooks);
    }
    let Some(hook) = hook else {
        return Err(PortError::needs_person(
            "Sluice was started without its rollout hook, so nothing would hold the new version \
             before it gets traffic: set the hook's function and role",
        ));
    };
    hooks.push(ours(hook, order));
    Ok(hooks)
}

fn is_ours(there: &DeploymentLifecycleHook, hook: Option<&RolloutHook>) -> bool {
    hook.is_some_and(|hook| there.hook_target_arn() == Some(hook.function_arn.as_str()))
}

fn ours(hook: &RolloutHook, order: &RolloutOrder) -> DeploymentLifecycleHook {
    let direction = match order.direction {
        Direction::Forward => "forward",
        Direction::Back => "back",
    };
    let details = HashMap::from([
        (
            "deployment".to_owned(),
            Document::String(order.deployment.to_string()),
        ),
        (
            "direction".to_owned(),
            Document::String(direction.to_owned()),
        ),
    ]);
    DeploymentLifecycleHook::builder()
        .target_type(DeploymentLifecycleHookTargetType::AwsLambda)
        .hook_target_arn(&hook.function_arn)
        .role_arn(&hook.role_arn)
        .set_lifecycle_stages(Some(stages(&order.strategy)))
        .hook_details(Document::Object(details))
        .build()
}

/// Where ours holds the rollout: before the first production traffic, and where that comes in steps
/// before each of them, so that each is judged before the next. ECS comes to
/// `PRE_PRODUCTION_TRAFFIC_SHIFT` before every step.
fn stages(strategy: &Strategy) -> Vec<DeploymentLifecycleHookStage> {
    let mut stages = vec![DeploymentLifecycleHookStage::PostTestTrafficShift];
    if matches!(strategy, Strategy::Canary(_) | Strategy::Linear(_)) {
        stages.push(DeploymentLifecycleHookStage::PreProductionTrafficShift);
    }
    stages
}
