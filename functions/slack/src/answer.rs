//! Answers in the shapes that Slack takes: one for commands, one for clicks, one for forms.

use serde_json::{Map, Value, json};
use sluice_slack::render;
use sluice_words::message::Message;
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

/// Errors begin in lower case; people are spoken to in sentences. A version stays as it is written.
pub(crate) fn sentence(error: &str) -> String {
    let first = error.split(' ').next().unwrap_or_default();
    let is_word = first.chars().all(char::is_alphabetic);
    let mut chars = error.chars();
    chars.next().map_or_else(String::new, |first| {
        let end = if error.ends_with(['.', '?', '!']) {
            ""
        } else {
            "."
        };
        let first = if is_word {
            first.to_uppercase().to_string()
        } else {
            first.to_string()
        };
        format!("{first}{}{end}", chars.as_str())
    })
}
