//! ECS: services, their deployments, task definitions and one-off tasks.

mod configuration;
mod names;
mod rollouts;
mod services;
mod task_definitions;
mod tasks;

use serde_json::Value;
use sluice_sim::cloud::Cloud;

use crate::caller::Caller;
use crate::refusal::Refusal;

pub(crate) fn answer(
    cloud: &mut Cloud,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    match operation {
        "DescribeServices" => services::describe(cloud, caller, input),
        "UpdateService" => services::update(cloud, caller, input),
        "ListServiceDeployments" => rollouts::list(cloud, caller, input),
        "DescribeServiceDeployments" => rollouts::describe(cloud, caller, input),
        "DescribeServiceRevisions" => rollouts::describe_revisions(cloud, caller, input),
        "StopServiceDeployment" => rollouts::stop(cloud, caller, input),
        "RegisterTaskDefinition" => task_definitions::register(cloud, caller, input),
        "DescribeTaskDefinition" => task_definitions::describe(cloud, caller, input),
        "RunTask" => tasks::run(cloud, caller, input),
        "ListTasks" => tasks::list(cloud, caller, input),
        "StopTask" => tasks::stop(cloud, caller, input),
        "DescribeTasks" => tasks::describe(cloud, caller, input),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}
