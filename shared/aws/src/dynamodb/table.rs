//! The table itself.

use std::time::Duration;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableStatus,
};
use sluice_core::failure::PortError;

use super::DynamoStore;
use super::due::DUE_INDEX;
use super::key::{DUE_AT, DUE_SHARD, PK, SK};
use crate::clients::Clients;

/// A new table is there after some seconds; AWS gives no bound.
const ACTIVE_WITHIN: u32 = 60;
const PAUSE: Duration = Duration::from_secs(1);

/// Creates the table that [`DynamoStore`] needs, for tests and for a first look around, and waits
/// until it is active. In an account the infrastructure template creates it, with backups and
/// protection against deletion.
///
/// # Errors
/// DynamoDB refuses, or the table is not active after a minute. That a table of that name is there
/// already is no error.
pub async fn create_table(clients: &Clients, name: &str) -> Result<(), PortError> {
    let store = DynamoStore::new(clients, name);
    let client = &store.client;
    let shape = Shape::new().map_err(|why| store.incomplete(&why))?;
    let request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(shape.attributes))
        .set_key_schema(Some(shape.keys))
        .global_secondary_indexes(shape.due);
    if let Err(error) = request.send().await {
        let there = error
            .as_service_error()
            .is_some_and(|error| error.is_resource_in_use_exception());
        if !there {
            return Err(store.failed("dynamodb:CreateTable", error));
        }
    }
    for _ in 0..ACTIVE_WITHIN {
        let answer = client.describe_table().table_name(name).send().await;
        let answer = answer.map_err(|error| store.failed("dynamodb:DescribeTable", error))?;
        let status = answer.table().and_then(|table| table.table_status());
        if status == Some(&TableStatus::Active) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(PortError::retryable(format!(
        "table {name} is being created and not active yet"
    )))
}

struct Shape {
    attributes: Vec<AttributeDefinition>,
    keys: Vec<KeySchemaElement>,
    due: GlobalSecondaryIndex,
}

impl Shape {
    fn new() -> Result<Self, BuildError> {
        let attributes = [PK, SK, DUE_SHARD, DUE_AT].map(|name| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
        });
        let due = GlobalSecondaryIndex::builder()
            .index_name(DUE_INDEX)
            .set_key_schema(Some(keys(DUE_SHARD, DUE_AT)?))
            .projection(
                Projection::builder()
                    .projection_type(ProjectionType::KeysOnly)
                    .build(),
            )
            .build()?;
        Ok(Self {
            attributes: attributes.into_iter().collect::<Result<_, _>>()?,
            keys: keys(PK, SK)?,
            due,
        })
    }
}

fn keys(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
        })
        .collect()
}
