//! The calls for Aurora DB clusters.

use aws_sdk_rds::types::{DbCluster, DbClusterSnapshot, Tag};
use sluice_core::failure::PortError;
use sluice_core::id::{DeploymentId, SnapshotId};
use sluice_core::observation::{DatabaseObservation, SnapshotObservation};

use super::{MANUAL, Snapshot, created_at, deployment_of, failed, gib, per_cent};
use crate::clients::ClientSet;
use crate::time::timestamp;

pub(super) async fn read(
    clients: &ClientSet,
    name: &str,
) -> Result<Option<DatabaseObservation>, PortError> {
    Ok(describe(clients, name).await?.map(observed))
}

/// The cluster as RDS has it; `None` if none has that name.
pub(super) async fn describe(
    clients: &ClientSet,
    name: &str,
) -> Result<Option<DbCluster>, PortError> {
    let request = clients
        .rds()
        .describe_db_clusters()
        .db_cluster_identifier(name);
    match request.send().await {
        Ok(answer) => Ok(answer.db_clusters.unwrap_or_default().into_iter().next()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_db_cluster_not_found_fault()) =>
        {
            Ok(None)
        }
        Err(error) => Err(failed(
            "rds:DescribeDBClusters",
            &format!("database {name}"),
            error,
        )),
    }
}

fn observed(cluster: DbCluster) -> DatabaseObservation {
    DatabaseObservation {
        storage_gib: storage_gib(cluster.engine(), cluster.allocated_storage),
        deployment: deployment_of(cluster.tag_list()).map(DeploymentId::from_outside),
        earliest_restorable: cluster
            .earliest_restorable_time
            .as_ref()
            .and_then(timestamp),
        latest_restorable: cluster.latest_restorable_time.as_ref().and_then(timestamp),
        resource_id: cluster.db_cluster_resource_id,
        status: cluster.status.unwrap_or_default(),
        engine: cluster.engine.unwrap_or_default(),
        engine_version: cluster.engine_version.unwrap_or_default(),
        encrypted: cluster.storage_encrypted.unwrap_or_default(),
    }
}

/// `false` if a snapshot of that name is there.
pub(super) async fn create(
    clients: &ClientSet,
    name: &str,
    snapshot: &SnapshotId,
    tag: Tag,
) -> Result<bool, PortError> {
    let request = clients
        .rds()
        .create_db_cluster_snapshot()
        .db_cluster_identifier(name)
        .db_cluster_snapshot_identifier(snapshot.as_str())
        .tags(tag);
    match request.send().await {
        Ok(_) => Ok(true),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_db_cluster_snapshot_already_exists_fault()) =>
        {
            Ok(false)
        }
        Err(error) => Err(failed(
            "rds:CreateDBClusterSnapshot",
            &format!("database {name}"),
            error,
        )),
    }
}

pub(super) async fn find(
    clients: &ClientSet,
    snapshot: &SnapshotId,
) -> Result<Option<Snapshot>, PortError> {
    let request = clients
        .rds()
        .describe_db_cluster_snapshots()
        .db_cluster_snapshot_identifier(snapshot.as_str());
    match request.send().await {
        Ok(answer) => Ok(answer
            .db_cluster_snapshots
            .unwrap_or_default()
            .into_iter()
            .next()
            .map(read_one)),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_db_cluster_snapshot_not_found_fault()) =>
        {
            Ok(None)
        }
        Err(error) => Err(failed(
            "rds:DescribeDBClusterSnapshots",
            &format!("snapshot {snapshot}"),
            error,
        )),
    }
}

pub(super) async fn snapshots(clients: &ClientSet, name: &str) -> Result<Vec<Snapshot>, PortError> {
    let request = clients
        .rds()
        .describe_db_cluster_snapshots()
        .db_cluster_identifier(name)
        .snapshot_type(MANUAL);
    let all = request
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await;
    let all = all.map_err(|error| {
        failed(
            "rds:DescribeDBClusterSnapshots",
            &format!("database {name}"),
            error,
        )
    })?;
    Ok(all.into_iter().map(read_one).collect())
}

pub(super) async fn delete(clients: &ClientSet, snapshot: &SnapshotId) -> Result<(), PortError> {
    let request = clients
        .rds()
        .delete_db_cluster_snapshot()
        .db_cluster_snapshot_identifier(snapshot.as_str());
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_db_cluster_snapshot_not_found_fault()) =>
        {
            Ok(())
        }
        Err(error) => Err(failed(
            "rds:DeleteDBClusterSnapshot",
            &format!("snapshot {snapshot}"),
            error,
        )),
    }
}

/// Aurora's storage grows by itself, so RDS's number for it means nothing: 0 of cluster and
/// snapshot alike. Other clusters have the size they were given.
fn storage_gib(engine: Option<&str>, allocated: Option<i32>) -> u32 {
    match engine {
        Some(engine) if engine.starts_with("aurora") => 0,
        _ => gib(allocated),
    }
}

fn read_one(snapshot: DbClusterSnapshot) -> Snapshot {
    Snapshot {
        deployment: deployment_of(snapshot.tag_list()),
        of: snapshot.db_cluster_identifier.clone(),
        seen: SnapshotObservation {
            storage_gib: storage_gib(snapshot.engine(), snapshot.allocated_storage),
            id: SnapshotId::new(snapshot.db_cluster_snapshot_identifier.unwrap_or_default()),
            status: snapshot.status.unwrap_or_default(),
            progress: per_cent(snapshot.percent_progress),
            engine: snapshot.engine.unwrap_or_default(),
            engine_version: snapshot.engine_version.unwrap_or_default(),
            encrypted: snapshot.storage_encrypted.unwrap_or_default(),
            created_at: created_at(snapshot.snapshot_create_time.as_ref()),
        },
    }
}
