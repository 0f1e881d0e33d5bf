//! The plan of a restore: the database that is pinned, what it is brought back to, and every service
//! that has to stand still meanwhile.

use jiff::Timestamp;

use super::draw::{Findings, in_common};
use crate::config::{Service, ServiceKind};
use crate::database::{RestorePoint, is_usable};
use crate::deployment::Deployment;
use crate::observation::{DatabaseObservation, ServiceObservation};
use crate::plan::demands::{Demands, NotVouched};
use crate::plan::survey::Survey;
use crate::plan::{Plan, PlannedRestore, PlannedService, Remark, SealedPlan, Seen};
use crate::restore::{self, Restore};

/// Draws the plan of a restore from a survey in which nothing is missing.
///
/// Production may be down: nothing here demands that it is well.
pub(super) fn draw(
    d: &Deployment,
    order: &Restore,
    survey: &Survey,
) -> Result<SealedPlan, Vec<String>> {
    let mut findings = Findings::default();
    findings.judge_registry(d);
    findings.judge_image(d, survey.image.as_ref());
    let (secrets, unpinned) = findings.judge_secrets(survey);
    findings.compare_secrets(&order.to.release.tag, &order.secrets, &secrets);
    let services = findings.judge_stopped(d, order, survey);
    let restore = findings.judge_restored(d, order, survey);
    let demands = Demands::of(&d.settings, None, None, NotVouched::default());
    findings.judge_approvers(d, survey, demands);
    let Some(restore) = restore.filter(|_| findings.problems.is_empty()) else {
        return Err(findings.problems);
    };
    // Who pushed the image that comes back has no part in it.
    let plan = Plan {
        restore: Some(restore),
        ..in_common(d, services, secrets)
    };
    let plan = with_tasks_of(d.plan.as_deref(), plan);
    let seen = Seen {
        previous: survey.previous.clone().flatten(),
        database: survey.database.clone().flatten(),
        unpinned,
        remarks: findings.remarks,
        ..Seen::default()
    };
    Ok(SealedPlan::new(plan, seen))
}

/// The plan with as many tasks as the one that people have seen. Autoscaling changes their number by
/// itself, and a yes must not be void for that.
fn with_tasks_of(seen: Option<&SealedPlan>, mut plan: Plan) -> Plan {
    let Some(seen) = seen.filter(|_| plan.restore.is_some()) else {
        return plan;
    };
    for service in &mut plan.services {
        if let Some(before) = seen.plan.service(&service.service) {
            service.desired = before.desired;
        }
    }
    plan
}

impl Findings {
    fn judge_stopped(
        &mut self,
        d: &Deployment,
        order: &Restore,
        survey: &Survey,
    ) -> Vec<PlannedService> {
        let settings = &d.settings;
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
            self.remark_replaced(running);
            let revision = order.revisions.get(&service.name).cloned();
            if revision.is_none() {
                self.remarks.push(Remark::StaysStopped {
                    service: service.name.clone(),
                    tag: order.to.release.tag.clone(),
                });
            }
            planned.push(PlannedService {
                service: service.name.clone(),
                kind: service.kind,
                ecs_service: placement.ecs_service.clone(),
                container: service.container.clone(),
                strategy: placement.strategy.clone(),
                from: running.task_definition.clone(),
                base: None,
                family: None,
                removes: Vec::new(),
                stop_timeout: service.stop_timeout,
                desired: Some(self.tasks(order, service, running)),
                revision,
            });
        }
        planned
    }

    /// How many tasks it is started with: as many as are wanted now. Of one that stands still
    /// already, what an earlier restore has stopped; otherwise somebody stopped it.
    fn tasks(&mut self, order: &Restore, service: &Service, running: &ServiceObservation) -> u32 {
        let name = &service.name;
        let before = order.tasks.get(name).copied().unwrap_or(0);
        let wanted = match running.desired {
            0 => before,
            wanted => wanted,
        };
        match (service.kind, wanted) {
            (ServiceKind::Web, 0) => {
                self.remarks.push(Remark::StartedWithOne {
                    service: name.clone(),
                    wanted: 0,
                });
                1
            }
            (ServiceKind::Worker | ServiceKind::Singleton, 0) => {
                self.remarks.push(Remark::StaysAtZero {
                    service: name.clone(),
                    restored: true,
                });
                0
            }
            (ServiceKind::Singleton, wanted @ 2..) => {
                self.remarks.push(Remark::StartedWithOne {
                    service: name.clone(),
                    wanted,
                });
                1
            }
            (_, tasks) => tasks,
        }
    }

    fn judge_restored(
        &mut self,
        d: &Deployment,
        order: &Restore,
        survey: &Survey,
    ) -> Option<PlannedRestore> {
        let name = order.database.identifier();
        let Some(observed) = survey.database.as_ref()? else {
            self.problems.push(format!(
                "RDS has no database {name} here: if a restore before this one has left it under \
                 another name, give it back its name first"
            ));
            return None;
        };
        let status = &observed.status;
        if is_stuck(status) {
            self.problems.push(format!(
                "the database {name} is {status}, and RDS renames only what is available: see to it, \
                 then ask again"
            ));
        } else if !is_usable(status) {
            self.remarks.push(Remark::DatabaseBusy {
                database: name.to_owned(),
                status: status.clone(),
                restored: true,
            });
        }
        match &order.point {
            RestorePoint::Snapshot(_) => self.judge_snapshot(order, survey),
            RestorePoint::Time(at) => self.judge_moment(*at, observed),
        }
        let Some(resource_id) = observed.resource_id.clone() else {
            self.problems.push(format!(
                "RDS does not say which database {name} is, and another could take its name \
                 meanwhile: nothing is renamed without its resource id"
            ));
            return None;
        };
        let (copy, aside) = restore::names(&order.database, &d.id);
        Some(PlannedRestore {
            database: order.database.clone(),
            resource_id,
            point: order.point.clone(),
            until: order.until,
            before: order.before.clone(),
            undoes: order.undoes.clone(),
            from: order.from.clone(),
            reason: order.reason.clone(),
            copy,
            aside,
        })
    }

    fn judge_snapshot(&mut self, order: &Restore, survey: &Survey) {
        let point = &order.point;
        match survey.snapshot.as_ref().map(Option::as_ref) {
            Some(Some(snapshot)) if snapshot.status == "available" => {}
            Some(Some(snapshot)) => self.problems.push(format!(
                "the {point} is {}: choose another point",
                snapshot.status
            )),
            Some(None) | None => self.problems.push(format!(
                "the {point} is not there any more: choose another point"
            )),
        }
    }

    fn judge_moment(&mut self, at: Timestamp, observed: &DatabaseObservation) {
        let bounds = (observed.earliest_restorable, observed.latest_restorable);
        let (Some(earliest), Some(latest)) = bounds else {
            self.problems.push(
                "RDS keeps no automated backups of the database, so no moment can be restored: \
                 choose a snapshot"
                    .to_owned(),
            );
            return;
        };
        if at < earliest {
            self.problems.push(format!(
                "RDS reaches back to {earliest} only, and not to {at}: choose a snapshot"
            ));
        } else if at > latest {
            self.problems.push(format!(
                "RDS can restore until {latest} so far, and not until {at}: ask again in a few \
                 minutes, or choose a snapshot"
            ));
        }
    }
}

/// States of RDS that do not pass by themselves.
fn is_stuck(status: &str) -> bool {
    let stuck = [
        "storage-full",
        "stopped",
        "stopping",
        "failed",
        "deleting",
        "restore-error",
    ];
    let kinds = ["incompatible-", "inaccessible-"];
    stuck.contains(&status) || kinds.iter().any(|kind| status.starts_with(kind))
}
