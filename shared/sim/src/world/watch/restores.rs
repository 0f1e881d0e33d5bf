//! What must be true of a restore of a database when it is over, and of databases always.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sluice_core::deployment::Deployment;
use sluice_core::id::DeploymentId;
use sluice_core::phase::Phase;
use sluice_core::plan::PlannedRestore;
use sluice_core::restore::Stands;

use super::facts::REHEARSAL;
use super::{Invariant, Watcher};
use crate::cloud::Cloud;

impl Watcher {
    /// A restore is over: its name is that of one database, the one it says, and what is lost is what
    /// was announced.
    pub(super) fn judge_restore(&mut self, after: &Deployment) {
        let plan = after.plan.as_ref().map(|sealed| &sealed.plan);
        let Some(planned) = plan.and_then(|plan| plan.restore.clone()) else {
            return;
        };
        let wrong = {
            let cloud = self
                .cloud
                .lock()
                .expect("no port panics while it holds the cloud");
            names_that_are_wrong(&cloud, &after.phase, &planned)
        };
        let at = self.now();
        for detail in wrong {
            self.broken(at, Invariant::TrueRestore, &after.id, detail);
        }
    }

    /// Sluice deletes no database but a rehearsal of its own.
    pub(super) fn judge_database_gone(
        &mut self,
        at: Timestamp,
        database: &str,
        purpose: Option<&str>,
        deployment: Option<String>,
    ) {
        if purpose == Some(REHEARSAL) && deployment.is_some() {
            return;
        }
        let id = DeploymentId::from_outside(deployment.unwrap_or_default());
        let detail = format!("the database {database} was deleted, and is no rehearsal of ours");
        self.broken(at, Invariant::NoDatabaseDeleted, &id, detail);
    }
}

/// What is not as the phase says, of the names of databases and of what is in them.
pub(super) fn names_that_are_wrong(
    cloud: &Cloud,
    phase: &Phase,
    planned: &PlannedRestore,
) -> Vec<String> {
    match phase {
        Phase::Restored
        | Phase::RestoreFailed {
            stands: Stands::InPlace(_),
            ..
        } => in_place(cloud, planned),
        Phase::RestoreFailed {
            stands: Stands::AsBefore | Stands::NotStarted(_),
            ..
        }
        | Phase::Failed { .. }
        | Phase::Rejected { .. }
        | Phase::Expired
        | Phase::Cancelled { .. } => as_before(cloud, planned),
        // Between the names: that is what people are told.
        _ => Vec::new(),
    }
}

fn in_place(cloud: &Cloud, planned: &PlannedRestore) -> Vec<String> {
    let (name, aside) = (planned.database.identifier(), planned.aside.identifier());
    let mut wrong = Vec::new();
    let old = planned.resource_id.as_str();
    if cloud.database_named(aside) != Some(old) {
        wrong.push(format!("{aside} is not the old database"));
    }
    let Some(new) = cloud.database_named(name).filter(|new| *new != old) else {
        wrong.push(format!("{name} is not the restored database"));
        return wrong;
    };
    let has: BTreeSet<Timestamp> = cloud.writes_of(new).into_iter().collect();
    let kept = cloud.writes_of(old);
    let lost = kept
        .iter()
        .find(|write| **write <= planned.until && !has.contains(write));
    if let Some(lost) = lost {
        wrong.push(format!(
            "what was written at {lost} is lost, and only what came after {} was to be",
            planned.until
        ));
    }
    wrong
}

fn as_before(cloud: &Cloud, planned: &PlannedRestore) -> Vec<String> {
    let name = planned.database.identifier();
    match cloud.database_named(name) {
        Some(id) if id == planned.resource_id => Vec::new(),
        other => vec![format!("{name} is {other:?}, and not as it was")],
    }
}
