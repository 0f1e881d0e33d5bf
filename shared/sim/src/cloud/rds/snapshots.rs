//! Snapshots, which take time, fail, and vanish.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sluice_core::config::Database;
use sluice_core::failure::PortError;
use sluice_core::id::{AccountId, SnapshotId};
use sluice_core::observation::SnapshotObservation;

use super::{Instance, OUR_TAG};
use crate::cloud::Cloud;
use crate::cloud::agenda::Due;
use crate::cloud::emitted::{Emitted, SnapshotEvent, SnapshotEventKind};
use crate::cloud::lag::{Lagging, Read};
use crate::cloud::ledger::Happened;
use crate::cloud::place::Place;

/// Progress is told in tenths.
const TENTH: u8 = 10;
/// An instance is back at `available` once this much of its snapshot is done.
const BACKED_UP: u8 = 20;

/// What becomes of a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SnapshotFate {
    /// It becomes available.
    #[default]
    Completes,
    /// It fails at this progress, in per cent.
    FailsAt(u8),
    /// It disappears at this progress, in per cent: somebody or something removed it.
    VanishesAt(u8),
    /// It gets no further than this progress, in per cent.
    StallsAt(u8),
    /// It becomes available, but is not encrypted though its source is.
    Unencrypted,
}

/// A snapshot.
#[derive(Clone, Debug)]
pub(in crate::cloud) struct Snapshot {
    /// What its database was called when it was taken: RDS does not change it.
    pub(in crate::cloud) of: Database,
    pub(in crate::cloud) seen: SnapshotObservation,
    pub(in crate::cloud) ours: bool,
    pub(in crate::cloud) tags: BTreeMap<String, String>,
    /// Since when RDS has it.
    pub(in crate::cloud) asked_at: Timestamp,
    gone: bool,
    fate: SnapshotFate,
    /// What it looked like a while ago, for as long as reads may lag.
    pub(super) looked: Lagging<Self>,
}

impl Snapshot {
    pub(in crate::cloud) fn is_there(&self) -> bool {
        !self.gone
    }
}

impl Instance {
    fn observation(&self, id: &SnapshotId, encrypted: bool) -> SnapshotObservation {
        SnapshotObservation {
            id: id.clone(),
            status: "creating".into(),
            progress: 0,
            engine: self.engine.clone(),
            engine_version: self.engine_version.clone(),
            storage_gib: self.storage_gib,
            encrypted,
            created_at: None,
        }
    }
}

impl Cloud {
    /// Decides what becomes of the next snapshot of the database; called again, of the one after.
    pub fn plan_snapshot_fate(&mut self, identifier: &str, fate: SnapshotFate) {
        for instance in self.instances_named(identifier) {
            instance.fates.push_back(fate);
        }
    }

    /// A snapshot that somebody else took, finished at `created_at`: never ours to remove.
    pub fn take_foreign_snapshot(&mut self, identifier: &str, id: &str, created_at: Timestamp) {
        for instance in self.instances_named(identifier) {
            let of = instance.database.clone();
            let mut seen = instance.observation(&SnapshotId::new(id), instance.encrypted);
            seen.status = "available".into();
            seen.progress = 100;
            seen.created_at = Some(created_at);
            let fate = SnapshotFate::Completes;
            instance.snapshots.push(Snapshot {
                of,
                seen,
                ours: false,
                tags: BTreeMap::new(),
                asked_at: created_at,
                gone: false,
                fate,
                looked: Lagging::default(),
            });
        }
    }

    /// CreateDBSnapshot, where DBSnapshotAlreadyExists of the same deployment is as good as done.
    pub(in crate::cloud) fn create_snapshot(
        &mut self,
        place: &Place,
        database: &Database,
        id: &SnapshotId,
        tags: BTreeMap<String, String>,
    ) -> Result<(), PortError> {
        let at = self.instance_or_refuse(place, database)?;
        if let Some((there, which)) = self.snapshot_named(place, database, id) {
            let there = &self.databases[there].snapshots[which];
            let same = there.tags.get(OUR_TAG) == tags.get(OUR_TAG) && there.of == *database;
            if same && there.ours {
                return Ok(());
            }
            return Err(PortError::needs_person(format!(
                "a snapshot `{id}` already exists, and another deployment or someone else took \
                 it: rename or remove it, so that the backup can use the name"
            )));
        }
        let instance = &mut self.databases[at];
        if instance.status != "available" {
            return Err(PortError::retryable(format!(
                "InvalidDBInstanceState: `{}` is `{}`: a snapshot can be taken only of one that is \
                 `available`",
                database.identifier(),
                instance.status
            )));
        }
        let fate = instance.fates.pop_front().unwrap_or_default();
        let encrypted = instance.encrypted && fate != SnapshotFate::Unencrypted;
        let seen = instance.observation(id, encrypted);
        instance.snapshots.push(Snapshot {
            of: database.clone(),
            seen,
            ours: tags.contains_key(OUR_TAG),
            tags,
            asked_at: self.now,
            gone: false,
            fate,
            looked: Lagging::default(),
        });
        instance.status = "backing-up".into();
        let snapshot = instance.snapshots.len() - 1;
        let due = Due::SnapshotMoves {
            instance: at,
            snapshot,
        };
        self.agenda.plan(self.now + self.tempo.snapshot / 10, due);
        self.note(Happened::SnapshotCreated {
            account: place.account.clone(),
            database: database.identifier().to_owned(),
            snapshot: id.clone(),
        });
        Ok(())
    }

    pub(in crate::cloud) fn snapshot_moves(&mut self, at: usize, which: usize) {
        let now = self.now;
        let instance = &mut self.databases[at];
        let snapshot = &mut instance.snapshots[which];
        if snapshot.gone {
            return;
        }
        // RDS tells the time of a snapshot only once it is under way.
        snapshot.seen.created_at.get_or_insert(now);
        snapshot.seen.progress = (snapshot.seen.progress + TENTH).min(100);
        let progress = snapshot.seen.progress;
        if instance.status == "backing-up" && progress >= BACKED_UP {
            instance.status = "available".into();
        }
        match snapshot.fate {
            SnapshotFate::FailsAt(limit) if progress >= limit => {
                snapshot.seen.status = "failed".into();
                self.note_snapshot(at, which, |account, database, snapshot| {
                    Happened::SnapshotFailed {
                        account,
                        database,
                        snapshot,
                    }
                });
            }
            SnapshotFate::VanishesAt(limit) if progress >= limit => {
                self.remove_snapshot(at, which, false);
            }
            SnapshotFate::StallsAt(limit) if progress >= limit => {}
            _ if progress == 100 => {
                snapshot.seen.status = "available".into();
                self.tell_of_snapshot(at, which, SnapshotEventKind::Created);
                self.note_snapshot(at, which, |account, database, snapshot| {
                    Happened::SnapshotAvailable {
                        account,
                        database,
                        snapshot,
                    }
                });
            }
            _ => {
                let due = Due::SnapshotMoves {
                    instance: at,
                    snapshot: which,
                };
                self.agenda.plan(now + self.tempo.snapshot / 10, due);
            }
        }
    }

    /// Somebody deletes a snapshot in the console, whosever it is.
    pub fn delete_snapshot_by_hand(&mut self, id: &SnapshotId) {
        let of_id = |one: &Snapshot| one.is_there() && one.seen.id == *id;
        let mut databases = self.databases.iter().enumerate();
        let found =
            databases.find_map(|(at, one)| Some((at, one.snapshots.iter().rposition(of_id)?)));
        if let Some((at, which)) = found {
            self.remove_snapshot(at, which, false);
        }
    }

    /// DeleteDBSnapshot, of ours only; one that is gone is deleted.
    pub(in crate::cloud) fn delete_snapshot(
        &mut self,
        place: &Place,
        database: &Database,
        id: &SnapshotId,
    ) -> Result<(), PortError> {
        let Some((at, which)) = self.snapshot_of(place, database, id) else {
            return Ok(());
        };
        if !self.databases[at].snapshots[which].ours {
            return Err(PortError::permanent(format!(
                "AccessDenied: the snapshot `{id}` does not have Sluice's tag: it is not touched"
            )));
        }
        self.remove_snapshot(at, which, true);
        Ok(())
    }

    fn remove_snapshot(&mut self, at: usize, which: usize, asked: bool) {
        self.databases[at].snapshots[which].gone = true;
        self.tell_of_snapshot(at, which, SnapshotEventKind::Deleted);
        self.note_snapshot(at, which, |account, database, snapshot| {
            Happened::SnapshotGone {
                account,
                database,
                snapshot,
                asked,
            }
        });
    }

    /// DescribeDBSnapshots by identifier; only what carries Sluice's tag.
    pub(in crate::cloud) fn describe_snapshot(
        &self,
        place: &Place,
        database: &Database,
        id: &SnapshotId,
    ) -> Option<SnapshotObservation> {
        self.seen_snapshots(place, database)
            .into_iter()
            .find(|seen| seen.id == *id)
    }

    /// Those of the database that are seen, with Sluice's tag.
    fn seen_snapshots(&self, place: &Place, database: &Database) -> Vec<SnapshotObservation> {
        let then = self.seen_as_of(Read::Snapshots);
        let here = self.databases.iter().filter(|one| *one.place == *place);
        let seen = here
            .flat_map(|one| &one.snapshots)
            .filter(|one| one.ours && one.of == *database && self.shows_tags(one.asked_at));
        seen.filter_map(|one| one.as_of(then))
            .map(|one| one.seen.clone())
            .collect()
    }

    /// Where the snapshot of that identifier is, of either an instance or a cluster: each kind has
    /// names of its own in a place, and RDS keeps snapshots of databases that are gone.
    pub(super) fn snapshot_named(
        &self,
        place: &Place,
        kind: &Database,
        id: &SnapshotId,
    ) -> Option<(usize, usize)> {
        let there = |one: &Snapshot| {
            let same_kind = std::mem::discriminant(&one.of) == std::mem::discriminant(kind);
            one.is_there() && same_kind && one.seen.id == *id
        };
        let databases = self.databases.iter().enumerate();
        let mut here = databases.filter(|(_, one)| *one.place == *place);
        here.find_map(|(at, one)| Some((at, one.snapshots.iter().rposition(there)?)))
    }

    fn snapshot_of(
        &self,
        place: &Place,
        database: &Database,
        id: &SnapshotId,
    ) -> Option<(usize, usize)> {
        let found = self.snapshot_named(place, database, id);
        found.filter(|(at, which)| self.databases[*at].snapshots[*which].of == *database)
    }

    /// DescribeDBSnapshots of a database, those with Sluice's tag.
    pub(in crate::cloud) fn describe_our_snapshots(
        &self,
        place: &Place,
        database: &Database,
    ) -> Vec<SnapshotObservation> {
        self.seen_snapshots(place, database)
    }

    fn tell_of_snapshot(&mut self, at: usize, which: usize, kind: SnapshotEventKind) {
        let place = self.databases[at].place.clone();
        let snapshot = self.databases[at].snapshots[which].seen.id.clone();
        let envelope = self.envelope(&place);
        self.emitted.push(Emitted::SnapshotEvent(SnapshotEvent {
            envelope,
            snapshot,
            kind,
        }));
    }

    fn note_snapshot(
        &mut self,
        at: usize,
        which: usize,
        what: impl FnOnce(AccountId, String, SnapshotId) -> Happened,
    ) {
        let instance = &self.databases[at];
        let account = instance.place.account.clone();
        let snapshot = &instance.snapshots[which];
        let (of, id) = (
            snapshot.of.identifier().to_owned(),
            snapshot.seen.id.clone(),
        );
        let what = what(account, of, id);
        self.note(what);
    }
}
