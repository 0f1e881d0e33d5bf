//! UpdateService as AWS is asked for it.

use std::sync::Arc;

use sluice_core::command::Direction;
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, DeploymentId, EcsServiceName, TaskDefinitionArn};

use super::ConfigurationDescription;
use crate::cloud::ecs::{Hook, RolloutConfig};
use crate::cloud::{Cloud, Place};

/// What UpdateService is asked for. What is not said stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceOrder {
    /// The cluster.
    pub cluster: ClusterName,
    /// The service.
    pub service: EcsServiceName,
    /// What it is to run.
    pub task_definition: Option<TaskDefinitionArn>,
    /// How it is to be brought up.
    pub configuration: Option<ConfigurationDescription>,
    /// How many tasks are wanted.
    pub desired: Option<u32>,
    /// Whether the tasks are replaced even if nothing else changes.
    pub force: bool,
    /// On whose behalf, where the caller's session says so.
    pub by: Option<DeploymentId>,
}

impl Cloud {
    /// UpdateService. Without a new revision, and not forced, it starts no service deployment.
    ///
    /// # Errors
    ///
    /// Permanent if there is no such service or task definition.
    pub fn order_update(&mut self, place: &Place, order: &ServiceOrder) -> Result<(), PortError> {
        let at = self.service_or_refuse(place, &order.cluster, &order.service)?;
        let before = self.ecs.services[at].task_definition;
        let definition = match &order.task_definition {
            None => before,
            Some(arn) => self.task_definition(arn).ok_or_else(|| {
                PortError::permanent(format!(
                    "ClientException: there is no task definition `{arn}`"
                ))
            })?,
        };
        if let Some(configuration) = &order.configuration {
            self.ecs.services[at].config = Arc::new(config(configuration));
        }
        let deploys = definition != before || order.force;
        if let Some(desired) = order.desired {
            self.set_desired(at, desired, !deploys);
        }
        if deploys {
            let config = &self.ecs.services[at].config;
            let by = match &config.hook {
                Some(hook) => Some((hook.deployment.clone(), hook.direction)),
                // Only the way back shifts traffic without a hook of ours.
                None if config.strategy.shifts_traffic() => {
                    order.by.clone().map(|id| (id, Direction::Back))
                }
                None => order.by.clone().map(|id| (id, Direction::Forward)),
            };
            self.update_service(at, definition, by);
        }
        Ok(())
    }

    /// StopServiceDeployment with stop type ROLLBACK.
    ///
    /// # Errors
    ///
    /// Permanent if there is no such service deployment in the place, or it is over.
    pub fn order_stop(
        &mut self,
        place: &Place,
        arn: &sluice_core::id::ServiceDeploymentArn,
    ) -> Result<(), PortError> {
        let at = self.rollout_by_arn(arn).filter(|at| {
            let service = self.ecs.rollouts[*at].service;
            *self.ecs.services[service].place == *place
        });
        if at.is_some_and(|at| self.ecs.rollouts[at].is_over()) {
            return Err(PortError::permanent(
                "ConflictException: the service deployment is over and cannot be stopped",
            ));
        }
        match at {
            Some(_) => self.stop_rollout(arn),
            None => Err(PortError::permanent(format!(
                "ServiceDeploymentNotFoundException: there is no service deployment `{arn}`"
            ))),
        }
    }
}

fn config(told: &ConfigurationDescription) -> RolloutConfig {
    RolloutConfig {
        strategy: told.strategy.clone(),
        bake: told.bake,
        alarms: told.alarms.clone(),
        circuit_breaker: told.circuit_breaker,
        hook: told.hook.as_ref().map(|hook| Hook {
            stages: hook.stages.clone(),
            deployment: hook.deployment.clone(),
            direction: hook.direction,
        }),
        as_sent: told.as_sent.clone(),
    }
}
