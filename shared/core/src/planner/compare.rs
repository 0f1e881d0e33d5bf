//! What is to be brought here beside what is here: what people should know before they say yes.

use super::draw::Findings;
use crate::deployment::{Deployment, Requester};
use crate::id::ImageTag;
use crate::observation::PinnedSecret;
use crate::plan::Remark;
use crate::plan::survey::Survey;
use crate::release::VerifiedRelease;
use crate::rollback::Rollback;

impl Findings {
    /// All of it: beside the environment before, beside what runs, and beside what comes back.
    pub(super) fn compare(
        &mut self,
        deployment: &Deployment,
        survey: &Survey,
        previous: Option<&VerifiedRelease>,
        secrets: &[PinnedSecret],
    ) {
        let unlike = survey.parity.as_ref().filter(|unlike| !unlike.is_alike());
        self.remarks.extend(unlike.map(|unlike| Remark::Unlike {
            unlike: unlike.clone(),
        }));
        match deployment.rollback() {
            None => {
                self.compare_with_previous(deployment, survey, previous);
                self.compare_with_asked(deployment, previous);
            }
            Some(rollback) => self.compare_with_verified(deployment, rollback, secrets),
        }
    }

    /// What somebody asked for need not be newer than what is live.
    fn compare_with_asked(&mut self, deployment: &Deployment, previous: Option<&VerifiedRelease>) {
        let (Requester::Person(_), Some(previous)) = (&deployment.requested_by, previous) else {
            return;
        };
        let (asked, live) = (&deployment.release, &previous.release);
        if asked.digest == live.digest {
            self.remarks.push(Remark::SameImage {
                tag: asked.tag.clone(),
            });
        } else if asked.pushed_at < live.pushed_at {
            self.remarks.push(Remark::Older {
                tag: asked.tag.clone(),
                live: live.tag.clone(),
            });
        }
    }

    /// What a rollback cannot bring back as it was.
    fn compare_with_verified(
        &mut self,
        deployment: &Deployment,
        rollback: &Rollback,
        secrets: &[PinnedSecret],
    ) {
        let tag = &rollback.to.release.tag;
        self.compare_secrets(tag, &rollback.secrets, secrets);
        let settings = &deployment.settings;
        for service in settings.environment.services.keys() {
            if settings.service(service).is_none() {
                self.remarks.push(Remark::AddedLater {
                    service: service.clone(),
                    tag: tag.clone(),
                });
            }
        }
        if !rollback.migrated.is_empty() {
            self.remarks.push(Remark::Migrated {
                tags: rollback.migrated.clone(),
            });
        }
    }

    /// Secrets that cannot be brought back at the version they had.
    pub(super) fn compare_secrets(
        &mut self,
        tag: &ImageTag,
        then: &[PinnedSecret],
        now: &[PinnedSecret],
    ) {
        for secret in now.iter().filter(|secret| secret.pinned) {
            if !then.contains(secret) {
                self.remarks.push(Remark::SecretReplaced {
                    variable: secret.variable.clone(),
                    tag: tag.clone(),
                    version: secret.version.clone(),
                });
            }
        }
    }

    fn compare_with_previous(
        &mut self,
        deployment: &Deployment,
        survey: &Survey,
        previous: Option<&VerifiedRelease>,
    ) {
        let Some(previous) = previous else {
            self.remarks.push(Remark::FirstHere);
            return;
        };
        for service in &deployment.settings.services {
            let Some(running) = survey.service(&service.name) else {
                continue;
            };
            if !running.image.ends_with(previous.release.digest.as_str()) {
                self.remarks.push(Remark::RunsAnotherImage {
                    service: service.name.clone(),
                    verified: previous.release.tag.clone(),
                });
            }
        }
    }
}
