//! The database of an environment.

use super::Finding;

/// No such database.
pub fn no_database(identifier: &str, environment: &str) -> Finding {
    Finding::new(
        format!("There is no database {identifier} of {environment} in RDS."),
        "No snapshot can be taken, so no migration runs: deployments fail.",
        "Correct `instance` or `cluster` in [environments.X.backup] of sluice.toml.",
    )
}

/// A database that cannot be backed up now.
pub fn not_available(identifier: &str, status: &str) -> Finding {
    Finding::new(
        format!("The database {identifier} is {status}."),
        "RDS takes snapshots only of a database that is available.",
        "aws rds describe-events --duration 1440 --source-type … says why; wait, or start it.",
    )
}

/// A database without automatic backups.
pub fn no_retention(identifier: &str, is_cluster: bool) -> Finding {
    let command = if is_cluster {
        format!("modify-db-cluster --db-cluster-identifier {identifier}")
    } else {
        format!("modify-db-instance --db-instance-identifier {identifier}")
    };
    Finding::new(
        format!("The database {identifier} keeps no automatic backups."),
        "It cannot be restored to a moment: everything written since the last snapshot would be lost.",
        format!("aws rds {command} --backup-retention-period 7 --apply-immediately"),
    )
}

/// No room for a snapshot.
pub fn quota(used: i64, most: i64, needed: i64, clusters: bool) -> Finding {
    let kind = if clusters {
        "cluster snapshots"
    } else {
        "snapshots"
    };
    let code = if clusters { "L-9B510759" } else { "L-272F1212" };
    Finding::new(
        format!(
            "The account has {used} of {most} manual {kind}; Sluice needs room for {needed} more."
        ),
        "RDS refuses a snapshot beyond the quota, and a deployment with a backup then fails.",
        format!(
            "aws service-quotas request-service-quota-increase --service-code rds --quota-code \
             {code} --desired-value {} # or delete old snapshots",
            most * 2
        ),
    )
}
