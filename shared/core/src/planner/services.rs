//! Services as they run, judged: what is in the way of a release, and what people should know.
//!
//! The way back is one request, at every moment: what a release refuses or waits for is a remark of a
//! rollback, wherever going back is still possible.

use super::draw::Findings;
use crate::config::ServiceKind;
use crate::deployment::Deployment;
use crate::observation::{ServiceObservation, TrafficObservation};
use crate::plan::split;
use crate::plan::survey::Survey;
use crate::plan::{PlannedService, Remark};
use crate::quantity;

impl Findings {
    pub(super) fn judge_services(
        &mut self,
        deployment: &Deployment,
        survey: &Survey,
    ) -> Vec<PlannedService> {
        let settings = &deployment.settings;
        let mut planned = Vec::new();
        for service in &settings.services {
            let placement = settings.placement(&service.name);
            let Some(running) = survey.service(&service.name) else {
                self.problems.push(format!(
                    "ECS has no service {} in cluster {}: create it, or correct `ecs_service`",
                    placement.ecs_service, settings.environment.cluster
                ));
                continue;
            };
            let made = self.judge_definition(deployment, service, running);
            let desired = match deployment.rollback() {
                None => {
                    self.judge_release(service.kind, running);
                    None
                }
                Some(_) => self.judge_way_back(service.kind, running),
            };
            planned.push(PlannedService {
                service: service.name.clone(),
                kind: service.kind,
                ecs_service: placement.ecs_service.clone(),
                container: service.container.clone(),
                strategy: placement.strategy.clone(),
                from: running.task_definition.clone(),
                base: made.base,
                family: made.family,
                removes: made.removes,
                stop_timeout: service.stop_timeout,
                revision: deployment
                    .rollback()
                    .and_then(|rollback| rollback.revisions.get(&service.name))
                    .cloned(),
                desired,
            });
        }
        planned
    }

    fn judge_release(&mut self, kind: ServiceKind, running: &ServiceObservation) {
        let name = &running.service;
        // Planning waits until there is none: only a preview comes here before.
        if let Some(rollout) = &running.in_progress {
            self.remarks.push(Remark::WaitsForRollout {
                service: name.clone(),
                rollout: rollout.clone(),
            });
        }
        match (kind, running.desired) {
            (ServiceKind::Web, 0) => self.problems.push(format!(
                "{name} is scaled to zero, so nothing would answer the smoke tests: scale it up first"
            )),
            (ServiceKind::Worker | ServiceKind::Singleton, 0) => {
                self.remarks.push(Remark::StaysAtZero {
                    service: name.clone(),
                    restored: false,
                });
            }
            (ServiceKind::Singleton, 2..) => self.problems.push(format!(
                "{name} is a singleton, but {} are wanted: set its desired count to 1",
                quantity::count(running.desired as usize, "task")
            )),
            _ => {}
        }
        let Some(traffic) = &running.traffic else {
            return;
        };
        if !is_whole(traffic) {
            self.problems.push(format!(
                "the production listener of {name} does not stand on one target group ({}): a shift \
                 was left half done, set one to 100 and the other to 0",
                split(&traffic.weights)
            ));
        } else if traffic.healthy == 0 && running.desired > 0 {
            self.problems.push(format!(
                "{name} has no healthy target: it is DOWN for its users, and there would be nothing \
                 to go back to. Roll back instead, or fix it first"
            ));
        } else {
            self.remark_unhealthy(running, traffic);
        }
    }

    /// Production may be down, or in the middle of something. With how many tasks the service is
    /// started, where it cannot be with as many as are wanted now.
    fn judge_way_back(&mut self, kind: ServiceKind, running: &ServiceObservation) -> Option<u32> {
        let name = &running.service;
        self.remark_replaced(running);
        if let Some(traffic) = &running.traffic {
            if !is_whole(traffic) {
                self.remarks.push(Remark::SplitTraffic {
                    service: name.clone(),
                    weights: traffic.weights.clone(),
                });
            } else if traffic.healthy == 0 {
                self.remarks.push(Remark::NoHealthyTarget {
                    service: name.clone(),
                });
            } else {
                self.remark_unhealthy(running, traffic);
            }
        }
        match (kind, running.desired) {
            (ServiceKind::Web, wanted @ 0) | (ServiceKind::Singleton, wanted @ 2..) => {
                self.remarks.push(Remark::StartedWithOne {
                    service: name.clone(),
                    wanted,
                });
                Some(1)
            }
            (ServiceKind::Worker | ServiceKind::Singleton, 0) => {
                self.remarks.push(Remark::StaysAtZero {
                    service: name.clone(),
                    restored: false,
                });
                None
            }
            _ => None,
        }
    }

    /// What leads back waits for nobody.
    pub(super) fn remark_replaced(&mut self, running: &ServiceObservation) {
        if let Some(rollout) = &running.in_progress {
            self.remarks.push(Remark::ReplacesRollout {
                service: running.service.clone(),
                rollout: rollout.clone(),
            });
        }
    }

    fn remark_unhealthy(&mut self, running: &ServiceObservation, traffic: &TrafficObservation) {
        if traffic.unhealthy > 0 {
            self.remarks.push(Remark::UnhealthyTargets {
                service: running.service.clone(),
                count: traffic.unhealthy,
            });
        }
    }
}

/// Whether one target group has all the traffic.
fn is_whole(traffic: &TrafficObservation) -> bool {
    let with_traffic = traffic.weights.values().filter(|weight| **weight > 0);
    with_traffic.count() == 1
}
