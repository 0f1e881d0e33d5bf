//! Service deployments from the outside: UpdateService, the look-up, StopServiceDeployment, the
//! timers, the alarms and the events.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_core::command::{Direction, RolloutOrder};
use sluice_core::config::{ServiceKind, Strategy};
use sluice_core::failure::PortError;
use sluice_core::id::{AlarmName, DeploymentId, ServiceDeploymentArn, TaskDefinitionArn};
use sluice_core::observation::{RolloutObservation, RolloutStatus, Stage};

use super::{Hook, Move, Revision, Rollout, RolloutConfig};
use crate::cloud::Cloud;
use crate::cloud::agenda::Due;
use crate::cloud::emitted::{DeploymentEventName, DeploymentStateChange, Emitted};
use crate::cloud::lag::Read;
use crate::cloud::ledger::Happened;
use crate::cloud::place::Place;

impl Cloud {
    /// UpdateService as Sluice orders it. A way back is held by no hook.
    pub(in crate::cloud) fn update_as_ordered(
        &mut self,
        service: usize,
        order: &RolloutOrder,
    ) -> Result<(), PortError> {
        let definition = self
            .task_definition(&order.task_definition)
            .ok_or_else(|| {
                PortError::permanent(format!(
                    "ClientException: there is no task definition `{}`",
                    order.task_definition
                ))
            })?;
        let held = order.strategy.shifts_traffic() && order.direction == Direction::Forward;
        let mut stages = vec![Stage::PostTestTrafficShift];
        if let Strategy::Canary(_) | Strategy::Linear(_) = order.strategy {
            stages.push(Stage::PreProductionTrafficShift);
        }
        let hook = held.then(|| Hook {
            stages,
            deployment: order.deployment.clone(),
            direction: order.direction,
        });
        self.ecs.services[service].config = Arc::new(RolloutConfig {
            strategy: order.strategy.clone(),
            bake: order.bake,
            alarms: order.alarms.clone(),
            circuit_breaker: true,
            hook,
            as_sent: None,
        });
        if let Some(desired) = order.desired {
            self.set_desired(service, desired, false);
        }
        let by = Some((order.deployment.clone(), order.direction));
        self.update_service(service, definition, by);
        Ok(())
    }

    /// UpdateService with the service's own configuration. What is under way is stopped.
    pub(in crate::cloud) fn update_service(
        &mut self,
        at: usize,
        task_definition: usize,
        by: Option<(DeploymentId, Direction)>,
    ) {
        if let Some(last) = self.ecs.services[at].rollouts.last().copied()
            && !self.ecs.rollouts[last].is_over()
        {
            let reason = "stopped: a newer service deployment has started";
            self.end_rollout(last, RolloutStatus::Stopped, Some(reason.into()));
        }
        self.drop_idle_revisions(at);
        let target = self.add_revision(at, task_definition);
        let rollout = self.add_rollout(at, target);
        self.ecs.services[at].task_definition = task_definition;
        let service = &self.ecs.services[at];
        let what = Happened::ServiceUpdated {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            task_definition: self.ecs.task_definitions[task_definition].arn.clone(),
            rollout: self.ecs.rollouts[rollout].arn.clone(),
            by,
        };
        self.note(what);
        self.move_in(rollout, self.tempo.rollout_start, Move::Begin);
    }

    /// What a stopped service deployment left behind without traffic goes at once; what has
    /// traffic stays until the next one takes it over.
    fn drop_idle_revisions(&mut self, at: usize) {
        let service = &mut self.ecs.services[at];
        let Some(traffic) = &mut service.traffic else {
            return;
        };
        if !service.config.strategy.shifts_traffic() {
            return;
        }
        traffic.test = None;
        for revision in &mut service.revisions {
            if traffic.weight(revision.group) == 0 {
                revision.running = 0;
            }
        }
    }

    pub(in crate::cloud) fn add_revision(&mut self, at: usize, task_definition: usize) -> usize {
        let id = self.ids.number();
        let service = &mut self.ecs.services[at];
        let container = self.ecs.task_definitions[task_definition].container(&service.container);
        let behaviour = container.and_then(|c| self.registry.behaviour(&c.image));
        // By its own account, whatever somebody has made of the weights.
        let live = service
            .completed
            .map_or(0, |at| service.revisions[at].group);
        let first = service.revisions.is_empty();
        let group = if service.config.strategy.shifts_traffic() && !first {
            1 - live
        } else {
            live
        };
        service.revisions.push(Revision {
            id,
            task_definition,
            behaviour,
            running: 0,
            group,
            traffic_since: None,
        });
        service.revisions.len() - 1
    }

    fn add_rollout(&mut self, at: usize, target: usize) -> usize {
        let id = self.ids.hex();
        let service = &self.ecs.services[at];
        let name = format!(
            "service-deployment/{}/{}/{}",
            service.cluster,
            service.name,
            &id[..21]
        );
        let alarms = service.config.alarms.iter();
        let deaf_to = alarms
            .filter(|name| self.is_in_alarm(&service.place, name))
            .cloned();
        self.ecs.rollouts.push(Rollout {
            arn: ServiceDeploymentArn::new(service.place.arn("ecs", name)),
            service: at,
            target,
            source: service.completed,
            config: service.config.clone(),
            status: RolloutStatus::Pending,
            stage: None,
            reason: None,
            created_at: self.now,
            ended_at: None,
            deaf_to: deaf_to.collect(),
            failed_starts: 0,
            next: Move::Begin,
            timer: None,
            asked: None,
            back_through: Vec::new(),
        });
        let rollout = self.ecs.rollouts.len() - 1;
        self.ecs.services[at].rollouts.push(rollout);
        rollout
    }

    /// The youngest service deployment to the revision that is not older than `since`.
    pub(in crate::cloud) fn find_rollout(
        &self,
        service: usize,
        task_definition: &TaskDefinitionArn,
        since: Timestamp,
    ) -> Option<RolloutObservation> {
        let seen = self.sight_of(service, Read::Rollouts);
        let rollouts = seen.service.rollouts.iter();
        let ours = rollouts.rev().map(|at| &seen.rollouts[*at]).find(|r| {
            let definition = seen.service.revisions[r.target].task_definition;
            r.created_at >= since && self.ecs.task_definitions[definition].arn == *task_definition
        })?;
        Some(RolloutObservation {
            arn: ours.arn.clone(),
            status: ours.status,
            stage: ours.stage,
            traffic_percent: seen.traffic_percent(ours),
            reason: ours.reason.clone(),
        })
    }

    pub(in crate::cloud) fn rollout_by_arn(&self, arn: &ServiceDeploymentArn) -> Option<usize> {
        self.ecs
            .rollouts
            .iter()
            .rposition(|rollout| rollout.arn == *arn)
    }

    /// StopServiceDeployment with stop type ROLLBACK; nothing if it is over or goes back already.
    pub(in crate::cloud) fn stop_rollout(
        &mut self,
        arn: &ServiceDeploymentArn,
    ) -> Result<(), PortError> {
        let Some(at) = self.rollout_by_arn(arn) else {
            return Err(PortError::permanent(format!(
                "ServiceDeploymentNotFoundException: there is no service deployment `{arn}`"
            )));
        };
        if !self.ecs.rollouts[at].is_over() {
            self.roll_back(at, "stopped by StopServiceDeployment".into());
        }
        Ok(())
    }

    pub(in crate::cloud) fn rollout_moves(&mut self, at: usize) {
        self.ecs.rollouts[at].timer = None;
        match self.ecs.rollouts[at].next {
            Move::Begin => self.begin(at),
            Move::LeaveStage => self.leave_stage(at),
            Move::StartAgain => self.scale_up(at),
            Move::AskAgain => self.call_hook(at),
            Move::Started(tasks) => self.rolling_started(at, tasks),
            Move::Stopped(tasks) => self.rolling_stopped(at, tasks),
            Move::Settle => self.rolling_settled(at),
            Move::BeginBack => self.begin_back(at),
            Move::EndBack => self.end_back(at),
        }
    }

    fn begin(&mut self, at: usize) {
        self.ecs.rollouts[at].status = RolloutStatus::InProgress;
        let reason = "ECS deployment in progress.";
        self.tell_of_rollout(at, DeploymentEventName::InProgress, reason.into());
        if self.ecs.rollouts[at].config.strategy.shifts_traffic() {
            self.enter_stage(at, Stage::ReconcileService);
        } else {
            self.rolling_turn(at);
        }
    }

    /// Plans the next move, in place of the one that was planned.
    pub(super) fn move_in(&mut self, at: usize, after: SignedDuration, next: Move) {
        let slot = self
            .agenda
            .plan(self.now + after, Due::RolloutMoves { rollout: at });
        let rollout = &mut self.ecs.rollouts[at];
        rollout.next = next;
        if let Some(old) = rollout.timer.replace(slot) {
            self.agenda.cancel(old);
        }
    }

    /// Nothing that was planned or asked is waited for any longer.
    pub(super) fn forget_plans(&mut self, at: usize) {
        let rollout = &mut self.ecs.rollouts[at];
        if let Some(timer) = rollout.timer.take() {
            self.agenda.cancel(timer);
        }
        if let Some(question) = rollout.asked.take() {
            self.agenda.cancel(question.overdue);
        }
    }

    pub(super) fn end_rollout(&mut self, at: usize, status: RolloutStatus, reason: Option<String>) {
        self.forget_plans(at);
        let rollout = &mut self.ecs.rollouts[at];
        rollout.status = status;
        rollout.ended_at = Some(self.now);
        rollout.reason = reason.or(rollout.reason.take());
        let service = &mut self.ecs.services[rollout.service];
        match status {
            RolloutStatus::Successful => service.completed = Some(rollout.target),
            RolloutStatus::RollbackSuccessful => {
                let source = rollout
                    .source
                    .expect("only a rollout with a source goes back");
                service.task_definition = service.revisions[source].task_definition;
            }
            _ => {}
        }
        let what = Happened::RolloutEnded {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            rollout: rollout.arn.clone(),
            status,
        };
        self.note(what);
    }

    pub(super) fn tell_of_rollout(&mut self, at: usize, name: DeploymentEventName, reason: String) {
        let rollout = &self.ecs.rollouts[at];
        let service = &self.ecs.services[rollout.service];
        let revision = service.revisions[rollout.goal()].id;
        let (cluster, ecs_service) = (service.cluster.clone(), service.name.clone());
        let place = service.place.clone();
        let envelope = self.envelope(&place);
        self.emitted
            .push(Emitted::DeploymentStateChange(DeploymentStateChange {
                envelope,
                cluster,
                service: ecs_service,
                revision,
                name,
                reason,
            }));
    }

    /// Every rollout that watches the alarm goes back, but for those it was in ALARM at the start.
    pub(in crate::cloud) fn alarm_fires(&mut self, place: &Place, name: &AlarmName) {
        let watching: Vec<usize> = self
            .ecs
            .services
            .iter()
            .filter(|service| *service.place == *place)
            .filter_map(|service| service.rollouts.last().copied())
            .filter(|at| {
                let rollout = &self.ecs.rollouts[*at];
                rollout.status == RolloutStatus::InProgress
                    && rollout.config.alarms.contains(name)
                    && !rollout.deaf_to.contains(name)
            })
            .collect();
        for at in watching {
            self.roll_back(at, format!("alarm {name} is in ALARM"));
        }
    }

    /// A fault that shows only under traffic shows now, if the revision still has any.
    pub(in crate::cloud) fn traffic_tells(&mut self, at: usize, revision: usize) {
        let service = &self.ecs.services[at];
        if service.kind != ServiceKind::Web || service.revisions[revision].traffic_since.is_none() {
            return;
        }
        let (place, alarms) = (service.place.clone(), service.config.alarms.clone());
        for name in alarms {
            self.fire_for_a_while(&place, &name);
        }
    }
}
