//! EventBridge's envelope, the same around every event.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sluice_core::id::{AccountId, Region};
use sluice_core::registry::Registry;

use crate::bounded;
use crate::malformed::{Malformed, from_value};

/// An EventBridge event.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(expecting = "an object")]
pub struct Envelope {
    /// The event's own id: the same when it is delivered again.
    #[serde(deserialize_with = "bounded::text")]
    pub id: String,
    /// What `detail` holds, such as `ECR Image Action`.
    #[serde(rename = "detail-type", deserialize_with = "bounded::text")]
    pub detail_type: String,
    /// Who sent it, such as `aws.ecr`.
    #[serde(deserialize_with = "bounded::text")]
    pub source: String,
    /// The account it happened in.
    #[serde(deserialize_with = "bounded::account")]
    pub account: AccountId,
    /// The region it happened in.
    #[serde(deserialize_with = "bounded::region")]
    pub region: Region,
    /// When it happened, to the second.
    pub time: Timestamp,
    /// ARNs of what it happened to.
    #[serde(default)]
    pub resources: Vec<String>,
    /// What happened.
    pub detail: Value,
}

impl Envelope {
    /// The registry of ECR where it happened.
    pub fn registry(&self) -> Registry {
        Registry {
            account: self.account.clone(),
            region: self.region.clone(),
        }
    }

    /// Reads an envelope.
    ///
    /// # Errors
    /// A field of the envelope is missing or of another type.
    pub fn read(event: &Value) -> Result<Self, Malformed> {
        from_value("the EventBridge event", event)
    }

    /// Reads what happened.
    ///
    /// # Errors
    /// A field of the detail is missing or of another type; its path begins with `detail`.
    pub fn detail<T: DeserializeOwned>(&self) -> Result<T, Malformed> {
        from_value("the EventBridge event", &self.detail).map_err(|malformed| match malformed {
            Malformed::Field { what, path, error } => Malformed::Field {
                what,
                path: if path == "$" {
                    "detail".to_owned()
                } else {
                    format!("detail.{path}")
                },
                error,
            },
            other @ Malformed::NotJson { .. } => other,
        })
    }
}
