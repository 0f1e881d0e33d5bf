//! Rolling deployments: tasks replaced a few at a time, or, for a singleton, stopped before they
//! are started. The circuit breaker is here.

use sluice_core::config::Strategy;
use sluice_core::observation::RolloutStatus;

use super::Move;
use crate::cloud::Cloud;
use crate::cloud::emitted::{DeploymentEventName, Emitted, TaskStateChange};
use sluice_core::id::TaskArn;

/// Starts that fail before the circuit breaker trips: ECS takes half the desired count, but never
/// fewer than this.
const BREAKER_AT_LEAST: u32 = 3;
/// And never more.
const BREAKER_AT_MOST: u32 = 200;

impl Cloud {
    /// Starts or stops the next tasks.
    pub(super) fn rolling_turn(&mut self, at: usize) {
        let rollout = &self.ecs.rollouts[at];
        let service = &self.ecs.services[rollout.service];
        let goal = service.revisions[rollout.goal()].running;
        let others = service.running() - goal;
        let desired = service.desired;
        let missing = desired.saturating_sub(goal);
        // At most half of them at once, so that the rest carries the load.
        let batch = desired.div_ceil(2).max(1);
        let stop_first = rollout.config.strategy == Strategy::Singleton;
        let next = if others > 0 && (stop_first || missing == 0 || goal + others > desired) {
            Move::Stopped(if stop_first {
                others
            } else {
                others.min(batch)
            })
        } else if missing > 0 {
            Move::Started(missing.min(batch))
        } else {
            Move::Settle
        };
        let after = match next {
            Move::Stopped(_) => self.tempo.task_stop,
            Move::Started(_) => self.tempo.task_start,
            _ => self.tempo.clean_up,
        };
        self.move_in(at, after, next);
    }

    pub(super) fn rolling_started(&mut self, at: usize, tasks: u32) {
        let rollout = &self.ecs.rollouts[at];
        let (service, goal) = (rollout.service, rollout.goal());
        match self.start_fails(service, goal) {
            None => {
                let running = self.ecs.services[service].revisions[goal].running + tasks;
                self.ecs.services[service].set_running(goal, running);
                self.traffic_has_moved(service, goal, true);
                self.rolling_turn(at);
            }
            Some(exit_code) => self.rolling_start_failed(at, tasks, exit_code),
        }
    }

    fn rolling_start_failed(&mut self, at: usize, tasks: u32, exit_code: Option<i32>) {
        self.tell_of_failed_start(at, exit_code);
        let rollout = &mut self.ecs.rollouts[at];
        rollout.failed_starts += 1;
        let desired = self.ecs.services[rollout.service].desired;
        let limit = desired.div_ceil(2).clamp(BREAKER_AT_LEAST, BREAKER_AT_MOST);
        if rollout.failed_starts < limit || !rollout.config.circuit_breaker {
            return self.move_in(at, self.tempo.task_start, Move::Started(tasks));
        }
        let reason = "ECS deployment circuit breaker: tasks failed to start.";
        if rollout.goes_back() {
            self.fail_back(at, reason.into());
        } else {
            self.tell_of_rollout(at, DeploymentEventName::Failed, reason.into());
            // With nothing to go back to, ECS stalls: no end, no further start.
            if self.ecs.rollouts[at].source.is_some() {
                self.roll_back(at, reason.into());
            } else {
                self.ecs.rollouts[at].reason = Some(reason.into());
            }
        }
    }

    pub(super) fn rolling_stopped(&mut self, at: usize, mut tasks: u32) {
        let rollout = &self.ecs.rollouts[at];
        let (service, goal) = (rollout.service, rollout.goal());
        for (which, revision) in self.ecs.services[service].revisions.iter_mut().enumerate() {
            if which != goal {
                let stopped = revision.running.min(tasks);
                revision.running -= stopped;
                tasks -= stopped;
                if revision.running == 0 {
                    revision.traffic_since = None;
                }
            }
        }
        self.rolling_turn(at);
    }

    pub(super) fn rolling_settled(&mut self, at: usize) {
        let back = self.ecs.rollouts[at].goes_back();
        let status = if back {
            RolloutStatus::RollbackSuccessful
        } else {
            RolloutStatus::Successful
        };
        let reason = match (back, &self.ecs.rollouts[at].reason) {
            (true, Some(reason)) => format!("ECS deployment completed: rolled back: {reason}"),
            _ => "ECS deployment completed.".to_owned(),
        };
        self.tell_of_rollout(at, DeploymentEventName::Completed, reason);
        self.end_rollout(at, status, None);
    }

    /// A task of the service that had come up has died.
    pub(super) fn tell_of_death(&mut self, service: usize, revision: usize, died: &super::Died) {
        self.tell_of_stop(service, revision, died.arn.clone(), Some(died.exit_code));
    }

    /// A task of the service did not stay up. One whose image cannot be pulled has no containers.
    pub(super) fn tell_of_failed_start(&mut self, at: usize, exit_code: Option<i32>) {
        let id = self.ids.hex();
        let rollout = &self.ecs.rollouts[at];
        let (service, goal) = (rollout.service, rollout.goal());
        let place = &self.ecs.services[service].place;
        let cluster = &self.ecs.services[service].cluster;
        let arn = TaskArn::new(place.arn("ecs", format!("task/{cluster}/{id}")));
        self.tell_of_stop(service, goal, arn, exit_code);
    }

    fn tell_of_stop(&mut self, at: usize, revision: usize, task: TaskArn, exit_code: Option<i32>) {
        let service = &self.ecs.services[at];
        let revision = &service.revisions[revision];
        let definition = &self.ecs.task_definitions[revision.task_definition];
        let (reason, containers) = match exit_code {
            None => (
                "CannotPullContainerError: the image is not there",
                Vec::new(),
            ),
            Some(_) => {
                let container = definition.container(&service.container);
                let of = |c: &super::task_definitions::Container| {
                    (c.name.clone(), c.image.clone(), exit_code)
                };
                (
                    "Essential container in task exited",
                    container.map(of).into_iter().collect(),
                )
            }
        };
        let place = service.place.clone();
        let (cluster, group) = (service.cluster.clone(), format!("service:{}", service.name));
        let (started_by, arn_of_definition) = (
            Some(format!("ecs-svc/{}", revision.id)),
            definition.arn.clone(),
        );
        let envelope = self.envelope(&place);
        self.emitted.push(Emitted::TaskStateChange(TaskStateChange {
            envelope,
            cluster,
            task,
            task_definition: arn_of_definition,
            group,
            started_by,
            last_status: "STOPPED",
            version: 3,
            stopped_reason: Some(reason.to_owned()),
            containers,
        }));
    }
}
