//! Restores, and what becomes of a database: it gets members, is modified, renamed, deleted.

use std::sync::Arc;

use jiff::Timestamp;
use sluice_core::config::Database;
use sluice_core::database::RestorePoint;
use sluice_core::id::SnapshotId;
use sluice_sim::cloud::{Cloud, DatabaseRestore, DatabaseSettings, MemberOrder, Place};

use super::{CLUSTER, Kind, described};
use crate::form::Form;
use crate::refusal::Refusal;
use crate::xml::Xml;

/// What a request says beside how the database is to be set up.
const NO_SETTINGS: [&str; 17] = [
    "Action",
    "Version",
    "ApplyImmediately",
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
    "NewDBInstanceIdentifier",
    "NewDBClusterIdentifier",
    "DBSnapshotIdentifier",
    "SnapshotIdentifier",
    "SourceDBInstanceIdentifier",
    "SourceDBClusterIdentifier",
    "TargetDBInstanceIdentifier",
    "RestoreTime",
    "RestoreToTime",
    "Engine",
    "AllocatedStorage",
    "AvailabilityZone",
];

/// Every other member: lists of texts are joined by commas, tags are left to [`Form::pairs`].
fn settings(form: &Form) -> DatabaseSettings {
    let mut settings = DatabaseSettings::new();
    for (member, value) in form.members() {
        if NO_SETTINGS.contains(&member) || member.starts_with("Tags.") {
            continue;
        }
        let is_entry = member
            .rsplit('.')
            .next()
            .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        let name = match member.split_once('.') {
            Some((list, _)) if is_entry => list,
            _ => member,
        };
        let joined = settings.entry(name.to_owned()).or_default();
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(value);
    }
    settings
}

pub(super) fn from_snapshot(
    kind: &Kind,
    cloud: &mut Cloud,
    place: &Arc<Place>,
    form: &Form,
) -> Result<Xml, Refusal> {
    let snapshot = match form.get("DBSnapshotIdentifier") {
        Some(snapshot) => snapshot,
        None => form.require("SnapshotIdentifier")?,
    };
    let restore = DatabaseRestore {
        copy: (kind.make)(form.require(kind.database[1])?.to_owned()),
        source: None,
        from: RestorePoint::Snapshot(SnapshotId::new(snapshot)),
        settings: settings(form),
        tags: form.pairs("Tags.Tag"),
    };
    restored(kind, cloud, place, &restore)
}

pub(super) fn to_time(
    kind: &Kind,
    cloud: &mut Cloud,
    place: &Arc<Place>,
    form: &Form,
) -> Result<Xml, Refusal> {
    let [copy, source, time] = match (kind.make)(String::new()) {
        Database::Instance(_) => [
            "TargetDBInstanceIdentifier",
            "SourceDBInstanceIdentifier",
            "RestoreTime",
        ],
        Database::Cluster(_) => [
            "DBClusterIdentifier",
            "SourceDBClusterIdentifier",
            "RestoreToTime",
        ],
    };
    let at: Timestamp = form.require(time)?.parse().map_err(|why| {
        Refusal::new("InvalidParameterValue", format!("{time} is no time: {why}"))
    })?;
    let restore = DatabaseRestore {
        copy: (kind.make)(form.require(copy)?.to_owned()),
        source: Some((kind.make)(form.require(source)?.to_owned())),
        from: RestorePoint::Time(at),
        settings: settings(form),
        tags: form.pairs("Tags.Tag"),
    };
    restored(kind, cloud, place, &restore)
}

fn restored(
    kind: &Kind,
    cloud: &mut Cloud,
    place: &Arc<Place>,
    restore: &DatabaseRestore,
) -> Result<Xml, Refusal> {
    let ordered = cloud.order_restore(place, restore);
    ordered.map_err(|error| kind.in_its_own_words(error.into()))?;
    told(kind, cloud, place, restore.copy.identifier())
}

/// The database as it is now.
fn told(kind: &Kind, cloud: &Cloud, place: &Place, name: &str) -> Result<Xml, Refusal> {
    let one = kind.database(cloud, place, name)?;
    let told = match &one.database {
        Database::Instance(_) => described::instance(place, &one).1,
        Database::Cluster(_) => described::cluster(place, &one),
    };
    Ok(Xml::structure().with(kind.database[0], told))
}

/// CreateDBInstance, of members only.
pub(super) fn create_member(
    cloud: &mut Cloud,
    place: &Arc<Place>,
    form: &Form,
) -> Result<Xml, Refusal> {
    let Some(cluster) = form.get("DBClusterIdentifier") else {
        return Err(Refusal::new(
            "InvalidParameterCombination",
            "The simulated cloud creates instances in clusters only",
        ));
    };
    let order = MemberOrder {
        cluster: cluster.to_owned(),
        identifier: form.require("DBInstanceIdentifier")?.to_owned(),
        settings: settings(form),
        tags: form.pairs("Tags.Tag"),
    };
    let ordered = cloud.order_member(place, &order);
    ordered.map_err(|error| match Refusal::from(error) {
        refusal if refusal.code == "DBInstanceAlreadyExists" => refusal,
        refusal => CLUSTER.in_its_own_words(refusal),
    })?;
    member_told(cloud, place, &order.identifier)
}

fn member_told(cloud: &Cloud, place: &Place, name: &str) -> Result<Xml, Refusal> {
    let all = cloud.databases_in(place);
    let found = all.iter().find_map(|cluster| {
        let mut members = cluster.members.iter();
        let member = members.find(|member| member.identifier == name)?;
        Some(described::as_instance(place, cluster, member).1)
    });
    let found = found.ok_or_else(|| {
        Refusal::not_found(
            "DBInstanceNotFound",
            format!("DBInstance {name} not found."),
        )
    })?;
    Ok(Xml::structure().with("DBInstance", found))
}

pub(super) fn modify(
    kind: &Kind,
    cloud: &mut Cloud,
    place: &Arc<Place>,
    form: &Form,
) -> Result<Xml, Refusal> {
    let name = form.require(kind.database[1])?;
    kind.database(cloud, place, name)?;
    if form.get("ApplyImmediately") != Some("true") {
        return Err(Refusal::new(
            "InvalidParameterCombination",
            "The simulated cloud has no maintenance windows: set ApplyImmediately",
        ));
    }
    let database = (kind.make)(name.to_owned());
    let ordered = match form.get(&format!("New{}", kind.database[1])) {
        Some(to) => cloud.order_rename_and_changes(place, &database, to, &settings(form)),
        None => cloud.order_changes(place, &database, &settings(form)),
    };
    ordered.map_err(|error| kind.in_its_own_words(error.into()))?;
    told(kind, cloud, place, name)
}

/// DeleteDBInstance, of an instance of its own or of a member.
pub(super) fn delete_instance(
    cloud: &mut Cloud,
    place: &Arc<Place>,
    form: &Form,
) -> Result<Xml, Refusal> {
    refuse_final_snapshot(form)?;
    let name = form.require("DBInstanceIdentifier")?;
    if let Ok(told) = member_told(cloud, place, name) {
        cloud.order_no_member(place, name)?;
        return Ok(told);
    }
    let kind = &super::INSTANCE;
    let told = told(kind, cloud, place, name)?;
    cloud.order_no_database(place, &Database::Instance(name.to_owned()))?;
    Ok(told)
}

pub(super) fn delete_cluster(
    cloud: &mut Cloud,
    place: &Arc<Place>,
    form: &Form,
) -> Result<Xml, Refusal> {
    refuse_final_snapshot(form)?;
    let name = form.require("DBClusterIdentifier")?;
    let told = told(&CLUSTER, cloud, place, name)?;
    let ordered = cloud.order_no_database(place, &Database::Cluster(name.to_owned()));
    ordered.map_err(|error| CLUSTER.in_its_own_words(error.into()))?;
    Ok(told)
}

fn refuse_final_snapshot(form: &Form) -> Result<(), Refusal> {
    if form.get("SkipFinalSnapshot") == Some("true") {
        return Ok(());
    }
    Err(Refusal::new(
        "InvalidParameterCombination",
        "The simulated cloud takes no final snapshot: set SkipFinalSnapshot",
    ))
}
