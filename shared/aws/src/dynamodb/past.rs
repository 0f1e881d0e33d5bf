//! What has been in an environment: its successes and its deployments at a glance, each list in the
//! order of time and read from its end.

use aws_sdk_dynamodb::types::TransactWriteItem;
use futures::future::try_join_all;
use jiff::Timestamp;
use sluice_app::ports::{DeploymentSummary, EnvironmentKey};
use sluice_core::deployment::Deployment;
use sluice_core::failure::PortError;
use sluice_core::phase::PhaseKind;
use sluice_core::release::VerifiedRelease;

use super::DynamoStore;
use super::deployments::PHASE;
use super::expression::put;
use super::item::{BODY, Read, body, item};
use super::key::{self, Item};

/// Items that are read at once, a page of a few dozen KB at most: no one reads further back.
const MOST: usize = 100;

impl DynamoStore {
    pub(super) async fn read_verified_releases(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<VerifiedRelease>, PortError> {
        let items = self
            .query_newest(key::environment(key), key::SUCCEEDED, limit)
            .await?;
        let mut verified = Vec::with_capacity(items.len());
        for item in &items {
            verified.push(Read::new(item)?.json(BODY)?);
        }
        Ok(verified)
    }

    /// A summary is written when a deployment is opened and when it ends. Where it is in between,
    /// its head says.
    pub(super) async fn read_deployments(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        let items = self
            .query_newest(key::environment(key), key::SUMMARIES, limit)
            .await?;
        let summaries = items.iter().map(|item| async {
            let mut summary: DeploymentSummary = Read::new(item)?.json(BODY)?;
            if summary.ended_at.is_none() {
                let head = key::key(key::deployment(&summary.id), key::STATE);
                if let Some(head) = self.get(head).await? {
                    // Beside the body: known of one that this version cannot read, too.
                    let phase = head.get(PHASE).and_then(|phase| phase.as_s().ok());
                    summary.phase = phase.and_then(|phase| PhaseKind::named(phase));
                }
            }
            Ok(summary)
        });
        try_join_all(summaries).await
    }

    /// All of them: of a quarter with thirty a day that is 2 MB, in as many requests.
    pub(super) async fn read_deployments_since(
        &self,
        key: &EnvironmentKey,
        since: Timestamp,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        let request = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#pk", key::PK)
            .expression_attribute_names("#sk", key::SK)
            .expression_attribute_values(":pk", key::text(key::environment(key)))
            .expression_attribute_values(":from", key::text(key::summaries_from(since)))
            .expression_attribute_values(":to", key::text(key::summaries_from(Timestamp::MAX)))
            .consistent_read(true);
        let items = request.into_paginator().items().send();
        let items: Result<Vec<Item>, _> = items.collect().await;
        let items = items.map_err(|error| self.failed("dynamodb:Query", error))?;
        items
            .iter()
            .map(|item| Read::new(item)?.json(BODY))
            .collect()
    }

    /// The last items of a partition whose sort key begins so, the last first.
    pub(super) async fn query_newest(
        &self,
        pk: String,
        begins_with: &str,
        limit: usize,
    ) -> Result<Vec<Item>, PortError> {
        let limit = limit.min(MOST);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let request = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)")
            .expression_attribute_names("#pk", key::PK)
            .expression_attribute_names("#sk", key::SK)
            .expression_attribute_values(":pk", key::text(pk))
            .expression_attribute_values(":sk", key::text(begins_with))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .consistent_read(true);
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.failed("dynamodb:Query", error))?;
        Ok(answer.items.unwrap_or_default())
    }

    pub(super) fn success_written(
        &self,
        key: &EnvironmentKey,
        verified: &VerifiedRelease,
    ) -> Result<TransactWriteItem, PortError> {
        let id = &verified.deployment;
        let sk = key::succeeded(verified.at, id);
        let body = body(format_args!("the success of {id}"), verified)?;
        let success = item(key::key(key::environment(key), sk), body);
        put(&self.table, success).map_err(|why| self.incomplete(&why))
    }

    pub(super) fn summary_written(&self, d: &Deployment) -> Result<TransactWriteItem, PortError> {
        let sk = key::summary(d.requested_at, &d.id);
        let body = body(
            format_args!("the summary of {}", d.id),
            &DeploymentSummary::of(d),
        )?;
        let environment = key::environment(&EnvironmentKey::of(d));
        put(&self.table, item(key::key(environment, sk), body)).map_err(|why| self.incomplete(&why))
    }
}
