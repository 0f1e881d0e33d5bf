//! RDS: databases and snapshots, of instances and of Aurora clusters.

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
    /// The elements of lists of both.
    lists: [&'static str; 2],
    /// The element of the state of a database.
    status: &'static str,
    no_database: &'static str,
    no_snapshot: &'static str,
    snapshot_is_there: &'static str,
    is_busy: &'static str,
    /// What stands before an identifier in an ARN.
    arns: [&'static str; 2],
    make: fn(String) -> Database,
}

const INSTANCE: Kind = Kind {
    database: ["DBInstance", "DBInstanceIdentifier"],
    snapshot: ["DBSnapshot", "DBSnapshotIdentifier"],
    lists: ["DBInstances", "DBSnapshots"],
    status: "DBInstanceStatus",
    no_database: "DBInstanceNotFound",
    no_snapshot: "DBSnapshotNotFound",
    snapshot_is_there: "DBSnapshotAlreadyExists",
    is_busy: "InvalidDBInstanceState",
    arns: ["db", "snapshot"],
    make: Database::Instance,
};

const CLUSTER: Kind = Kind {
    database: ["DBCluster", "DBClusterIdentifier"],
    snapshot: ["DBClusterSnapshot", "DBClusterSnapshotIdentifier"],
    lists: ["DBClusters", "DBClusterSnapshots"],
    status: "Status",
    no_database: "DBClusterNotFoundFault",
    no_snapshot: "DBClusterSnapshotNotFoundFault",
    snapshot_is_there: "DBClusterSnapshotAlreadyExistsFault",
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
        "DescribeDBInstances" => INSTANCE.describe(cloud, &place, form),
        "DescribeDBClusters" => CLUSTER.describe(cloud, &place, form),
        "CreateDBSnapshot" => INSTANCE.create(cloud, &place, form),
        "CreateDBClusterSnapshot" => CLUSTER.create(cloud, &place, form),
        "DescribeDBSnapshots" => INSTANCE.describe_snapshots(cloud, &place, form),
        "DescribeDBClusterSnapshots" => CLUSTER.describe_snapshots(cloud, &place, form),
        "DeleteDBSnapshot" => INSTANCE.delete(cloud, &place, form),
        "DeleteDBClusterSnapshot" => CLUSTER.delete(cloud, &place, form),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

impl Kind {
    fn is_of(&self, database: &Database) -> bool {
        (self.make)(database.identifier().to_owned()) == *database
    }

    fn describe(&self, cloud: &Cloud, place: &Place, form: &Form) -> Result<Xml, Refusal> {
        let name = form.get(self.database[1]);
        let mut found = cloud.databases_in(place);
        found.retain(|one| {
            self.is_of(&one.database) && name.is_none_or(|name| name == one.database.identifier())
        });
        if let (Some(name), true) = (name, found.is_empty()) {
            let said = format!("{} {name} not found.", self.database[0]);
            return Err(Refusal::not_found(self.no_database, said));
        }
        let databases = found.iter().map(|one| self.database(place, one)).collect();
        let list = Xml::List(self.database[0], databases);
        Ok(Xml::structure().with(self.lists[0], list))
    }

    fn database(&self, place: &Place, one: &DatabaseDescription) -> Xml {
        let name = one.database.identifier();
        Xml::structure()
            .text(self.database[1], name)
            .text(self.status, &one.seen.status)
            .text("Engine", &one.seen.engine)
            .text("EngineVersion", &one.seen.engine_version)
            .text("AllocatedStorage", one.seen.storage_gib)
            .text("StorageEncrypted", one.seen.encrypted)
            .text(
                if self.arns[0] == "db" {
                    "DBInstanceArn"
                } else {
                    "DBClusterArn"
                },
                place.arn("rds", format!("{}:{name}", self.arns[0])),
            )
    }

    fn create(&self, cloud: &mut Cloud, place: &Arc<Place>, form: &Form) -> Result<Xml, Refusal> {
        let id = SnapshotId::new(form.require(self.snapshot[1])?);
        let database = (self.make)(form.require(self.database[1])?.to_owned());
        if self.find(cloud, place, id.as_str()).is_some() {
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
            _ => refusal,
        }
    }

    fn find(&self, cloud: &Cloud, place: &Place, id: &str) -> Option<SnapshotDescription> {
        let mut there = cloud.snapshots_in(place).into_iter();
        there.find(|one| self.is_of(&one.database) && one.seen.id.as_str() == id)
    }

    fn require(
        &self,
        cloud: &Cloud,
        place: &Place,
        id: &str,
    ) -> Result<SnapshotDescription, Refusal> {
        self.find(cloud, place, id).ok_or_else(|| {
            Refusal::not_found(
                self.no_snapshot,
                format!("{} not found: {id}", self.snapshot[0]),
            )
        })
    }

    fn one(&self, cloud: &Cloud, place: &Place, id: &str) -> Result<Xml, Refusal> {
        let found = self.require(cloud, place, id)?;
        Ok(Xml::structure().with(self.snapshot[0], self.snapshot(place, &found)))
    }

    fn describe_snapshots(
        &self,
        cloud: &Cloud,
        place: &Place,
        form: &Form,
    ) -> Result<Xml, Refusal> {
        let found = match form.get(self.snapshot[1]) {
            Some(id) => vec![self.require(cloud, place, id)?],
            None => {
                let of = form.get(self.database[1]);
                let kind = form.get("SnapshotType").unwrap_or("manual");
                let mut all = cloud.snapshots_in(place);
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
        Ok(Xml::structure().with(self.lists[1], list))
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
        let found = self.require(cloud, place, form.require(self.snapshot[1])?)?;
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
