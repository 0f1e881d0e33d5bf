//! From what was read to a plan, or to everything that is in its way.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::restore;
use super::schema::{Schema, with_words_of};
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
    CURRENT, Plan, PlannedBackup, PlannedRollback, PlannedSource, Remark, SealedPlan, Seen,
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
pub fn draw(
    deployment: &Deployment,
    survey: &Survey,
    now: Timestamp,
) -> Result<SealedPlan, Vec<String>> {
    if let Some(restore) = deployment.restore() {
        return restore::draw(deployment, restore, survey);
    }
    let settings = &deployment.settings;
    let environment = &settings.environment;
    let mut findings = Findings::default();

    let image = survey.image.as_ref();
    findings.judge_registry(deployment);
    findings.judge_image(deployment, image);
    let signed_by = findings.judge_signature(deployment, survey.signature.as_ref());
    let source = findings.judge_source(deployment, survey, signed_by.is_some());
    let scanned = findings.judge_scan(&environment.scan, survey.scan.as_ref(), now);
    let passed = findings.judge_proof(deployment, survey.proof.as_ref());
    let (secrets, unpinned) = findings.judge_secrets(survey);
    let services = findings.judge_services(deployment, survey);
    let schema = findings.judge_migration(deployment, survey);
    let backup = match &schema {
        // Nothing changes in the database, so there is nothing to take back.
        Schema::AtHead(_) => None,
        Schema::Pending(_) | Schema::None => findings.judge_database(deployment, survey),
    };
    let stack = findings.judge_stack(deployment, survey);
    let ringing = findings.judge_alarms(&environment.alarms, survey);
    let judgement = match &schema {
        Schema::Pending(migration) => migration.inspection.as_ref().map(|seen| &seen.judgement),
        Schema::AtHead(_) | Schema::None => None,
    };
    let changes = stack.as_ref().and_then(|stack| stack.changes.as_ref());
    let missing = NotVouched {
        is_unsigned: signed_by.is_none() && deployment.needs_signature().is_some(),
        source_in_doubt: source.as_ref().is_some_and(PlannedSource::is_in_doubt),
    };
    let demands = Demands::of(settings, judgement, changes, missing);
    findings.judge_approvers(deployment, survey, demands);
    let unlike = survey.parity.as_ref().filter(|unlike| !unlike.is_alike());
    findings.remarks.extend(unlike.map(|unlike| Remark::Unlike {
        unlike: unlike.clone(),
    }));
    let previous = survey.previous.clone().flatten();
    match deployment.rollback() {
        None => {
            findings.compare_with_previous(deployment, survey, previous.as_ref());
            findings.compare_with_asked(deployment, previous.as_ref());
        }
        Some(rollback) => findings.compare_with_verified(deployment, rollback, &secrets),
    }

    if !findings.problems.is_empty() {
        return Err(findings.problems);
    }
    let origin = image.map(|image| image.origin.clone()).unwrap_or_default();
    let plan = Plan {
        deployment: deployment.id.clone(),
        app: settings.app.clone(),
        environment: environment.name.clone(),
        release: deployment.release.clone(),
        signed_by,
        source,
        pushed_by: origin
            .pushed_by
            .clone()
            .filter(|_| environment.approval.is_some()),
        hotfix: deployment.hotfix.clone(),
        rollback: deployment.rollback().map(|rollback| PlannedRollback {
            from: rollback.from.clone(),
            reason: rollback.reason.clone(),
        }),
        restore: None,
        stack,
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
        metrics: environment.metrics.clone(),
        alarms: environment.alarms.clone(),
    };
    let plan = with_words_of(deployment.plan.as_deref(), plan);
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
    Ok(SealedPlan::new(plan, seen))
}

/// Whether what vouches for the image is not in the way of a plan: the registry it is in, its
/// signature, its commit, its scan, its success in the environment before. Only such an image may
/// run, even to be looked at.
pub(super) fn is_vouched_for(d: &Deployment, survey: &Survey) -> bool {
    let mut findings = Findings::default();
    findings.judge_registry(d);
    findings.judge_image(d, survey.image.as_ref());
    let signed_by = findings.judge_signature(d, survey.signature.as_ref());
    findings.judge_source(d, survey, signed_by.is_some());
    let policy = &d.settings.environment.scan;
    findings.judge_scan(policy, survey.scan.as_ref(), d.entered_at);
    findings.judge_proof(d, survey.proof.as_ref());
    findings.problems.is_empty()
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

    fn judge_scan(
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

    fn judge_proof(
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
