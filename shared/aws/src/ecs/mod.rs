//! ECS: services and their deployments, task definitions, one-off tasks.

mod facts;
mod family;
mod groups;
mod members;
mod placement;
mod read;
mod rollout;
mod services;
mod stopped;
mod task_definition;
mod tasks;
#[cfg(test)]
mod tests;
mod update;

pub(crate) use groups::{TargetGroups, groups};
pub use services::EcsServices;
pub use tasks::EcsTasks;
