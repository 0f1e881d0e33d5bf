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
    /// The tag that brought it here; without one, the beginning of the digest. Tags move; only the
    /// digest is deployed.
    pub tag: ImageTag,
    /// The image itself: a manifest's digest, or an index's for several platforms.
    pub digest: Digest,
    /// When it was pushed.
    pub pushed_at: Timestamp,
}

impl Release {
    /// What a container definition names: the digest, never the tag.
    pub fn image(&self) -> String {
        format!("{}/{}@{}", self.registry, self.repository, self.digest)
    }

    /// Whether it has no tag of its own and goes by its digest.
    pub fn is_untagged(&self) -> bool {
        self.tag.as_str() == self.digest.short()
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
pub struct VerifiedRelease {
    /// What was deployed.
    pub release: Release,
    /// The deployment that proved it.
    pub deployment: DeploymentId,
    /// When it succeeded.
    pub at: Timestamp,
    /// Whether its migration ran, so that what was verified before may not fit the schema.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub migrated: bool,
    /// Whether that migration was found additive: the code from before runs on its schema too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub additive: bool,
    /// The deployment that had verified it first, if a rollback brought it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<DeploymentId>,
    /// Until when its database had been written to, if it was restored for it. What was verified later
    /// than that, and before this, has lost its schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_of: Option<Timestamp>,
}
