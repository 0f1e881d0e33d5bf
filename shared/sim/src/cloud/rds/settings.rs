//! How a database is set up, by RDS's own names for the members of its requests. Lists are joined
//! by commas.

use std::collections::BTreeMap;

use sluice_core::config::Database;
use sluice_core::database::CopyPurpose;
use sluice_core::id::AccountId;

/// How a database is set up: a value for each member of RDS's requests.
pub type DatabaseSettings = BTreeMap<String, String>;

/// What a restored instance does not have from its source, whatever RDS is asked for: it is
/// modified.
const LATER_OF_INSTANCES: [&str; 8] = [
    "BackupRetentionPeriod",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "MaxAllocatedStorage",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "EnablePerformanceInsights",
    "PerformanceInsightsRetentionPeriod",
];
/// The same of a cluster; the rest is its members'.
const LATER_OF_CLUSTERS: [&str; 3] = [
    "BackupRetentionPeriod",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
];

/// What a restore does not carry over.
pub(super) fn settled_later(database: &Database) -> &'static [&'static str] {
    match database {
        Database::Instance(_) => &LATER_OF_INSTANCES,
        Database::Cluster(_) => &LATER_OF_CLUSTERS,
    }
}

/// What a copy for this purpose is to have.
pub(super) fn of_copy(
    source: &DatabaseSettings,
    database: &Database,
    purpose: CopyPurpose,
) -> DatabaseSettings {
    let mut settings = source.clone();
    if purpose == CopyPurpose::Rehearsal {
        for later in settled_later(database) {
            settings.remove(*later);
        }
        for switch in ["MultiAZ", "DeletionProtection", "PubliclyAccessible"] {
            if settings.contains_key(switch) {
                settings.insert(switch.to_owned(), "false".to_owned());
            }
        }
    }
    settings
}

/// What RDS gives to a restored database whose request does not say otherwise.
pub(super) fn defaults(database: &Database) -> DatabaseSettings {
    let common = [
        ("BackupRetentionPeriod", "1"),
        ("PreferredBackupWindow", "05:30-06:00"),
        ("PreferredMaintenanceWindow", "wed:22:00-wed:22:30"),
        ("DeletionProtection", "false"),
    ];
    let of_instances = [
        ("MultiAZ", "false"),
        ("MonitoringInterval", "0"),
        ("EnablePerformanceInsights", "false"),
        ("PubliclyAccessible", "false"),
    ];
    let mut settings = of(&common);
    if matches!(database, Database::Instance(_)) {
        settings.extend(of(&of_instances));
    }
    settings
}

/// Of one that is there at first.
pub(super) fn furnished(database: &Database, account: &AccountId) -> DatabaseSettings {
    let mut settings = of(&[
        ("BackupRetentionPeriod", "7"),
        ("PreferredBackupWindow", "02:00-02:30"),
        ("PreferredMaintenanceWindow", "sun:03:00-sun:03:30"),
        ("DBSubnetGroupName", "erp"),
        ("VpcSecurityGroupIds", "sg-0d1e2f3a4b5c60718"),
        ("Port", "5432"),
        ("EnableIAMDatabaseAuthentication", "true"),
        ("EnableCloudwatchLogsExports", "postgresql"),
        ("CopyTagsToSnapshot", "true"),
        ("DeletionProtection", "true"),
        ("NetworkType", "IPV4"),
    ]);
    match database {
        Database::Instance(_) => {
            settings.extend(of(&[
                ("DBInstanceClass", "db.m7g.large"),
                ("DBParameterGroupName", "erp-postgres16"),
                ("OptionGroupName", "erp-options"),
                ("StorageType", "gp3"),
                ("MultiAZ", "true"),
                ("LicenseModel", "postgresql-license"),
                ("MaxAllocatedStorage", "500"),
                ("DedicatedLogVolume", "false"),
            ]));
            settings.extend(of_server(account));
        }
        Database::Cluster(_) => settings.extend(of(&[
            ("DBClusterParameterGroupName", "erp-aurora16"),
            ("EngineMode", "provisioned"),
            ("ServerlessV2ScalingConfiguration.MinCapacity", "0.5"),
            ("ServerlessV2ScalingConfiguration.MaxCapacity", "8.5"),
        ])),
    }
    settings
}

/// What an instance has, and each member of a cluster.
pub(super) fn of_server(account: &AccountId) -> DatabaseSettings {
    let mut settings = of(&[
        ("CACertificateIdentifier", "rds-ca-rsa2048-g1"),
        ("AutoMinorVersionUpgrade", "true"),
        ("PubliclyAccessible", "false"),
        ("MonitoringInterval", "60"),
        ("EnablePerformanceInsights", "true"),
        ("PerformanceInsightsRetentionPeriod", "7"),
    ]);
    let role = format!("arn:aws:iam::{account}:role/rds-monitoring");
    settings.insert("MonitoringRoleArn".to_owned(), role);
    settings
}

fn of(members: &[(&str, &str)]) -> DatabaseSettings {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    members.iter().map(owned).collect()
}
