//! From what was read to a plan, or to everything that is in its way.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::restore;
use super::schema::{Schema, with_words_of};
use super::vouched::Vouched;
use crate::config::{Member, ScanException, ScanPolicy};
use crate::database::is_usable;
use crate::deployment::{Deployment, Requester};
use crate::id::{AlarmName, SecretVersion};
use crate::observation::{
    AlarmState, ImageObservation, PinnedSecret, ProofObservation, ScanObservation,
};
use crate::plan::demands::{Demands, NotVouched};
use crate::plan::survey::Survey;
use crate::plan::{
    CURRENT, Plan, PlannedBackup, PlannedRollback, PlannedService, PlannedSource, Remark,
    SealedPlan, Seen,
};
use crate::quantity;
use crate::release::VerifiedRelease;
use crate::restore::snapshot_of;
use crate::scan::Judged;

/// Draws the plan from a survey in which nothing is missing, with what was seen beside it. Of a plan
/// that people have seen before, the words stay where nothing but a size has changed.
///
/// # Errors
/// Every reason why there is no plan, each with what to do about it.
pub fn draw(d: &Deployment, survey: &Survey, now: Timestamp) -> Result<SealedPlan, Vec<String>> {
    if let Some(restore) = d.restore() {
        return restore::draw(d, restore, survey);
    }
    let settings = &d.settings;
    let environment = &settings.environment;
    let mut findings = Findings::default();

    let Vouched {
        signed_by,
        source,
        scanned,
        passed,
    } = findings.judge_vouched(d, survey, now);
    let (secrets, unpinned) = findings.judge_secrets(survey);
    let services = findings.judge_services(d, survey);
    let (at_head, migration) = match findings.judge_migration(d, survey) {
        Schema::AtHead(head) => (Some(head), None),
        Schema::Pending(migration) => (None, Some(*migration)),
        Schema::None => (None, None),
    };
    let backup = match at_head {
        // Nothing changes in the database, so there is nothing to take back.
        Some(_) => None,
        None => findings.judge_database(d, survey),
    };
    let stack = findings.judge_stack(d, survey);
    let ringing = findings.judge_alarms(&environment.alarms, survey);
    let inspection = migration.as_ref().and_then(|it| it.inspection.as_ref());
    let missing = NotVouched {
        is_unsigned: signed_by.is_none() && d.needs_signature().is_some(),
        source_in_doubt: source.as_ref().is_some_and(PlannedSource::is_in_doubt),
    };
    let demands = Demands::of(
        settings,
        inspection.map(|seen| &seen.judgement),
        stack.as_ref().and_then(|stack| stack.changes.as_ref()),
        missing,
    );
    findings.judge_approvers(d, survey, demands);
    let previous = survey.previous.clone().flatten();
    findings.compare(d, survey, previous.as_ref(), &secrets);

    if !findings.problems.is_empty() {
        return Err(findings.problems);
    }
    let image = survey.image.as_ref();
    let origin = image.map(|image| image.origin.clone()).unwrap_or_default();
    let pushed_by = origin.pushed_by.clone();
    let plan = Plan {
        signed_by,
        source,
        pushed_by: pushed_by.filter(|_| environment.approval.is_some()),
        hotfix: d.hotfix.clone(),
        rollback: d.rollback().map(|rollback| PlannedRollback {
            from: rollback.from.clone(),
            reason: rollback.reason.clone(),
        }),
        stack,
        backup,
        at_head,
        migration,
        bake: environment.bake.duration,
        alarms: environment.alarms.clone(),
        ..in_common(d, services, secrets)
    };
    let seen = Seen {
        origin,
        previous,
        passed,
        scan: scanned.as_ref().map(|judged| judged.open.clone()),
        excepted: scanned.map_or_else(Vec::new, |judged| judged.excepted),
        database: survey.database.clone().flatten(),
        ringing,
        unpinned,
        remarks: findings.remarks,
    };
    let plan = with_words_of(d.plan.as_deref(), plan);
    Ok(SealedPlan::new(plan, seen))
}

/// What the plan of a release and that of a restore have in common. What only one of them has is left
/// out.
pub(super) fn in_common(
    d: &Deployment,
    services: Vec<PlannedService>,
    secrets: Vec<PinnedSecret>,
) -> Plan {
    let settings = &d.settings;
    let tests = settings.smoke_tests.iter().map(|test| test.name.clone());
    Plan {
        deployment: d.id.clone(),
        app: settings.app.clone(),
        environment: settings.environment.name.clone(),
        release: d.release.clone(),
        signed_by: None,
        source: None,
        pushed_by: None,
        rollback: None,
        restore: None,
        hotfix: None,
        stack: None,
        backup: None,
        migration: None,
        at_head: None,
        services,
        variables: settings.environment.variables.clone(),
        secrets,
        smoke_tests: tests.collect(),
        bake: SignedDuration::ZERO,
        metrics: settings.environment.metrics.clone(),
        alarms: Vec::new(),
    }
}

#[derive(Default)]
pub(super) struct Findings {
    /// In the way.
    pub(super) problems: Vec<String>,
    /// Not in the way, but to be known.
    pub(super) remarks: Vec<Remark>,
}

impl Findings {
    /// Where the image comes from was decided when the deployment was opened, perhaps by somebody
    /// else's event: it is checked again.
    pub(super) fn judge_registry(&mut self, deployment: &Deployment) {
        let pushed = &deployment.release.registry;
        match &deployment.settings.registry {
            Some(registry) if registry.host() == *pushed => {}
            Some(registry) => self.problems.push(format!(
                "the image is in {pushed}, and {} is deployed from {registry} alone: push it \
                 there, \
                 or correct `registry` in [app]",
                deployment.app()
            )),
            None => self.problems.push(format!(
                "nothing says which registry {} is deployed from: write `registry` in [app], or \
                 set \
                 SLUICE_REGISTRY",
                deployment.app()
            )),
        }
    }

    pub(super) fn judge_image(
        &mut self,
        deployment: &Deployment,
        image: Option<&ImageObservation>,
    ) {
        let release = &deployment.release;
        let Some(image) = image else { return };
        if !image.present {
            self.problems.push(format!(
                "the image {} is not in {} any more, perhaps removed by a lifecycle rule: push \
                 it again",
                release.digest.short(),
                release.repository
            ));
        }
        let tag_moved = image.tag_points_at.as_ref() != Some(&release.digest);
        if image.present && tag_moved && !release.is_untagged() {
            self.remarks.push(Remark::TagMoved {
                tag: release.tag.clone(),
                digest: release.digest.clone(),
                now: image.tag_points_at.clone(),
                by_push: deployment.requested_by == Requester::Push,
            });
        }
        if image.pushed_by_stranger && deployment.kind.is_release() {
            let approval = deployment.settings.environment.approval.as_ref();
            let four_eyes = approval.is_some_and(|approval| approval.four_eyes);
            self.remarks.push(Remark::PusherUnknown { four_eyes });
        }
    }

    pub(super) fn judge_scan(
        &mut self,
        policy: &ScanPolicy,
        scan: Option<&ScanObservation>,
        now: Timestamp,
    ) -> Option<Judged> {
        let block = policy.block?;
        match scan? {
            ScanObservation::Complete(found) => {
                let judged = policy.judge(found, now);
                let blocking: Vec<String> = judged
                    .open
                    .iter()
                    .rev()
                    .filter(|(severity, count)| **severity >= block && **count > 0)
                    .map(|(severity, count)| format!("{count} {}", severity.word()))
                    .collect();
                if !blocking.is_empty() {
                    let expired = judged.expired.iter().map(|one| {
                        let ScanException { id, by, until, .. } = one;
                        format!(" (the exception of {id} by {by} expired on {until})")
                    });
                    self.problems.push(format!(
                        "the image scan found {}{}: fix them and push again, or have someone \
                         answer \
                         for them in `scan.except` of sluice.toml",
                        blocking.join(", "),
                        expired.collect::<String>()
                    ));
                }
                Some(judged)
            }
            ScanObservation::Failed(reason) => {
                self.problems.push(format!(
                    "the image scan failed ({reason}): start it again in ECR and push the tag again"
                ));
                None
            }
            ScanObservation::NotScanned | ScanObservation::Pending => {
                self.problems.push(
                    "the image was not scanned in time: turn on scan on push for the repository, \
                     or \
                     set `scan = { block = \"none\" }`"
                        .to_owned(),
                );
                None
            }
        }
    }

    pub(super) fn judge_proof(
        &mut self,
        deployment: &Deployment,
        proof: Option<&ProofObservation>,
    ) -> Option<VerifiedRelease> {
        let after = deployment.settings.environment.after.as_ref()?;
        match proof? {
            ProofObservation::Verified(verified) => Some(verified.clone()),
            ProofObservation::UnderWay | ProofObservation::NotVerified => {
                self.problems.push(format!(
                    "{} has not succeeded in {after}: push it there first, under a tag that \
                     {after} \
                     takes",
                    deployment.release.digest.short()
                ));
                None
            }
        }
    }

    /// The secrets, and the present versions of those that are not pinned to one.
    pub(super) fn judge_secrets(
        &mut self,
        survey: &Survey,
    ) -> (Vec<PinnedSecret>, BTreeMap<String, SecretVersion>) {
        let mut secrets = match &survey.secrets {
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
        };
        let mut unpinned = BTreeMap::new();
        for secret in secrets.iter_mut().filter(|secret| !secret.pinned) {
            let version = std::mem::replace(&mut secret.version, SecretVersion::new(CURRENT));
            unpinned.insert(secret.variable.clone(), version);
        }
        let rotating = secrets.iter().filter(|secret| secret.rotates);
        let remark = |secret: &PinnedSecret| Remark::SecretRotates {
            variable: secret.variable.clone(),
        };
        self.remarks.extend(rotating.map(remark));
        (secrets, unpinned)
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
        if !is_usable(&observed.status) {
            self.remarks.push(Remark::DatabaseBusy {
                database: database.to_owned(),
                status: observed.status.clone(),
                restored: false,
            });
        }
        Some(PlannedBackup {
            database: backup.database.clone(),
            snapshot: snapshot_of(deployment.environment(), &deployment.id),
        })
    }

    /// The alarms that ring already.
    fn judge_alarms(&mut self, watched: &[AlarmName], survey: &Survey) -> BTreeSet<AlarmName> {
        let mut ringing = BTreeSet::new();
        let Some(states) = &survey.alarms else {
            return ringing;
        };
        for alarm in watched {
            match states.get(alarm) {
                Some(AlarmState::Ok | AlarmState::InsufficientData) => {}
                Some(AlarmState::Alarm) => {
                    ringing.insert(alarm.clone());
                    self.remarks.push(Remark::AlarmRings {
                        alarm: alarm.clone(),
                    });
                }
                None => self.problems.push(format!(
                    "CloudWatch has no alarm {alarm}: create it, or take it out of `alarms`"
                )),
            }
        }
        ringing
    }

    pub(super) fn judge_approvers(
        &mut self,
        deployment: &Deployment,
        survey: &Survey,
        demands: Option<Demands>,
    ) {
        let (Some(approval), Some(demands), Some(observed)) = (
            &deployment.settings.environment.approval,
            demands,
            &survey.approvers,
        ) else {
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
                quantity::count(usize::from(demands.quorum), "approval"),
                groups.join(", ")
            ));
        }
    }
}
