//! Items and what is in them: writing and reading, with the limits and the versions of both.
//!
//! An item has at most 400 KB (DynamoDB's limit). Of a deployment three parts grow with the
//! application: its settings, its plan and its head. Each is an item of its own; settings and plans
//! never change, so a save writes the head alone. The settings hold the variables of a task
//! definition, which ECS limits to 64 KB, a plan is about as big, and the head's lists are
//! bounded by the core. Every event is an item of its own too. A part that is too big all the same
//! is refused before it is sent, by name.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sluice_core::deployment::{Deployment, SCHEMA as DEPLOYMENT_SCHEMA};
use sluice_core::failure::PortError;
use sluice_core::id::{DeploymentId, Hash};

use super::key::{Item, SCHEMA, number, text};

/// What a body may have at most, in bytes: DynamoDB's 400 KB for an item, less 8 KB for the keys
/// and attributes beside it.
const LARGEST_BODY: usize = 392 * 1024;

/// The attribute that holds the version of the item's shape.
pub(super) const SCHEMA_ATTRIBUTE: &str = "schema";
/// The attribute that holds JSON.
pub(super) const BODY: &str = "body";

/// A deployment, cut into what changes and what does not.
pub(super) struct Parts {
    /// All the rest.
    pub(super) head: String,
    /// The pinned settings.
    pub(super) settings: String,
    /// The sealed plan, and the hash of all of it, including what was seen besides the plan.
    pub(super) plan: Option<(Hash, String)>,
}

impl Parts {
    /// Cuts a deployment.
    pub(super) fn of(deployment: &Deployment) -> Result<Self, PortError> {
        let id = &deployment.id;
        let mut head = serde_json::to_value(deployment).map_err(|why| not_json(id, &why))?;
        if let Some(fields) = head.as_object_mut() {
            fields.remove("settings");
            fields.remove("plan");
        }
        let settings = serde_json::to_string(&*deployment.settings);
        let plan = deployment.plan.as_ref().map(|sealed| {
            let body = serde_json::to_string(&**sealed).map_err(|why| not_json(id, &why))?;
            let body = sized(format_args!("the plan of {id}"), body)?;
            Ok((Hash::of_json(&**sealed), body))
        });
        Ok(Self {
            head: sized(format_args!("the state of {id}"), head.to_string())?,
            settings: sized(
                format_args!("the settings of {id}"),
                settings.map_err(|why| not_json(id, &why))?,
            )?,
            plan: plan.transpose()?,
        })
    }

    /// Puts a deployment together again.
    pub(super) fn join(&self, id: &DeploymentId) -> Result<Deployment, PortError> {
        let unreadable = |why: serde_json::Error| {
            PortError::permanent(format!(
                "{id} is stored in a shape that this version of Sluice cannot read ({why}): \
                 run the version that wrote it until the deployment is over"
            ))
        };
        let mut head: Value = serde_json::from_str(&self.head).map_err(unreadable)?;
        let schema = head.get("schema").and_then(Value::as_u64);
        if schema != Some(u64::from(DEPLOYMENT_SCHEMA)) {
            return Err(foreign_schema(&id, schema, DEPLOYMENT_SCHEMA));
        }
        if let Some(fields) = head.as_object_mut() {
            let settings = serde_json::from_str(&self.settings).map_err(unreadable)?;
            fields.insert("settings".to_owned(), settings);
            let plan = self
                .plan
                .as_ref()
                .map(|(_, body)| serde_json::from_str(body));
            let plan = plan.transpose().map_err(unreadable)?;
            fields.insert("plan".to_owned(), plan.unwrap_or(Value::Null));
        }
        serde_json::from_value(head).map_err(unreadable)
    }
}

/// A value as the body of an item. `what` names it, should it be too big.
pub(super) fn body(
    what: impl std::fmt::Display,
    value: &impl Serialize,
) -> Result<AttributeValue, PortError> {
    let json = serde_json::to_string(value).map_err(|why| not_json(&what, &why))?;
    Ok(text(sized(what, json)?))
}

fn sized(what: impl std::fmt::Display, json: String) -> Result<String, PortError> {
    if json.len() <= LARGEST_BODY {
        return Ok(json);
    }
    Err(PortError::permanent(format!(
        "{what} has {} bytes, and DynamoDB stores at most {LARGEST_BODY}: reduce what it is made \
         from in sluice.toml",
        json.len()
    )))
}

fn not_json(what: &impl std::fmt::Display, why: &serde_json::Error) -> PortError {
    PortError::permanent(format!("{what} could not be written as JSON: {why}"))
}

/// An item with its key, its version and its body.
pub(super) fn item(mut key: Item, body: AttributeValue) -> Item {
    key.insert(SCHEMA_ATTRIBUTE.to_owned(), number(SCHEMA));
    key.insert(BODY.to_owned(), body);
    key
}

/// An item that was read: its attributes by name, with errors that say which is missing.
pub(super) struct Read<'a> {
    item: &'a Item,
}

impl<'a> Read<'a> {
    /// An item of a shape that this version knows.
    pub(super) fn new(item: &'a Item) -> Result<Self, PortError> {
        let read = Self { item };
        let schema = read.number(SCHEMA_ATTRIBUTE)?;
        if schema != u64::from(SCHEMA) {
            return Err(foreign_schema(&read.name(), Some(schema), SCHEMA));
        }
        Ok(read)
    }

    /// Its key, for people.
    pub(super) fn name(&self) -> String {
        let part = |name| self.text(name).unwrap_or("?");
        format!("{} {}", part(super::key::PK), part(super::key::SK))
    }

    /// A text, if it is there.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.item.get(name)?.as_s().ok().map(String::as_str)
    }

    /// A text that must be there.
    pub(super) fn needed(&self, name: &str) -> Result<&'a str, PortError> {
        self.text(name)
            .ok_or_else(|| self.broken(name, "is missing"))
    }

    /// A number that must be there.
    pub(super) fn number(&self, name: &str) -> Result<u64, PortError> {
        let number = self.item.get(name).and_then(|value| value.as_n().ok());
        number
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| self.broken(name, "is missing or not a number"))
    }

    /// JSON that must be there.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, PortError> {
        serde_json::from_str(self.needed(name)?).map_err(|why| self.broken(name, &why.to_string()))
    }

    /// What is wrong with an attribute.
    pub(super) fn broken(&self, name: &str, why: &str) -> PortError {
        PortError::permanent(format!(
            "the stored item `{}` cannot be read: its `{name}` {why}. Sluice did not write it \
             like this: restore it from the table's backup",
            self.name()
        ))
    }
}

/// Something in a stored form of another version. A newer one is left alone; there is no older one.
fn foreign_schema(what: &impl std::fmt::Display, theirs: Option<u64>, ours: u16) -> PortError {
    match theirs {
        Some(theirs) if theirs > u64::from(ours) => PortError::newer(what),
        theirs => PortError::permanent(format!(
            "{what} is stored in format version {theirs:?}, and this Sluice reads version {ours}: \
             restore it from the table's backup"
        )),
    }
}
