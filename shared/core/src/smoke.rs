//! Judging an answer by a smoke test.

use crate::config::SmokeTest;
use crate::observation::{HttpObservation, SmokeResult};
use crate::quantity;

/// What is shown of a wrong value: enough to recognise it, not enough to leak a record.
const SHOWN_CHARS: usize = 60;

/// Judges `answer` by `test`.
pub fn judge(test: &SmokeTest, answer: &HttpObservation) -> SmokeResult {
    SmokeResult {
        name: test.name.clone(),
        failure: failure(test, answer),
    }
}

fn failure(test: &SmokeTest, answer: &HttpObservation) -> Option<String> {
    let asked = format!("{} {}", test.method, test.path);
    let (status, latency_ms, body) = match answer {
        HttpObservation::NoAnswer(reason) | HttpObservation::Unreachable(reason) => {
            return Some(format!("{asked}: no answer, {reason}"));
        }
        HttpObservation::Answered {
            status,
            latency_ms,
            body,
        } => (*status, *latency_ms, body),
    };
    if status != test.status {
        return Some(format!("{asked} answered {status}, not {}", test.status));
    }
    if u128::from(latency_ms) > test.within.unsigned_abs().as_millis() {
        let bound = quantity::duration(test.within);
        return Some(format!("{asked} took {latency_ms} ms, longer than {bound}"));
    }
    if test.json.is_empty() {
        return None;
    }
    let Ok(json) = serde_json::from_str::<serde_json::Value>(body) else {
        return Some(format!("{asked} answered no JSON"));
    };
    test.json
        .iter()
        .find_map(|(pointer, expected)| match json.pointer(pointer) {
            Some(found) if found == expected => None,
            Some(found) => Some(format!(
                "{asked}: {pointer} is {}, not {expected}",
                shortened(&found.to_string())
            )),
            None => Some(format!("{asked}: there is no {pointer} in the answer")),
        })
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS {
        return text.to_owned();
    }
    let start: String = text.chars().take(SHOWN_CHARS).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;
    use serde_json::json;

    use super::failure;
    use crate::config::SmokeTest;
    use crate::id::ServiceName;
    use crate::observation::HttpObservation;

    fn ready() -> SmokeTest {
        SmokeTest {
            name: "ready".to_owned(),
            service: ServiceName::new("web"),
            method: "GET".to_owned(),
            path: "/healthz/ready".to_owned(),
            status: 200,
            json: BTreeMap::from([("/status".to_owned(), json!("ok"))]),
            within: SignedDuration::from_secs(2),
        }
    }

    fn answered(status: u16, latency_ms: u32, body: &str) -> HttpObservation {
        HttpObservation::Answered {
            status,
            latency_ms,
            body: body.to_owned(),
        }
    }

    #[test]
    fn an_answer_as_expected_passes() {
        assert_eq!(
            failure(&ready(), &answered(200, 2_000, r#"{"status":"ok"}"#)),
            None
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |answer| failure(&ready(), &answer).unwrap();
        assert_eq!(
            said(answered(503, 5, "")),
            "GET /healthz/ready answered 503, not 200"
        );
        assert_eq!(
            said(answered(200, 2_001, r#"{"status":"ok"}"#)),
            "GET /healthz/ready took 2001 ms, longer than 2s"
        );
        assert_eq!(
            said(answered(200, 5, "<html>")),
            "GET /healthz/ready answered no JSON"
        );
        assert_eq!(
            said(answered(200, 5, r#"{"status":"degraded"}"#)),
            r#"GET /healthz/ready: /status is "degraded", not "ok""#
        );
        assert_eq!(
            said(answered(200, 5, "{}")),
            "GET /healthz/ready: there is no /status in the answer"
        );
        assert_eq!(
            said(HttpObservation::NoAnswer("connection refused".to_owned())),
            "GET /healthz/ready: no answer, connection refused"
        );
    }
}
