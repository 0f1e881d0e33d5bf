//! The members of an Aurora cluster's copy, as the source has them.

use std::cmp::Reverse;

use aws_sdk_rds::types::{DbInstance, Filter};
use sluice_core::database::CopyStatus;
use sluice_core::failure::PortError;

use super::copies::{OurCopy, status, takes_changes};
use super::instance_copies::{parameters_pending, reboot_if_pending};
use super::{cluster, failed};
use crate::clients::ClientSet;

pub(super) fn name(member: &DbInstance) -> &str {
    member.db_instance_identifier().unwrap_or_default()
}

/// Every member of the cluster, as instances.
pub(super) async fn members_of(
    clients: &ClientSet,
    cluster: &str,
) -> Result<Vec<DbInstance>, PortError> {
    let of_cluster = Filter::builder()
        .name("db-cluster-id")
        .values(cluster)
        .build();
    let request = clients.rds().describe_db_instances().filters(of_cluster);
    let all = request
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await;
    all.map_err(|error| {
        failed(
            "rds:DescribeDBInstances",
            &format!("the members of {cluster}"),
            error,
        )
    })
}

/// A member that the copy is to have: its name, and the source's that it is like.
struct Wanted {
    name: String,
    like: DbInstance,
}

/// The source's members, the one that writes first and then by their order of promotion. A
/// rehearsal needs the first.
async fn wanted(clients: &ClientSet, copy: &OurCopy<'_>) -> Result<Vec<Wanted>, PortError> {
    let source = copy.order.source.identifier();
    let described = cluster::describe(clients, source).await?;
    let described = described.ok_or_else(|| copy.without_source())?;
    let writer = described
        .db_cluster_members()
        .iter()
        .find(|member| member.is_cluster_writer() == Some(true))
        .and_then(|member| member.db_instance_identifier());
    let mut members = members_of(clients, source).await?;
    members.sort_by_key(|member| {
        let tier = member.promotion_tier.unwrap_or(i32::MAX);
        let writes = writer == member.db_instance_identifier();
        (Reverse(writes), tier, name(member).to_owned())
    });
    if members.is_empty() {
        return Err(PortError::needs_person(format!(
            "the cluster {source} has no instance, so the instance class of its copy is unknown: \
             add one"
        )));
    }
    if copy.is_rehearsal() {
        members.truncate(1);
    }
    let numbered = members.into_iter().enumerate();
    let wanted = numbered.map(|(number, like)| Wanted {
        name: format!("{}-{}", copy.name(), number + 1),
        like,
    });
    Ok(wanted.collect())
}

/// Makes the members that are missing. The first is there before the others are made, so that it is
/// the one that writes.
pub(super) async fn ensure_members(
    clients: &ClientSet,
    copy: &OurCopy<'_>,
) -> Result<(), PortError> {
    let there = members_of(clients, copy.name()).await?;
    for (number, wanted) in wanted(clients, copy).await?.into_iter().enumerate() {
        match there.iter().find(|member| name(member) == wanted.name) {
            None => create(clients, copy, &wanted).await?,
            Some(member) if takes_changes(member.db_instance_status()) => {
                reboot_if_pending(clients, member, &wanted.name).await?;
                continue;
            }
            Some(_) => {}
        }
        if number == 0 {
            return Ok(());
        }
    }
    Ok(())
}

async fn create(clients: &ClientSet, copy: &OurCopy<'_>, wanted: &Wanted) -> Result<(), PortError> {
    let like = &wanted.like;
    let groups = like.db_parameter_groups();
    let group = groups.first().and_then(|one| one.db_parameter_group_name());
    let request = clients
        .rds()
        .create_db_instance()
        .db_instance_identifier(&wanted.name)
        .db_cluster_identifier(copy.name())
        .set_engine(like.engine.clone())
        .set_db_instance_class(like.db_instance_class.clone())
        .set_promotion_tier(like.promotion_tier)
        .set_db_parameter_group_name(group.map(str::to_owned))
        .set_ca_certificate_identifier(like.ca_certificate_identifier.clone())
        .set_auto_minor_version_upgrade(like.auto_minor_version_upgrade)
        .set_tags(Some(copy.tags(like.tag_list())));
    let request = if copy.is_rehearsal() {
        request.publicly_accessible(false)
    } else {
        let watched = like.performance_insights_enabled == Some(true);
        request
            .set_publicly_accessible(like.publicly_accessible)
            .set_availability_zone(like.availability_zone.clone())
            .set_preferred_maintenance_window(like.preferred_maintenance_window.clone())
            .set_monitoring_interval(like.monitoring_interval)
            .set_monitoring_role_arn(like.monitoring_role_arn.clone())
            .enable_performance_insights(watched)
            .set_performance_insights_kms_key_id(
                like.performance_insights_kms_key_id
                    .clone()
                    .filter(|_| watched),
            )
            .set_performance_insights_retention_period(
                like.performance_insights_retention_period
                    .filter(|_| watched),
            )
    };
    let created = request.send().await;
    created.map(drop).map_err(|error| {
        failed(
            "rds:CreateDBInstance",
            &format!("{} of the cluster {}", wanted.name, copy.name()),
            error,
        )
    })
}

/// What keeps the members from being as required; `None` if nothing does.
pub(super) async fn observe(
    clients: &ClientSet,
    copy: &OurCopy<'_>,
) -> Result<Option<CopyStatus>, PortError> {
    let there = members_of(clients, copy.name()).await?;
    for wanted in wanted(clients, copy).await? {
        let Some(member) = there.iter().find(|member| name(member) == wanted.name) else {
            let missing = format!("its member {} does not exist yet", wanted.name);
            return Ok(Some(CopyStatus::Settling(missing)));
        };
        let word = member.db_instance_status().unwrap_or_default();
        match status(word) {
            None => {}
            Some(CopyStatus::Failed(_)) => {
                let failed = format!("its member {} is {word}", wanted.name);
                return Ok(Some(CopyStatus::Failed(failed)));
            }
            Some(_) => {
                let busy = format!("its member {} is {word}", wanted.name);
                return Ok(Some(CopyStatus::Settling(busy)));
            }
        }
        if let Some(pending) = parameters_pending(member) {
            return Ok(Some(pending));
        }
    }
    Ok(None)
}
