//! Answers in the shapes that Slack takes: one for commands, one for clicks, one for forms.

use serde_json::{Map, Value, json};
use sluice_slack::render;
use sluice_words::message::Message;
pub(crate) use sluice_words::message::sentence;
use sluice_words::modal::InputName;

use crate::http::{Reply, Response};

/// The answer to a command is shown to the person who typed it.
pub(crate) fn to_command(message: &Message) -> Response {
    let rendered = render(message);
    Response::json(&json!({
        "response_type": "ephemeral",
        "text": rendered.text,
        "blocks": rendered.blocks,
    }))
}

/// Slack shows nothing of the answer to a click: the message goes to the click's own address.
pub(crate) fn to_click(message: &Message, response_url: Option<String>) -> Response {
    let message = render(message);
    let body = json!({
        "replace_original": false,
        "response_type": "ephemeral",
        "text": message.text,
        "blocks": message.blocks,
    });
    let reply = response_url.map(|response_url| Reply {
        response_url,
        message,
    });
    Response {
        reply,
        ..Response::json(&body)
    }
}

/// Words at a question of the form, which stays open. They are shown as plain text.
pub(crate) fn to_form(at: InputName, words: &str) -> Response {
    let errors = Map::from_iter([(at.id().to_owned(), Value::from(words))]);
    Response::json(&json!({"response_action": "errors", "errors": errors}))
}
