//! Where a one-off task runs, and what it means that there is no place for it.

use aws_sdk_ecs::operation::run_task::builders::RunTaskFluentBuilder;
use aws_sdk_ecs::types::{CapacityProviderStrategyItem, Failure, LaunchType, Service};
use sluice_app::ports::TaskOrder;
use sluice_core::failure::PortError;

use crate::error::passes_by_itself;

/// The capacity provider whose tasks AWS stops when it needs the machines.
const FARGATE_SPOT: &str = "FARGATE_SPOT";

/// With the service's network, and on the same kind of machine, but never on one that AWS takes
/// away with two minutes' notice: half a migration is worse than a dear one.
pub(super) fn placed_like(
    request: RunTaskFluentBuilder,
    service: &Service,
) -> RunTaskFluentBuilder {
    let request = request
        .set_network_configuration(service.network_configuration().cloned())
        .set_platform_version(service.platform_version().map(str::to_owned));
    let strategy = service.capacity_provider_strategy();
    let is_spot = |one: &CapacityProviderStrategyItem| one.capacity_provider() == FARGATE_SPOT;
    // ECS takes one of the two. By the launch type Fargate is there whether or not the cluster has
    // it as a capacity provider; a strategy is of Fargate's two or of machines of one's own, never
    // of both.
    if strategy.iter().any(is_spot) {
        request.launch_type(LaunchType::Fargate)
    } else if strategy.is_empty() {
        request.set_launch_type(service.launch_type().cloned())
    } else {
        request.set_capacity_provider_strategy(Some(strategy.to_vec()))
    }
}

/// ECS took the request and found no place for the task.
pub(super) fn not_placed(order: &TaskOrder, failure: &Failure) -> PortError {
    let reason = failure.reason().unwrap_or("ECS gives no reason");
    let detail = failure
        .detail()
        .map(|detail| format!(" ({detail})"))
        .unwrap_or_default();
    let message = format!(
        "ECS found no place for {}: {reason}{detail}",
        order.task_definition
    );
    // Room comes and goes with other tasks, and machines with their autoscaling.
    // <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html>
    let passes = [
        "RESOURCE:",
        "AGENT",
        "EMPTY CAPACITY PROVIDER",
        "NO ACTIVE INSTANCES",
    ];
    let says = |prefix: &&str| reason.starts_with(*prefix);
    if passes.iter().any(says) || passes_by_itself(&format!("{reason}{detail}")) {
        PortError::retryable(format!("{message}; it is retried automatically"))
    } else {
        PortError::needs_person(format!(
            "{message}; check that the cluster has instances that this task definition can run on"
        ))
    }
}
