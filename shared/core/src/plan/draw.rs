//! From what was read to a plan, or to everything that is in its way.

use std::collections::BTreeMap;

use crate::config::{Member, ServiceKind, Severity};
use crate::deployment::{Deployment, Requester};
use crate::id::AlarmName;
use crate::migration::Judgement;
use crate::observation::{
    AlarmState, ImageObservation, PinnedSecret, ProofObservation, ScanObservation,
    ServiceObservation,
};
use crate::plan::demands::Demands;
use crate::plan::restore;
use crate::plan::schema::Schema;
use crate::plan::survey::Survey;
use crate::plan::{Plan, PlannedBackup, PlannedRollback, PlannedService};
use crate::release::ProvenRelease;
use crate::restore::snapshot_of;
use crate::words;

/// Draws the plan from a survey in which nothing is missing.
///
/// # Errors
/// Every reason why there is no plan, each with what to do about it.
pub fn draw(deployment: &Deployment, survey: &Survey) -> Result<Plan, Vec<String>> {
    if let Some(restore) = deployment.restore() {
        return restore::draw(deployment, restore, survey);
    }
    let settings = &deployment.settings;
    let environment = &settings.environment;
    let mut findings = Findings::default();

    let image = survey.image.as_ref();
    findings.judge_image(deployment, image);
    let scanned = findings.judge_scan(environment.scan.block, survey.scan.as_ref());
    let passed = findings.judge_proof(deployment, survey.proof.as_ref());
    let secrets = findings.judge_secrets(survey);
    let services = findings.judge_services(deployment, survey);
    let schema = findings.judge_migration(deployment, survey);
    let backup = match &schema {
        // Nothing changes in the database, so there is nothing to take back.
        Schema::AtHead(_) => None,
        Schema::Pending(_) | Schema::None => findings.judge_database(deployment, survey),
    };
    let alarms = findings.judge_alarms(&environment.alarms, survey);
    let judgement = match &schema {
        Schema::Pending(migration) => migration.inspection.as_ref().map(|seen| &seen.judgement),
        Schema::AtHead(_) | Schema::None => None,
    };
    findings.judge_approvers(deployment, survey, judgement);
    let previous = survey.previous.clone().flatten();
    match deployment.rollback() {
        None => {
            findings.compare_with_previous(&services, previous.as_ref());
            findings.compare_with_asked(deployment, previous.as_ref());
        }
        Some(rollback) => findings.compare_with_proven(deployment, rollback, &secrets),
    }

    if !findings.problems.is_empty() {
        return Err(findings.problems);
    }
    Ok(Plan {
        deployment: deployment.id.clone(),
        app: settings.app.clone(),
        environment: environment.name.clone(),
        release: deployment.release.clone(),
        origin: image.map(|image| image.origin.clone()).unwrap_or_default(),
        hotfix: deployment.hotfix.clone(),
        rollback: deployment.rollback().map(|rollback| PlannedRollback {
            from: rollback.from.clone(),
            reason: rollback.reason.clone(),
        }),
        restore: None,
        previous,
        passed,
        findings: scanned,
        backup,
        at_head: match &schema {
            Schema::AtHead(head) => Some(head.clone()),
            Schema::Pending(_) | Schema::None => None,
        },
        migration: match schema {
            Schema::Pending(migration) => Some(*migration),
            Schema::AtHead(_) | Schema::None => None,
        },
        services,
        variables: environment.variables.clone(),
        secrets,
        smoke_tests: settings
            .smoke_tests
            .iter()
            .map(|test| test.name.clone())
            .collect(),
        bake: environment.bake.duration,
        alarms,
        warnings: findings.warnings,
    })
}

#[derive(Default)]
pub(super) struct Findings {
    /// In the way.
    pub(super) problems: Vec<String>,
    /// Not in the way, but to be known.
    pub(super) warnings: Vec<String>,
}

impl Findings {
    pub(super) fn judge_image(
        &mut self,
        deployment: &Deployment,
        image: Option<&ImageObservation>,
    ) {
        let release = &deployment.release;
        let Some(image) = image else { return };
        if !image.present {
            self.problems.push(format!(
                "the image {} is not in {} any more, perhaps removed by a lifecycle rule: push it again",
                release.digest.short(),
                release.repository
            ));
        }
        let tag_moved = image.tag_points_at.as_ref() != Some(&release.digest);
        if image.present && tag_moved && !release.is_untagged() {
            let now = match &image.tag_points_at {
                Some(digest) => format!("now names {}", digest.short()),
                None => "is gone".to_owned(),
            };
            let then = match deployment.requested_by {
                Requester::Push => "when it was pushed",
                Requester::Person(_) => "when it was asked for",
            };
            let digest = release.digest.short();
            self.warnings.push(format!(
                "the tag {} {now}; this deployment stays with {digest}, which it named {then}",
                release.tag
            ));
        }
        if image.pushed_by_stranger && deployment.kind.is_release() {
            let approval = deployment.settings.environment.approval.as_ref();
            let so = match approval.is_some_and(|approval| approval.four_eyes) {
                true => ": nobody can see to it that somebody else approves",
                false => "",
            };
            self.warnings.push(format!(
                "Slack does not know the one who pushed the image{so}"
            ));
        }
    }

    fn judge_scan(
        &mut self,
        block: Option<Severity>,
        scan: Option<&ScanObservation>,
    ) -> Option<BTreeMap<Severity, u32>> {
        let block = block?;
        match scan? {
            ScanObservation::Complete(counts) => {
                let blocking: Vec<String> = counts
                    .iter()
                    .rev()
                    .filter(|(severity, count)| **severity >= block && **count > 0)
                    .map(|(severity, count)| format!("{count} {}", severity.word()))
                    .collect();
                if !blocking.is_empty() {
                    self.problems.push(format!(
                        "the image scan found {}: fix them and push again, or raise `scan.block` in \
                         sluice.toml",
                        blocking.join(", ")
                    ));
                }
                Some(counts.clone())
            }
            ScanObservation::Failed(reason) => {
                self.problems.push(format!(
                    "the image scan failed ({reason}): start it again in ECR and push the tag anew"
                ));
                None
            }
            ScanObservation::NotScanned | ScanObservation::Pending => {
                self.problems.push(
                    "the image was not scanned in time: turn on scan on push for the repository, or \
                     set `scan = { block = \"none\" }`"
                        .to_owned(),
                );
                None
            }
        }
    }

    fn judge_proof(
        &mut self,
        deployment: &Deployment,
        proof: Option<&ProofObservation>,
    ) -> Option<ProvenRelease> {
        let after = deployment.settings.environment.after.as_ref()?;
        match proof? {
            ProofObservation::Proven(proven) => Some(proven.clone()),
            ProofObservation::UnderWay | ProofObservation::NotProven => {
                self.problems.push(format!(
                    "{} has not succeeded in {after}: push it there first, under a tag that {after} \
                     takes",
                    deployment.release.digest.short()
                ));
                None
            }
        }
    }

    pub(super) fn judge_secrets(&mut self, survey: &Survey) -> Vec<PinnedSecret> {
        match &survey.secrets {
            Some(Ok(secrets)) => secrets.clone(),
            Some(Err(problems)) => {
                self.problems.extend(
                    problems
                        .iter()
                        .map(|wrong| format!("{}: {}", wrong.variable, wrong.problem)),
                );
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn judge_services(&mut self, deployment: &Deployment, survey: &Survey) -> Vec<PlannedService> {
        let settings = &deployment.settings;
        let mut planned = Vec::new();
        for service in &settings.services {
            let placement = settings.placement(&service.name);
            let running = survey.services.as_ref().and_then(|services| {
                services
                    .iter()
                    .find(|observed| observed.service == service.name)
            });
            let Some(running) = running else {
                self.problems.push(format!(
                    "ECS has no service {} in cluster {}: create it, or correct `ecs_service`",
                    placement.ecs_service, settings.environment.cluster
                ));
                continue;
            };
            self.judge_service(deployment, service.kind, running);
            planned.push(PlannedService {
                service: service.name.clone(),
                kind: service.kind,
                ecs_service: placement.ecs_service.clone(),
                container: service.container.clone(),
                strategy: placement.strategy.clone(),
                from: running.task_definition.clone(),
                from_image: running.image.clone(),
                stop_timeout: service.stop_timeout,
                revision: deployment
                    .rollback()
                    .and_then(|rollback| rollback.revisions.get(&service.name))
                    .cloned(),
                desired: None,
            });
        }
        planned
    }

    fn judge_service(
        &mut self,
        deployment: &Deployment,
        kind: ServiceKind,
        running: &ServiceObservation,
    ) {
        let name = &running.service;
        if let Some(arn) = &running.in_progress {
            let again = match deployment.requested_by {
                Requester::Push => "push again",
                Requester::Person(_) => "ask again",
            };
            self.problems.push(format!(
                "{name} is being deployed by somebody else ({arn}): wait for its end, then {again}"
            ));
        }
        match (kind, running.desired) {
            (ServiceKind::Web, 0) => self.problems.push(format!(
                "{name} is scaled to zero, so nothing would answer the smoke tests: scale it up first"
            )),
            (ServiceKind::Worker | ServiceKind::Singleton, 0) => self
                .warnings
                .push(format!("{name} is scaled to zero: it gets the new version, but stays at zero")),
            (ServiceKind::Singleton, 2..) => self.problems.push(format!(
                "{name} is a singleton, but {} are wanted: set its desired count to 1",
                words::count(running.desired as usize, "task")
            )),
            _ => {}
        }
        let Some(traffic) = &running.traffic else {
            return;
        };
        let with_traffic = traffic
            .weights
            .values()
            .filter(|weight| **weight > 0)
            .count();
        if with_traffic != 1 {
            let weights: Vec<String> = traffic
                .weights
                .iter()
                .map(|(group, weight)| format!("{group} {weight}"))
                .collect();
            self.problems.push(format!(
                "the production listener of {name} does not stand on one target group ({}): a shift \
                 was left half done, set one to 100 and the other to 0",
                weights.join(", ")
            ));
        } else if traffic.healthy == 0 && deployment.rollback().is_some() {
            self.warnings
                .push(format!("{name} has no healthy target: production is down"));
        } else if traffic.healthy == 0 && running.desired > 0 {
            self.problems.push(format!(
                "{name} has no healthy target: production is down, and there would be nothing to go \
                 back to"
            ));
        } else if traffic.unhealthy > 0 {
            let unhealthy = words::count(traffic.unhealthy as usize, "unhealthy target");
            self.warnings
                .push(format!("{name} has {unhealthy} already"));
        }
    }

    fn judge_database(
        &mut self,
        deployment: &Deployment,
        survey: &Survey,
    ) -> Option<PlannedBackup> {
        let backup = deployment.settings.environment.backup.as_ref()?;
        let database = backup.database.identifier();
        let Some(observed) = survey.database.as_ref()? else {
            self.problems.push(format!(
                "RDS has no database {database} here: correct `backup` in sluice.toml"
            ));
            return None;
        };
        if observed.status != "available" {
            self.warnings.push(format!(
                "the database {database} is {}: the backup waits until it is available",
                observed.status
            ));
        }
        Some(PlannedBackup {
            database: backup.database.clone(),
            snapshot: snapshot_of(deployment.environment(), &deployment.id),
            engine: observed.engine.clone(),
            engine_version: observed.engine_version.clone(),
            storage_gib: observed.storage_gib,
            encrypted: observed.encrypted,
        })
    }

    /// The alarms that count: those that ring already say nothing of the new version. ECS ignores
    /// them too, and whoever mends what rings must get through.
    fn judge_alarms(&mut self, watched: &[AlarmName], survey: &Survey) -> Vec<AlarmName> {
        let Some(states) = &survey.alarms else {
            return Vec::new();
        };
        let mut counted = Vec::new();
        for alarm in watched {
            match states.get(alarm) {
                Some(AlarmState::Ok | AlarmState::InsufficientData) => counted.push(alarm.clone()),
                Some(AlarmState::Alarm) => self.warnings.push(format!(
                    "the alarm {alarm} is in ALARM already: it does not count for this release"
                )),
                None => self.problems.push(format!(
                    "CloudWatch has no alarm {alarm}: create it, or take it out of `alarms`"
                )),
            }
        }
        counted
    }

    pub(super) fn judge_approvers(
        &mut self,
        deployment: &Deployment,
        survey: &Survey,
        judgement: Option<&Judgement>,
    ) {
        let Some(approval) = &deployment.settings.environment.approval else {
            return;
        };
        let Some(demands) = Demands::of(&deployment.settings, judgement) else {
            return;
        };
        let Some(observed) = &survey.approvers else {
            return;
        };
        let eligible = observed
            .users
            .iter()
            .filter(|user| {
                let asked = deployment.requested_by == Requester::Person((*user).clone());
                let image = survey.image.as_ref();
                let image = image.filter(|_| deployment.kind.is_release());
                let pushed_by = image.and_then(|image| image.origin.pushed_by.as_ref());
                !(demands.four_eyes && (asked || pushed_by == Some(*user)))
            })
            .count();
        if eligible < usize::from(demands.quorum) {
            let groups: Vec<String> = approval.approvers.iter().map(Member::to_string).collect();
            self.problems.push(format!(
                "{} needed, but only {eligible} could give it ({}): is a group empty?",
                words::count(usize::from(demands.quorum), "approval"),
                groups.join(", ")
            ));
        }
    }
}
