//! Writes with their conditions, as DynamoDB spells them.
//!
//! Every attribute is named through a placeholder: DynamoDB reserves some hundred words, `plan`
//! among them.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::key::{Item, PK, number};

/// The attribute that counts an item's changes.
pub(super) const VERSION: &str = "version";

/// A change of one item, and the condition under which it is made.
#[derive(Default)]
pub(super) struct Change {
    set: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Change {
    /// A change of nothing.
    pub(super) fn new() -> Self {
        Self::default()
    }

    fn name(&mut self, attribute: &str) -> String {
        let placeholder = format!("#{attribute}");
        self.names.insert(placeholder.clone(), attribute.to_owned());
        placeholder
    }

    /// Sets an attribute.
    pub(super) fn set(mut self, attribute: &str, value: AttributeValue) -> Self {
        let name = self.name(attribute);
        self.values.insert(format!(":{attribute}"), value);
        self.set.push(format!("{name} = :{attribute}"));
        self
    }

    /// Removes an attribute.
    pub(super) fn remove(mut self, attribute: &str) -> Self {
        let name = self.name(attribute);
        self.remove.push(name);
        self
    }

    /// Sets the attribute, or removes it.
    pub(super) fn put(self, attribute: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(attribute, value),
            None => self.remove(attribute),
        }
    }

    /// Only if the attribute is this.
    pub(super) fn if_is(mut self, attribute: &str, value: AttributeValue) -> Self {
        let name = self.name(attribute);
        self.values.insert(format!(":if_{attribute}"), value);
        self.conditions.push(format!("{name} = :if_{attribute}"));
        self
    }

    /// Only if the item's version is this; 0 is that of an item that is not there.
    pub(super) fn if_version(self, version: u64) -> Self {
        match version {
            0 => self.if_missing(VERSION),
            _ => self.if_is(VERSION, number(version)),
        }
    }

    /// Only if the attribute is not there.
    pub(super) fn if_missing(mut self, attribute: &str) -> Self {
        let name = self.name(attribute);
        self.conditions
            .push(format!("attribute_not_exists({name})"));
        self
    }

    /// The expression of the change.
    pub(super) fn update(&self) -> String {
        let clause = |word: &str, parts: &[String]| {
            (!parts.is_empty()).then(|| format!("{word} {}", parts.join(", ")))
        };
        let clauses = [clause("SET", &self.set), clause("REMOVE", &self.remove)];
        clauses.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The expression of the condition.
    pub(super) fn condition(&self) -> String {
        self.conditions.join(" AND ")
    }

    /// The names behind the placeholders.
    pub(super) fn names(&self) -> HashMap<String, String> {
        self.names.clone()
    }

    /// The values behind the placeholders.
    pub(super) fn values(&self) -> HashMap<String, AttributeValue> {
        self.values.clone()
    }

    /// As part of a transaction. If the condition does not hold, the item comes back.
    pub(super) fn in_transaction(
        self,
        table: &str,
        key: Item,
    ) -> Result<TransactWriteItem, BuildError> {
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key))
            .update_expression(self.update())
            .condition_expression(self.condition())
            .set_expression_attribute_names(Some(self.names))
            .set_expression_attribute_values(Some(self.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// Stores an item unconditionally, as part of a transaction.
pub(super) fn put(table: &str, item: Item) -> Result<TransactWriteItem, BuildError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Stores an item if there is none of that key, as part of a transaction.
pub(super) fn put_new(table: &str, item: Item) -> Result<TransactWriteItem, BuildError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(#pk)")
        .expression_attribute_names("#pk", PK)
        .build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}
