//! Histories, and what people see of deployments.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use sluice_app::ports::Shown;
use sluice_core::failure::PortError;
use sluice_core::history::Record;
use sluice_core::id::DeploymentId;

use super::DynamoStore;
use super::expression::put_new;
use super::item::{BODY, Read, body, item};
use super::key;

/// Items of history in one transaction. DynamoDB takes 100 writes; the rest is for the head, the
/// plan and the environment.
const MOST_ITEMS: usize = 90;

impl DynamoStore {
    /// The writes that append to a history. Each record is an item; only if one change has more of
    /// them than a transaction takes, several share one.
    pub(super) fn appended(&self, records: &[Record]) -> Result<Vec<TransactWriteItem>, PortError> {
        let together = records.len().div_ceil(MOST_ITEMS).max(1);
        let write = |records: &[Record]| -> Result<TransactWriteItem, PortError> {
            let first = &records[0];
            let name = format_args!("record {} of {}", first.seq, first.deployment);
            let key = key::key(key::deployment(&first.deployment), key::record(first.seq));
            let item = item(key, body(name, &records)?);
            put_new(&self.table, item).map_err(|why: BuildError| self.incomplete(&why))
        };
        records.chunks(together).map(write).collect()
    }

    pub(super) async fn read_history(&self, id: &DeploymentId) -> Result<Vec<Record>, PortError> {
        let mut history = Vec::new();
        for item in self.query(&key::deployment(id), key::RECORDS).await? {
            history.extend(Read::new(&item)?.json::<Vec<Record>>(BODY)?);
        }
        Ok(history)
    }

    pub(super) async fn read_shown(&self, id: &DeploymentId) -> Result<Shown, PortError> {
        let item = self.get(key::key(key::deployment(id), key::SHOWN)).await?;
        item.map_or(Ok(Shown::default()), |item| Read::new(&item)?.json(BODY))
    }

    pub(super) async fn write_shown(
        &self,
        id: &DeploymentId,
        shown: &Shown,
    ) -> Result<(), PortError> {
        let key = key::key(key::deployment(id), key::SHOWN);
        let item = item(key, body(format_args!("what people see of {id}"), shown)?);
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item));
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| self.failed("dynamodb:PutItem", error))
    }
}
