//! The response: HTTP as Lambda takes it from a function behind a Function URL.

use std::collections::BTreeMap;

use serde::Serialize;
use sluice_words::operate::{Answer, Outcome};

/// Lambda takes 6 MB of a response, in which the body is a text of JSON.
const MOST_BYTES: usize = 6 * 1024 * 1024 - 4_096;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The HTTP status.
    pub status_code: u16,
    /// The headers.
    pub headers: BTreeMap<&'static str, &'static str>,
    /// The answer, as JSON.
    pub body: String,
}

impl Response {
    pub(crate) fn new(status_code: u16, answer: &Answer) -> Self {
        let body = serde_json::to_string(answer)
            .expect("an answer serialises: the keys of its maps are strings");
        if written(&body) > MOST_BYTES {
            return Self::new(status_code, &too_long());
        }
        Self {
            status_code,
            headers: BTreeMap::from([("content-type", "application/json")]),
            body,
        }
    }
}

/// Bytes of the text as JSON writes it.
fn written(text: &str) -> usize {
    let escaped = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
    text.len() + escaped.count() + 2
}

fn too_long() -> Answer {
    Answer::line(
        Outcome::Refused,
        "The answer is longer than Lambda sends (6 MB). A history of that length is read from the \
         table: docs/replay.md has the command.",
    )
}

#[cfg(test)]
mod tests {
    use super::{Response, written};
    use sluice_words::operate::{Answer, Outcome};

    #[test]
    fn lambda_is_given_no_more_than_it_takes() {
        let of = |text: String| Response::new(200, &Answer::line(Outcome::Done, text)).body;
        assert!(of("a".repeat(1024 * 1024)).contains("done"));
        // Twice in an answer, and each quote is three bytes longer than it is.
        let long = of("\"".repeat(1024 * 1024));
        assert!(
            long.contains("refused") && long.len() < 1024,
            "{}",
            long.len()
        );
    }

    #[test]
    fn a_text_is_measured_as_it_is_written() {
        for text in ["", "plain", r#"{"a":"b\"c\\d"}"#, "ä\u{2713}"] {
            let json = serde_json::to_string(text).unwrap_or_default();
            assert_eq!(written(text), json.len(), "{text}");
        }
    }
}
