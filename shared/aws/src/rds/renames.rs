//! Names of databases, and their change.

use aws_sdk_rds::types::DbInstance;
use sluice_core::config::Database;
use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;

use super::{backups, cluster, failed, instance};
use crate::clients::ClientSet;

/// RDS's word for a database that gets another name.
const RENAMING: &str = "renaming";

/// A database as far as its name goes.
struct Named {
    resource_id: Option<String>,
    status: Option<String>,
    /// All of it, where it is an instance.
    instance: Option<DbInstance>,
}

async fn named(
    clients: &ClientSet,
    kind: &Database,
    name: &str,
) -> Result<Option<Named>, PortError> {
    Ok(match kind {
        Database::Instance(_) => {
            let found = instance::describe(clients, name).await?;
            found.map(|one| Named {
                resource_id: one.dbi_resource_id.clone(),
                status: one.db_instance_status.clone(),
                instance: Some(one),
            })
        }
        Database::Cluster(_) => {
            let found = cluster::describe(clients, name).await?;
            found.map(|one| Named {
                resource_id: one.db_cluster_resource_id,
                status: one.status,
                instance: None,
            })
        }
    })
}

pub(super) async fn ensure(
    clients: &ClientSet,
    deployment: &DeploymentId,
    from: &Database,
    resource_id: &str,
    to: &str,
) -> Result<(), PortError> {
    let is_it = |one: &Named| one.resource_id.as_deref() == Some(resource_id);
    if let Some(there) = named(clients, from, to).await? {
        if !is_it(&there) {
            return Err(another(to, resource_id));
        }
        return match there.instance {
            Some(instance) => backups::ensure(clients, &instance, deployment).await,
            None => Ok(()),
        };
    }
    let old = from.identifier();
    match named(clients, from, old).await? {
        Some(there) if !is_it(&there) => Err(another(old, resource_id)),
        Some(there) if there.status.as_deref() == Some(RENAMING) => Ok(()),
        Some(there) => rename(clients, deployment, from, &there, to).await,
        None => Err(PortError::retryable(format!(
            "neither {old} nor {to} exists: both can be missing while a database is being renamed"
        ))),
    }
}

fn another(name: &str, resource_id: &str) -> PortError {
    PortError::needs_person(format!(
        "the database {name} is not {resource_id}: someone renamed or created it. Check which \
         database should have which name, and rename them manually"
    ))
}

async fn rename(
    clients: &ClientSet,
    deployment: &DeploymentId,
    from: &Database,
    there: &Named,
    to: &str,
) -> Result<(), PortError> {
    let on = |name: &str| format!("database {name}, to be renamed to {to}");
    match from {
        Database::Instance(name) => {
            let mut request = clients
                .rds()
                .modify_db_instance()
                .db_instance_identifier(name)
                .new_db_instance_identifier(to)
                .apply_immediately(true);
            if let Some(instance) = &there.instance {
                request = backups::turned_on(request, instance, deployment);
            }
            let renamed = request.send().await;
            renamed
                .map(drop)
                .map_err(|error| failed("rds:ModifyDBInstance", &on(name), error))
        }
        Database::Cluster(name) => {
            let request = clients
                .rds()
                .modify_db_cluster()
                .db_cluster_identifier(name)
                .new_db_cluster_identifier(to)
                .apply_immediately(true);
            let renamed = request.send().await;
            renamed
                .map(drop)
                .map_err(|error| failed("rds:ModifyDBCluster", &on(name), error))
        }
    }
}
