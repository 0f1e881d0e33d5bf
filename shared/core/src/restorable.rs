//! Whether the database can be brought back to before a deployment's migration, and to which moment.

use jiff::Timestamp;

use crate::deployment::Deployment;
use crate::note::Note;
use crate::phase::Phase;

/// A moment before which a deployment's migration had written nothing: when its backup was verified,
/// which comes right before the migration's task is asked for. In whole seconds, as RDS takes it.
///
/// The moment when ECS took the task would be later, and is not known: its answer may have been
/// lost while the task already ran.
pub fn before_migration(d: &Deployment) -> Option<Timestamp> {
    let verified = d
        .story
        .iter()
        .find(|entry| matches!(entry.note, Note::SnapshotVerified(_)))?;
    Timestamp::from_second(verified.at.as_second()).ok()
}

/// Whether a deployment's message offers to restore the database: its migration was asked for, and it
/// did not end well, or waits for somebody to say what becomes of the database.
pub fn is_offered(d: &Deployment) -> bool {
    let environment = &d.settings.environment;
    let can = environment.backup.is_some() && !environment.roles.restore.is_empty();
    let ended_badly = matches!(
        d.phase,
        Phase::AwaitingRestoreDecision { .. }
            | Phase::RolledForward { .. }
            | Phase::Failed { .. }
            | Phase::RolledBack { .. }
            | Phase::RollbackFailed { .. }
    );
    can && ended_badly && d.touched.migration.is_some() && d.kind.is_release()
}
