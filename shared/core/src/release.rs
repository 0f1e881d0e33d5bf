//! What is deployed: one image, named once by its tag and from then on by its digest.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{DeploymentId, Digest, ImageTag, RepositoryName};

/// An image on its way to an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The registry's host, such as `222222222222.dkr.ecr.eu-central-1.amazonaws.com`.
    pub registry: String,
    /// The ECR repository.
    pub repository: RepositoryName,
    /// The tag that brought it here. Tags move; only the digest is deployed.
    pub tag: ImageTag,
    /// The image itself: a manifest's digest, or an index's for several platforms.
    pub digest: Digest,
    /// When it was pushed. Of two releases for one environment the later pushed is the newer.
    pub pushed_at: Timestamp,
}

impl Release {
    /// What a container definition names: the digest, never the tag.
    pub fn image(&self) -> String {
        format!("{}/{}@{}", self.registry, self.repository, self.digest)
    }

    /// Which of two releases for one environment is the newer. A tie in time, as between two tags
    /// pushed in one second, is settled by the deployment's id: any order, but always the same.
    pub fn order<'a>(&self, deployment: &'a DeploymentId) -> (Timestamp, &'a DeploymentId) {
        (self.pushed_at, deployment)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{} ({})",
            self.repository,
            self.tag,
            self.digest.short()
        )
    }
}

/// A release that went all the way in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenRelease {
    /// What was deployed.
    pub release: Release,
    /// The deployment that proved it.
    pub deployment: DeploymentId,
    /// When it succeeded.
    pub at: Timestamp,
}
