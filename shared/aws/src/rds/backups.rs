//! The backups of an instance that takes another's place.
//!
//! RDS begins the backups of an instance with a whole one, which takes hours, and changes nothing
//! else meanwhile, not even the name. So a copy is restored without backups, with its source's
//! retention in a tag; and the request that gives it its source's name turns them on. Between
//! keeping none and some RDS may start the database again: then no one uses it yet. The first
//! backup is taken while it serves.

use aws_sdk_rds::operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder;
use aws_sdk_rds::types::{DbInstance, Tag};
use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;

use super::copies::{OurCopy, takes_changes};
use super::{RETENTION_TAG, deployment_of, failed};
use crate::clients::ClientSet;

/// The tags of a copy. One that takes the source's place knows how long backups are to be kept.
pub(super) fn tags(source: &DbInstance, copy: &OurCopy<'_>) -> Vec<Tag> {
    let mut tags = copy.tags(source.tag_list());
    let kept_for = source.backup_retention_period.filter(|days| *days > 0);
    if let Some(days) = kept_for.filter(|_| !copy.is_rehearsal()) {
        let days = days.to_string();
        tags.push(Tag::builder().key(RETENTION_TAG).value(days).build());
    }
    tags
}

/// The retention that it is to have and does not have yet, as a replacement of this deployment's.
/// Tags of another deployment describe what it once was.
fn owed(instance: &DbInstance, deployment: &DeploymentId) -> Option<i32> {
    let tags = instance.tag_list();
    let is_ours = deployment_of(tags).as_deref() == Some(deployment.as_str());
    let tag = tags.iter().find(|tag| tag.key() == Some(RETENTION_TAG))?;
    let days = tag.value()?.parse().ok()?;
    (is_ours && instance.backup_retention_period == Some(0)).then_some(days)
}

/// With the backups that the instance is to have, if it has none yet.
pub(super) fn turned_on(
    request: ModifyDBInstanceFluentBuilder,
    instance: &DbInstance,
    deployment: &DeploymentId,
) -> ModifyDBInstanceFluentBuilder {
    request.set_backup_retention_period(owed(instance, deployment))
}

/// Turns them on, of one that has its source's name already.
pub(super) async fn ensure(
    clients: &ClientSet,
    instance: &DbInstance,
    deployment: &DeploymentId,
) -> Result<(), PortError> {
    if owed(instance, deployment).is_none() || !takes_changes(instance.db_instance_status()) {
        return Ok(());
    }
    let name = instance.db_instance_identifier().unwrap_or_default();
    let request = clients
        .rds()
        .modify_db_instance()
        .db_instance_identifier(name)
        .apply_immediately(true);
    let modified = turned_on(request, instance, deployment).send().await;
    modified
        .map(drop)
        .map_err(|error| failed("rds:ModifyDBInstance", &format!("database {name}"), error))
}
