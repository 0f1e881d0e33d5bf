//! Payloads that are not what they should be.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// A payload that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// It is no JSON at all.
    #[error("{what} is not JSON: {}; send it unchanged, as AWS created it", shown(&error.to_string()))]
    NotJson {
        /// What was read.
        what: &'static str,
        /// With line and column.
        error: serde_json::Error,
    },
    /// A field is missing or of another type.
    #[error("{what} is not what AWS sends: at `{}`: {}", shown(path), shown(&error.to_string()))]
    Field {
        /// What was read.
        what: &'static str,
        /// The JSON path, such as `detail.image-digest`; `$` is the whole.
        path: String,
        /// What was wrong there.
        error: serde_json::Error,
    },
}

/// Characters of a payload's text that are said back.
const SHOWN_CHARS: usize = 300;

/// A text of a payload, short enough to be said back: it may be as long as the whole payload.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Reads a payload as text.
///
/// # Errors
/// It is not JSON: cut short, or put into another format on its way.
pub fn from_text(what: &'static str, text: &str) -> Result<Value, Malformed> {
    serde_json::from_str(text).map_err(|error| Malformed::NotJson { what, error })
}

/// Reads a payload's fields.
///
/// # Errors
/// A field is missing or of another type; the error names its path.
pub fn from_value<T: DeserializeOwned>(what: &'static str, value: &Value) -> Result<T, Malformed> {
    serde_path_to_error::deserialize(value).map_err(|error| Malformed::Field {
        what,
        path: match error.path().to_string() {
            path if path == "." => "$".to_owned(),
            path => path,
        },
        error: error.into_inner(),
    })
}
