//! RDS: databases, snapshots and copies, of instances and of Aurora clusters.

mod copies;
mod described;

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_core::config::Database;
use sluice_core::id::SnapshotId;
use sluice_sim::cloud::{Cloud, DatabaseDescription, Place, SnapshotDescription};

use crate::caller::Caller;
use crate::form::Form;
use crate::refusal::Refusal;
use crate::xml::Xml;

/// What RDS calls the same things of instances and of clusters.
struct Kind {
    /// The element of a database, and of its identifier.
    database: [&'static str; 2],
    /// The element of a snapshot, and of its identifier.
    snapshot: [&'static str; 2],
    /// The element of a list of snapshots.
    snapshots: &'static str,
    no_database: &'static str,
    no_snapshot: &'static str,
    snapshot_is_there: &'static str,
    database_is_there: &'static str,
    is_busy: &'static str,
    /// What stands before an identifier in an ARN.
    arns: [&'static str; 2],
    make: fn(String) -> Database,
}

const INSTANCE: Kind = Kind {
    database: ["DBInstance", "DBInstanceIdentifier"],
    snapshot: ["DBSnapshot", "DBSnapshotIdentifier"],
    snapshots: "DBSnapshots",
    no_database: "DBInstanceNotFound",
    no_snapshot: "DBSnapshotNotFound",
    snapshot_is_there: "DBSnapshotAlreadyExists",
    database_is_there: "DBInstanceAlreadyExists",
    is_busy: "InvalidDBInstanceState",
    arns: ["db", "snapshot"],
    make: Database::Instance,
};

const CLUSTER: Kind = Kind {
    database: ["DBCluster", "DBClusterIdentifier"],
    snapshot: ["DBClusterSnapshot", "DBClusterSnapshotIdentifier"],
    snapshots: "DBClusterSnapshots",
    no_database: "DBClusterNotFoundFault",
    no_snapshot: "DBClusterSnapshotNotFoundFault",
    snapshot_is_there: "DBClusterSnapshotAlreadyExistsFault",
    database_is_there: "DBClusterAlreadyExistsFault",
    is_busy: "InvalidDBClusterStateFault",
    arns: ["cluster", "cluster-snapshot"],
    make: Database::Cluster,
};

pub(crate) fn answer(
    cloud: &mut Cloud,
    caller: &Caller,
    operation: &str,
    form: &Form,
) -> Result<Xml, Refusal> {
    let place = caller.place(cloud)?;
    match operation {
        "DescribeDBInstances" => described::instances(cloud, &place, form),
        "DescribeDBClusters" => described::clusters(cloud, &place, form),
        "CreateDBSnapshot" => INSTANCE.create(cloud, &place, form),
        "CreateDBClusterSnapshot" => CLUSTER.create(cloud, &place, form),
        "DescribeDBSnapshots" => INSTANCE.describe_snapshots(cloud, &place, form),
        "DescribeDBClusterSnapshots" => CLUSTER.describe_snapshots(cloud, &place, form),
        "DeleteDBSnapshot" => INSTANCE.delete(cloud, &place, form),
        "DeleteDBClusterSnapshot" => CLUSTER.delete(cloud, &place, form),
        "RestoreDBInstanceFromDBSnapshot" => copies::from_snapshot(&INSTANCE, cloud, &place, form),
        "RestoreDBClusterFromSnapshot" => copies::from_snapshot(&CLUSTER, cloud, &place, form),
        "RestoreDBInstanceToPointInTime" => copies::to_time(&INSTANCE, cloud, &place, form),
        "RestoreDBClusterToPointInTime" => copies::to_time(&CLUSTER, cloud, &place, form),
        "CreateDBInstance" => copies::create_member(cloud, &place, form),
        "ModifyDBInstance" => copies::modify(&INSTANCE, cloud, &place, form),
        "ModifyDBCluster" => copies::modify(&CLUSTER, cloud, &place, form),
        "DeleteDBInstance" => copies::delete_instance(cloud, &place, form),
        "DeleteDBCluster" => copies::delete_cluster(cloud, &place, form),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

impl Kind {
    fn is_of(&self, database: &Database) -> bool {
        (self.make)(database.identifier().to_owned()) == *database
    }

    /// The database of that name, or RDS's refusal.
    fn database(
        &self,
        cloud: &Cloud,
        place: &Place,
        name: &str,
    ) -> Result<DatabaseDescription, Refusal> {
        let mut there = cloud.databases_in(place).into_iter();
        there
            .find(|one| self.is_of(&one.database) && one.database.identifier() == name)
            .ok_or_else(|| {
                let said = format!("{} {name} not found.", self.database[0]);
                Refusal::not_found(self.no_database, said)
            })
    }

    fn create(&self, cloud: &mut Cloud, place: &Arc<Place>, form: &Form) -> Result<Xml, Refusal> {
        let id = SnapshotId::new(form.require(self.snapshot[1])?);
        let database = (self.make)(form.require(self.database[1])?.to_owned());
        if self.find(cloud.snapshots_in(place), id.as_str()).is_some() {
            let said = format!(
                "Cannot create the snapshot because one with the identifier {id} already exists."
            );
            return Err(Refusal::new(self.snapshot_is_there, said));
        }
        let tags = form.pairs("Tags.Tag");
        let created = cloud.order_snapshot(place, &database, &id, tags);
        created.map_err(|error| self.in_its_own_words(error.into()))?;
        self.one(cloud, place, id.as_str())
    }

    /// The model speaks of instances.
    fn in_its_own_words(&self, refusal: Refusal) -> Refusal {
        match refusal.code.as_str() {
            "DBInstanceNotFound" => Refusal::not_found(self.no_database, refusal.message),
            "InvalidDBInstanceState" => Refusal::new(self.is_busy, refusal.message),
            "DBInstanceAlreadyExists" => Refusal::new(self.database_is_there, refusal.message),
            "DBSnapshotNotFound" => Refusal::not_found(self.no_snapshot, refusal.message),
            _ => refusal,
        }
    }

    fn find(&self, all: Vec<SnapshotDescription>, id: &str) -> Option<SnapshotDescription> {
        let mut there = all.into_iter();
        there.find(|one| self.is_of(&one.database) && one.seen.id.as_str() == id)
    }

    fn require(
        &self,
        all: Vec<SnapshotDescription>,
        id: &str,
    ) -> Result<SnapshotDescription, Refusal> {
        self.find(all, id).ok_or_else(|| {
            Refusal::not_found(
                self.no_snapshot,
                format!("{} not found: {id}", self.snapshot[0]),
            )
        })
    }

    fn one(&self, cloud: &Cloud, place: &Place, id: &str) -> Result<Xml, Refusal> {
        let found = self.require(cloud.snapshots_in(place), id)?;
        Ok(Xml::structure().with(self.snapshot[0], self.snapshot(place, &found)))
    }

    fn describe_snapshots(
        &self,
        cloud: &Cloud,
        place: &Place,
        form: &Form,
    ) -> Result<Xml, Refusal> {
        let found = match form.get(self.snapshot[1]) {
            Some(id) => vec![self.require(cloud.snapshots_seen(place), id)?],
            None => {
                let of = form.get(self.database[1]);
                let kind = form.get("SnapshotType").unwrap_or("manual");
                let mut all = cloud.snapshots_seen(place);
                all.retain(|one| {
                    kind == "manual"
                        && self.is_of(&one.database)
                        && of.is_none_or(|name| name == one.database.identifier())
                });
                all
            }
        };
        let snapshots = found.iter().map(|one| self.snapshot(place, one)).collect();
        let list = Xml::List(self.snapshot[0], snapshots);
        Ok(Xml::structure().with(self.snapshots, list))
    }

    fn snapshot(&self, place: &Place, one: &SnapshotDescription) -> Xml {
        let is_instance = self.arns[0] == "db";
        Xml::structure()
            .text(self.snapshot[1], &one.seen.id)
            .text(self.database[1], one.database.identifier())
            .maybe("SnapshotCreateTime", one.seen.created_at)
            .text("Engine", &one.seen.engine)
            .text("EngineVersion", &one.seen.engine_version)
            .text("AllocatedStorage", one.seen.storage_gib)
            .text("Status", &one.seen.status)
            .text("PercentProgress", one.seen.progress)
            .text("SnapshotType", "manual")
            .text(
                if is_instance {
                    "Encrypted"
                } else {
                    "StorageEncrypted"
                },
                one.seen.encrypted,
            )
            .text(
                if is_instance {
                    "DBSnapshotArn"
                } else {
                    "DBClusterSnapshotArn"
                },
                place.arn("rds", format!("{}:{}", self.arns[1], one.seen.id)),
            )
            .with("TagList", tags(&one.tags))
    }

    fn delete(&self, cloud: &mut Cloud, place: &Arc<Place>, form: &Form) -> Result<Xml, Refusal> {
        let id = form.require(self.snapshot[1])?;
        let found = self.require(cloud.snapshots_in(place), id)?;
        let told = self.snapshot(place, &found);
        cloud.order_no_snapshot(place, &found.database, &found.seen.id)?;
        Ok(Xml::structure().with(self.snapshot[0], told))
    }
}

fn tags(tags: &BTreeMap<String, String>) -> Xml {
    let tag =
        |(key, value): (&String, &String)| Xml::structure().text("Key", key).text("Value", value);
    Xml::List("Tag", tags.iter().map(tag).collect())
}
