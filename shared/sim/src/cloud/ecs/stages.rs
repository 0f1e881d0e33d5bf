//! The walk of a service deployment that shifts traffic, through ECS's lifecycle stages.

use jiff::SignedDuration;
use sluice_core::config::Strategy;
use sluice_core::observation::{RolloutStatus, Stage};

use super::Move;
use crate::cloud::Cloud;
use crate::cloud::agenda::Due;
use crate::cloud::emitted::DeploymentEventName;
use crate::cloud::ledger::Happened;

impl Cloud {
    pub(super) fn enter_stage(&mut self, at: usize, stage: Stage) {
        self.ecs.rollouts[at].stage = Some(stage);
        match stage {
            Stage::ScaleUp => return self.scale_up(at),
            Stage::TestTrafficShift => self.shift_test_traffic(at),
            Stage::ProductionTrafficShift => self.shift_step(at),
            _ => {}
        }
        if self.is_hooked(at, stage) {
            self.open_question(at);
        } else {
            self.move_in(at, self.stage_takes(at, stage), Move::LeaveStage);
        }
    }

    /// How long ECS is busy in the stage, hooks aside.
    pub(super) fn stage_takes(&self, at: usize, stage: Stage) -> SignedDuration {
        let config = &self.ecs.rollouts[at].config;
        match stage {
            Stage::TestTrafficShift => self.tempo.shift,
            // ECS waits out a step's bake where it has shifted a part only.
            Stage::ProductionTrafficShift => match &config.strategy {
                Strategy::Canary(steps) | Strategy::Linear(steps)
                    if self.target_weight(at) < 100 =>
                {
                    self.tempo.shift + steps.bake
                }
                _ => self.tempo.shift,
            },
            Stage::BakeTime => config.bake,
            Stage::CleanUp => self.tempo.clean_up,
            Stage::ScaleUp => self.tempo.task_start,
            _ => self.tempo.idle_stage,
        }
    }

    pub(super) fn leave_stage(&mut self, at: usize) {
        let Some(stage) = self.ecs.rollouts[at].stage else {
            return;
        };
        let next = match stage {
            Stage::ReconcileService => Stage::PreScaleUp,
            Stage::PreScaleUp => Stage::ScaleUp,
            Stage::ScaleUp => {
                let rollout = &self.ecs.rollouts[at];
                let (service, target) = (rollout.service, rollout.target);
                let desired = self.ecs.services[service].desired;
                self.ecs.services[service].set_running(target, desired);
                Stage::PostScaleUp
            }
            Stage::PostScaleUp => Stage::TestTrafficShift,
            Stage::TestTrafficShift => Stage::PostTestTrafficShift,
            Stage::PostTestTrafficShift => Stage::PreProductionTrafficShift,
            Stage::PreProductionTrafficShift => Stage::ProductionTrafficShift,
            // Canary and linear come by here once for each step.
            Stage::ProductionTrafficShift if self.target_weight(at) < 100 => {
                Stage::PreProductionTrafficShift
            }
            Stage::ProductionTrafficShift => Stage::PostProductionTrafficShift,
            Stage::PostProductionTrafficShift => Stage::BakeTime,
            Stage::BakeTime => Stage::CleanUp,
            Stage::CleanUp => return self.succeed(at),
        };
        self.enter_stage(at, next);
    }

    /// Starts green's tasks. ECS starts them again for as long as they do not stay up: the circuit
    /// breaker is for rolling deployments only, so this stage ends by somebody's hand.
    pub(super) fn scale_up(&mut self, at: usize) {
        let rollout = &self.ecs.rollouts[at];
        let (service, target) = (rollout.service, rollout.target);
        let failure = match self.ecs.services[service].desired {
            0 => None,
            _ => self.start_fails(service, target),
        };
        match failure {
            None => self.move_in(at, self.tempo.task_start, Move::LeaveStage),
            Some(exit_code) => {
                if self.ecs.rollouts[at].failed_starts > 0 {
                    self.tell_of_failed_start(at, exit_code);
                }
                self.ecs.rollouts[at].failed_starts += 1;
                self.move_in(at, self.tempo.task_start, Move::StartAgain);
            }
        }
    }

    fn shift_test_traffic(&mut self, at: usize) {
        let rollout = &self.ecs.rollouts[at];
        let service = &mut self.ecs.services[rollout.service];
        let group = service.revisions[rollout.target].group;
        if let Some(traffic) = &mut service.traffic {
            traffic.test = Some(group);
        }
        let what = Happened::TestTrafficShifted {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            rollout: rollout.arn.clone(),
        };
        self.note(what);
    }

    fn shift_step(&mut self, at: usize) {
        let weight = self.target_weight(at);
        let percent = match &self.ecs.rollouts[at].config.strategy {
            Strategy::Canary(steps) if weight < u32::from(steps.percent) => {
                u32::from(steps.percent)
            }
            Strategy::Linear(steps) => (weight + u32::from(steps.percent)).min(100),
            _ => 100,
        };
        self.shift_production_traffic(at, percent);
    }

    fn target_weight(&self, at: usize) -> u32 {
        let rollout = &self.ecs.rollouts[at];
        let service = &self.ecs.services[rollout.service];
        let group = service.revisions[rollout.target].group;
        service
            .traffic
            .as_ref()
            .map_or(100, |traffic| traffic.weight(group))
    }

    /// Gives so many per cent to the target revision.
    pub(super) fn shift_production_traffic(&mut self, at: usize, percent: u32) {
        let rollout = &self.ecs.rollouts[at];
        let (service, target) = (rollout.service, rollout.target);
        let group = self.ecs.services[service].revisions[target].group;
        let shifted = &mut self.ecs.services[service];
        if let Some(traffic) = &mut shifted.traffic {
            traffic.shift(group, percent);
        }
        // What a stopped service deployment has left in the same target group goes: ECS registers the
        // tasks of the one that has the traffic.
        for (other, revision) in shifted.revisions.iter_mut().enumerate() {
            if percent > 0 && other != target && revision.group == group {
                revision.running = 0;
            }
        }
        self.traffic_has_moved(service, target, percent > 0);
        let (rollout, service) = (&self.ecs.rollouts[at], &self.ecs.services[service]);
        let what = Happened::TrafficShifted {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            rollout: rollout.arn.clone(),
            percent: u8::try_from(percent).unwrap_or(100),
        };
        self.note(what);
    }

    /// Remembers since when a revision has traffic, and plans what its image does under it.
    pub(super) fn traffic_has_moved(&mut self, service: usize, target: usize, has_traffic: bool) {
        let revision = &mut self.ecs.services[service].revisions[target];
        if !has_traffic {
            revision.traffic_since = None;
            return;
        }
        if revision.traffic_since.is_some() {
            return;
        }
        revision.traffic_since = Some(self.now);
        self.plan_death(service, target);
        let revision = &self.ecs.services[service].revisions[target];
        let trouble = revision
            .behaviour
            .as_ref()
            .and_then(|b| b.under_traffic.as_ref());
        if let Some(trouble) = trouble.filter(|trouble| trouble.fires_alarms) {
            let due = Due::TrafficTells {
                service,
                revision: target,
            };
            self.agenda.plan(self.now + trouble.after, due);
        }
    }

    /// Everything but the target goes, and the service deployment is COMPLETED.
    fn succeed(&mut self, at: usize) {
        let (service, target) = (self.ecs.rollouts[at].service, self.ecs.rollouts[at].target);
        self.stop_all_but(service, target);
        self.end_rollout(at, RolloutStatus::Successful, None);
        let reason = "ECS deployment completed.";
        self.tell_of_rollout(at, DeploymentEventName::Completed, reason.into());
    }

    pub(super) fn stop_all_but(&mut self, service: usize, keep: usize) {
        let service = &mut self.ecs.services[service];
        for (at, revision) in service.revisions.iter_mut().enumerate() {
            if at != keep {
                revision.running = 0;
                revision.traffic_since = None;
            }
        }
        if let Some(traffic) = &mut service.traffic {
            traffic.test = None;
        }
    }
}
