//! What the function `slack` answers, as people read it in Slack: Block Kit read back.

use std::collections::BTreeMap;

use serde_json::Value;
use sluice_words::message::{Block, Message};
use sluice_words::modal::InputName;

/// The message in an answer, for the person who clicked or typed; `None` if there is none.
pub fn message(response: &Value) -> Option<Message> {
    let body = body(response)?;
    let summary = unescaped(body["text"].as_str()?);
    let blocks = body["blocks"].as_array().into_iter().flatten();
    Some(Message {
        blocks: blocks.filter_map(block).collect(),
        summary,
    })
}

/// What is wrong with the answers of a form; nothing, if it closes.
pub fn errors(response: &Value) -> BTreeMap<InputName, String> {
    let body = body(response).unwrap_or_default();
    let errors = body["errors"].as_object().into_iter().flatten();
    errors
        .filter_map(|(at, words)| Some((InputName::from_id(at)?, words.as_str()?.to_owned())))
        .collect()
}

fn body(response: &Value) -> Option<Value> {
    serde_json::from_str(response["body"].as_str()?).ok()
}

fn block(block: &Value) -> Option<Block> {
    let text = |object: &Value| object["text"].as_str().map(unescaped);
    Some(match block["type"].as_str()? {
        "header" => Block::Header(text(&block["text"])?),
        "context" => Block::Context(text(&block["elements"][0])?),
        "section" if block["text"]["text"].as_str()?.starts_with('*') => {
            Block::Fields(fields(&text(&block["text"])?))
        }
        "section" => {
            let text = text(&block["text"])?;
            match text
                .strip_prefix("```\n")
                .and_then(|text| text.strip_suffix("\n```"))
            {
                Some(code) => Block::Code(code.to_owned()),
                None => Block::Text(text),
            }
        }
        _ => return None,
    })
}

/// Each begins with its `*Name*`.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let named = line.strip_prefix('*').and_then(|line| line.split_once('*'));
        match (named, fields.last_mut()) {
            (Some((name, value)), _) => {
                fields.push((name.to_owned(), value.trim_start().to_owned()));
            }
            (None, Some((_, value))) if value.is_empty() => value.push_str(line),
            (None, Some((_, value))) => value.push_str(&format!("\n{line}")),
            (None, None) => {}
        }
    }
    fields
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sluice_slack::render;

    use super::*;

    #[test]
    fn what_is_rendered_is_read_back() {
        let said = Message {
            summary: "1 < 2 & 3".into(),
            blocks: vec![
                Block::Header("<staging>".into()),
                Block::Text("by <@U1> & others".into()),
                Block::Fields(vec![("Lock".into(), "free".into())]),
                Block::Code("a\nb".into()),
                Block::Context("small".into()),
            ],
        };
        let rendered = render(&said);
        let body = json!({"text": rendered.text, "blocks": rendered.blocks});
        let response = json!({"statusCode": 200, "body": body.to_string()});
        assert_eq!(message(&response), Some(said));
        assert_eq!(message(&json!({"statusCode": 200, "body": ""})), None);
    }

    #[test]
    fn a_form_closes_or_says_what_is_wrong() {
        let body = json!({"response_action": "errors", "errors": {"reason": "Say why."}});
        let wrong = errors(&json!({"body": body.to_string()}));
        assert_eq!(wrong[&InputName::Reason], "Say why.");
        assert_eq!(errors(&json!({"body": ""})), BTreeMap::new());
    }
}
