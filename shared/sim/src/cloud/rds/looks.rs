//! Databases and snapshots as somebody sees them who reads: as they are, or as they were a moment
//! ago.

use jiff::Timestamp;
use sluice_core::config::Database;

use super::content::Content;
use super::{Instance, Snapshot};
use crate::cloud::Cloud;
use crate::cloud::lag::{Lagging, Read};
use crate::cloud::place::Place;

impl Instance {
    /// It without what no describe call shows.
    fn look(&self) -> Self {
        Self {
            snapshots: Vec::new(),
            content: Content::default(),
            looked: Lagging::default(),
            ..self.clone()
        }
    }

    fn looks_like(&self, before: &Self) -> bool {
        self.status == before.status
            && (self.sight, &self.database) == (before.sight, &before.database)
            && (&self.settings, &self.tags) == (&before.settings, &before.tags)
            && self.members == before.members
            && self.engine_version == before.engine_version
    }
}

impl Snapshot {
    /// It as a read has it: as it is, or as it was then; `None` if it was not there.
    pub(in crate::cloud) fn as_of(&self, then: Option<Timestamp>) -> Option<&Self> {
        let Some(then) = then else {
            return self.is_there().then_some(self);
        };
        if self.asked_at > then {
            return None;
        }
        let look = self.looked.at(then).unwrap_or(self);
        look.is_there().then_some(look)
    }
}

impl Cloud {
    /// Every database as DescribeDBInstances and DescribeDBClusters have it now.
    pub(in crate::cloud) fn seen_databases(&self) -> impl Iterator<Item = &Instance> {
        let then = self.seen_as_of(Read::Databases);
        let all = self.databases.iter();
        all.filter_map(move |one| match then {
            None => Some(one),
            Some(then) if one.created_at > then => None,
            Some(then) => Some(one.looked.at(then).unwrap_or(one)),
        })
    }

    /// The database of that name, as it is seen now.
    pub(super) fn seen_database(&self, place: &Place, database: &Database) -> Option<&Instance> {
        self.seen_databases()
            .find(|one| one.is_named() && *one.place == *place && one.database == *database)
    }

    /// Whether the tags are to be seen that something has had since then.
    pub(in crate::cloud) fn shows_tags(&self, since: Timestamp) -> bool {
        let then = self.seen_as_of(Read::Tags);
        then.is_none_or(|then| since <= then)
    }

    pub(in crate::cloud) fn observe_databases(&mut self, oldest: Timestamp) {
        for at in self.databases.take_changed() {
            let one = self.databases.unseen(at);
            let last = one.looked.last();
            if !last.is_some_and(|before| one.looks_like(before)) {
                let look = one.look();
                one.looked.forget_before(oldest);
                one.looked.push(self.now, look);
            }
            for snapshot in &mut one.snapshots {
                snapshot.observe(self.now, oldest);
            }
        }
    }
}

impl Snapshot {
    fn observe(&mut self, now: Timestamp, oldest: Timestamp) {
        let last = self.looked.last();
        let same =
            |before: &Self| (self.is_there(), &self.seen) == (before.is_there(), &before.seen);
        if !last.is_some_and(same) {
            let mut look = self.clone();
            look.looked = Lagging::default();
            self.looked.forget_before(oldest);
            self.looked.push(now, look);
        }
    }
}
