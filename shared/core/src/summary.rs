//! Deployments of an environment at a glance.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::deployment::{Deployment, Hotfix, Requester};
use crate::id::{DeploymentId, Digest, ImageTag};
use crate::phase::PhaseKind;

/// A deployment at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentSummary {
    /// Its id.
    pub id: DeploymentId,
    /// The tag it was asked for by.
    pub tag: ImageTag,
    /// Its image.
    pub digest: Digest,
    /// Whether it brings back what was verified before.
    pub is_rollback: bool,
    /// Whether it brings the database back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_restore: bool,
    /// The phase it is in, or ended in; `None` where this version cannot read it.
    #[serde(deserialize_with = "known")]
    pub phase: Option<PhaseKind>,
    /// Who asked.
    pub requested_by: Requester,
    /// When.
    pub requested_at: Timestamp,
    /// When it ended; `None` while it has not.
    pub ended_at: Option<Timestamp>,
    /// Which environment it skipped and why, if it is a hotfix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<Hotfix>,
    /// When its commit was made, as the image says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_at: Option<Timestamp>,
    /// When its image was pushed; of what people asked for, when they asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_at: Option<Timestamp>,
    /// When it began to serve users, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_from: Option<Timestamp>,
    /// Whether it has asked for a migration, known once it has ended.
    pub migrated: bool,
    /// Whether that migration was found additive: the code from before runs on its schema too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub additive: bool,
}

/// A newer version may know phases that this one does not.
fn known<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PhaseKind>, D::Error> {
    let name = Option::<String>::deserialize(from)?;
    Ok(name.and_then(|name| PhaseKind::named(&name)))
}

impl DeploymentSummary {
    /// The deployment at a glance.
    pub fn of(d: &Deployment) -> Self {
        Self {
            id: d.id.clone(),
            tag: d.release.tag.clone(),
            digest: d.release.digest.clone(),
            is_rollback: d.rollback().is_some(),
            is_restore: d.restore().is_some(),
            phase: Some(d.phase.kind()),
            requested_by: d.requested_by.clone(),
            requested_at: d.requested_at,
            ended_at: d.phase.is_terminal().then_some(d.entered_at),
            hotfix: d.hotfix.clone(),
            committed_at: d.origin().and_then(|origin| origin.committed_at),
            pushed_at: Some(d.release.pushed_at),
            served_from: d.served_from(),
            migrated: d.touched.migration.is_some(),
            additive: d.is_additive(),
        }
    }
}
