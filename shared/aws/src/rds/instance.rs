//! The calls for DB instances.

use aws_sdk_rds::types::{DbInstance, DbSnapshot, Tag};
use jiff::{SignedDuration, Timestamp};
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

/// The instance as RDS has it; `None` if none has that name.
pub(super) async fn describe(
    clients: &ClientSet,
    name: &str,
) -> Result<Option<DbInstance>, PortError> {
    let request = clients
        .rds()
        .describe_db_instances()
        .db_instance_identifier(name);
    match request.send().await {
        Ok(answer) => Ok(answer.db_instances.unwrap_or_default().into_iter().next()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_db_instance_not_found_fault()) =>
        {
            Ok(None)
        }
        Err(error) => Err(failed(
            "rds:DescribeDBInstances",
            &format!("database {name}"),
            error,
        )),
    }
}

fn observed(instance: DbInstance) -> DatabaseObservation {
    DatabaseObservation {
        deployment: deployment_of(instance.tag_list()).map(DeploymentId::from_outside),
        earliest_restorable: earliest_restorable(&instance),
        latest_restorable: instance.latest_restorable_time.as_ref().and_then(timestamp),
        resource_id: instance.dbi_resource_id,
        status: instance.db_instance_status.unwrap_or_default(),
        engine: instance.engine.unwrap_or_default(),
        engine_version: instance.engine_version.unwrap_or_default(),
        storage_gib: gib(instance.allocated_storage),
        encrypted: instance.storage_encrypted.unwrap_or_default(),
    }
}

/// RDS does not say it of an instance: as old as the instance, or as long ago as its backups are
/// kept. One that keeps none has no latest moment either.
fn earliest_restorable(instance: &DbInstance) -> Option<Timestamp> {
    let latest = instance
        .latest_restorable_time
        .as_ref()
        .and_then(timestamp)?;
    let days = instance.backup_retention_period.filter(|days| *days > 0)?;
    let kept_since = latest - SignedDuration::from_hours(24 * i64::from(days));
    let created = instance.instance_create_time.as_ref().and_then(timestamp);
    Some(created.map_or(kept_since, |created| created.max(kept_since)))
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
        .create_db_snapshot()
        .db_instance_identifier(name)
        .db_snapshot_identifier(snapshot.as_str())
        .tags(tag);
    match request.send().await {
        Ok(_) => Ok(true),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_db_snapshot_already_exists_fault()) =>
        {
            Ok(false)
        }
        Err(error) => Err(failed(
            "rds:CreateDBSnapshot",
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
        .describe_db_snapshots()
        .db_snapshot_identifier(snapshot.as_str());
    match request.send().await {
        Ok(answer) => Ok(answer
            .db_snapshots
            .unwrap_or_default()
            .into_iter()
            .next()
            .map(read_one)),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_db_snapshot_not_found_fault()) =>
        {
            Ok(None)
        }
        Err(error) => Err(failed(
            "rds:DescribeDBSnapshots",
            &format!("snapshot {snapshot}"),
            error,
        )),
    }
}

pub(super) async fn snapshots(clients: &ClientSet, name: &str) -> Result<Vec<Snapshot>, PortError> {
    let request = clients
        .rds()
        .describe_db_snapshots()
        .db_instance_identifier(name)
        .snapshot_type(MANUAL);
    let all = request
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await;
    let all = all.map_err(|error| {
        failed(
            "rds:DescribeDBSnapshots",
            &format!("database {name}"),
            error,
        )
    })?;
    Ok(all.into_iter().map(read_one).collect())
}

pub(super) async fn delete(clients: &ClientSet, snapshot: &SnapshotId) -> Result<(), PortError> {
    let request = clients
        .rds()
        .delete_db_snapshot()
        .db_snapshot_identifier(snapshot.as_str());
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_db_snapshot_not_found_fault()) =>
        {
            Ok(())
        }
        Err(error) => Err(failed(
            "rds:DeleteDBSnapshot",
            &format!("snapshot {snapshot}"),
            error,
        )),
    }
}

fn read_one(snapshot: DbSnapshot) -> Snapshot {
    Snapshot {
        deployment: deployment_of(snapshot.tag_list()),
        of: snapshot.db_instance_identifier,
        seen: SnapshotObservation {
            id: SnapshotId::new(snapshot.db_snapshot_identifier.unwrap_or_default()),
            status: snapshot.status.unwrap_or_default(),
            progress: per_cent(snapshot.percent_progress),
            engine: snapshot.engine.unwrap_or_default(),
            engine_version: snapshot.engine_version.unwrap_or_default(),
            storage_gib: gib(snapshot.allocated_storage),
            encrypted: snapshot.encrypted.unwrap_or_default(),
            created_at: created_at(snapshot.snapshot_create_time.as_ref()),
        },
    }
}
