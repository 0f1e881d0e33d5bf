//! Loki: every line of the story, as JSON.
//!
//! `POST /loki/api/v1/push` (<https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs>),
//! with labels of few values, so that there is one stream for each environment. Loki keeps a line once
//! that comes again with the same time and text. It refuses lines that are more than an hour older
//! than the newest of their stream (`entry too far behind`), or than it keeps: these are sent again
//! with the present time; the line itself says when it happened.

use jiff::Timestamp;
use serde_json::{Value, json};
use sluice_words::monitoring::Line;

use crate::http::{Answer, Request};

/// Words of a refusal for the age of lines.
const TOO_OLD: [&str; 4] = [
    "too far behind",
    "out of order",
    "timestamp too old",
    "greater than max age",
];

/// The request that pushes the lines; those before `late` with that time.
pub(crate) fn push(
    url: &str,
    tenant: Option<&str>,
    lines: &[Line],
    late: Option<Timestamp>,
) -> Request {
    let values: Vec<Value> = lines
        .iter()
        .enumerate()
        .map(|(number, line)| {
            // A nanosecond more for each keeps them in order.
            let late = late.map(|late| late.as_nanosecond() + number as i128);
            let at = late.unwrap_or_else(|| line.at.as_nanosecond());
            json!([at.to_string(), json!(line).to_string()])
        })
        .collect();
    let labels = lines.first().map(|line| {
        json!({
            "job": "sluice",
            "application": line.application,
            "environment": line.environment,
        })
    });
    let body = json!({"streams": [{"stream": labels, "values": values}]});
    let mut request = Request::json("POST", format!("{url}/loki/api/v1/push"), &body);
    if let Some(tenant) = tenant {
        request.headers.push(("x-scope-orgid", tenant.to_owned()));
    }
    request
}

/// How many of the lines, the oldest, were refused for their age. Loki keeps the others and says
/// `total ignored: 1 out of 2`; without that none was kept.
pub(crate) fn too_old(answer: &Answer, lines: usize) -> Option<usize> {
    let said = String::from_utf8_lossy(&answer.body);
    let is_age = answer.status == 400 && TOO_OLD.iter().any(|words| said.contains(words));
    let ignored = said.split_once("total ignored: ").and_then(|(_, rest)| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    is_age.then(|| ignored.unwrap_or(lines).clamp(1, lines))
}
