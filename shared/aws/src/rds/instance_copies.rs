//! Copies of DB instances.

use aws_sdk_rds::types::DbInstance;
use sluice_core::database::{CopyStatus, RestorePoint};
use sluice_core::failure::PortError;

use super::copies::{DELETING, OurCopy, port, settling, status, takes_changes};
use super::instance::describe;
use super::{backups, failed, gib};
use crate::clients::ClientSet;
use crate::time::date_time;

/// gp3 storage of PostgreSQL below this many GiB has one fixed speed, and RDS rejects a given of
/// it.
const SPEED_IS_CHOSEN_FROM_GIB: u32 = 400;
/// Such as `default:postgres-16`.
pub(super) const DEFAULT_OPTIONS: &str = "default:";
/// A parameter group that was changed after the start.
const PENDING_REBOOT: &str = "pending-reboot";
const IN_SYNC: &str = "in-sync";

/// Both restores take the source's settings under the same names.
macro_rules! set_up_like {
    ($request:expr, $source:expr, $copy:expr) => {{
        let (source, copy): (&DbInstance, &OurCopy<'_>) = ($source, $copy);
        let speed = Speed::of(source);
        $request
            .set_db_instance_class(source.db_instance_class.clone())
            .set_db_subnet_group_name(subnet_group(source).map(str::to_owned))
            .set_vpc_security_group_ids(Some(security_groups(source)))
            .set_db_parameter_group_name(parameter_group(source).map(str::to_owned))
            .set_option_group_name(option_group(source).map(str::to_owned))
            .set_storage_type(source.storage_type.clone())
            .set_allocated_storage(speed.allocated_storage)
            .set_iops(speed.iops)
            .set_storage_throughput(speed.throughput)
            .set_port(source.endpoint().and_then(|endpoint| endpoint.port()))
            .set_license_model(source.license_model.clone())
            .set_network_type(source.network_type.clone())
            .set_enable_iam_database_authentication(source.iam_database_authentication_enabled)
            .set_ca_certificate_identifier(source.ca_certificate_identifier.clone())
            .set_auto_minor_version_upgrade(source.auto_minor_version_upgrade)
            .set_copy_tags_to_snapshot(source.copy_tags_to_snapshot)
            .set_dedicated_log_volume(source.dedicated_log_volume)
            .set_enable_cloudwatch_logs_exports(source.enabled_cloudwatch_logs_exports.clone())
            .multi_az(!copy.is_rehearsal() && source.multi_az == Some(true))
            .deletion_protection(!copy.is_rehearsal() && source.deletion_protection == Some(true))
            .publicly_accessible(!copy.is_rehearsal() && source.publicly_accessible == Some(true))
            // With backups RDS would begin with a first one, which takes hours in which it changes
            // nothing else.
            .backup_retention_period(0)
            .set_tags(Some(backups::tags(source, copy)))
    }};
}

/// How fast the storage is, where RDS lets it be chosen; with its size, which has to fit.
#[derive(Default)]
struct Speed {
    allocated_storage: Option<i32>,
    iops: Option<i32>,
    throughput: Option<i32>,
}

impl Speed {
    fn of(source: &DbInstance) -> Self {
        let is_large = gib(source.allocated_storage) >= SPEED_IS_CHOSEN_FROM_GIB;
        match source.storage_type() {
            Some("gp3") if is_large => Self {
                allocated_storage: source.allocated_storage,
                iops: source.iops,
                throughput: source.storage_throughput,
            },
            Some("io1" | "io2") => Self {
                allocated_storage: source.allocated_storage,
                iops: source.iops,
                throughput: None,
            },
            _ => Self::default(),
        }
    }
}

fn subnet_group(instance: &DbInstance) -> Option<&str> {
    instance.db_subnet_group()?.db_subnet_group_name()
}

fn security_groups(instance: &DbInstance) -> Vec<String> {
    let groups = instance.vpc_security_groups().iter();
    groups
        .filter_map(|group| group.vpc_security_group_id().map(str::to_owned))
        .collect()
}

fn parameter_group(instance: &DbInstance) -> Option<&str> {
    instance
        .db_parameter_groups()
        .first()?
        .db_parameter_group_name()
}

/// The default one RDS gives by itself.
fn option_group(instance: &DbInstance) -> Option<&str> {
    let group = instance.option_group_memberships().first()?;
    let name = group.option_group_name()?;
    (!name.starts_with(DEFAULT_OPTIONS)).then_some(name)
}

async fn source(clients: &ClientSet, copy: &OurCopy<'_>) -> Result<DbInstance, PortError> {
    let source = describe(clients, copy.order.source.identifier()).await?;
    source.ok_or_else(|| copy.without_source())
}

/// Restores it; and once it is there, gives it what a restore does not carry over.
pub(super) async fn ensure(clients: &ClientSet, copy: &OurCopy<'_>) -> Result<(), PortError> {
    let there = describe(clients, copy.name()).await?;
    if let Some(there) = &there {
        copy.recognise(there.tag_list())?;
    }
    let source = source(clients, copy).await?;
    match there {
        None => restore(clients, &source, copy).await,
        Some(there) if takes_changes(there.db_instance_status()) => {
            settle(clients, &source, &there, copy).await
        }
        Some(_) => Ok(()),
    }
}

async fn restore(
    clients: &ClientSet,
    source: &DbInstance,
    copy: &OurCopy<'_>,
) -> Result<(), PortError> {
    match &copy.order.from {
        RestorePoint::Snapshot(snapshot) => {
            let request = clients
                .rds()
                .restore_db_instance_from_db_snapshot()
                .db_instance_identifier(copy.name())
                .db_snapshot_identifier(snapshot.as_str());
            match set_up_like!(request, source, copy).send().await {
                Ok(_) => Ok(()),
                // The answer to the request before was lost: the next look finds the copy.
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(|error| error.is_db_instance_already_exists_fault()) =>
                {
                    Ok(())
                }
                Err(error) => Err(failed(
                    "rds:RestoreDBInstanceFromDBSnapshot",
                    &format!("snapshot {snapshot}"),
                    error,
                )),
            }
        }
        RestorePoint::Time(time) => {
            let name = copy.order.source.identifier();
            let request = clients
                .rds()
                .restore_db_instance_to_point_in_time()
                .target_db_instance_identifier(copy.name())
                .source_db_instance_identifier(name)
                .restore_time(date_time(*time));
            match set_up_like!(request, source, copy).send().await {
                Ok(_) => Ok(()),
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(|error| error.is_db_instance_already_exists_fault()) =>
                {
                    Ok(())
                }
                Err(error) => Err(failed(
                    "rds:RestoreDBInstanceToPointInTime",
                    &format!("database {name} as of {time}"),
                    error,
                )),
            }
        }
    }
}

/// What the copy does not have as it should, by RDS's names. A rehearsal needs no maintenance and
/// no one who watches it; backups no copy has before it has its source's name ([`backups`]).
fn differences(source: &DbInstance, there: &DbInstance, copy: &OurCopy<'_>) -> Vec<&'static str> {
    let mut same = vec![
        (
            "DBInstanceClass",
            there.db_instance_class == source.db_instance_class,
        ),
        (
            "DBParameterGroupName",
            parameter_group(there) == parameter_group(source),
        ),
        (
            "VpcSecurityGroupIds",
            same_groups(security_groups(there), security_groups(source)),
        ),
        (
            "EnableIAMDatabaseAuthentication",
            there.iam_database_authentication_enabled == source.iam_database_authentication_enabled,
        ),
    ];
    if !copy.is_rehearsal() {
        same.extend(differences_of_a_replacement(source, there));
    }
    let differs = same.into_iter().filter(|(_, same)| !same);
    differs.map(|(name, _)| name).collect()
}

fn differences_of_a_replacement(
    source: &DbInstance,
    there: &DbInstance,
) -> [(&'static str, bool); 8] {
    [
        ("MultiAZ", there.multi_az == source.multi_az),
        (
            "DeletionProtection",
            there.deletion_protection == source.deletion_protection,
        ),
        (
            "PreferredBackupWindow",
            there.preferred_backup_window == source.preferred_backup_window,
        ),
        (
            "PreferredMaintenanceWindow",
            there.preferred_maintenance_window == source.preferred_maintenance_window,
        ),
        (
            "MaxAllocatedStorage",
            source.max_allocated_storage.is_none()
                || there.max_allocated_storage == source.max_allocated_storage,
        ),
        (
            "MonitoringInterval",
            there.monitoring_interval.unwrap_or(0) == source.monitoring_interval.unwrap_or(0),
        ),
        (
            "EnablePerformanceInsights",
            is_watched(there) == is_watched(source)
                && there.performance_insights_retention_period
                    == source.performance_insights_retention_period,
        ),
        (
            "DatabaseInsightsMode",
            source.database_insights_mode.is_none()
                || there.database_insights_mode == source.database_insights_mode,
        ),
    ]
}

/// By Performance Insights.
fn is_watched(instance: &DbInstance) -> bool {
    instance.performance_insights_enabled == Some(true)
}

fn same_groups(mut one: Vec<String>, mut other: Vec<String>) -> bool {
    one.sort();
    other.sort();
    one == other
}

async fn settle(
    clients: &ClientSet,
    source: &DbInstance,
    there: &DbInstance,
    copy: &OurCopy<'_>,
) -> Result<(), PortError> {
    if differences(source, there, copy).is_empty() {
        return reboot_if_pending(clients, there, copy.name()).await;
    }
    let request = clients
        .rds()
        .modify_db_instance()
        .db_instance_identifier(copy.name())
        .apply_immediately(true)
        .set_db_instance_class(source.db_instance_class.clone())
        .set_db_parameter_group_name(parameter_group(source).map(str::to_owned))
        .set_vpc_security_group_ids(Some(security_groups(source)))
        .set_enable_iam_database_authentication(source.iam_database_authentication_enabled);
    let request = if copy.is_rehearsal() {
        request
    } else {
        let watched = is_watched(source);
        request
            .set_multi_az(source.multi_az)
            .set_deletion_protection(source.deletion_protection)
            .set_preferred_backup_window(source.preferred_backup_window.clone())
            .set_preferred_maintenance_window(source.preferred_maintenance_window.clone())
            .set_max_allocated_storage(source.max_allocated_storage)
            .set_monitoring_interval(source.monitoring_interval)
            .set_monitoring_role_arn(source.monitoring_role_arn.clone())
            .set_database_insights_mode(source.database_insights_mode.clone())
            .enable_performance_insights(watched)
            .set_performance_insights_kms_key_id(
                source
                    .performance_insights_kms_key_id
                    .clone()
                    .filter(|_| watched),
            )
            .set_performance_insights_retention_period(
                source
                    .performance_insights_retention_period
                    .filter(|_| watched),
            )
    };
    let modified = request.send().await;
    modified.map(drop).map_err(|error| {
        failed(
            "rds:ModifyDBInstance",
            &format!("database {}", copy.name()),
            error,
        )
    })
}

/// A parameter group takes effect with a start. No one uses the copy yet.
pub(super) async fn reboot_if_pending(
    clients: &ClientSet,
    instance: &DbInstance,
    name: &str,
) -> Result<(), PortError> {
    if parameters_are(instance) != Some(PENDING_REBOOT) {
        return Ok(());
    }
    let rebooted = clients
        .rds()
        .reboot_db_instance()
        .db_instance_identifier(name)
        .send()
        .await;
    rebooted
        .map(drop)
        .map_err(|error| failed("rds:RebootDBInstance", &format!("database {name}"), error))
}

fn parameters_are(instance: &DbInstance) -> Option<&str> {
    instance
        .db_parameter_groups()
        .first()?
        .parameter_apply_status()
}

/// Whether its parameter group has taken effect, or else what keeps it.
pub(super) fn parameters_pending(instance: &DbInstance) -> Option<CopyStatus> {
    match parameters_are(instance) {
        None | Some(IN_SYNC) => None,
        Some(word) => Some(CopyStatus::Settling(format!(
            "its parameter group is {word}"
        ))),
    }
}

pub(super) async fn observe(
    clients: &ClientSet,
    copy: &OurCopy<'_>,
) -> Result<CopyStatus, PortError> {
    let Some(there) = describe(clients, copy.name()).await? else {
        return Ok(CopyStatus::Absent);
    };
    copy.recognise(there.tag_list())?;
    if let Some(status) = status(there.db_instance_status().unwrap_or_default()) {
        return Ok(status);
    }
    let source = source(clients, copy).await?;
    let unsettled = settling(&differences(&source, &there, copy));
    if let Some(status) = unsettled.or_else(|| parameters_pending(&there)) {
        return Ok(status);
    }
    let endpoint = there.endpoint();
    let address = endpoint.and_then(|endpoint| endpoint.address());
    let port = port(endpoint.and_then(|endpoint| endpoint.port()));
    Ok(match (address, port, there.dbi_resource_id()) {
        (Some(address), Some(port), Some(resource_id)) => CopyStatus::Available {
            endpoint: address.to_owned(),
            port,
            resource_id: resource_id.to_owned(),
        },
        _ => CopyStatus::Settling("it has no endpoint yet".to_owned()),
    })
}

pub(super) async fn ensure_none(
    clients: &ClientSet,
    copy: &OurCopy<'_>,
) -> Result<bool, PortError> {
    let Some(there) = describe(clients, copy.name()).await? else {
        return Ok(true);
    };
    copy.may_go(copy.name(), there.tag_list())?;
    if there.db_instance_status() != Some(DELETING) {
        delete(clients, copy.name()).await?;
    }
    Ok(false)
}

/// Deletes an instance permanently. One that is gone is deleted.
pub(super) async fn delete(clients: &ClientSet, name: &str) -> Result<(), PortError> {
    let request = clients
        .rds()
        .delete_db_instance()
        .db_instance_identifier(name)
        .skip_final_snapshot(true)
        .delete_automated_backups(true);
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_db_instance_not_found_fault()) =>
        {
            Ok(())
        }
        Err(error) => Err(failed(
            "rds:DeleteDBInstance",
            &format!("database {name}"),
            error,
        )),
    }
}
