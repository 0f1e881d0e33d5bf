//! Lifecycle hooks: ECS asks, waits, asks again, and goes back on an error.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_core::hook::HookAnswer;
use sluice_core::observation::Stage;

use super::{Move, Question};
use crate::cloud::Cloud;
use crate::cloud::agenda::Due;
use crate::cloud::emitted::{EcsHookCall, Emitted};

/// ECS gives a stage so long, then goes back.
const STAGE_LIMIT: SignedDuration = SignedDuration::from_hours(24);

impl Cloud {
    pub(super) fn is_hooked(&self, at: usize, stage: Stage) -> bool {
        let hook = self.ecs.rollouts[at].config.hook.as_ref();
        hook.is_some_and(|hook| hook.stages.contains(&stage))
    }

    /// Begins to ask at the stage the rollout is in: a new execution, with a day to answer.
    pub(super) fn open_question(&mut self, at: usize) {
        let execution = self.ids.uuid();
        let overdue = self
            .agenda
            .plan(self.now + STAGE_LIMIT, Due::HookOverdue { rollout: at });
        self.ecs.rollouts[at].asked = Some(Question { execution, overdue });
        self.call_hook(at);
    }

    pub(super) fn call_hook(&mut self, at: usize) {
        let rollout = &self.ecs.rollouts[at];
        let (Some(question), Some(hook)) = (rollout.asked, rollout.config.hook.as_ref()) else {
            return;
        };
        let service = &self.ecs.services[rollout.service];
        let stage = match rollout.back_through.last() {
            Some(stage) if rollout.goes_back() => *stage,
            _ => rollout.stage.unwrap_or(Stage::ReconcileService),
        };
        // ECS leaves both maps empty at POST_TEST_TRAFFIC_SHIFT (events/README.md).
        let weights = match stage {
            Stage::TestTrafficShift | Stage::ProductionTrafficShift => self.revision_weights(at),
            _ => BTreeMap::new(),
        };
        let call = EcsHookCall {
            execution_id: question.execution,
            place: service.place.clone(),
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            service_deployment: rollout.arn.clone(),
            stage,
            target_revision: service.revisions[rollout.target].id,
            test_weights: BTreeMap::new(),
            production_weights: weights,
            deployment: hook.deployment.clone(),
            direction: hook.direction,
        };
        self.emitted.push(Emitted::Hook(call));
    }

    /// The weights as a hook is told them: green and what it replaces.
    fn revision_weights(&self, at: usize) -> BTreeMap<u64, u32> {
        let rollout = &self.ecs.rollouts[at];
        let service = &self.ecs.services[rollout.service];
        let Some(traffic) = &service.traffic else {
            return BTreeMap::new();
        };
        let of = |revision: usize| {
            let revision = &service.revisions[revision];
            (revision.id, traffic.weight(revision.group))
        };
        let both = [Some(rollout.target), rollout.source].into_iter().flatten();
        both.map(|revision| {
            let (id, weight) = of(revision);
            match (rollout.goes_back(), revision == rollout.target) {
                // On the way back ECS tells where it is going, not where it stands.
                (true, true) => (id, 0),
                (true, false) => (id, 100),
                (false, _) => (id, weight),
            }
        })
        .collect()
    }

    /// The function that is asked, where whoever configured the service named one.
    pub fn hook_target(&self, call: &EcsHookCall) -> Option<String> {
        let at = self.rollout_by_arn(&call.service_deployment)?;
        let sent = self.ecs.rollouts[at].config.as_sent.as_ref()?;
        let target = sent["lifecycleHooks"][0]["hookTargetArn"].as_str();
        target.map(str::to_owned)
    }

    /// The answer of the lifecycle hook; `Err` is an error of the Lambda function, on which ECS
    /// goes back. An answer that nobody waits for any more changes nothing.
    pub fn hook_answered(&mut self, call: &EcsHookCall, answer: Result<HookAnswer, String>) {
        let Some(at) = self.rollout_by_arn(&call.service_deployment) else {
            return;
        };
        let rollout = &self.ecs.rollouts[at];
        let Some(question) = rollout.asked.filter(|q| q.execution == call.execution_id) else {
            return;
        };
        match answer {
            Ok(HookAnswer::InProgress { again_in_s }) => {
                let after = SignedDuration::from_secs(i64::from(again_in_s));
                self.move_in(at, after, Move::AskAgain);
            }
            Ok(HookAnswer::Succeeded) => {
                self.agenda.cancel(question.overdue);
                self.ecs.rollouts[at].asked = None;
                self.pass_hook(at);
            }
            Ok(HookAnswer::Failed) => self.hook_failed(at, "the lifecycle hook answered FAILED"),
            Err(error) => {
                self.hook_failed(at, &format!("the lifecycle hook function failed: {error}"));
            }
        }
    }

    fn pass_hook(&mut self, at: usize) {
        if self.ecs.rollouts[at].goes_back() {
            self.ecs.rollouts[at].back_through.pop();
            self.go_on_back(at);
        } else if let Some(stage) = self.ecs.rollouts[at].stage {
            self.move_in(at, self.stage_takes(at, stage), Move::LeaveStage);
        }
    }

    fn hook_failed(&mut self, at: usize, reason: &str) {
        if self.ecs.rollouts[at].goes_back() {
            self.fail_back(at, format!("on the way back {reason}"));
        } else {
            self.roll_back(at, reason.to_owned());
        }
    }

    pub(in crate::cloud) fn hook_overdue(&mut self, at: usize) {
        self.hook_failed(at, "the lifecycle hook did not answer within 24 hours");
    }
}
