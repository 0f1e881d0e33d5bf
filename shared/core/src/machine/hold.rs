//! Sluice's own hold, once a deployment has ended badly.

use crate::controls::Hold;
use crate::deployment::Deployment;
use crate::phase::Phase;

impl Hold {
    /// Sluice's own hold, once a deployment has ended on the way back or without a proof: the next push
    /// might bring the same fault again. `None` for every other end, and for what is not over.
    pub fn after(d: &Deployment) -> Option<Self> {
        let release = &d.release.tag;
        let reason = match &d.phase {
            Phase::RolledBack { .. } => format!("{release} was taken back"),
            Phase::RollbackFailed { .. } if d.rollback().is_some() => {
                format!("the rollback to {release} failed")
            }
            Phase::RollbackFailed { .. } => format!("{release} could not be rolled back"),
            Phase::Unverified { .. } => format!("whether {release} is healthy is not known"),
            Phase::Succeeded if d.rollback().is_some() => {
                format!("it was rolled back to {release}")
            }
            Phase::Restored => format!("its database was restored, and {release} with it"),
            Phase::RestoreFailed { .. } => "the restore of its database failed".to_owned(),
            _ => return None,
        };
        Some(Self {
            by: None,
            at: d.entered_at,
            reason: format!("{reason} ({})", d.id),
        })
    }
}
