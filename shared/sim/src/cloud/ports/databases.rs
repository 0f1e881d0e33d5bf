//! Databases: RDS.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sluice_app::ports::{Databases, Target};
use sluice_core::config::Database;
use sluice_core::database::{CopyObservation, CopyOrder};
use sluice_core::failure::PortError;
use sluice_core::id::SnapshotId;
use sluice_core::observation::{DatabaseObservation, SnapshotObservation};

use super::CloudPorts;
use crate::cloud::Operation;
use crate::cloud::rds::{CopyRemains, OUR_TAG, describing};

/// What was read says that it is to be done, and RDS that it was done already: the read lagged, and
/// the next one sees it.
fn as_of_a_lagging_read(refused: PortError) -> PortError {
    let done = [
        "DBInstanceAlreadyExists",
        "DBInstanceNotFound",
        "InvalidDBClusterState",
    ];
    if done.iter().any(|code| refused.message.starts_with(code)) {
        PortError::retryable(refused.message)
    } else {
        refused
    }
}

#[async_trait]
impl Databases for CloudPorts {
    async fn database(
        &self,
        target: &Target,
        database: &Database,
    ) -> Result<Option<DatabaseObservation>, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeDbInstances)?;
        let place = cloud.place(target)?;
        reply.with(cloud.describe_database(&place, database))
    }

    async fn ensure_snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<(), PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::CreateDbSnapshot)?;
        let place = cloud.place(target)?;
        let tags = BTreeMap::from([(OUR_TAG.to_owned(), target.deployment.to_string())]);
        cloud.create_snapshot(&place, database, snapshot, tags)?;
        reply.with(())
    }

    async fn snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<Option<SnapshotObservation>, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeDbSnapshots)?;
        let place = cloud.place(target)?;
        reply.with(cloud.describe_snapshot(&place, database, snapshot))
    }

    async fn our_snapshots(
        &self,
        target: &Target,
        database: &Database,
    ) -> Result<Vec<SnapshotObservation>, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeDbSnapshots)?;
        let place = cloud.place(target)?;
        reply.with(cloud.describe_our_snapshots(&place, database))
    }

    async fn ensure_no_snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<(), PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DeleteDbSnapshot)?;
        let place = cloud.place(target)?;
        cloud.delete_snapshot(&place, database, snapshot)?;
        reply.with(())
    }

    async fn ensure_copy(&self, target: &Target, order: &CopyOrder) -> Result<(), PortError> {
        let mut cloud = self.cloud();
        cloud.ask(describing(&order.copy))?.with(())?;
        let place = cloud.place(target)?;
        let next = cloud.next_for_copy(&place, target, order)?;
        let Some(operation) = next.operation(&order.copy) else {
            return Ok(());
        };
        let reply = cloud.ask(operation)?;
        let done = cloud.do_for_copy(&place, &order.copy, &next);
        reply.with(done.map_err(as_of_a_lagging_read)?)
    }

    async fn copy(&self, target: &Target, order: &CopyOrder) -> Result<CopyObservation, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(describing(&order.copy))?;
        let place = cloud.place(target)?;
        reply.with(cloud.describe_copy(&place, target, order)?)
    }

    async fn ensure_renamed(
        &self,
        target: &Target,
        from: &Database,
        resource_id: &str,
        to: &str,
    ) -> Result<(), PortError> {
        let mut cloud = self.cloud();
        cloud.ask(describing(from))?.with(())?;
        let place = cloud.place(target)?;
        let (operation, renamed) = match from {
            Database::Instance(_) => (
                Operation::ModifyDbInstance,
                Database::Instance(to.to_owned()),
            ),
            Database::Cluster(_) => (Operation::ModifyDbCluster, Database::Cluster(to.to_owned())),
        };
        if !cloud.is_to_be_renamed(&place, from, resource_id, &renamed)? {
            return Ok(());
        }
        let reply = cloud.ask(operation)?;
        let renamed = cloud.order_rename(&place, from, to);
        reply.with(renamed.map_err(as_of_a_lagging_read)?)
    }

    async fn ensure_no_copy(&self, target: &Target, order: &CopyOrder) -> Result<bool, PortError> {
        let mut cloud = self.cloud();
        cloud.ask(describing(&order.copy))?.with(())?;
        let place = cloud.place(target)?;
        match cloud.copy_to_delete(&place, target, order)? {
            None => return Ok(true),
            Some(CopyRemains::Going) => {}
            Some(CopyRemains::Members(members)) => {
                for member in members {
                    let reply = cloud.ask(Operation::DeleteDbInstance)?;
                    let deleted = cloud.order_no_member(&place, &member);
                    reply.with(deleted.map_err(as_of_a_lagging_read)?)?;
                }
            }
            Some(CopyRemains::Database) => {
                let reply = cloud.ask(match order.copy {
                    Database::Instance(_) => Operation::DeleteDbInstance,
                    Database::Cluster(_) => Operation::DeleteDbCluster,
                })?;
                let deleted = cloud.order_no_database(&place, &order.copy);
                reply.with(deleted.map_err(as_of_a_lagging_read)?)?;
            }
        }
        Ok(false)
    }
}
