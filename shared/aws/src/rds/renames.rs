//! Names of databases, and their change.

use sluice_core::config::Database;
use sluice_core::failure::PortError;

use super::{cluster, failed, instance};
use crate::clients::ClientSet;

/// RDS's word for a database that gets another name.
const RENAMING: &str = "renaming";

/// A database as far as its name goes.
struct Named {
    resource_id: Option<String>,
    status: Option<String>,
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
                resource_id: one.dbi_resource_id,
                status: one.db_instance_status,
            })
        }
        Database::Cluster(_) => {
            let found = cluster::describe(clients, name).await?;
            found.map(|one| Named {
                resource_id: one.db_cluster_resource_id,
                status: one.status,
            })
        }
    })
}

pub(super) async fn ensure(
    clients: &ClientSet,
    from: &Database,
    resource_id: &str,
    to: &str,
) -> Result<(), PortError> {
    let is_it = |one: &Named| one.resource_id.as_deref() == Some(resource_id);
    if let Some(there) = named(clients, from, to).await? {
        return if is_it(&there) {
            Ok(())
        } else {
            Err(another(to, resource_id))
        };
    }
    let old = from.identifier();
    match named(clients, from, old).await? {
        Some(there) if !is_it(&there) => Err(another(old, resource_id)),
        Some(there) if there.status.as_deref() == Some(RENAMING) => Ok(()),
        Some(_) => rename(clients, from, to).await,
        None => Err(PortError::retryable(format!(
            "neither {old} nor {to} is there: while a database gets another name, neither may be"
        ))),
    }
}

fn another(name: &str, resource_id: &str) -> PortError {
    PortError::needs_person(format!(
        "the database {name} is not {resource_id}: somebody has renamed or made it. See which \
         database is to have which name, and rename them by hand"
    ))
}

async fn rename(clients: &ClientSet, from: &Database, to: &str) -> Result<(), PortError> {
    let on = |name: &str| format!("database {name}, to be called {to}");
    match from {
        Database::Instance(name) => {
            let request = clients
                .rds()
                .modify_db_instance()
                .db_instance_identifier(name)
                .new_db_instance_identifier(to)
                .apply_immediately(true);
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
