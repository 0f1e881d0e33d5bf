//! What RDS is asked for: snapshots, copies, names.

use std::collections::BTreeMap;

use futures::future::join_all;
use sluice_core::command::DatabaseCommand;
use sluice_core::config::Database;
use sluice_core::event::Outcome;
use sluice_core::failure::PortError;
use sluice_core::id::SnapshotId;
use sluice_core::restore::Found;

use crate::App;
use crate::ports::Target;

impl App {
    pub(super) async fn change_database(
        &self,
        target: &Target,
        command: &DatabaseCommand,
    ) -> Result<Outcome, PortError> {
        let databases = &self.ports.databases;
        Ok(match command {
            DatabaseCommand::StartSnapshot { snapshot, database } => {
                databases
                    .ensure_snapshot(target, database, snapshot)
                    .await?;
                Outcome::SnapshotStarted(snapshot.clone())
            }
            DatabaseCommand::ReadSnapshot { snapshot, database } => {
                Outcome::Snapshot(databases.snapshot(target, database, snapshot).await?)
            }
            DatabaseCommand::RemoveSnapshot { snapshot, database } => {
                databases
                    .ensure_no_snapshot(target, database, snapshot)
                    .await?;
                Outcome::SnapshotRemoved
            }
            DatabaseCommand::PruneSnapshots {
                database,
                keep,
                spare,
            } => Outcome::SnapshotsPruned(self.prune(target, database, *keep, spare).await?),
            DatabaseCommand::StartCopy(order) => {
                databases.ensure_copy(target, order).await?;
                Outcome::CopyStarted
            }
            DatabaseCommand::ReadCopy(order) => Outcome::Copy(databases.copy(target, order).await?),
            DatabaseCommand::RemoveCopy(order) => {
                Outcome::CopyRemoved(databases.ensure_no_copy(target, order).await?)
            }
            DatabaseCommand::FindDatabases(names) => {
                Outcome::DatabasesFound(self.found(target, names).await?)
            }
            DatabaseCommand::RenameDatabase {
                from,
                resource_id,
                to,
            } => {
                let renamed = databases.ensure_renamed(target, from, resource_id, to);
                renamed.await?;
                Outcome::DatabaseRenaming { to: to.clone() }
            }
        })
    }

    async fn prune(
        &self,
        target: &Target,
        database: &Database,
        keep: u16,
        spare: &SnapshotId,
    ) -> Result<Vec<SnapshotId>, PortError> {
        let mut ours = self.ports.databases.our_snapshots(target, database).await?;
        ours.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.created_at));
        let old = ours.into_iter().skip(usize::from(keep)).filter(|snapshot| {
            // One without a time is still being made.
            snapshot.id != *spare && snapshot.created_at.is_some()
        });
        let mut removed = Vec::new();
        for snapshot in old {
            self.ports
                .databases
                .ensure_no_snapshot(target, database, &snapshot.id)
                .await?;
            removed.push(snapshot.id);
        }
        Ok(removed)
    }

    /// Which database has each of these names. A name that no database has is left out.
    async fn found(
        &self,
        target: &Target,
        names: &[Database],
    ) -> Result<BTreeMap<String, Found>, PortError> {
        let looks = names.iter().map(|name| async move {
            let seen = self.ports.databases.database(target, name).await;
            (name.identifier().to_owned(), seen)
        });
        let mut found = BTreeMap::new();
        for (name, seen) in join_all(looks).await {
            if let Some(seen) = seen? {
                let seen = Found {
                    resource_id: seen.resource_id,
                    status: seen.status,
                };
                found.insert(name, seen);
            }
        }
        Ok(found)
    }
}
