//! Tasks that start well and die later. ECS starts others in their place, and its circuit breaker,
//! which looks at starts only, sees nothing.

use sluice_core::config::ServiceKind;
use sluice_core::id::{ClusterName, EcsServiceName, TaskDefinitionArn};
use sluice_core::observation::StoppedTask;

use super::{Died, REMEMBERED, Service};
use crate::cloud::agenda::Due;
use crate::cloud::behaviour::Dies;
use crate::cloud::lag::Read;
use crate::cloud::place::Place;
use crate::cloud::{Cloud, api::ServiceTask};

/// ECS's `stoppedReason` of a task whose container has ended.
const EXITED: &str = "Essential container in task exited";

fn dies(service: &Service, revision: usize) -> Option<Dies> {
    let behaviour = service.revisions[revision].behaviour.as_ref()?;
    match service.kind {
        ServiceKind::Web => behaviour.web_dies,
        ServiceKind::Worker | ServiceKind::Singleton => behaviour.workers_die,
    }
}

impl Cloud {
    /// The revision works from now on.
    pub(super) fn plan_death(&mut self, service: usize, revision: usize) {
        if let Some(dies) = dies(&self.ecs.services[service], revision) {
            let due = Due::TasksDie { service, revision };
            self.agenda.plan(self.now + dies.after, due);
        }
    }

    pub(in crate::cloud) fn tasks_die(&mut self, at: usize, revision: usize) {
        let service = &self.ecs.services[at];
        let running = service.revisions[revision].running;
        let (Some(dies), true) = (
            dies(service, revision),
            service.revisions[revision].traffic_since.is_some(),
        ) else {
            return;
        };
        let tasks = dies.tasks.min(running);
        let (place, cluster) = (service.place.clone(), service.cluster.clone());
        let task_definition = service.revisions[revision].task_definition;
        for _ in 0..tasks {
            let arn = place.arn("ecs", format!("task/{cluster}/{}", self.ids.hex()));
            let died = Died {
                arn: sluice_core::id::TaskArn::new(arn),
                task_definition,
                at: self.now,
                exit_code: dies.exit_code,
            };
            self.tell_of_death(at, revision, &died);
            self.ecs.services[at].died.push(died);
        }
        self.ecs.services[at].revisions[revision].running = running - tasks;
        let due = Due::TasksReturn {
            service: at,
            revision,
            tasks,
        };
        self.agenda.plan(self.now + self.tempo.task_start, due);
    }

    /// ECS starts tasks in place of those that died, unless the revision is not wanted any more.
    pub(in crate::cloud) fn tasks_return(&mut self, at: usize, revision: usize, tasks: u32) {
        if !self.is_wanted(at, revision) {
            return;
        }
        let service = &mut self.ecs.services[at];
        let running = service.revisions[revision].running + tasks;
        service.set_running(revision, running.min(service.desired));
        self.plan_death(at, revision);
    }

    fn is_wanted(&self, at: usize, revision: usize) -> bool {
        let service = &self.ecs.services[at];
        let last = service.rollouts.last().map(|at| &self.ecs.rollouts[*at]);
        match last.filter(|rollout| !rollout.is_over()) {
            Some(rollout) => rollout.goal() == revision,
            None => service.completed == Some(revision),
        }
    }

    /// ListTasks and DescribeTasks, of a service's tasks that have stopped.
    pub(in crate::cloud) fn stopped_tasks(
        &self,
        place: &Place,
        cluster: &ClusterName,
        service: &EcsServiceName,
        task_definition: &TaskDefinitionArn,
    ) -> Vec<StoppedTask> {
        let stopped = self.service_tasks(place, cluster, service).into_iter();
        let ours = stopped.filter(|task| task.task_definition == *task_definition);
        ours.map(|task| StoppedTask {
            reason: format!("{} (exit code {})", task.stopped_reason, task.exit_code),
            task: task.arn,
            at: task.stopped_at,
            by_itself: true,
        })
        .collect()
    }

    /// Every task of the service that has stopped by itself and that ECS has not forgotten, oldest
    /// first.
    pub fn service_tasks(
        &self,
        place: &Place,
        cluster: &ClusterName,
        service: &EcsServiceName,
    ) -> Vec<ServiceTask> {
        let Some(at) = self.service_at(place, cluster, service) else {
            return Vec::new();
        };
        let service = &self.ecs.services[at];
        let as_of = self.seen_as_of(Read::Tasks).unwrap_or(self.now);
        let remembered = service.died.iter();
        let remembered =
            remembered.filter(|died| died.at <= as_of && self.now <= died.at + REMEMBERED);
        remembered
            .map(|died| {
                let definition = &self.ecs.task_definitions[died.task_definition];
                let container = definition.container(&service.container);
                ServiceTask {
                    arn: died.arn.clone(),
                    task_definition: definition.arn.clone(),
                    container: service.container.clone(),
                    image: container.map(|c| c.image.clone()).unwrap_or_default(),
                    stopped_at: died.at,
                    exit_code: died.exit_code,
                    stopped_reason: EXITED,
                }
            })
            .collect()
    }
}
