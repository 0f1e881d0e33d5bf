//! When a copy gets its backups.

use sluice_app::ports::Databases as _;
use sluice_core::config::Database;
use sluice_core::database::{CopyPurpose, CopyStatus};

use super::copies::{
    CARRIED, OF_A_REPLACEMENT, OURS, REPLACEMENT, asked, assert_members, copy, ensure, instance,
    of_snapshot, rds, source, status,
};
use crate::RdsDatabases;
use crate::test_cloud::{TestCloud, target};

#[tokio::test]
async fn a_copy_that_is_backed_up_is_used_and_left_alone() {
    for word in [
        "backing-up",
        "configuring-iam-database-auth",
        "storage-config-upgrade",
    ] {
        let whole = format!("{CARRIED}{OF_A_REPLACEMENT}");
        let whole = copy(word, "in-sync", REPLACEMENT, &whole);
        let cloud = rds(vec![("erp", source()), ("erp-copy", whole)]);
        let order = of_snapshot(CopyPurpose::Replacement);
        let seen = status(&cloud, &order).await;
        assert!(
            matches!(seen, CopyStatus::Available { .. }),
            "{word}: {seen:?}"
        );
        ensure(&cloud, &order).await.unwrap();
        assert!(cloud.asked("ModifyDBInstance").is_empty());
    }
}

const OWES_BACKUPS: &str = "<Tag><Key>sluice:backup-retention</Key><Value>7</Value></Tag>";
const NO_BACKUPS: &str = "<BackupRetentionPeriod>0</BackupRetentionPeriod>";

async fn takes_the_name(cloud: &TestCloud) {
    let copy = Database::Instance("erp-copy".to_owned());
    let databases = RdsDatabases::new(cloud.clients.clone());
    databases
        .ensure_renamed(&target(), &copy, "db-erp-copy", "erp")
        .await
        .unwrap();
}

#[tokio::test]
async fn with_its_sources_name_a_replacement_gets_its_backups() {
    let tags = format!("{OURS}{REPLACEMENT}{OWES_BACKUPS}");
    let bare = || instance("erp-copy", "available", "in-sync", &tags, NO_BACKUPS);
    let cloud = rds(vec![("erp-copy", bare())]);
    takes_the_name(&cloud).await;
    let expected = [
        ("DBInstanceIdentifier", "erp-copy"),
        ("NewDBInstanceIdentifier", "erp"),
        ("BackupRetentionPeriod", "7"),
        ("ApplyImmediately", "true"),
    ];
    assert_members(&asked(&cloud, "ModifyDBInstance"), &expected);

    // It has the name, and the backups were forgotten.
    let named = || bare().replace("Identifier>erp-copy<", "Identifier>erp<");
    let cloud = rds(vec![("erp", named())]);
    takes_the_name(&cloud).await;
    let request = asked(&cloud, "ModifyDBInstance");
    assert_members(&request, &[("BackupRetentionPeriod", "7")]);
    assert_eq!(request.get("NewDBInstanceIdentifier"), None);
}

#[tokio::test]
async fn backups_are_turned_on_once_and_for_nobody_else() {
    let others = "<Tag><Key>sluice:deployment</Key><Value>dep-of-others</Value></Tag>";
    let kept = "<BackupRetentionPeriod>7</BackupRetentionPeriod>";
    for (tags, status, rest) in [
        (
            format!("{OURS}{REPLACEMENT}{OWES_BACKUPS}"),
            "available",
            kept,
        ),
        (
            format!("{OURS}{REPLACEMENT}{OWES_BACKUPS}"),
            "backing-up",
            NO_BACKUPS,
        ),
        (
            format!("{others}{REPLACEMENT}{OWES_BACKUPS}"),
            "available",
            NO_BACKUPS,
        ),
        (String::new(), "available", NO_BACKUPS),
    ] {
        let there = instance("erp-copy", status, "in-sync", &tags, rest);
        let named = there.replace("Identifier>erp-copy<", "Identifier>erp<");
        let cloud = rds(vec![("erp", named)]);
        takes_the_name(&cloud).await;
        assert!(cloud.asked("ModifyDBInstance").is_empty(), "{there}");
    }
}
