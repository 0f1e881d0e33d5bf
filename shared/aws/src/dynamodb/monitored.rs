//! What monitors have heard of deployments.

use sluice_app::ports::{AllMonitored, Monitored};
use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;

use super::DynamoStore;
use super::environments::lost_a_race;
use super::expression::{Change, VERSION};
use super::item::{BODY, Read, SCHEMA_ATTRIBUTE, body};
use super::key::{self, SCHEMA, number};

impl DynamoStore {
    pub(super) async fn read_monitored(
        &self,
        id: &DeploymentId,
    ) -> Result<AllMonitored, PortError> {
        let mut all = AllMonitored::new();
        for item in self.query(&key::deployment(id), key::MONITORS).await? {
            let read = Read::new(&item)?;
            let name = read.needed(key::SK)?.trim_start_matches(key::MONITORS);
            let monitored = Monitored {
                version: read.number(VERSION)?,
                ..read.json(BODY)?
            };
            all.insert(name.to_owned(), monitored);
        }
        Ok(all)
    }

    pub(super) async fn write_monitored(
        &self,
        id: &DeploymentId,
        monitor: &str,
        monitored: &Monitored,
    ) -> Result<bool, PortError> {
        let sk = format!("{}{monitor}", key::MONITORS);
        let what = format!("what {monitor} has heard of {id}");
        let change = Change::new()
            .set(VERSION, number(monitored.version + 1))
            .set(SCHEMA_ATTRIBUTE, number(SCHEMA))
            .set(BODY, body(what, monitored)?)
            .if_version(monitored.version);
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key::key(key::deployment(id), sk)))
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
}
