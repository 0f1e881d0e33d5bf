//! A file with a payload, and the function it is for.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::input;
use crate::wiring::{Function, happened_at, recognise, sqs_batch};

/// A payload that was read.
#[derive(Clone, Debug)]
pub struct PayloadFile {
    /// The file's name as it was given.
    pub name: String,
    /// The function it is for.
    pub function: Function,
    /// What is in it.
    pub payload: Value,
}

impl PayloadFile {
    /// Reads a file; `-` is standard input.
    ///
    /// # Errors
    /// It cannot be read, is not JSON (line and column), or is nothing that Sluice is sent.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = input::text(path).map_err(|error| format!("cannot be read: {error}"))?;
        let payload: Value = serde_json::from_str(&text).map_err(|error| not_json(&error))?;
        let function = recognise(&payload).map_err(|error| error.to_string())?;
        let name = input::name(path);
        Ok(Self {
            name,
            function,
            payload,
        })
    }

    /// When it happened, if it says so.
    pub fn happened_at(&self) -> Option<Timestamp> {
        happened_at(&self.payload)
    }

    /// The payload as the function gets it: events of ECS and RDS come by way of the queue.
    pub(super) fn as_delivered(&self, at: Timestamp) -> Value {
        if self.function == Function::Advance && self.payload["detail-type"].is_string() {
            sqs_batch(&self.payload, at)
        } else {
            self.payload.clone()
        }
    }
}

/// serde_json's words, with the place first.
fn not_json(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let what = words.split(" at line ").next().unwrap_or(&words);
    format!(
        "not JSON at line {}, column {}: {what}",
        error.line(),
        error.column()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_json_is_told_with_its_place() {
        let error = serde_json::from_str::<Value>("{\n  \"a\": }").unwrap_err();
        assert_eq!(
            not_json(&error),
            "not JSON at line 2, column 8: expected value"
        );
    }
}
