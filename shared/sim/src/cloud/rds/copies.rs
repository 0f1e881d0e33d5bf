//! Copies: restores, which make a database of their own from a snapshot or from the automated
//! backups.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use sluice_core::config::Database;
use sluice_core::database::RestorePoint;
use sluice_core::failure::PortError;
use sluice_core::id::SnapshotId;

use super::content::Content;
use super::{DatabaseSettings, Instance, OUR_TAG, PURPOSE_TAG, Sight, resource_id, settings};
use crate::cloud::Cloud;
use crate::cloud::agenda::Due;
use crate::cloud::lag::Lagging;
use crate::cloud::ledger::Happened;
use crate::cloud::place::Place;

/// What becomes of a copy while it is being restored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CopyFate {
    /// It becomes available.
    #[default]
    Completes,
    /// It ends in this state, such as `incompatible-restore`.
    EndsAs(String),
    /// It disappears: it was deleted.
    Vanishes,
    /// It never ends.
    Hangs,
}

/// RDS's word for a database of which it makes the first backup.
const BASELINE: &str = "backing-up";

/// A restore as RDS is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseRestore {
    /// What it is to be called.
    pub copy: Database,
    /// Whose automated backups a moment is restored from; a snapshot needs none.
    pub source: Option<Database>,
    /// What it is to hold.
    pub from: RestorePoint,
    /// How it is to be set up.
    pub settings: DatabaseSettings,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What is restored.
struct Origin {
    database: usize,
    content: Content,
    encrypted: bool,
}

impl Cloud {
    /// Decides what becomes of the next copy of the database; called again, of the one after.
    pub fn plan_copy_fate(&mut self, identifier: &str, fate: CopyFate) {
        for instance in self.instances_named(identifier) {
            instance.copy_fates.push_back(fate.clone());
        }
    }

    /// RestoreDBInstanceFromDBSnapshot, RestoreDBInstanceToPointInTime, and the same of clusters.
    ///
    /// # Errors
    ///
    /// Permanent if its name is taken, or there is no such snapshot or moment; retryable while the
    /// snapshot is not whole.
    pub fn order_restore(
        &mut self,
        place: &Arc<Place>,
        restore: &DatabaseRestore,
    ) -> Result<(), PortError> {
        self.refuse_taken_name(place, &restore.copy)?;
        let origin = match &restore.from {
            RestorePoint::Snapshot(id) => self.snapshot_to_restore(place, &restore.copy, id)?,
            RestorePoint::Time(at) => {
                let source = restore.source.as_ref().ok_or_else(|| {
                    PortError::permanent("InvalidParameterCombination: no source is named")
                })?;
                let database = self.instance_or_refuse(place, source)?;
                let source = &self.databases[database];
                let earliest = source.earliest_restorable(self.now);
                let latest = source.latest_restorable(self.now);
                if earliest.is_none_or(|earliest| *at < earliest)
                    || latest.is_none_or(|latest| *at > latest)
                {
                    return Err(PortError::permanent(format!(
                        "InvalidRestoreFault: {at} is not within the backups of `{}`",
                        source.identifier()
                    )));
                }
                Origin {
                    database,
                    content: source.content.at(*at),
                    encrypted: source.encrypted,
                }
            }
        };
        self.begin_restore(place, restore, origin);
        Ok(())
    }

    pub(super) fn refuse_taken_name(
        &self,
        place: &Place,
        name: &Database,
    ) -> Result<(), PortError> {
        let mut there = self.databases.iter();
        let taken = there.any(|one| {
            one.is_there()
                && *one.place == *place
                && (one.database == *name || one.becomes.as_ref() == Some(name))
        });
        if !taken {
            return Ok(());
        }
        Err(PortError::permanent(format!(
            "DBInstanceAlreadyExists: there is a database `{}` already",
            name.identifier()
        )))
    }

    fn snapshot_to_restore(
        &self,
        place: &Place,
        copy: &Database,
        id: &SnapshotId,
    ) -> Result<Origin, PortError> {
        let Some((at, which)) = self.snapshot_named(place, copy, id) else {
            return Err(PortError::permanent(format!(
                "DBSnapshotNotFound: there is no snapshot `{id}`"
            )));
        };
        let snapshot = &self.databases[at].snapshots[which];
        let Some(created_at) = snapshot
            .seen
            .created_at
            .filter(|_| snapshot.seen.status == "available")
        else {
            return Err(PortError::retryable(format!(
                "InvalidDBSnapshotState: the snapshot `{id}` is `{}`",
                snapshot.seen.status
            )));
        };
        Ok(Origin {
            database: at,
            content: self.databases[at].content.at(created_at),
            encrypted: snapshot.seen.encrypted,
        })
    }

    fn begin_restore(&mut self, place: &Arc<Place>, restore: &DatabaseRestore, origin: Origin) {
        let number = self.databases.len();
        let source = &mut self.databases[origin.database];
        let mut settings = settings::defaults(&restore.copy);
        settings.extend(restore.settings.clone());
        let copy = Instance {
            place: place.clone(),
            database: restore.copy.clone(),
            status: "creating".to_owned(),
            engine: source.engine.clone(),
            engine_version: source.engine_version.clone(),
            storage_gib: source.storage_gib,
            encrypted: origin.encrypted,
            resource_id: resource_id(&restore.copy, number),
            created_at: self.now,
            settings,
            tags: restore.tags.clone(),
            members: Vec::new(),
            snapshots: Vec::new(),
            sight: Sight::Named,
            becomes: None,
            modified: DatabaseSettings::new(),
            content: origin.content,
            fates: Default::default(),
            copy_fates: Default::default(),
            fate: source.copy_fates.pop_front().unwrap_or_default(),
            looked: Lagging::default(),
        };
        let what = Happened::CopyCreated {
            account: place.account.clone(),
            copy: copy.identifier().to_owned(),
            resource_id: copy.resource_id.clone(),
            from: restore.from.clone(),
            deployment: copy.tags.get(OUR_TAG).cloned(),
            purpose: copy.tags.get(PURPOSE_TAG).cloned(),
        };
        self.databases.push(copy);
        let due = Due::RestoreEnds { database: number };
        self.agenda.plan(self.now + self.tempo.restore, due);
        self.note(what);
        self.connect();
    }

    pub(in crate::cloud) fn baseline_ends(&mut self, at: usize) {
        let copy = &mut self.databases[at];
        if copy.status == BASELINE {
            copy.status = "available".to_owned();
        }
    }

    pub(in crate::cloud) fn restore_ends(&mut self, at: usize) {
        let copy = &mut self.databases[at];
        if !copy.is_there() || copy.status != "creating" {
            return;
        }
        match std::mem::take(&mut copy.fate) {
            CopyFate::Completes => {
                copy.status = "available".to_owned();
                if copy.retention() > SignedDuration::ZERO
                    && self.tempo.baseline_backup > SignedDuration::ZERO
                {
                    copy.status = BASELINE.to_owned();
                    let over = self.now + self.tempo.baseline_backup;
                    self.agenda.plan(over, Due::BaselineEnds { database: at });
                }
                let what = Happened::CopyAvailable {
                    account: copy.place.account.clone(),
                    copy: copy.identifier().to_owned(),
                    resource_id: copy.resource_id.clone(),
                };
                self.note(what);
            }
            CopyFate::EndsAs(status) => copy.status = status,
            CopyFate::Vanishes => self.remove_database(at, false),
            CopyFate::Hangs => {}
        }
    }
}
