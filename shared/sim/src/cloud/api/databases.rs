//! Databases and snapshots as RDS describes them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sluice_core::config::Database;
use sluice_core::failure::PortError;
use sluice_core::id::SnapshotId;
use sluice_core::observation::{DatabaseObservation, SnapshotObservation};

use crate::cloud::rds::Instance;
use crate::cloud::{Cloud, DatabaseMember, DatabaseSettings, Place};

/// A database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseDescription {
    /// Instance or cluster, and its identifier.
    pub database: Database,
    /// What RDS says of it.
    pub seen: DatabaseObservation,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where it answers.
    pub endpoint: String,
    /// How it is set up.
    pub settings: DatabaseSettings,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Of a cluster, its members.
    pub members: Vec<DatabaseMember>,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotDescription {
    /// Of what.
    pub database: Database,
    /// What RDS says of it.
    pub seen: SnapshotObservation,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Cloud {
    /// Every database of the place that has a name now.
    pub fn databases_in(&self, place: &Place) -> Vec<DatabaseDescription> {
        let there = self.databases.iter();
        let there = there.filter(|one| one.is_named() && *one.place == *place);
        let describe = |one: &Instance| DatabaseDescription {
            database: one.database.clone(),
            seen: one.observed(self.now),
            created_at: one.created_at,
            endpoint: one.endpoint(),
            settings: one.settings.clone(),
            tags: one.tags.clone(),
            members: one.living_members().cloned().collect(),
        };
        there.map(describe).collect()
    }

    /// Every snapshot of the place that is there, oldest first of each database.
    pub fn snapshots_in(&self, place: &Place) -> Vec<SnapshotDescription> {
        let databases = self.databases.iter().filter(|one| *one.place == *place);
        let of_one = |one: &Instance| {
            let there = one.snapshots.iter().filter(|snapshot| snapshot.is_there());
            let describe = there.map(|snapshot| SnapshotDescription {
                database: snapshot.of.clone(),
                seen: snapshot.seen.clone(),
                tags: snapshot.tags.clone(),
            });
            describe.collect::<Vec<_>>()
        };
        databases.flat_map(of_one).collect()
    }

    /// CreateDBSnapshot or CreateDBClusterSnapshot. One of that name that the same deployment took
    /// is left as it is.
    ///
    /// # Errors
    ///
    /// Permanent if there is no such database; retryable while it is not `available`; needs a
    /// person where one of that name is there that the deployment did not take.
    pub fn order_snapshot(
        &mut self,
        place: &Place,
        database: &Database,
        snapshot: &SnapshotId,
        tags: BTreeMap<String, String>,
    ) -> Result<(), PortError> {
        self.create_snapshot(place, database, snapshot, tags)
    }

    /// DeleteDBSnapshot or DeleteDBClusterSnapshot; nothing if it is gone.
    ///
    /// # Errors
    ///
    /// Permanent if it is none of Sluice's.
    pub fn order_no_snapshot(
        &mut self,
        place: &Place,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<(), PortError> {
        self.delete_snapshot(place, database, snapshot)
    }
}
