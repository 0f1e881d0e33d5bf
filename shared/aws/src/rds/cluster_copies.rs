//! Copies of Aurora DB clusters: the cluster is restored, and gets its members one by one.

use aws_sdk_rds::types::{DbCluster, ServerlessV2ScalingConfiguration};
use sluice_core::database::{CopyStatus, RestorePoint};
use sluice_core::failure::PortError;

use super::cluster::describe;
use super::cluster_members::{self, ensure_members, members_of};
use super::copies::{DELETING, OurCopy, port, settling, status, takes_changes};
use super::failed;
use super::instance_copies::{DEFAULT_OPTIONS, delete};
use crate::clients::ClientSet;
use crate::time::date_time;

/// Both restores take the source's settings under the same names.
macro_rules! set_up_like {
    ($request:expr, $source:expr, $copy:expr) => {{
        let (source, copy): (&DbCluster, &OurCopy<'_>) = ($source, $copy);
        $request
            .set_db_subnet_group_name(source.db_subnet_group.clone())
            .set_vpc_security_group_ids(Some(security_groups(source)))
            .set_db_cluster_parameter_group_name(source.db_cluster_parameter_group.clone())
            .set_option_group_name(option_group(source).map(str::to_owned))
            .set_storage_type(source.storage_type.clone())
            .set_port(source.port)
            .set_network_type(source.network_type.clone())
            .set_enable_iam_database_authentication(source.iam_database_authentication_enabled)
            .set_copy_tags_to_snapshot(source.copy_tags_to_snapshot)
            .set_enable_cloudwatch_logs_exports(source.enabled_cloudwatch_logs_exports.clone())
            .set_serverless_v2_scaling_configuration(scaling(source))
            .deletion_protection(!copy.is_rehearsal() && source.deletion_protection == Some(true))
            .set_tags(Some(copy.tags(source.tag_list())))
    }};
}

fn security_groups(cluster: &DbCluster) -> Vec<String> {
    let groups = cluster.vpc_security_groups().iter();
    groups
        .filter_map(|group| group.vpc_security_group_id().map(str::to_owned))
        .collect()
}

/// The default one RDS gives by itself.
fn option_group(cluster: &DbCluster) -> Option<&str> {
    let group = cluster.db_cluster_option_group_memberships().first()?;
    let name = group.db_cluster_option_group_name()?;
    (!name.starts_with(DEFAULT_OPTIONS)).then_some(name)
}

/// Members of the class `db.serverless` cannot be without it.
fn scaling(source: &DbCluster) -> Option<ServerlessV2ScalingConfiguration> {
    let told = source.serverless_v2_scaling_configuration()?;
    let scaling = ServerlessV2ScalingConfiguration::builder()
        .set_min_capacity(told.min_capacity())
        .set_max_capacity(told.max_capacity())
        .set_seconds_until_auto_pause(told.seconds_until_auto_pause());
    Some(scaling.build())
}

async fn source(clients: &ClientSet, copy: &OurCopy<'_>) -> Result<DbCluster, PortError> {
    let name = copy.order.source.identifier();
    let source = describe(clients, name).await?;
    let source = source.ok_or_else(|| copy.without_source())?;
    // A Multi-AZ DB cluster makes its members itself, of a class of the cluster's.
    if source
        .engine()
        .is_some_and(|engine| !engine.starts_with("aurora"))
    {
        return Err(PortError::permanent(format!(
            "the cluster {name} is not an Aurora cluster: Sluice copies Aurora clusters and single \
             instances only"
        )));
    }
    Ok(source)
}

/// Restores it; and once it is there, gives it its members and what a restore does not carry over.
pub(super) async fn ensure(clients: &ClientSet, copy: &OurCopy<'_>) -> Result<(), PortError> {
    let there = describe(clients, copy.name()).await?;
    if let Some(there) = &there {
        copy.recognise(there.tag_list())?;
    }
    let source = source(clients, copy).await?;
    match there {
        None => restore(clients, &source, copy).await,
        Some(there) if takes_changes(there.status()) => {
            ensure_members(clients, copy).await?;
            settle(clients, &source, &there, copy).await
        }
        Some(_) => Ok(()),
    }
}

async fn restore(
    clients: &ClientSet,
    source: &DbCluster,
    copy: &OurCopy<'_>,
) -> Result<(), PortError> {
    match &copy.order.from {
        RestorePoint::Snapshot(snapshot) => {
            let request = clients
                .rds()
                .restore_db_cluster_from_snapshot()
                .db_cluster_identifier(copy.name())
                .snapshot_identifier(snapshot.as_str())
                .set_engine(source.engine.clone())
                .set_engine_mode(source.engine_mode.clone());
            match set_up_like!(request, source, copy).send().await {
                Ok(_) => Ok(()),
                // The answer to the request before was lost: the next look finds the copy.
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(|error| error.is_db_cluster_already_exists_fault()) =>
                {
                    Ok(())
                }
                Err(error) => Err(failed(
                    "rds:RestoreDBClusterFromSnapshot",
                    &format!("snapshot {snapshot}"),
                    error,
                )),
            }
        }
        RestorePoint::Time(time) => {
            let name = copy.order.source.identifier();
            let request = clients
                .rds()
                .restore_db_cluster_to_point_in_time()
                .db_cluster_identifier(copy.name())
                .source_db_cluster_identifier(name)
                .restore_to_time(date_time(*time));
            match set_up_like!(request, source, copy).send().await {
                Ok(_) => Ok(()),
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(|error| error.is_db_cluster_already_exists_fault()) =>
                {
                    Ok(())
                }
                Err(error) => Err(failed(
                    "rds:RestoreDBClusterToPointInTime",
                    &format!("database {name} as of {time}"),
                    error,
                )),
            }
        }
    }
}

/// What the copy does not have as it should, by RDS's names. A rehearsal needs no backups and no
/// maintenance.
fn differences(source: &DbCluster, there: &DbCluster, copy: &OurCopy<'_>) -> Vec<&'static str> {
    let mut same = vec![(
        "DBClusterParameterGroupName",
        there.db_cluster_parameter_group == source.db_cluster_parameter_group,
    )];
    if !copy.is_rehearsal() {
        same.extend([
            (
                "DeletionProtection",
                there.deletion_protection == source.deletion_protection,
            ),
            (
                "BackupRetentionPeriod",
                there.backup_retention_period == source.backup_retention_period,
            ),
            (
                "PreferredBackupWindow",
                there.preferred_backup_window == source.preferred_backup_window,
            ),
            (
                "PreferredMaintenanceWindow",
                there.preferred_maintenance_window == source.preferred_maintenance_window,
            ),
        ]);
    }
    let differs = same.into_iter().filter(|(_, same)| !same);
    differs.map(|(name, _)| name).collect()
}

async fn settle(
    clients: &ClientSet,
    source: &DbCluster,
    there: &DbCluster,
    copy: &OurCopy<'_>,
) -> Result<(), PortError> {
    if differences(source, there, copy).is_empty() {
        return Ok(());
    }
    let request = clients
        .rds()
        .modify_db_cluster()
        .db_cluster_identifier(copy.name())
        .apply_immediately(true)
        .set_db_cluster_parameter_group_name(source.db_cluster_parameter_group.clone());
    let request = if copy.is_rehearsal() {
        request
    } else {
        request
            .set_deletion_protection(source.deletion_protection)
            .set_backup_retention_period(source.backup_retention_period)
            .set_preferred_backup_window(source.preferred_backup_window.clone())
            .set_preferred_maintenance_window(source.preferred_maintenance_window.clone())
    };
    let modified = request.send().await;
    modified.map(drop).map_err(|error| {
        failed(
            "rds:ModifyDBCluster",
            &format!("database {}", copy.name()),
            error,
        )
    })
}

pub(super) async fn observe(
    clients: &ClientSet,
    copy: &OurCopy<'_>,
) -> Result<CopyStatus, PortError> {
    let Some(there) = describe(clients, copy.name()).await? else {
        return Ok(CopyStatus::Absent);
    };
    copy.recognise(there.tag_list())?;
    if let Some(status) = status(there.status().unwrap_or_default()) {
        return Ok(status);
    }
    let source = source(clients, copy).await?;
    let members = cluster_members::observe(clients, copy).await?;
    let unsettled = members.or_else(|| settling(&differences(&source, &there, copy)));
    if let Some(status) = unsettled {
        return Ok(status);
    }
    let resource_id = there.db_cluster_resource_id();
    Ok(match (there.endpoint(), port(there.port), resource_id) {
        (Some(endpoint), Some(port), Some(resource_id)) => CopyStatus::Available {
            endpoint: endpoint.to_owned(),
            port,
            resource_id: resource_id.to_owned(),
        },
        _ => CopyStatus::Settling("it has no endpoint yet".to_owned()),
    })
}

/// The members go first: RDS deletes no cluster that has any.
pub(super) async fn ensure_none(
    clients: &ClientSet,
    copy: &OurCopy<'_>,
) -> Result<bool, PortError> {
    let Some(there) = describe(clients, copy.name()).await? else {
        return Ok(true);
    };
    copy.may_go(copy.name(), there.tag_list())?;
    if there.status() == Some(DELETING) {
        return Ok(false);
    }
    let members = members_of(clients, copy.name()).await?;
    if members.is_empty() {
        delete_cluster(clients, copy.name()).await?;
        return Ok(false);
    }
    // Someone's member in a rehearsal keeps all of it: none is deleted before all may be.
    for member in &members {
        copy.may_go(cluster_members::name(member), member.tag_list())?;
    }
    for member in members {
        if member.db_instance_status() != Some(DELETING) {
            delete(clients, cluster_members::name(&member)).await?;
        }
    }
    Ok(false)
}

async fn delete_cluster(clients: &ClientSet, name: &str) -> Result<(), PortError> {
    let request = clients
        .rds()
        .delete_db_cluster()
        .db_cluster_identifier(name)
        .skip_final_snapshot(true)
        .delete_automated_backups(true);
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_db_cluster_not_found_fault()) =>
        {
            Ok(())
        }
        Err(error) => Err(failed(
            "rds:DeleteDBCluster",
            &format!("database {name}"),
            error,
        )),
    }
}
