//! What is remembered of source code: one item for each application, and its place in the index.

use async_trait::async_trait;
use jiff::Timestamp;
use sluice_app::ports::{Sources, StoredSource};
use sluice_core::failure::PortError;
use sluice_core::id::AppName;
use sluice_core::source::Watch;

use super::DynamoStore;
use super::due::DUE_INDEX;
use super::environments::lost_a_race;
use super::expression::{Change, VERSION};
use super::item::{BODY, Read, SCHEMA_ATTRIBUTE, body};
use super::key::{self, DUE_AT, DUE_SHARD, Item, PK, SCHEMA, number, text};

#[async_trait]
impl Sources for DynamoStore {
    async fn source(&self, app: &AppName) -> Result<Option<StoredSource>, PortError> {
        let Some(item) = self.get(source_item(app)).await? else {
            return Ok(None);
        };
        let read = Read::new(&item)?;
        Ok(Some(StoredSource {
            watch: read.json(BODY)?,
            version: read.number(VERSION)?,
        }))
    }

    async fn save_source(
        &self,
        app: &AppName,
        watch: &Watch,
        version: u64,
        due_at: Timestamp,
    ) -> Result<bool, PortError> {
        let what = format!("what is known of the source code of {app}");
        let change = Change::new()
            .set(VERSION, number(version + 1))
            .set(SCHEMA_ATTRIBUTE, number(SCHEMA))
            .set(BODY, body(what, watch)?)
            .set(DUE_SHARD, text(key::DUE_SOURCES))
            .set(DUE_AT, text(key::due_source(due_at, app)))
            .if_version(version);
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(source_item(app)))
            .update_expression(change.update())
            .condition_expression(change.condition())
            .set_expression_attribute_names(Some(change.names()))
            .set_expression_attribute_values(Some(change.values()));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if lost_a_race(&error) => Ok(false),
            Err(error) => Err(self.failed("dynamodb:UpdateItem", error)),
        }
    }

    async fn sources_due(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<AppName>, PortError> {
        let request = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("#shard = :shard AND #at < :before")
            .expression_attribute_names("#shard", DUE_SHARD)
            .expression_attribute_names("#at", DUE_AT)
            .expression_attribute_values(":shard", text(key::DUE_SOURCES))
            .expression_attribute_values(":before", text(key::time(before)))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.failed("dynamodb:Query", error))?;
        let app = |item: &Item| key::source_of(item.get(PK)?.as_s().ok()?);
        Ok(answer.items().iter().filter_map(app).collect())
    }
}

fn source_item(app: &AppName) -> Item {
    key::key(key::source(app), key::SOURCE)
}
