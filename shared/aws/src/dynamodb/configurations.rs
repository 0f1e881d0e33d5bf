//! The files that people have changed: every version is an item, the newest of each application is
//! stored once more beside those of the others, and one item counts the changes of all.

use async_trait::async_trait;
use sluice_app::ports::Configurations;
use sluice_core::config::ConfigVersion;
use sluice_core::failure::PortError;
use sluice_core::id::AppName;

use super::DynamoStore;
use super::expression::{Change, VERSION, put, put_new};
use super::item::{BODY, Read, SCHEMA_ATTRIBUTE, body, item};
use super::key::{self, Item, SCHEMA, SK, number};

#[async_trait]
impl Configurations for DynamoStore {
    async fn changes(&self) -> Result<u64, PortError> {
        let counted = self.get(changes_item()).await?;
        counted.map_or(Ok(0), |item| Read::new(&item)?.number(VERSION))
    }

    async fn newest_versions(&self) -> Result<Vec<(AppName, ConfigVersion)>, PortError> {
        let items = self.query(key::CONFIGURATION, key::NEWEST_FILES).await?;
        let mut newest = Vec::with_capacity(items.len());
        for item in &items {
            let read = Read::new(item)?;
            if let Some(app) = key::newest_file_of(read.needed(SK)?) {
                newest.push((app, read.json(BODY)?));
            }
        }
        Ok(newest)
    }

    async fn version(
        &self,
        app: &AppName,
        number: u32,
    ) -> Result<Option<ConfigVersion>, PortError> {
        let key = key::key(key::files(app), key::file(number));
        let found = self.get(key).await?;
        found.map(|item| Read::new(&item)?.json(BODY)).transpose()
    }

    async fn versions(&self, app: &AppName, limit: usize) -> Result<Vec<ConfigVersion>, PortError> {
        let items = self
            .query_newest(key::files(app), key::FILES, limit)
            .await?;
        items
            .iter()
            .map(|item| Read::new(item)?.json(BODY))
            .collect()
    }

    async fn save_version(
        &self,
        app: &AppName,
        version: &ConfigVersion,
        changes: u64,
    ) -> Result<bool, PortError> {
        let body = body(format_args!("sluice.toml of {app}"), version)?;
        let counted = Change::new()
            .set(VERSION, number(changes + 1))
            .set(SCHEMA_ATTRIBUTE, number(SCHEMA))
            .if_version(changes)
            .in_transaction(&self.table, changes_item());
        let one = key::key(key::files(app), key::file(version.number));
        let newest = key::key(key::CONFIGURATION.to_owned(), key::newest_file(app));
        let writes = [
            counted,
            put_new(&self.table, item(one, body.clone())),
            put(&self.table, item(newest, body)),
        ];
        let writes: Result<Vec<_>, _> = writes.into_iter().collect();
        let writes = writes.map_err(|why| self.incomplete(&why))?;
        Ok(self.transact(&writes).await?.is_ok())
    }

    async fn proposed(&self, app: &AppName) -> Result<Option<ConfigVersion>, PortError> {
        let found = self.get(proposed_item(app)).await?;
        found.map(|item| Read::new(&item)?.json(BODY)).transpose()
    }

    async fn propose(&self, app: &AppName, version: &ConfigVersion) -> Result<(), PortError> {
        let body = body(format_args!("the proposed sluice.toml of {app}"), version)?;
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item(proposed_item(app), body)));
        let answer = request.send().await;
        answer.map_err(|error| self.failed("dynamodb:PutItem", error))?;
        Ok(())
    }
}

fn changes_item() -> Item {
    key::key(key::CONFIGURATION.to_owned(), key::CHANGES)
}

fn proposed_item(app: &AppName) -> Item {
    key::key(key::files(app), key::PROPOSED)
}
