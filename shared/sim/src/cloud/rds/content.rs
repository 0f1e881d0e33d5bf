//! What is in a database: the writes of the application, and the migrations that were applied. So
//! a story can see what a restore loses.
//!
//! The application writes something every minute, on the minute, for as long as a web or worker
//! service of its environment runs a task and the database answers to its name. Kept as stretches
//! of time: a world of many databases is moved as quickly as one without.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, Unit};
use sluice_core::config::{Database, ServiceKind};
use sluice_core::id::ClusterName;

use super::Instance;
use crate::cloud::Cloud;
use crate::cloud::place::Place;

/// What is in a database.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    stretches: Vec<Stretch>,
    /// The revisions that were applied from then on, oldest first.
    revisions: Vec<(Timestamp, Vec<String>)>,
}

/// A time in which there were writes: after `from`, until `until` and with it.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: Timestamp,
    until: Timestamp,
}

/// An environment's services, and the database that they write to by its name.
#[derive(Debug)]
pub(in crate::cloud) struct Writers {
    pub(in crate::cloud) place: Arc<Place>,
    pub(in crate::cloud) database: Database,
    /// Places in the list of services.
    pub(in crate::cloud) services: Vec<usize>,
    /// Which database has the name, by its place in the list.
    pub(in crate::cloud) reached: Option<usize>,
}

impl Content {
    /// As it was at that moment.
    pub(super) fn at(&self, moment: Timestamp) -> Self {
        let stretches = self.stretches.iter().filter(|one| one.from < moment);
        let revisions = self.revisions.iter().filter(|(since, _)| *since <= moment);
        Self {
            stretches: stretches
                .map(|one| Stretch {
                    from: one.from,
                    until: one.until.min(moment),
                })
                .collect(),
            revisions: revisions.cloned().collect(),
        }
    }

    fn grow(&mut self, from: Timestamp, until: Timestamp) {
        match self.stretches.last_mut() {
            Some(last) if last.until == from => last.until = until,
            _ => self.stretches.push(Stretch { from, until }),
        }
    }

    fn writes(&self) -> Vec<Timestamp> {
        let minute = SignedDuration::from_mins(1);
        let of_one = |one: &Stretch| {
            let first = one.from.round(Unit::Minute).unwrap_or(one.from);
            let first = if first <= one.from {
                first + minute
            } else {
                first
            };
            let until = one.until;
            std::iter::successors(Some(first), move |at| Some(*at + minute))
                .take_while(move |at| *at <= until)
        };
        self.stretches.iter().flat_map(of_one).collect()
    }
}

impl Instance {
    /// Whether the application can write to it.
    fn takes_writes(&self) -> bool {
        self.is_named() && self.status != "creating" && self.status != "deleting"
    }
}

impl Cloud {
    /// The writes from now until then. Nothing that decides whether there are any changes between.
    pub(in crate::cloud) fn write_until(&mut self, until: Timestamp) {
        if until <= self.now {
            return;
        }
        for writers in &self.writers {
            let services = writers.services.iter();
            let mut services = services.map(|at| &self.ecs.services[*at]);
            let Some(reached) = writers.reached else {
                continue;
            };
            let database = self.databases.unseen(reached);
            let writes = |kind| matches!(kind, ServiceKind::Web | ServiceKind::Worker);
            if database.takes_writes() && services.any(|one| writes(one.kind) && one.running() > 0)
            {
                database.content.grow(self.now, until);
            }
        }
    }

    /// Finds anew which database each application writes to: names have changed.
    pub(in crate::cloud) fn connect(&mut self) {
        let reached: Vec<_> = self
            .writers
            .iter()
            .map(|one| self.instance(&one.place, &one.database))
            .collect();
        for (writers, reached) in self.writers.iter_mut().zip(reached) {
            writers.reached = reached;
        }
    }

    /// The resource id of the database that the application there writes to; `None` where there is
    /// none of its name.
    pub(in crate::cloud) fn written_to(
        &self,
        place: &Place,
        cluster: &ClusterName,
    ) -> Option<String> {
        let in_cluster = |at: &usize| self.ecs.services[*at].cluster == *cluster;
        let mut all = self.writers.iter().filter(|one| *one.place == *place);
        let writers = all.find(|one| one.services.iter().any(in_cluster))?;
        Some(self.databases[writers.reached?].resource_id.clone())
    }

    fn of_resource(&self, resource_id: &str) -> Option<&Instance> {
        let mut all = self.databases.iter();
        all.find(|one| one.resource_id == resource_id)
    }

    /// The resource id of the database that has this name now, in whichever place.
    pub fn database_named(&self, identifier: &str) -> Option<&str> {
        let mut all = self.databases.iter();
        let named = all.find(|one| one.is_named() && one.identifier() == identifier);
        named.map(|one| one.resource_id.as_str())
    }

    /// When something was written that is in the database, oldest first, even of one that was
    /// deleted: one write a minute. None where there never was such a database.
    pub fn writes_of(&self, resource_id: &str) -> Vec<Timestamp> {
        let database = self.of_resource(resource_id);
        database.map_or_else(Vec::new, |one| one.content.writes())
    }

    /// The heads of the migrations that are applied in the database; empty before the first.
    pub fn revision_of(&self, resource_id: &str) -> Vec<String> {
        let last = self.of_resource(resource_id);
        let last = last.and_then(|one| one.content.revisions.last());
        last.map_or_else(Vec::new, |(_, heads)| heads.clone())
    }

    /// A migration has brought the database to these heads.
    pub fn set_revision(&mut self, resource_id: &str, heads: &[&str]) {
        let heads = heads.iter().map(|head| (*head).to_owned()).collect();
        let now = self.now;
        let mut all = self.databases.iter_mut();
        if let Some(one) = all.find(|one| one.resource_id == resource_id) {
            one.content.revisions.push((now, heads));
        }
    }
}
