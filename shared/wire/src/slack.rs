//! Slack's Web API: `/slack/api/METHOD`, and `/slack/respond/…` for the addresses that come with
//! clicks (`response_url`).

use form_urlencoded::parse;
use serde_json::{Map, Value};
use sluice_sim::slack_web::{WebCall, WebReply};

use crate::dispatch::{Answer, Request};

/// Where the methods are.
const METHODS: &str = "/slack/api/";
/// Where replies to clicks go.
pub(crate) const RESPONSES: &str = "/slack/respond/";

/// The call that a request is; `None` if it is not for Slack's Web API.
pub(crate) fn call(request: &Request) -> Option<WebCall> {
    let method = request.path.strip_prefix(METHODS)?.to_owned();
    let header = |name| {
        request
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let is_json = header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let arguments = if is_json {
        serde_json::from_slice(&request.body).unwrap_or_default()
    } else {
        let query = request.query.as_deref().unwrap_or_default().as_bytes();
        let pairs = parse(query).chain(parse(&request.body));
        let arguments: Map<String, Value> = pairs
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect();
        Value::Object(arguments)
    };
    let token = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    Some(WebCall {
        method,
        token: token.map(str::to_owned),
        arguments,
    })
}

/// Slack's answer on the wire.
pub(crate) fn answer(reply: &WebReply) -> Answer {
    let after = reply.retry_after_s;
    Answer {
        status: reply.status,
        content_type: "application/json; charset=utf-8",
        headers: after
            .map(|s| ("retry-after", s.to_string()))
            .into_iter()
            .collect(),
        body: reply.body.to_string().into(),
    }
}
