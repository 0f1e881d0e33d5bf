//! Copies.

use serde_json::{Value, json};
use sluice_app::ports::Databases as _;
use sluice_core::config::Database;
use sluice_core::database::{CopyOrder, CopyPurpose, CopyStatus, RestorePoint};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::SnapshotId;

use crate::RdsDatabases;
use crate::test_cloud::{Answer, Asked, TestCloud, target};

pub(super) const OURS: &str =
    "<Tag><Key>sluice:deployment</Key><Value>dep-0123456789abcdef</Value></Tag>";
const REHEARSAL: &str = "<Tag><Key>sluice:purpose</Key><Value>rehearsal</Value></Tag>";
pub(super) const REPLACEMENT: &str =
    "<Tag><Key>sluice:purpose</Key><Value>replacement</Value></Tag>";

/// How the source is set up, and what its copy is to have.
pub(super) const CARRIED: &str = "<DBInstanceClass>db.m7g.large</DBInstanceClass>\
     <DBSubnetGroup><DBSubnetGroupName>erp</DBSubnetGroupName></DBSubnetGroup>\
     <VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId>\
     </VpcSecurityGroupMembership></VpcSecurityGroups>\
     <OptionGroupMemberships><OptionGroupMembership><OptionGroupName>erp-options\
     </OptionGroupName></OptionGroupMembership></OptionGroupMemberships>\
     <LicenseModel>postgresql-license</LicenseModel><NetworkType>IPV4</NetworkType>\
     <IAMDatabaseAuthenticationEnabled>true</IAMDatabaseAuthenticationEnabled>\
     <CACertificateIdentifier>rds-ca-rsa2048-g1</CACertificateIdentifier>\
     <CopyTagsToSnapshot>true</CopyTagsToSnapshot>\
     <EnabledCloudwatchLogsExports><member>postgresql</member></EnabledCloudwatchLogsExports>";
pub(super) const OF_A_REPLACEMENT: &str = "<MultiAZ>true</MultiAZ>\
     <DeletionProtection>true</DeletionProtection>\
     <PubliclyAccessible>true</PubliclyAccessible>\
     <BackupRetentionPeriod>7</BackupRetentionPeriod>\
     <PreferredBackupWindow>02:00-02:30</PreferredBackupWindow>\
     <PreferredMaintenanceWindow>sun:03:00-sun:03:30</PreferredMaintenanceWindow>\
     <MaxAllocatedStorage>500</MaxAllocatedStorage><MonitoringInterval>60</MonitoringInterval>\
     <MonitoringRoleArn>arn:aws:iam::111111111111:role/m</MonitoringRoleArn>\
     <PerformanceInsightsEnabled>true</PerformanceInsightsEnabled>\
     <PerformanceInsightsRetentionPeriod>7</PerformanceInsightsRetentionPeriod>";

/// The storage of most tests: too small to choose its speed.
const SMALL: &str = "<StorageType>gp3</StorageType><AllocatedStorage>100</AllocatedStorage>\
     <Iops>3000</Iops><StorageThroughput>125</StorageThroughput>";

/// An instance: its name, state, parameters' state, tags, and the rest.
pub(super) fn instance(
    name: &str,
    status: &str,
    parameters: &str,
    tags: &str,
    rest: &str,
) -> String {
    format!(
        "<DBInstance><DBInstanceIdentifier>{name}</DBInstanceIdentifier>\
         <DBInstanceStatus>{status}</DBInstanceStatus><Engine>postgres</Engine>\
         <DbiResourceId>db-{name}</DbiResourceId>\
         <Endpoint><Address>{name}.example.com</Address><Port>5432</Port></Endpoint>\
         <DBParameterGroups><DBParameterGroup>\
         <DBParameterGroupName>erp-postgres16</DBParameterGroupName>\
         <ParameterApplyStatus>{parameters}</ParameterApplyStatus>\
         </DBParameterGroup></DBParameterGroups>{rest}<TagList>{tags}</TagList></DBInstance>"
    )
}

fn source_with(storage: &str) -> String {
    let tags = "<Tag><Key>team</Key><Value>erp</Value></Tag>\
                <Tag><Key>aws:cloudformation:stack-name</Key><Value>erp</Value></Tag>\
                <Tag><Key>sluice:deployment</Key><Value>dep-of-last-year</Value></Tag>";
    let rest = format!("{CARRIED}{OF_A_REPLACEMENT}{storage}");
    instance("erp", "available", "in-sync", tags, &rest)
}

pub(super) fn source() -> String {
    source_with(SMALL)
}

fn described(instances: &str) -> Answer {
    Answer::xml(&format!(
        "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances>{instances}\
         </DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>"
    ))
}

fn nobody() -> Answer {
    Answer::xml_error(404, "DBInstanceNotFound", "DBInstance not found.")
}

fn done(asked: &Asked) -> Answer {
    let operation = &asked.operation;
    Answer::xml(&format!(
        "<{operation}Response><{operation}Result/></{operation}Response>"
    ))
}

/// RDS with these instances; every other request succeeds.
pub(super) fn rds(instances: Vec<(&'static str, String)>) -> TestCloud {
    TestCloud::new(move |asked| {
        if asked.operation != "DescribeDBInstances" {
            return done(asked);
        }
        let wanted = asked.body["DBInstanceIdentifier"].as_str();
        let found = instances.iter().find(|(name, _)| Some(*name) == wanted);
        found.map_or_else(nobody, |(_, one)| described(one))
    })
}

fn order(from: RestorePoint, purpose: CopyPurpose) -> CopyOrder {
    CopyOrder {
        source: Database::Instance("erp".to_owned()),
        from,
        copy: Database::Instance("erp-copy".to_owned()),
        purpose,
    }
}

pub(super) fn of_snapshot(purpose: CopyPurpose) -> CopyOrder {
    order(RestorePoint::Snapshot(SnapshotId::new("sluice-1")), purpose)
}

pub(super) async fn ensure(cloud: &TestCloud, order: &CopyOrder) -> Result<(), PortError> {
    let databases = RdsDatabases::new(cloud.clients.clone());
    databases.ensure_copy(&target(), order).await
}

pub(super) async fn status(cloud: &TestCloud, order: &CopyOrder) -> CopyStatus {
    let databases = RdsDatabases::new(cloud.clients.clone());
    databases.copy(&target(), order).await.unwrap().status
}

/// The one request for the operation.
pub(super) fn asked(cloud: &TestCloud, operation: &str) -> Value {
    let mut asked = cloud.asked(operation);
    assert_eq!(asked.len(), 1, "{:?}", cloud.everything_asked());
    asked.remove(0)
}

/// Every tag of a request, by key.
fn tags(request: &Value) -> Value {
    let tag = |n: usize| {
        let key = request[format!("Tags.Tag.{n}.Key")].as_str()?;
        let value = request[format!("Tags.Tag.{n}.Value")].clone();
        Some((key.to_owned(), value))
    };
    Value::Object((1..).map_while(tag).collect())
}

pub(super) fn assert_members(request: &Value, expected: &[(&str, &str)]) {
    for (member, value) in expected {
        assert_eq!(request[*member], *value, "{member} of {request:#}");
    }
}

#[tokio::test]
async fn a_replacement_is_restored_as_its_source_is() {
    let cloud = rds(vec![("erp", source())]);
    ensure(&cloud, &of_snapshot(CopyPurpose::Replacement))
        .await
        .unwrap();
    let request = asked(&cloud, "RestoreDBInstanceFromDBSnapshot");
    assert_members(
        &request,
        &[
            ("DBInstanceIdentifier", "erp-copy"),
            ("DBSnapshotIdentifier", "sluice-1"),
            ("DBInstanceClass", "db.m7g.large"),
            ("DBSubnetGroupName", "erp"),
            ("VpcSecurityGroupIds.VpcSecurityGroupId.1", "sg-1"),
            ("DBParameterGroupName", "erp-postgres16"),
            ("OptionGroupName", "erp-options"),
            ("StorageType", "gp3"),
            ("Port", "5432"),
            ("MultiAZ", "true"),
            ("DeletionProtection", "true"),
            ("PubliclyAccessible", "true"),
            ("EnableIAMDatabaseAuthentication", "true"),
            ("CopyTagsToSnapshot", "true"),
            ("EnableCloudwatchLogsExports.member.1", "postgresql"),
            ("BackupRetentionPeriod", "0"),
        ],
    );
    // RDS rejects a given speed for small storage.
    assert!(request["Iops"].is_null() && request["StorageThroughput"].is_null());
    let expected = json!({
        "team": "erp",
        "sluice:deployment": "dep-0123456789abcdef",
        "sluice:purpose": "replacement",
        "sluice:backup-retention": "7",
    });
    assert_eq!(tags(&request), expected, "AWS keeps its own tags to itself");
}

#[tokio::test]
async fn large_storage_is_as_fast_as_the_sources() {
    let large = "<StorageType>gp3</StorageType><AllocatedStorage>400</AllocatedStorage>\
                 <Iops>12000</Iops><StorageThroughput>500</StorageThroughput>";
    let cloud = rds(vec![("erp", source_with(large))]);
    ensure(&cloud, &of_snapshot(CopyPurpose::Replacement))
        .await
        .unwrap();
    let request = asked(&cloud, "RestoreDBInstanceFromDBSnapshot");
    assert_members(
        &request,
        &[
            ("AllocatedStorage", "400"),
            ("Iops", "12000"),
            ("StorageThroughput", "500"),
        ],
    );
}

#[tokio::test]
async fn a_rehearsal_is_small_and_reached_by_nobody_outside() {
    let cloud = rds(vec![("erp", source())]);
    let at = RestorePoint::Time("2026-03-01T12:00:00Z".parse().unwrap());
    ensure(&cloud, &order(at, CopyPurpose::Rehearsal))
        .await
        .unwrap();
    let request = asked(&cloud, "RestoreDBInstanceToPointInTime");
    assert_members(
        &request,
        &[
            ("SourceDBInstanceIdentifier", "erp"),
            ("TargetDBInstanceIdentifier", "erp-copy"),
            ("RestoreTime", "2026-03-01T12:00:00Z"),
            ("DBInstanceClass", "db.m7g.large"),
            ("MultiAZ", "false"),
            ("DeletionProtection", "false"),
            ("PubliclyAccessible", "false"),
            ("BackupRetentionPeriod", "0"),
        ],
    );
    assert_eq!(tags(&request)["sluice:purpose"], "rehearsal");
    assert_eq!(tags(&request).get("sluice:backup-retention"), None);
}

pub(super) fn copy(status: &str, parameters: &str, purpose: &str, rest: &str) -> String {
    let tags = format!("{OURS}{purpose}");
    instance("erp-copy", status, parameters, &tags, rest)
}

#[tokio::test]
async fn a_replacement_gets_what_a_restore_does_not_carry_over() {
    let bare = format!("{CARRIED}<BackupRetentionPeriod>0</BackupRetentionPeriod>");
    let bare = copy("available", "in-sync", REPLACEMENT, &bare);
    let cloud = rds(vec![("erp", source()), ("erp-copy", bare)]);
    let order = of_snapshot(CopyPurpose::Replacement);
    let CopyStatus::Settling(missing) = status(&cloud, &order).await else {
        panic!("it is not as the source yet");
    };
    for name in ["MultiAZ", "MonitoringInterval"] {
        assert!(missing.contains(name), "{missing}");
    }
    assert!(!missing.contains("BackupRetentionPeriod"), "{missing}");
    ensure(&cloud, &order).await.unwrap();
    let request = asked(&cloud, "ModifyDBInstance");
    assert_members(
        &request,
        &[
            ("DBInstanceIdentifier", "erp-copy"),
            ("ApplyImmediately", "true"),
            ("MultiAZ", "true"),
            ("PreferredBackupWindow", "02:00-02:30"),
            ("PreferredMaintenanceWindow", "sun:03:00-sun:03:30"),
            ("MaxAllocatedStorage", "500"),
            ("MonitoringInterval", "60"),
            ("EnablePerformanceInsights", "true"),
            ("PerformanceInsightsRetentionPeriod", "7"),
        ],
    );
    assert_eq!(
        request.get("BackupRetentionPeriod"),
        None,
        "not before it serves"
    );
}

#[tokio::test]
async fn one_that_is_as_its_source_is_available_and_left_alone() {
    let whole = format!("{CARRIED}{OF_A_REPLACEMENT}");
    let whole = copy("available", "in-sync", REPLACEMENT, &whole);
    let cloud = rds(vec![("erp", source()), ("erp-copy", whole)]);
    let order = of_snapshot(CopyPurpose::Replacement);
    let expected = CopyStatus::Available {
        endpoint: "erp-copy.example.com".to_owned(),
        port: 5432,
        resource_id: "db-erp-copy".to_owned(),
    };
    assert_eq!(status(&cloud, &order).await, expected);
    ensure(&cloud, &order).await.unwrap();
    let asked = cloud.everything_asked();
    let mut asked = asked.iter().map(|one| one.operation.as_str());
    assert!(asked.all(|operation| operation == "DescribeDBInstances"));
}

#[tokio::test]
async fn parameters_that_wait_for_a_start_get_one() {
    let waiting = copy("available", "pending-reboot", REHEARSAL, CARRIED);
    let cloud = rds(vec![("erp", source()), ("erp-copy", waiting)]);
    let order = of_snapshot(CopyPurpose::Rehearsal);
    let waits = CopyStatus::Settling("its parameter group is pending-reboot".to_owned());
    assert_eq!(status(&cloud, &order).await, waits);
    ensure(&cloud, &order).await.unwrap();
    assert_members(
        &asked(&cloud, "RebootDBInstance"),
        &[("DBInstanceIdentifier", "erp-copy")],
    );
}

#[tokio::test]
async fn the_states_of_rds_are_told_apart() {
    let creating = CopyStatus::Creating("creating".to_owned());
    let busy = CopyStatus::Settling("modifying".to_owned());
    let failed = CopyStatus::Failed("incompatible-restore".to_owned());
    let leaving = CopyStatus::Failed("deleting".to_owned());
    for (word, expected) in [
        ("creating", creating),
        ("modifying", busy),
        ("incompatible-restore", failed),
        ("deleting", leaving),
    ] {
        let there = copy(word, "in-sync", REHEARSAL, CARRIED);
        let cloud = rds(vec![("erp", source()), ("erp-copy", there)]);
        let order = of_snapshot(CopyPurpose::Rehearsal);
        assert_eq!(status(&cloud, &order).await, expected);
        ensure(&cloud, &order).await.unwrap();
        assert_eq!(cloud.asked("ModifyDBInstance"), Vec::<Value>::new());
    }
    let cloud = rds(vec![("erp", source())]);
    let order = of_snapshot(CopyPurpose::Rehearsal);
    assert_eq!(status(&cloud, &order).await, CopyStatus::Absent);
}

#[tokio::test]
async fn what_is_not_this_copy_needs_a_person_and_is_never_deleted() {
    let rehearsal = of_snapshot(CopyPurpose::Rehearsal);
    let theirs = "<Tag><Key>sluice:deployment</Key><Value>dep-of-others</Value></Tag>";
    for tags in [
        String::new(),
        REHEARSAL.to_owned(),
        format!("{theirs}{REHEARSAL}"),
        format!("{OURS}{REPLACEMENT}"),
    ] {
        let there = instance("erp-copy", "available", "in-sync", &tags, CARRIED);
        let cloud = rds(vec![("erp", source()), ("erp-copy", there)]);
        let refused = ensure(&cloud, &rehearsal).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::NeedsPerson, "{refused}");
        let databases = RdsDatabases::new(cloud.clients.clone());
        let looked = databases.copy(&target(), &rehearsal).await.unwrap_err();
        assert_eq!(looked.class, ErrorClass::NeedsPerson, "{looked}");
        let kept = databases.ensure_no_copy(&target(), &rehearsal).await;
        assert_eq!(kept.unwrap_err().class, ErrorClass::Permanent);
        assert!(cloud.asked("DeleteDBInstance").is_empty());
    }
    // Nor a replacement by its own order.
    let tags = format!("{OURS}{REPLACEMENT}");
    let there = instance("erp-copy", "available", "in-sync", &tags, CARRIED);
    let cloud = rds(vec![("erp-copy", there)]);
    let databases = RdsDatabases::new(cloud.clients.clone());
    let order = of_snapshot(CopyPurpose::Replacement);
    let kept = databases.ensure_no_copy(&target(), &order).await;
    assert_eq!(kept.unwrap_err().class, ErrorClass::Permanent);
    assert!(cloud.asked("DeleteDBInstance").is_empty());
}

#[tokio::test]
async fn a_rehearsal_is_deleted_with_its_backups_and_asked_for_once() {
    let databases = |cloud: &TestCloud| RdsDatabases::new(cloud.clients.clone());
    let order = of_snapshot(CopyPurpose::Rehearsal);
    let there = copy("available", "in-sync", REHEARSAL, CARRIED);
    let cloud = rds(vec![("erp-copy", there)]);
    let gone = databases(&cloud).ensure_no_copy(&target(), &order).await;
    assert!(!gone.unwrap());
    assert_members(
        &asked(&cloud, "DeleteDBInstance"),
        &[
            ("DBInstanceIdentifier", "erp-copy"),
            ("SkipFinalSnapshot", "true"),
            ("DeleteAutomatedBackups", "true"),
        ],
    );
    let leaving = copy("deleting", "in-sync", REHEARSAL, CARRIED);
    let cloud = rds(vec![("erp-copy", leaving)]);
    let gone = databases(&cloud).ensure_no_copy(&target(), &order).await;
    assert!(!gone.unwrap());
    assert!(cloud.asked("DeleteDBInstance").is_empty());
    let cloud = rds(Vec::new());
    let gone = databases(&cloud).ensure_no_copy(&target(), &order).await;
    assert!(gone.unwrap());
}

#[tokio::test]
async fn without_its_source_a_copy_waits_for_a_person() {
    let cloud = rds(Vec::new());
    let refused = ensure(&cloud, &of_snapshot(CopyPurpose::Rehearsal)).await;
    let error = refused.unwrap_err();
    assert_eq!(error.class, ErrorClass::NeedsPerson, "{error}");
    assert!(
        error.message.contains("no database erp from which"),
        "{error}"
    );
}
