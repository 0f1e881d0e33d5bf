//! Reading members of JSON requests, and writing times.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::refusal::Refusal;

/// A member that must be there.
pub(crate) fn require<'a>(input: &'a Value, member: &str) -> Result<&'a str, Refusal> {
    input[member]
        .as_str()
        .ok_or_else(|| Refusal::missing(member))
}

/// A list of texts; empty where it is not there.
pub(crate) fn texts<'a>(input: &'a Value, member: &str) -> Vec<&'a str> {
    let entries = input[member].as_array().into_iter().flatten();
    entries.filter_map(Value::as_str).collect()
}

/// Seconds since 1970 with their fraction, as JSON 1.1 has times.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 have fewer digits than a double"
)]
pub(crate) fn seconds(time: Timestamp) -> Value {
    json!(time.as_millisecond() as f64 / 1000.0)
}

/// Takes the members away that have no value: AWS leaves them out.
pub(crate) fn without_nulls(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    value
}

/// A page of a list, and the token of the next.
pub(crate) fn page(input: &Value, all: Vec<Value>, most: usize) -> (Vec<Value>, Option<String>) {
    let from = input["nextToken"].as_str().or(input["NextToken"].as_str());
    let from: usize = from.and_then(|token| token.parse().ok()).unwrap_or(0);
    let size = input["maxResults"]
        .as_u64()
        .or(input["MaxResults"].as_u64());
    let size = size.and_then(|size| usize::try_from(size).ok());
    let size = size.unwrap_or(most).clamp(1, most);
    let next = (from + size < all.len()).then(|| (from + size).to_string());
    (all.into_iter().skip(from).take(size).collect(), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let all: Vec<Value> = (0..5).map(|n| json!(n)).collect();
        let mut input = json!({"maxResults": 2});
        let mut seen = Vec::new();
        for _ in 0..3 {
            let (page, next) = page(&input, all.clone(), 100);
            seen.extend(page);
            input["nextToken"] = json!(next);
        }
        assert_eq!(seen, all);
        assert!(input["nextToken"].is_null());
    }

    #[test]
    fn times_keep_their_milliseconds() {
        let time: Timestamp = "2026-01-05T09:00:00.250Z".parse().unwrap();
        assert_eq!(seconds(time), json!(1_767_603_600.25));
    }
}
