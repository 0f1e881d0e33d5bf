//! The store in one DynamoDB table. `docs/table.md` shows its keys, the requests they serve and the
//! conditions of each.
//!
//! What is to be changed together is changed in one transaction under conditions; everything is
//! read by key and consistently, except the index of what is due, which may be a moment behind.

mod configurations;
mod deployments;
mod due;
mod environments;
mod expression;
mod history;
mod item;
mod key;
mod monitored;
mod past;
mod sources;
mod table;
mod transaction;

use std::error::Error;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use jiff::Timestamp;
use sluice_app::ports::{
    AllMonitored, DeploymentSummary, Due, EnvironmentKey, EnvironmentState, Monitored, Opened,
    Save, SaveError, Shown, Store, Stored,
};
use sluice_core::controls::Controls;
use sluice_core::deployment::Deployment;
use sluice_core::event::Claim;
use sluice_core::failure::PortError;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::id::{DeploymentId, Digest};
use sluice_core::release::VerifiedRelease;

use crate::clients::Clients;
use crate::error::port_error;
use key::Item;

pub use table::create_table;

/// The truth, in a DynamoDB table.
#[derive(Clone, Debug)]
pub struct DynamoStore {
    client: Client,
    table: String,
}

impl DynamoStore {
    /// The store in the table of that name in Sluice's own account and region, as [`create_table`]
    /// or the infrastructure template makes it.
    pub fn new(clients: &Clients, table: impl Into<String>) -> Self {
        Self {
            client: clients.own().dynamodb().clone(),
            table: table.into(),
        }
    }

    fn failed<E>(&self, action: &str, error: SdkError<E>) -> PortError
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        port_error(action, &format!("table {}", self.table), error)
    }

    /// One item, as it is now.
    async fn get(&self, key: Item) -> Result<Option<Item>, PortError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key));
        let answer = request.consistent_read(true).send().await;
        answer
            .map(|answer| answer.item)
            .map_err(|error| self.failed("dynamodb:GetItem", error))
    }

    /// The items of a partition whose sort key begins so, in its order, as they are now.
    async fn query(&self, pk: &str, begins_with: &str) -> Result<Vec<Item>, PortError> {
        let request = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)")
            .expression_attribute_names("#pk", key::PK)
            .expression_attribute_names("#sk", key::SK)
            .expression_attribute_values(":pk", key::text(pk))
            .expression_attribute_values(":sk", key::text(begins_with))
            .consistent_read(true);
        let items = request.into_paginator().items().send();
        let items: Result<Vec<Item>, _> = items.collect().await;
        items.map_err(|error| self.failed("dynamodb:Query", error))
    }

    fn incomplete(&self, why: &BuildError) -> PortError {
        PortError::permanent(format!(
            "a write to table {} is incomplete: {why}",
            self.table
        ))
    }
}

#[async_trait]
impl Store for DynamoStore {
    async fn open(
        &self,
        deployment: &Deployment,
        first: &Record,
        chain: &ChainEnd,
        due_at: Timestamp,
        environment_version: u64,
    ) -> Result<Opened, PortError> {
        self.open_deployment(deployment, first, chain, due_at, environment_version)
            .await
    }

    async fn load(&self, id: &DeploymentId) -> Result<Option<Stored>, PortError> {
        self.load_deployment(id).await
    }

    async fn save(&self, save: Save) -> Result<(), SaveError> {
        self.save_deployment(&save).await
    }

    async fn set_due(
        &self,
        id: &DeploymentId,
        version: u64,
        due_at: Option<Timestamp>,
    ) -> Result<(), PortError> {
        self.set_due_at(id, version, due_at).await
    }

    async fn claim(&self, key: &EnvironmentKey, id: &DeploymentId) -> Result<Claim, PortError> {
        self.claim_environment(key, id).await
    }

    async fn environment(&self, key: &EnvironmentKey) -> Result<EnvironmentState, PortError> {
        self.read_environment(key).await
    }

    async fn set_controls(
        &self,
        key: &EnvironmentKey,
        version: u64,
        controls: &Controls,
    ) -> Result<bool, PortError> {
        self.write_controls(key, version, controls).await
    }

    async fn verified(
        &self,
        key: &EnvironmentKey,
        digest: &Digest,
    ) -> Result<Option<VerifiedRelease>, PortError> {
        self.read_verified(key, digest).await
    }

    async fn verified_releases(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<VerifiedRelease>, PortError> {
        self.read_verified_releases(key, limit).await
    }

    async fn deployments(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        self.read_deployments(key, limit).await
    }

    async fn deployments_since(
        &self,
        key: &EnvironmentKey,
        since: Timestamp,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        self.read_deployments_since(key, since).await
    }

    async fn due(
        &self,
        before: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, PortError> {
        self.read_due(before, after, limit).await
    }

    async fn history(&self, id: &DeploymentId) -> Result<Vec<Record>, PortError> {
        self.read_history(id).await
    }

    async fn shown(&self, id: &DeploymentId) -> Result<Shown, PortError> {
        self.read_shown(id).await
    }

    async fn set_shown(&self, id: &DeploymentId, shown: &Shown) -> Result<(), PortError> {
        self.write_shown(id, shown).await
    }

    async fn monitored(&self, id: &DeploymentId) -> Result<AllMonitored, PortError> {
        self.read_monitored(id).await
    }

    async fn set_monitored(
        &self,
        id: &DeploymentId,
        monitor: &str,
        monitored: &Monitored,
    ) -> Result<bool, PortError> {
        self.write_monitored(id, monitor, monitored).await
    }
}

fn nothing_of(id: &DeploymentId) -> PortError {
    PortError::permanent(format!(
        "there is no deployment {id} in the store: check its id"
    ))
}
