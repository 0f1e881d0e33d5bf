//! RDS: instances and Aurora clusters, the snapshots of them, and the copies that are made of those.
//!
//! One that is deleted stays in the list, out of everybody's sight, so that numbers of places in
//! the list keep their meaning and tests can see what was in it.

mod changes;
mod content;
mod copies;
mod looks;
mod members;
mod ordered;
mod settings;
mod snapshots;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_core::config::Database;
use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;
use sluice_core::observation::DatabaseObservation;

use super::Cloud;
use super::lag::Lagging;
use super::place::Place;

use content::Content;
pub(super) use content::Writers;
pub use copies::{CopyFate, DatabaseRestore};
pub use members::{DatabaseMember, MemberOrder};
pub(super) use ordered::{CopyRemains, describing};
pub use settings::DatabaseSettings;
pub(super) use snapshots::Snapshot;
pub use snapshots::SnapshotFate;

/// The tag that Sluice's snapshots and copies carry: whose they are.
pub(super) const OUR_TAG: &str = "sluice:deployment";
/// The tag of copies that says what they are for.
pub(super) const PURPOSE_TAG: &str = "sluice:purpose";

/// RDS writes its backups out every five minutes.
const BACKUP_LAG: SignedDuration = SignedDuration::from_mins(5);
/// A furnished database is older than the world that is told of.
const AGE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// An instance or a cluster.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) place: Arc<Place>,
    /// What it is called.
    pub(super) database: Database,
    pub(super) status: String,
    pub(super) engine: String,
    pub(super) engine_version: String,
    pub(super) storage_gib: u32,
    pub(super) encrypted: bool,
    /// `DbiResourceId` or `DbClusterResourceId`.
    pub(super) resource_id: String,
    pub(super) created_at: Timestamp,
    pub(super) settings: DatabaseSettings,
    pub(super) tags: BTreeMap<String, String>,
    /// Of a cluster.
    pub(super) members: Vec<DatabaseMember>,
    pub(super) snapshots: Vec<Snapshot>,
    sight: Sight,
    /// What it is to be called.
    becomes: Option<Database>,
    /// What is to become of its settings.
    modified: DatabaseSettings,
    content: Content,
    fates: VecDeque<SnapshotFate>,
    copy_fates: VecDeque<CopyFate>,
    /// What becomes of this one, while it is being restored.
    fate: CopyFate,
    /// What it looked like a while ago, for as long as reads may lag.
    looked: Lagging<Self>,
}

/// Whether anybody finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// Under its name.
    Named,
    /// Between two names.
    Nameless,
    /// It was deleted.
    Gone,
}

impl Instance {
    /// One that was there before Sluice.
    pub(super) fn new(
        place: &Arc<Place>,
        database: &Database,
        number: usize,
        now: Timestamp,
    ) -> Self {
        let engine = match database {
            Database::Instance(_) => "postgres",
            Database::Cluster(_) => "aurora-postgresql",
        };
        Self {
            place: place.clone(),
            database: database.clone(),
            status: "available".into(),
            engine: engine.into(),
            engine_version: "16.4".into(),
            storage_gib: 100,
            encrypted: true,
            resource_id: resource_id(database, number),
            created_at: now - AGE,
            settings: settings::furnished(database, &place.account),
            tags: BTreeMap::from([("team".to_owned(), "erp".to_owned())]),
            members: members::furnished(database, &place.account),
            snapshots: Vec::new(),
            sight: Sight::Named,
            becomes: None,
            modified: DatabaseSettings::new(),
            content: Content::default(),
            fates: VecDeque::new(),
            copy_fates: VecDeque::new(),
            fate: CopyFate::default(),
            looked: Lagging::default(),
        }
    }

    pub(super) fn identifier(&self) -> &str {
        self.database.identifier()
    }

    /// Whether RDS finds it under its name.
    pub(super) fn is_named(&self) -> bool {
        self.sight == Sight::Named
    }

    /// Whether it was made and not deleted: it keeps others from having its name.
    fn is_there(&self) -> bool {
        self.sight != Sight::Gone
    }

    /// Where it answers.
    pub(super) fn endpoint(&self) -> String {
        let kind = match self.database {
            Database::Instance(_) => "",
            Database::Cluster(_) => "cluster-",
        };
        let (name, region) = (self.identifier(), &self.place.region);
        format!("{name}.{kind}c9akciq32rgc.{region}.rds.amazonaws.com")
    }

    fn is_of_deployment(&self, deployment: &DeploymentId) -> bool {
        self.tags.get(OUR_TAG).map(String::as_str) == Some(deployment.as_str())
    }

    fn retention(&self) -> SignedDuration {
        let days = self.settings.get("BackupRetentionPeriod");
        let days = days.and_then(|days| days.parse().ok()).unwrap_or(0);
        SignedDuration::from_hours(24 * days)
    }

    fn earliest_restorable(&self, now: Timestamp) -> Option<Timestamp> {
        let kept_since = self.latest_restorable(now)? - self.retention();
        Some(self.created_at.max(kept_since))
    }

    /// None where its backups are not kept, or where it is younger than the first.
    fn latest_restorable(&self, now: Timestamp) -> Option<Timestamp> {
        let latest = now - BACKUP_LAG;
        let is_kept = self.retention() > SignedDuration::ZERO && latest > self.created_at;
        is_kept.then_some(latest)
    }

    /// As DescribeDBInstances or DescribeDBClusters has it.
    pub(super) fn observed(&self, now: Timestamp) -> DatabaseObservation {
        let deployment = self.tags.get(OUR_TAG);
        DatabaseObservation {
            status: self.status.clone(),
            engine: self.engine.clone(),
            engine_version: self.engine_version.clone(),
            storage_gib: self.storage_gib,
            encrypted: self.encrypted,
            resource_id: Some(self.resource_id.clone()),
            earliest_restorable: self.earliest_restorable(now),
            latest_restorable: self.latest_restorable(now),
            deployment: deployment.map(|id| DeploymentId::from_outside(id.as_str())),
        }
    }
}

/// Numbered, so that a database more changes no other identifier of the world.
fn resource_id(database: &Database, number: usize) -> String {
    match database {
        Database::Instance(_) => format!("db-ERP{number:023}"),
        Database::Cluster(_) => format!("cluster-ERP{number:023}"),
    }
}

/// A database of the same kind with another identifier.
fn called(database: &Database, identifier: &str) -> Database {
    match database {
        Database::Instance(_) => Database::Instance(identifier.to_owned()),
        Database::Cluster(_) => Database::Cluster(identifier.to_owned()),
    }
}

impl Cloud {
    pub(super) fn instance(&self, place: &Place, database: &Database) -> Option<usize> {
        self.databases.iter().position(|instance| {
            instance.is_named() && *instance.place == *place && instance.database == *database
        })
    }

    /// The database of that name, or RDS's refusal.
    fn instance_or_refuse(&self, place: &Place, database: &Database) -> Result<usize, PortError> {
        self.instance(place, database).ok_or_else(|| {
            PortError::permanent(format!(
                "DBInstanceNotFound: there is no database `{}` in account {}: check `database` of \
                 the environment's backup",
                database.identifier(),
                place.account
            ))
        })
    }

    fn instances_named(&mut self, identifier: &str) -> impl Iterator<Item = &mut Instance> {
        self.databases
            .iter_mut()
            .filter(move |instance| instance.is_named() && instance.identifier() == identifier)
    }

    /// Sets RDS's word for the state of a database, such as `modifying`.
    pub fn set_database_status(&mut self, identifier: &str, status: &str) {
        for instance in self.instances_named(identifier) {
            instance.status = status.to_owned();
        }
    }

    /// RDS upgrades the engine of a database.
    pub fn set_engine_version(&mut self, identifier: &str, version: &str) {
        for instance in self.instances_named(identifier) {
            version.clone_into(&mut instance.engine_version);
        }
    }

    /// Tags a database by hand.
    pub fn tag_database(&mut self, identifier: &str, key: &str, value: &str) {
        for instance in self.instances_named(identifier) {
            instance.tags.insert(key.to_owned(), value.to_owned());
        }
    }

    /// Sets a member of a database as somebody's hand does, by RDS's own name for it.
    pub fn set_database_setting(&mut self, identifier: &str, member: &str, value: &str) {
        for instance in self.instances_named(identifier) {
            let settings = &mut instance.settings;
            settings.insert(member.to_owned(), value.to_owned());
        }
    }

    /// DescribeDBInstances or DescribeDBClusters.
    pub(super) fn describe_database(
        &self,
        place: &Place,
        database: &Database,
    ) -> Option<DatabaseObservation> {
        let instance = self.seen_database(place, database)?;
        Some(instance.observed(self.now))
    }
}
