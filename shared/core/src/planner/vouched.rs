//! What vouches for the image by whom and of what it was built: its signature and its commit.

use jiff::Timestamp;

use super::draw::Findings;
use crate::config::{RiskRule, Source};
use crate::deployment::Deployment;
use crate::id::CommitId;
use crate::origin::REVISION;
use crate::plan::survey::Survey;
use crate::plan::{PlannedSource, Remark};
use crate::quantity;
use crate::release::VerifiedRelease;
use crate::scan::Judged;
use crate::signature::{KeyId, SignatureObservation};
use crate::source::{Doubt, SourceObservation, WrongChange};

/// Wrong changes that a sentence names.
const NAMED: usize = 3;

/// What vouches for the image.
pub(super) struct Vouched {
    /// The key that has signed it.
    pub(super) signed_by: Option<KeyId>,
    /// Its commit.
    pub(super) source: Option<PlannedSource>,
    /// Its scan.
    pub(super) scanned: Option<Judged>,
    /// Its success in the environment before.
    pub(super) passed: Option<VerifiedRelease>,
}

/// Whether nothing of that is in the way of a plan, nor the registry that the image is in. Only such
/// an image may run, even to be looked at.
pub(super) fn is_vouched_for(d: &Deployment, survey: &Survey) -> bool {
    let mut findings = Findings::default();
    findings.judge_vouched(d, survey, d.entered_at);
    findings.problems.is_empty()
}

impl Findings {
    pub(super) fn judge_vouched(
        &mut self,
        d: &Deployment,
        survey: &Survey,
        now: Timestamp,
    ) -> Vouched {
        self.judge_registry(d);
        self.judge_image(d, survey.image.as_ref());
        let signed_by = self.judge_signature(d, survey.signature.as_ref());
        let source = self.judge_source(d, survey, signed_by.is_some());
        let policy = &d.settings.environment.scan;
        Vouched {
            signed_by,
            source,
            scanned: self.judge_scan(policy, survey.scan.as_ref(), now),
            passed: self.judge_proof(d, survey.proof.as_ref()),
        }
    }

    /// The key that has signed the image, where signatures are verified.
    fn judge_signature(
        &mut self,
        deployment: &Deployment,
        signature: Option<&SignatureObservation>,
    ) -> Option<KeyId> {
        let signatures = deployment.needs_signature()?;
        let others = match signature? {
            SignatureObservation::SignedBy(key) => return Some(key.clone()),
            SignatureObservation::Unsigned { others } => *others,
        };
        if signatures.unsigned == RiskRule::Refuse {
            let found = match others {
                0 => "the registry has no signature of it".to_owned(),
                _ => format!(
                    "the registry has {} of other keys, of other images, or damaged",
                    quantity::count(others, "signature")
                ),
            };
            self.problems.push(format!(
                "no key of [signatures] has signed the image ({found}): sign it with `cosign sign \
                 --key KEY {}/{}@{}` if your CI built it, and push the tag again",
                deployment.release.registry,
                deployment.release.repository,
                deployment.release.digest
            ));
        } else {
            let approval = deployment.settings.environment.approval.as_ref();
            let four_eyes = signatures.unsigned == RiskRule::FourEyes && approval.is_some();
            self.remarks.push(Remark::Unsigned { others, four_eyes });
        }
        None
    }

    /// The commit and what is in doubt of it, where that decides anything. That the image names its
    /// commit truly is only known if it is signed.
    fn judge_source(
        &mut self,
        d: &Deployment,
        survey: &Survey,
        signed: bool,
    ) -> Option<PlannedSource> {
        let source = d.needs_source()?;
        let image = survey.image.as_ref().filter(|image| image.present)?;
        let commit = image.origin.commit.as_ref().and_then(|commit| commit.id());
        let seen = match (&commit, &survey.source) {
            (None, _) => SourceObservation::of(Doubt::NotNamed),
            (Some(_), None) => SourceObservation::of(Doubt::NotRead),
            (Some(_), Some(seen)) => seen.clone(),
        };
        let environment = &d.settings.environment;
        let rule = environment.source_rule;
        if rule == RiskRule::Refuse {
            let built = built_from(commit.as_ref(), signed);
            let refused = seen.doubts.iter().map(|doubt| match doubt {
                Doubt::Wrong(changes) => format!(
                    "{built}, which contains {}: it reached {} by a way that [source] does not \
                     allow. Review it, or have it taken back; either way it stays in the history, \
                     so deploy it once with `rule = \"{}\"` in [environments.{}.source]",
                    named(changes),
                    source.branches.main(),
                    if environment.approval.is_some() {
                        "four-eyes"
                    } else {
                        "allow"
                    },
                    environment.name
                ),
                other => format!("{built}{}", refusal(source, other)),
            });
            self.problems.extend(refused);
        } else {
            let four_eyes = rule == RiskRule::FourEyes && environment.approval.is_some();
            let remarks = seen.doubts.iter().map(|doubt| Remark::SourceInDoubt {
                commit: commit.clone(),
                signed,
                main: source.branches.main().clone(),
                doubt: doubt.clone(),
                four_eyes,
            });
            self.remarks.extend(remarks);
        }
        if let Some(commit) = commit.as_ref().filter(|_| !seen.lacks.is_empty()) {
            self.remarks.push(Remark::LacksMergeBack {
                commit: commit.clone(),
                signed,
                main: source.branches.main().clone(),
                lacks: seen.lacks,
            });
        }
        (rule != RiskRule::Allow).then_some(PlannedSource {
            commit,
            doubts: seen.doubts,
        })
    }
}

/// `the image says that it was built from commit 1a2b3c4`: whose word that is, is never left out.
fn built_from(commit: Option<&CommitId>, signed: bool) -> String {
    match (commit, signed) {
        (None, _) => "the image does not name its commit in full".to_owned(),
        (Some(commit), true) => format!("the image was built from commit {}", commit.short()),
        (Some(commit), false) => format!(
            "the image says that it was built from commit {}",
            commit.short()
        ),
    }
}

fn named(changes: &[WrongChange]) -> String {
    let named: Vec<&str> = changes
        .iter()
        .take(NAMED)
        .map(|change| change.commit.short())
        .collect();
    let more = match changes.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}

/// What is wrong, and what to do.
fn refusal(source: &Source, doubt: &Doubt) -> String {
    let (repository, main) = (&source.repository, source.branches.main());
    match doubt {
        Doubt::NotNamed => format!(
            ": write it into the annotation {REVISION} in CI, as infra/ci does, and push the image \
             again"
        ),
        Doubt::NotFound => format!(
            ", which is not in the repository {repository}: push it there, and let CI build it again"
        ),
        Doubt::OnNoBranch => match source.branches.develop() {
            Some(develop) => format!(
                ", which is on none of {main}, {develop}, {}: merge it into one of them, and deploy \
                 what CI builds of that",
                source.branches.globs().join(", ")
            ),
            None => {
                format!(", which is not on {main}: merge it, and deploy what CI builds of that")
            }
        },
        Doubt::NotJudged => format!(
            ", and Sluice has not checked yet how the newest commits reached {main}: see the log of \
             health-check, and deploy again"
        ),
        Doubt::NotRead => {
            format!(", and the repository {repository} could not be read: see the log of advance")
        }
        // Said with its changes.
        Doubt::Wrong(_) => String::new(),
    }
}
