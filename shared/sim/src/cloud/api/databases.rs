//! Databases and snapshots as RDS describes them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sluice_core::config::Database;
use sluice_core::failure::PortError;
use sluice_core::id::SnapshotId;
use sluice_core::observation::{DatabaseObservation, SnapshotObservation};

use crate::cloud::lag::Read;
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
        self.describe_databases(place, self.databases.iter())
    }

    /// The same as DescribeDBInstances and DescribeDBClusters have it.
    pub fn databases_seen(&self, place: &Place) -> Vec<DatabaseDescription> {
        let mut seen = self.describe_databases(place, self.seen_databases());
        for one in &mut seen {
            if !self.shows_tags(one.created_at) {
                one.tags.clear();
            }
        }
        seen
    }

    fn describe_databases<'a>(
        &self,
        place: &Place,
        there: impl Iterator<Item = &'a Instance>,
    ) -> Vec<DatabaseDescription> {
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
        self.snapshots_as_of(place, None, |_| true)
    }

    /// The same as DescribeDBSnapshots and DescribeDBClusterSnapshots have it.
    pub fn snapshots_seen(&self, place: &Place) -> Vec<SnapshotDescription> {
        let then = self.seen_as_of(Read::Snapshots);
        self.snapshots_as_of(place, then, |asked_at| self.shows_tags(asked_at))
    }

    fn snapshots_as_of(
        &self,
        place: &Place,
        then: Option<Timestamp>,
        shows_tags: impl Fn(Timestamp) -> bool,
    ) -> Vec<SnapshotDescription> {
        let databases = self.databases.iter().filter(|one| *one.place == *place);
        let all = databases.flat_map(|one| &one.snapshots);
        let there = all.filter_map(|snapshot| snapshot.as_of(then));
        there
            .map(|snapshot| SnapshotDescription {
                database: snapshot.of.clone(),
                seen: snapshot.seen.clone(),
                tags: if shows_tags(snapshot.asked_at) {
                    snapshot.tags.clone()
                } else {
                    BTreeMap::new()
                },
            })
            .collect()
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
