//! The database of an environment, and room for its snapshots.

use sluice_core::config::{Database, Environment as Configured};
use sluice_words::doctor::{Check, database as words};

use crate::facts::Environment;
use crate::sheet::Sheet;

pub(crate) fn examine(
    environment: &Configured,
    title: &str,
    seen: &Environment,
    sheet: &mut Sheet,
) {
    let (Some(backup), Some(database)) = (&environment.backup, &seen.database) else {
        return;
    };
    let name = backup.database.identifier();
    let is_cluster = matches!(backup.database, Database::Cluster(_));
    sheet.check(Check::Database, name, database, |database| match database {
        None => Some(words::no_database(name, title)),
        Some(database) if database.status != "available" => {
            Some(words::not_available(name, &database.status))
        }
        Some(_) => None,
    });
    if !matches!(database, Ok(None)) {
        sheet.check(Check::DatabaseRetention, name, database, |database| {
            let days = database
                .as_ref()
                .map_or(0, |database| database.retention_days);
            (days == 0).then(|| words::no_retention(name, is_cluster))
        });
    }
    // A rehearsal takes one more, which it removes.
    let needed = 1 + i64::from(backup.rehearse);
    sheet.check(Check::SnapshotQuota, name, &seen.snapshots, |quota| {
        (quota.used + needed > quota.most)
            .then(|| words::quota(quota.used, quota.most, needed, is_cluster))
    });
}
