//! DescribeDBInstances and DescribeDBClusters. The members of a cluster are instances too.

use sluice_core::config::Database;
use sluice_sim::cloud::{Cloud, DatabaseDescription, DatabaseMember, DatabaseSettings, Place};

use super::{CLUSTER, INSTANCE, tags};
use crate::form::Form;
use crate::refusal::Refusal;
use crate::xml::Xml;

/// Members that are answered under the name under which they are asked for.
const SAME_NAME: [&str; 20] = [
    "DBInstanceClass",
    "MultiAZ",
    "StorageType",
    "LicenseModel",
    "PubliclyAccessible",
    "CopyTagsToSnapshot",
    "DeletionProtection",
    "CACertificateIdentifier",
    "AutoMinorVersionUpgrade",
    "DedicatedLogVolume",
    "NetworkType",
    "BackupRetentionPeriod",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "MaxAllocatedStorage",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "PerformanceInsightsRetentionPeriod",
    "PromotionTier",
    "EngineMode",
];

pub(super) fn instances(cloud: &Cloud, place: &Place, form: &Form) -> Result<Xml, Refusal> {
    let name = form.get("DBInstanceIdentifier");
    let cluster = filter(form, "db-cluster-id")?;
    let mut found = Vec::new();
    for one in cloud.databases_seen(place) {
        match &one.database {
            Database::Instance(_) if cluster.is_none() => found.push(instance(place, &one)),
            Database::Cluster(of) if cluster.is_none_or(|wanted| wanted == of) => {
                let members = one.members.iter();
                found.extend(members.map(|member| as_instance(place, &one, member)));
            }
            Database::Instance(_) | Database::Cluster(_) => {}
        }
    }
    found.retain(|(there, _)| name.is_none_or(|name| name == there));
    if let (Some(name), true) = (name, found.is_empty()) {
        let said = format!("DBInstance {name} not found.");
        return Err(Refusal::not_found(INSTANCE.no_database, said));
    }
    let found = found.into_iter().map(|(_, one)| one).collect();
    let list = Xml::List("DBInstance", found);
    Ok(Xml::structure().with("DBInstances", list))
}

pub(super) fn clusters(cloud: &Cloud, place: &Place, form: &Form) -> Result<Xml, Refusal> {
    let name = form.get("DBClusterIdentifier");
    let mut found = cloud.databases_seen(place);
    found.retain(|one| {
        CLUSTER.is_of(&one.database) && name.is_none_or(|name| name == one.database.identifier())
    });
    if let (Some(name), true) = (name, found.is_empty()) {
        let said = format!("DBCluster {name} not found.");
        return Err(Refusal::not_found(CLUSTER.no_database, said));
    }
    let found = found.iter().map(|one| cluster(place, one)).collect();
    let list = Xml::List("DBCluster", found);
    Ok(Xml::structure().with("DBClusters", list))
}

/// The value of the one filter that is modelled.
fn filter<'a>(form: &'a Form, wanted: &str) -> Result<Option<&'a str>, Refusal> {
    match form.get("Filters.Filter.1.Name") {
        None => Ok(None),
        Some(name) if name == wanted => Ok(form.get("Filters.Filter.1.Values.Value.1")),
        Some(name) => Err(Refusal::new(
            "InvalidParameterValue",
            format!("The simulated cloud does not filter by {name}"),
        )),
    }
}

/// An instance with its identifier.
pub(super) fn instance(place: &Place, one: &DatabaseDescription) -> (String, Xml) {
    let name = one.database.identifier();
    let port = one.settings.get("Port");
    let endpoint = Xml::structure()
        .text("Address", &one.endpoint)
        .maybe("Port", port);
    let told = of_settings(Xml::structure(), &one.settings)
        .text("DBInstanceIdentifier", name)
        .text("DBInstanceStatus", &one.seen.status)
        .text("AllocatedStorage", one.seen.storage_gib)
        .maybe("DbiResourceId", one.seen.resource_id.as_ref())
        .text("InstanceCreateTime", one.created_at)
        .maybe("LatestRestorableTime", one.seen.latest_restorable)
        .with("Endpoint", endpoint)
        .with("DBParameterGroups", parameter_groups(&one.settings))
        .with("OptionGroupMemberships", option_groups(&one.settings))
        .with("DBSubnetGroup", subnet_group(&one.settings));
    let arn = place.arn("rds", format!("db:{name}"));
    let told = of_engine(told, one).text("DBInstanceArn", arn);
    (name.to_owned(), told.with("TagList", tags(&one.tags)))
}

/// A member of a cluster, with its identifier.
pub(super) fn as_instance(
    place: &Place,
    cluster: &DatabaseDescription,
    member: &DatabaseMember,
) -> (String, Xml) {
    let name = &member.identifier;
    let told = of_settings(Xml::structure(), &member.settings)
        .text("DBInstanceIdentifier", name)
        .text("DBInstanceStatus", &member.status)
        .text("DBClusterIdentifier", cluster.database.identifier())
        .with("DBParameterGroups", parameter_groups(&member.settings));
    let arn = place.arn("rds", format!("db:{name}"));
    let told = of_engine(told, cluster).text("DBInstanceArn", arn);
    (name.clone(), told.with("TagList", tags(&member.tags)))
}

pub(super) fn cluster(place: &Place, one: &DatabaseDescription) -> Xml {
    let name = one.database.identifier();
    let members = one.members.iter().map(|member| {
        Xml::structure()
            .text("DBInstanceIdentifier", &member.identifier)
            .text("IsClusterWriter", member.writes)
            .text("DBClusterParameterGroupStatus", "in-sync")
            .maybe("PromotionTier", member.settings.get("PromotionTier"))
    });
    let setting = |name: &str| one.settings.get(name);
    let told = of_settings(Xml::structure(), &one.settings)
        .text("DBClusterIdentifier", name)
        .text("Status", &one.seen.status)
        .text("AllocatedStorage", one.seen.storage_gib)
        .maybe("DbClusterResourceId", one.seen.resource_id.as_ref())
        .maybe("EarliestRestorableTime", one.seen.earliest_restorable)
        .maybe("LatestRestorableTime", one.seen.latest_restorable)
        .text("Endpoint", &one.endpoint)
        .maybe("Port", setting("Port"))
        .maybe("DBSubnetGroup", setting("DBSubnetGroupName"))
        .maybe(
            "DBClusterParameterGroup",
            setting("DBClusterParameterGroupName"),
        )
        .with(
            "DBClusterMembers",
            Xml::List("DBClusterMember", members.collect()),
        );
    let told = match scaling(&one.settings) {
        Some(scaling) => told.with("ServerlessV2ScalingConfiguration", scaling),
        None => told,
    };
    let arn = place.arn("rds", format!("cluster:{name}"));
    of_engine(told, one)
        .text("DBClusterArn", arn)
        .with("TagList", tags(&one.tags))
}

fn of_engine(told: Xml, one: &DatabaseDescription) -> Xml {
    told.text("Engine", &one.seen.engine)
        .text("EngineVersion", &one.seen.engine_version)
        .text("StorageEncrypted", one.seen.encrypted)
}

/// What instances and clusters have in common of how they are set up.
fn of_settings(told: Xml, settings: &DatabaseSettings) -> Xml {
    let mut told = told;
    for name in SAME_NAME {
        told = told.maybe(name, settings.get(name));
    }
    let exports = list(settings, "EnableCloudwatchLogsExports");
    let exports = exports.into_iter().map(Xml::Text).collect();
    let groups = list(settings, "VpcSecurityGroupIds").into_iter().map(|id| {
        Xml::structure()
            .text("VpcSecurityGroupId", id)
            .text("Status", "active")
    });
    let groups = Xml::List("VpcSecurityGroupMembership", groups.collect());
    told.maybe(
        "IAMDatabaseAuthenticationEnabled",
        settings.get("EnableIAMDatabaseAuthentication"),
    )
    .maybe(
        "PerformanceInsightsEnabled",
        settings.get("EnablePerformanceInsights"),
    )
    .with("EnabledCloudwatchLogsExports", Xml::List("member", exports))
    .with("VpcSecurityGroups", groups)
}

fn list(settings: &DatabaseSettings, name: &str) -> Vec<String> {
    let joined = settings.get(name).map(String::as_str).unwrap_or_default();
    let entries = joined.split(',').filter(|entry| !entry.is_empty());
    entries.map(str::to_owned).collect()
}

/// Nothing but the group changes a parameter here, so it is always in force.
fn parameter_groups(settings: &DatabaseSettings) -> Xml {
    let group = settings.get("DBParameterGroupName").map(|name| {
        Xml::structure()
            .text("DBParameterGroupName", name)
            .text("ParameterApplyStatus", "in-sync")
    });
    Xml::List("DBParameterGroup", group.into_iter().collect())
}

fn option_groups(settings: &DatabaseSettings) -> Xml {
    let group = settings.get("OptionGroupName").map(|name| {
        Xml::structure()
            .text("OptionGroupName", name)
            .text("Status", "in-sync")
    });
    Xml::List("OptionGroupMembership", group.into_iter().collect())
}

fn subnet_group(settings: &DatabaseSettings) -> Xml {
    Xml::structure().maybe("DBSubnetGroupName", settings.get("DBSubnetGroupName"))
}

fn scaling(settings: &DatabaseSettings) -> Option<Xml> {
    let of = |member: &str| settings.get(&format!("ServerlessV2ScalingConfiguration.{member}"));
    let least = of("MinCapacity")?;
    Some(
        Xml::structure()
            .text("MinCapacity", least)
            .maybe("MaxCapacity", of("MaxCapacity")),
    )
}
