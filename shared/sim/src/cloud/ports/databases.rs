//! Databases: RDS.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sluice_app::ports::{Databases, Target};
use sluice_core::config::Database;
use sluice_core::failure::PortError;
use sluice_core::id::SnapshotId;
use sluice_core::observation::{DatabaseObservation, SnapshotObservation};

use super::CloudPorts;
use crate::cloud::Operation;
use crate::cloud::rds::OUR_TAG;

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
}
