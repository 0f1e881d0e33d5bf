//! The index of what is due. It is sparse: a deployment that is over and posted is not in it.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use jiff::Timestamp;
use sluice_app::ports::Due;
use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;

use super::DynamoStore;
use super::expression::Change;
use super::key::{self, DUE_AT, DUE_SHARD, Item, PK, text};

/// The index's name.
pub(super) const DUE_INDEX: &str = "due";

impl Change {
    /// Puts the deployment into the index, or takes it out.
    pub(super) fn due(self, id: &DeploymentId, due_at: Option<Timestamp>) -> Self {
        self.put(DUE_SHARD, due_at.map(|_| text(key::due_shard(id))))
            .put(DUE_AT, due_at.map(|due_at| text(key::due(due_at, id))))
    }
}

/// What an item has in the index.
pub(super) fn due_at(item: &Item) -> Option<Timestamp> {
    let written = item.get(DUE_AT)?.as_s().ok()?;
    let (at, _) = written.split_once('#')?;
    at.parse().ok()
}

impl DynamoStore {
    pub(super) async fn read_due(
        &self,
        before: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, PortError> {
        let shards = key::due_shards().map(|shard| self.read_shard(shard, before, after, limit));
        let mut due: Vec<Due> = try_join_all(shards).await?.into_iter().flatten().collect();
        due.sort_by(|(one, at), (other, other_at)| (at, one).cmp(&(other_at, other)));
        due.truncate(limit);
        Ok(due)
    }

    async fn read_shard(
        &self,
        shard: String,
        before: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, PortError> {
        // A sort key has the deployment's id behind the time: no two are the same, and what is due
        // at that moment is not before it. BETWEEN takes its ends too: the first is left out below.
        let (from, condition) = match after {
            Some((id, at)) => (key::due(*at, id), "#at BETWEEN :from AND :before"),
            None => (String::new(), "#at < :before"),
        };
        let mut due = Vec::new();
        let mut page = None;
        loop {
            let wanted = limit.saturating_sub(due.len()).saturating_add(1);
            let request = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(DUE_INDEX)
                .key_condition_expression(format!("#shard = :shard AND {condition}"))
                .expression_attribute_names("#shard", DUE_SHARD)
                .expression_attribute_names("#at", DUE_AT)
                .expression_attribute_values(":shard", text(shard.clone()))
                .expression_attribute_values(":before", text(key::time(before)))
                .limit(i32::try_from(wanted).unwrap_or(i32::MAX))
                .set_exclusive_start_key(page);
            let request = match after {
                Some(_) => request.expression_attribute_values(":from", text(from.as_str())),
                None => request,
            };
            let answer = request.send().await;
            let answer = answer.map_err(|error| self.failed("dynamodb:Query", error))?;
            due.extend(answer.items().iter().filter_map(|item| {
                let pk = item.get(PK).map(AttributeValue::as_s)?.ok()?;
                let found = (key::deployment_of(pk)?, due_at(item)?);
                (after != Some(&found)).then_some(found)
            }));
            page = answer.last_evaluated_key;
            if page.is_none() || due.len() >= limit {
                return Ok(due);
            }
        }
    }
}
