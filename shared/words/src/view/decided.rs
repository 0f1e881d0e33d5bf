//! Who decided, and when: stays on the message after the decision.

use sluice_core::deployment::Deployment;
use sluice_core::phase::Phase;

use crate::inline::clock;

/// `Approved by <@U…> at 09:18 UTC`; `None` where nobody decided.
pub(super) fn decided(d: &Deployment) -> Option<String> {
    match &d.phase {
        Phase::AwaitingApproval => None,
        Phase::Rejected { by, .. } => {
            Some(format!("Rejected by <@{by}> at {}", clock(d.entered_at)))
        }
        Phase::Cancelled { by } => Some(format!("Cancelled by <@{by}> at {}", clock(d.entered_at))),
        _ if d.approvals.is_empty() => None,
        _ => {
            let given: Vec<String> = d
                .approvals
                .iter()
                .map(|(by, at)| format!("<@{by}> at {}", clock(*at)))
                .collect();
            Some(format!("Approved by {}", given.join(", ")))
        }
    }
}
