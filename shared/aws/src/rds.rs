//! Databases and their snapshots, in RDS: instances and Aurora clusters, which have calls of their
//! own for the same things.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_rds::error::ProvideErrorMetadata;
use aws_sdk_rds::types::Tag;
use jiff::Timestamp;
use sluice_app::ports::{Databases, Target};
use sluice_core::config::Database;
use sluice_core::database::{CopyObservation, CopyOrder};
use sluice_core::failure::PortError;
use sluice_core::id::SnapshotId;
use sluice_core::observation::{DatabaseObservation, SnapshotObservation};

use crate::clients::{ClientSet, Clients, bounded};
use crate::error::port_error;

use copies::OurCopy;

mod backups;
mod cluster;
mod cluster_copies;
mod cluster_members;
mod copies;
mod instance;
mod instance_copies;
mod renames;
#[cfg(test)]
mod tests;

/// The tag by which we know our snapshots and copies: it holds the deployment that made it.
pub const DEPLOYMENT_TAG: &str = "sluice:deployment";
/// The tag of a copy that says what it is for: only what it calls a `rehearsal` is ever deleted.
pub const PURPOSE_TAG: &str = "sluice:purpose";

/// The tag of a replacement that says for how many days it is to keep backups once it has its
/// source's name.
pub const RETENTION_TAG: &str = "sluice:backup-retention";

/// The kind of snapshot that someone requested: RDS's own are `automated`, and of AWS Backup
/// `awsbackup`.
const MANUAL: &str = "manual";

/// RDS.
///
/// A snapshot is ours if it carries [`DEPLOYMENT_TAG`]. No other is counted, taken for a backup or
/// deleted, no matter what its name is.
#[derive(Clone, Debug)]
pub struct RdsDatabases {
    clients: Arc<Clients>,
}

impl RdsDatabases {
    /// RDS, asked through these clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }
}

/// A snapshot of an instance or of a cluster.
struct Snapshot {
    of: Option<String>,
    deployment: Option<String>,
    seen: SnapshotObservation,
}

impl Snapshot {
    fn is_of(&self, database: &Database) -> bool {
        self.of.as_deref() == Some(database.identifier())
    }
}

#[async_trait]
impl Databases for RdsDatabases {
    /// `rds:DescribeDBInstances` or `rds:DescribeDBClusters`.
    async fn database(
        &self,
        target: &Target,
        database: &Database,
    ) -> Result<Option<DatabaseObservation>, PortError> {
        let clients = self.clients.of(target).await?;
        match database {
            Database::Instance(name) => instance::read(&clients, name).await,
            Database::Cluster(name) => cluster::read(&clients, name).await,
        }
    }

    /// `rds:CreateDBSnapshot` or `rds:CreateDBClusterSnapshot`, with `rds:AddTagsToResource`.
    async fn ensure_snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<(), PortError> {
        bounded(async {
            let clients = self.clients.of(target).await?;
            let tag = Tag::builder()
                .key(DEPLOYMENT_TAG)
                .value(target.deployment.as_str())
                .build();
            let created = match database {
                Database::Instance(name) => instance::create(&clients, name, snapshot, tag).await?,
                Database::Cluster(name) => cluster::create(&clients, name, snapshot, tag).await?,
            };
            if created {
                return Ok(());
            }
            match find(&clients, database, snapshot).await? {
                Some(there)
                    if there.is_of(database)
                        && there.deployment.as_deref() == Some(target.deployment.as_str()) =>
                {
                    Ok(())
                }
                Some(_) => Err(PortError::needs_person(format!(
                    "a snapshot {snapshot} already exists, and {} did not take it of {}: rename or \
                 remove it, so that the backup can use the name",
                    target.deployment,
                    database.identifier()
                ))),
                None => Err(PortError::retryable(format!(
                    "RDS reports first that snapshot {snapshot} exists, and then that it does not"
                ))),
            }
        })
        .await
    }

    /// `rds:DescribeDBSnapshots` or `rds:DescribeDBClusterSnapshots`.
    async fn snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<Option<SnapshotObservation>, PortError> {
        let clients = self.clients.of(target).await?;
        let found = find(&clients, database, snapshot).await?;
        let ours = found.filter(|found| found.deployment.is_some() && found.is_of(database));
        Ok(ours.map(|found| found.seen))
    }

    /// As [`snapshot`](Databases::snapshot), of every page.
    async fn our_snapshots(
        &self,
        target: &Target,
        database: &Database,
    ) -> Result<Vec<SnapshotObservation>, PortError> {
        let clients = self.clients.of(target).await?;
        let all = match database {
            Database::Instance(name) => instance::snapshots(&clients, name).await?,
            Database::Cluster(name) => cluster::snapshots(&clients, name).await?,
        };
        let ours = all
            .into_iter()
            .filter(|snapshot| snapshot.deployment.is_some());
        Ok(ours.map(|snapshot| snapshot.seen).collect())
    }

    /// `rds:DeleteDBSnapshot` or `rds:DeleteDBClusterSnapshot`.
    async fn ensure_no_snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<(), PortError> {
        bounded(async {
            let clients = self.clients.of(target).await?;
            let Some(found) = find(&clients, database, snapshot).await? else {
                return Ok(());
            };
            if found.deployment.is_none() || !found.is_of(database) {
                return Err(PortError::permanent(format!(
                    "snapshot {snapshot} was not taken by Sluice of {}: it is not touched",
                    database.identifier()
                )));
            }
            match database {
                Database::Instance(_) => instance::delete(&clients, snapshot).await,
                Database::Cluster(_) => cluster::delete(&clients, snapshot).await,
            }
        })
        .await
    }

    /// `rds:RestoreDBInstanceFromDBSnapshot` or `rds:RestoreDBInstanceToPointInTime`, later
    /// `rds:ModifyDBInstance` and `rds:RebootDBInstance`; of a cluster
    /// `rds:RestoreDBClusterFromSnapshot` or `rds:RestoreDBClusterToPointInTime`, later
    /// `rds:CreateDBInstance` and `rds:ModifyDBCluster`.
    ///
    /// Three things of the source no copy has: the IAM roles for features of the database such as
    /// the import from S3, a directory that it has joined, and a master password that Secrets
    /// Manager keeps. The copy's is the one that was in force at the restore point.
    async fn ensure_copy(&self, target: &Target, order: &CopyOrder) -> Result<(), PortError> {
        bounded(async {
            let clients = self.clients.of(target).await?;
            copies::ensure(&clients, &OurCopy::new(target, order)).await
        })
        .await
    }

    /// `rds:DescribeDBInstances`, and of a cluster `rds:DescribeDBClusters` too.
    async fn copy(&self, target: &Target, order: &CopyOrder) -> Result<CopyObservation, PortError> {
        let clients = self.clients.of(target).await?;
        copies::observe(&clients, &OurCopy::new(target, order)).await
    }

    /// `rds:ModifyDBInstance` or `rds:ModifyDBCluster`.
    ///
    /// A replacement gets its backups with its source's name.
    async fn ensure_renamed(
        &self,
        target: &Target,
        from: &Database,
        resource_id: &str,
        to: &str,
    ) -> Result<(), PortError> {
        bounded(async {
            let clients = self.clients.of(target).await?;
            renames::ensure(&clients, &target.deployment, from, resource_id, to).await
        })
        .await
    }

    /// `rds:DeleteDBInstance`, and of a cluster `rds:DeleteDBCluster` once it has no members.
    async fn ensure_no_copy(&self, target: &Target, order: &CopyOrder) -> Result<bool, PortError> {
        bounded(async {
            let clients = self.clients.of(target).await?;
            copies::ensure_none(&clients, &OurCopy::new(target, order)).await
        })
        .await
    }
}

async fn find(
    clients: &ClientSet,
    database: &Database,
    snapshot: &SnapshotId,
) -> Result<Option<Snapshot>, PortError> {
    match database {
        Database::Instance(_) => instance::find(clients, snapshot).await,
        Database::Cluster(_) => cluster::find(clients, snapshot).await,
    }
}

fn deployment_of(tags: &[Tag]) -> Option<String> {
    let tag = tags.iter().find(|tag| tag.key() == Some(DEPLOYMENT_TAG))?;
    tag.value().map(str::to_owned)
}

/// RDS counts in `i32`; what it leaves out, or gives as less than nothing, is 0.
fn gib(storage: Option<i32>) -> u32 {
    storage
        .and_then(|gib| u32::try_from(gib).ok())
        .unwrap_or_default()
}

fn per_cent(progress: Option<i32>) -> u8 {
    progress
        .and_then(|done| u8::try_from(done).ok())
        .map_or(0, |done| done.min(100))
}

fn created_at(time: Option<&aws_smithy_types::DateTime>) -> Option<Timestamp> {
    time.and_then(crate::time::timestamp)
}

/// What an error of RDS means. A database or a snapshot that is busy (modified, backed up, being
/// created) is free again by itself.
fn failed<E>(action: &str, on: &str, error: aws_sdk_rds::error::SdkError<E>) -> PortError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let busy = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        .is_some_and(|code| {
            matches!(
                code,
                "InvalidDBInstanceState"
                    | "InvalidDBClusterStateFault"
                    | "InvalidDBSnapshotState"
                    | "InvalidDBClusterSnapshotStateFault"
                    | "DBInstanceNotReady"
            )
        });
    let error = port_error(action, on, error);
    if busy {
        PortError::retryable(error.message)
    } else {
        error
    }
}
