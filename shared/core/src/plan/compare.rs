//! What is to be brought here beside what is here: what people should know before they say yes.

use crate::deployment::{Deployment, Requester};
use crate::id::ImageTag;
use crate::observation::PinnedSecret;
use crate::plan::PlannedService;
use crate::plan::draw::Findings;
use crate::release::ProvenRelease;
use crate::rollback::Rollback;
use crate::words;

impl Findings {
    /// What somebody asked for need not be newer than what is live.
    pub(super) fn compare_with_asked(
        &mut self,
        deployment: &Deployment,
        previous: Option<&ProvenRelease>,
    ) {
        let (Requester::Person(_), Some(previous)) = (&deployment.requested_by, previous) else {
            return;
        };
        let (asked, live) = (&deployment.release, &previous.release);
        if asked.digest == live.digest {
            self.warnings.push(format!(
                "{} is what was proven last: the same image is rolled out again, with secrets and \
                 variables as they are now",
                asked.tag
            ));
        } else if asked.pushed_at < live.pushed_at {
            self.warnings.push(format!(
                "{} is older than {}, which was proven last: its code meets a database that may be \
                 ahead of it. To go back to what ran here before, ask for a rollback",
                asked.tag, live.tag
            ));
        }
    }

    /// What a rollback cannot bring back as it was.
    pub(super) fn compare_with_proven(
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
                self.warnings.push(format!(
                    "{service} was added after {tag} and stays as it is"
                ));
            }
        }
        if !rollback.migrated.is_empty() {
            self.warnings.push(words::migrated(&rollback.migrated));
        }
    }

    /// Secrets that cannot be brought back at the version they had.
    pub(super) fn compare_secrets(
        &mut self,
        tag: &ImageTag,
        then: &[PinnedSecret],
        now: &[PinnedSecret],
    ) {
        for secret in now {
            if !then.contains(secret) {
                self.warnings.push(format!(
                    "the secret {} is not there any more at the version that {tag} had: it gets \
                     version {}",
                    secret.variable, secret.version
                ));
            }
        }
    }

    pub(super) fn compare_with_previous(
        &mut self,
        services: &[PlannedService],
        previous: Option<&ProvenRelease>,
    ) {
        let Some(previous) = previous else {
            self.warnings.push(
                "nothing has been proven here yet: the way back is whatever runs now".to_owned(),
            );
            return;
        };
        for planned in services {
            if !planned
                .from_image
                .ends_with(previous.release.digest.as_str())
            {
                self.warnings.push(format!(
                    "{} does not run what was proven last ({}): somebody changed it by hand, and the \
                     way back leads to what runs now",
                    planned.service, previous.release.tag
                ));
            }
        }
    }
}
