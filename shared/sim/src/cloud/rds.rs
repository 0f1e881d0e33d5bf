//! RDS: databases and the snapshots of them, which take time, fail, and vanish.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use sluice_core::config::Database;
use sluice_core::failure::PortError;
use sluice_core::id::SnapshotId;
use sluice_core::observation::{DatabaseObservation, SnapshotObservation};

use super::Cloud;
use super::agenda::Due;
use super::emitted::{Emitted, SnapshotEvent, SnapshotEventKind};
use super::ledger::Happened;
use super::place::Place;

/// Progress is told in tenths.
const TENTH: u8 = 10;
/// An instance is back at `available` once this much of its snapshot is done.
const BACKED_UP: u8 = 20;

/// The tag that Sluice's snapshots carry.
pub(super) const OUR_TAG: &str = "sluice:deployment";

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

#[derive(Debug)]
pub(super) struct Instance {
    pub(super) place: Arc<Place>,
    pub(super) database: Database,
    pub(super) status: String,
    pub(super) engine: &'static str,
    pub(super) engine_version: &'static str,
    pub(super) storage_gib: u32,
    pub(super) encrypted: bool,
    pub(super) snapshots: Vec<Snapshot>,
    fates: VecDeque<SnapshotFate>,
}

#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) seen: SnapshotObservation,
    pub(super) ours: bool,
    pub(super) tags: BTreeMap<String, String>,
    gone: bool,
    fate: SnapshotFate,
}

impl Snapshot {
    pub(super) fn is_there(&self) -> bool {
        !self.gone
    }
}

impl Instance {
    pub(super) fn new(place: &Arc<Place>, database: &Database) -> Self {
        let engine = match database {
            Database::Instance(_) => "postgres",
            Database::Cluster(_) => "aurora-postgresql",
        };
        Self {
            place: place.clone(),
            database: database.clone(),
            status: "available".into(),
            engine,
            engine_version: "16.4",
            storage_gib: 100,
            encrypted: true,
            snapshots: Vec::new(),
            fates: VecDeque::new(),
        }
    }

    pub(super) fn identifier(&self) -> &str {
        self.database.identifier()
    }

    fn observation(&self, id: &SnapshotId, encrypted: bool) -> SnapshotObservation {
        SnapshotObservation {
            id: id.clone(),
            status: "creating".into(),
            progress: 0,
            engine: self.engine.into(),
            engine_version: self.engine_version.into(),
            storage_gib: self.storage_gib,
            encrypted,
            created_at: None,
        }
    }
}

impl Cloud {
    pub(super) fn instance(&self, place: &Place, database: &Database) -> Option<usize> {
        self.databases
            .iter()
            .position(|instance| *instance.place == *place && instance.database == *database)
    }

    fn instances_named(&mut self, identifier: &str) -> impl Iterator<Item = &mut Instance> {
        self.databases
            .iter_mut()
            .filter(move |instance| instance.identifier() == identifier)
    }

    /// Sets RDS's word for the state of a database, such as `modifying`.
    pub fn set_database_status(&mut self, identifier: &str, status: &str) {
        for instance in self.instances_named(identifier) {
            instance.status = status.to_owned();
        }
    }

    /// Decides what becomes of the next snapshot of the database; called again, of the one after.
    pub fn plan_snapshot_fate(&mut self, identifier: &str, fate: SnapshotFate) {
        for instance in self.instances_named(identifier) {
            instance.fates.push_back(fate);
        }
    }

    /// A snapshot that somebody else took, finished at `created_at`: never ours to remove.
    pub fn take_foreign_snapshot(&mut self, identifier: &str, id: &str, created_at: Timestamp) {
        for instance in self.instances_named(identifier) {
            let mut seen = instance.observation(&SnapshotId::new(id), instance.encrypted);
            seen.status = "available".into();
            seen.progress = 100;
            seen.created_at = Some(created_at);
            let fate = SnapshotFate::Completes;
            instance.snapshots.push(Snapshot {
                seen,
                ours: false,
                tags: BTreeMap::new(),
                gone: false,
                fate,
            });
        }
    }

    /// DescribeDBInstances or DescribeDBClusters.
    pub(super) fn describe_database(
        &self,
        place: &Place,
        database: &Database,
    ) -> Option<DatabaseObservation> {
        let instance = &self.databases[self.instance(place, database)?];
        Some(DatabaseObservation {
            status: instance.status.clone(),
            engine: instance.engine.into(),
            engine_version: instance.engine_version.into(),
            storage_gib: instance.storage_gib,
            encrypted: instance.encrypted,
        })
    }

    /// CreateDBSnapshot, where DBSnapshotAlreadyExists of the same deployment is as good as done.
    pub(super) fn create_snapshot(
        &mut self,
        place: &Place,
        database: &Database,
        id: &SnapshotId,
        tags: BTreeMap<String, String>,
    ) -> Result<(), PortError> {
        let Some(at) = self.instance(place, database) else {
            return Err(PortError::permanent(format!(
                "DBInstanceNotFound: there is no database `{}` in account {}: check `database` of \
                 the environment's backup",
                database.identifier(),
                place.account
            )));
        };
        let instance = &mut self.databases[at];
        let mut snapshots = instance.snapshots.iter();
        if let Some(there) = snapshots.find(|one| one.is_there() && one.seen.id == *id) {
            if there.tags.get(OUR_TAG) == tags.get(OUR_TAG) && there.ours {
                return Ok(());
            }
            return Err(PortError::needs_person(format!(
                "a snapshot `{id}` is there already, and another deployment or somebody else took \
                 it: rename or remove it, so that the backup can have its name"
            )));
        }
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
            seen,
            ours: tags.contains_key(OUR_TAG),
            tags,
            gone: false,
            fate,
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

    pub(super) fn snapshot_moves(&mut self, at: usize, which: usize) {
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

    /// DeleteDBSnapshot, of ours only; one that is gone is deleted.
    pub(super) fn delete_snapshot(
        &mut self,
        place: &Place,
        database: &Database,
        id: &SnapshotId,
    ) -> Result<(), PortError> {
        let Some(at) = self.instance(place, database) else {
            return Ok(());
        };
        let snapshots = &self.databases[at].snapshots;
        let Some(which) = snapshots
            .iter()
            .rposition(|s| s.is_there() && s.seen.id == *id)
        else {
            return Ok(());
        };
        if !snapshots[which].ours {
            return Err(PortError::permanent(format!(
                "AccessDenied: the snapshot `{id}` does not carry Sluice's tag: it is left alone"
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
    pub(super) fn describe_snapshot(
        &self,
        place: &Place,
        database: &Database,
        id: &SnapshotId,
    ) -> Option<SnapshotObservation> {
        let instance = &self.databases[self.instance(place, database)?];
        let found = instance
            .snapshots
            .iter()
            .rfind(|s| s.is_there() && s.ours && s.seen.id == *id);
        found.map(|snapshot| snapshot.seen.clone())
    }

    /// DescribeDBSnapshots of a database, those with Sluice's tag.
    pub(super) fn describe_our_snapshots(
        &self,
        place: &Place,
        database: &Database,
    ) -> Vec<SnapshotObservation> {
        let snapshots = self
            .instance(place, database)
            .map(|at| &self.databases[at].snapshots);
        let ours = snapshots
            .into_iter()
            .flatten()
            .filter(|s| s.is_there() && s.ours);
        ours.map(|snapshot| snapshot.seen.clone()).collect()
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
        what: impl FnOnce(sluice_core::id::AccountId, String, SnapshotId) -> Happened,
    ) {
        let instance = &self.databases[at];
        let account = instance.place.account.clone();
        let id = instance.snapshots[which].seen.id.clone();
        let what = what(account, instance.identifier().to_owned(), id);
        self.note(what);
    }
}
