//! The way back of a service deployment: hooks, traffic, tasks, in that order.

use sluice_core::observation::{RolloutStatus, Stage};

use super::Move;
use crate::cloud::Cloud;
use crate::cloud::emitted::DeploymentEventName;

impl Cloud {
    /// Goes back to the last revision that succeeded; with none, the service deployment is STOPPED
    /// where it is. Asked twice, it goes back once.
    pub(in crate::cloud) fn roll_back(&mut self, at: usize, reason: String) {
        if self.ecs.rollouts[at].goes_back() {
            return;
        }
        self.forget_plans(at);
        if self.ecs.rollouts[at].source.is_none() {
            let reason = format!("{reason}; nothing succeeded before, so there is no way back");
            return self.end_rollout(at, RolloutStatus::Stopped, Some(reason));
        }
        let rollout = &mut self.ecs.rollouts[at];
        rollout.status = RolloutStatus::RollbackRequested;
        rollout.reason = Some(reason);
        rollout.failed_starts = 0;
        self.move_in(at, self.tempo.rollout_start, Move::BeginBack);
    }

    pub(super) fn begin_back(&mut self, at: usize) {
        let rollout = &mut self.ecs.rollouts[at];
        rollout.status = RolloutStatus::RollbackInProgress;
        let reason = rollout.reason.clone().unwrap_or_default();
        let shifts = rollout.config.strategy.shifts_traffic();
        if shifts && rollout.config.hook.is_some() {
            // The way back has the same stages: what was shifted is shifted again, and asked for.
            let reached = rollout.stage.unwrap_or(Stage::ReconcileService);
            let shifts = [Stage::TestTrafficShift, Stage::ProductionTrafficShift];
            rollout.back_through = shifts
                .into_iter()
                .filter(|stage| *stage <= reached)
                .collect();
        }
        let reason = format!("ECS deployment in progress: rolling back: {reason}");
        self.tell_of_rollout(at, DeploymentEventName::InProgress, reason);
        if shifts {
            // Traffic first: nobody is asked before users are safe.
            self.traffic_goes_back(at);
            self.go_on_back(at);
        } else {
            self.rolling_turn(at);
        }
    }

    fn traffic_goes_back(&mut self, at: usize) {
        let rollout = &self.ecs.rollouts[at];
        let moved = self
            .sight(rollout.service)
            .traffic_percent(rollout)
            .is_some_and(|percent| percent > 0);
        let revisions = &self.ecs.services[rollout.service].revisions;
        let group_of = |revision: usize| revisions[revision].group;
        // A source that was scaled down stands in the target's group: it takes over at the end.
        if moved
            && rollout
                .source
                .is_some_and(|s| group_of(s) != group_of(rollout.target))
        {
            self.shift_production_traffic(at, 0);
        }
        let rollout = &self.ecs.rollouts[at];
        if let Some(traffic) = &mut self.ecs.services[rollout.service].traffic {
            traffic.test = None;
        }
    }

    /// Asks the next hook on the way back, or ends it.
    pub(super) fn go_on_back(&mut self, at: usize) {
        if self.ecs.rollouts[at].back_through.is_empty() {
            self.move_in(at, self.tempo.shift, Move::EndBack);
        } else {
            self.open_question(at);
        }
    }

    pub(super) fn end_back(&mut self, at: usize) {
        let rollout = &self.ecs.rollouts[at];
        let (service, source) = (rollout.service, rollout.source);
        let Some(source) = source else { return };
        self.stop_all_but(service, source);
        let desired = self.ecs.services[service].desired;
        self.ecs.services[service].set_running(source, desired);
        let group = self.ecs.services[service].revisions[source].group;
        if let Some(traffic) = &mut self.ecs.services[service].traffic {
            traffic.shift(group, 100);
        }
        let reason = self.ecs.rollouts[at].reason.clone().unwrap_or_default();
        let reason = format!("ECS deployment completed: rolled back: {reason}");
        self.tell_of_rollout(at, DeploymentEventName::Completed, reason);
        self.end_rollout(at, RolloutStatus::RollbackSuccessful, None);
    }

    pub(super) fn fail_back(&mut self, at: usize, reason: String) {
        self.tell_of_rollout(at, DeploymentEventName::Failed, reason.clone());
        self.end_rollout(at, RolloutStatus::RollbackFailed, Some(reason));
    }
}
