//! At which revision the database schema stands, by what deployments have seen of it.

use crate::deployment::Deployment;
use crate::parity::NotKnown;
use crate::phase::PhaseKind;

/// Where a deployment has left the schema, or has seen it if it left it alone; `None` where it did
/// neither. Of the deployments of an environment the newest that says something counts.
pub fn left_by(d: &Deployment) -> Option<Result<String, NotKnown>> {
    let id = || d.id.clone();
    let plan = d.plan.as_ref().map(|sealed| &sealed.plan);
    if d.restore().is_some() {
        let touched = matches!(
            d.phase.kind(),
            PhaseKind::Restoring | PhaseKind::Restored | PhaseKind::RestoreFailed
        );
        return touched.then(|| Err(NotKnown::Restored(id())));
    }
    let inspection = plan.and_then(|plan| plan.migration.as_ref()?.inspection.as_ref());
    match &d.touched.migration {
        Some(run) if run.succeeded() => Some(match inspection {
            Some(seen) => Ok(seen.head.clone()),
            None => Err(NotKnown::NotInspected(id())),
        }),
        Some(run) if run.ended.is_some() => Some(Err(NotKnown::MigrationFailed(id()))),
        Some(_) => Some(Err(NotKnown::Migrating(id()))),
        None if d.may_have_migrated() => Some(Err(NotKnown::Migrating(id()))),
        None => {
            let at_head = plan.and_then(|plan| plan.at_head.clone());
            at_head
                .or(inspection.map(|seen| stands(&seen.current)))
                .map(Ok)
        }
    }
}

/// Alembic calls a schema without any revision its base.
fn stands(current: &[String]) -> String {
    match current.is_empty() {
        true => "base".to_owned(),
        false => current.join(", "),
    }
}
