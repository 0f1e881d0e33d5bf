//! A message in Slack's Block Kit.
//!
//! Slack refuses a whole message for one text that is too long, so everything is cut to its limit,
//! and says how much was cut. <https://docs.slack.dev/reference/block-kit/blocks>

mod text;
mod views;

use serde_json::{Value, json};
use sluice_words::message::{Block, Button, ButtonAction, Link, Message};

use crate::interaction::button_value;
use text::{code, cut, mentioning, plain};

#[cfg(feature = "sign")]
pub(crate) use views::purpose_value;
pub use views::{render_home, render_modal};

const BLOCKS: usize = 50;
/// Of one `actions` block.
const BUTTONS: usize = 25;

/// Slack's limits for texts, in characters.
const HEADER_CHARS: usize = 150;
const SECTION_CHARS: usize = 3_000;
/// Of a value, beside its name.
const VALUE_CHARS: usize = 2_800;
const BUTTON_CHARS: usize = 75;
const CONFIRM_TITLE_CHARS: usize = 100;
const CONFIRM_CHARS: usize = 300;
const CONFIRM_BUTTON_CHARS: usize = 30;
/// Slack takes 40,000 and shows about so much of it in a notification.
const SUMMARY_CHARS: usize = 3_000;

/// A message as Slack takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The top-level `text`: what notifications and screen readers use.
    pub text: String,
    /// The `blocks`.
    pub blocks: Vec<Value>,
}

/// Renders a message.
pub fn render(message: &Message) -> Rendered {
    // `erp v1.5.0 to production: waits for …`
    let about = message.summary.split(':').next().unwrap_or_default();
    let mut blocks: Vec<Value> = message
        .blocks
        .iter()
        .flat_map(|one| block(one, about))
        .collect();
    if blocks.len() > BLOCKS {
        keep_limit(&mut blocks, BLOCKS);
    }
    Rendered {
        text: cut(&fallback(message), SUMMARY_CHARS, mentioning),
        blocks,
    }
}

/// What notifications and screen readers say is never nothing: without a summary it is the first
/// text there is.
fn fallback(message: &Message) -> String {
    let texts = message.blocks.iter().filter_map(|block| match block {
        Block::Header(text) | Block::Text(text) | Block::Code(text) | Block::Context(text) => {
            Some(text.clone())
        }
        Block::Fields(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            Some(fields.join("\n"))
        }
        Block::Links(links) => {
            let texts: Vec<&str> = links.iter().map(|link| link.text.as_str()).collect();
            Some(texts.join(" · "))
        }
        Block::Buttons(_) => None,
    });
    let mut all = std::iter::once(message.summary.clone()).chain(texts);
    let said = all.find(|text| !text.trim().is_empty());
    said.unwrap_or_else(|| "Sluice".to_owned())
}

fn block(block: &Block, about: &str) -> Vec<Value> {
    // Slack refuses empty texts and empty lists.
    match block {
        Block::Header(text) if !text.trim().is_empty() => {
            vec![json!({"type": "header", "text": plain_text(text, HEADER_CHARS)})]
        }
        Block::Text(text) if !text.trim().is_empty() => {
            vec![json!({"type": "section", "text": mrkdwn(cut(text, SECTION_CHARS, mentioning))})]
        }
        Block::Code(text) if !text.trim().is_empty() => {
            let fences = "```\n\n```".len();
            let inside = cut(text, SECTION_CHARS - fences, code);
            vec![json!({"type": "section", "text": mrkdwn(format!("```\n{inside}\n```"))})]
        }
        Block::Context(text) if !text.trim().is_empty() => {
            let text = cut(text, SECTION_CHARS, mentioning);
            vec![json!({"type": "context", "elements": [mrkdwn(text)]})]
        }
        Block::Links(all) if !all.is_empty() => {
            vec![json!({"type": "context", "elements": [mrkdwn(links(all))]})]
        }
        Block::Fields(fields) => sections(fields)
            .into_iter()
            .map(|text| json!({"type": "section", "text": mrkdwn(text)}))
            .collect(),
        Block::Buttons(buttons) if !buttons.is_empty() => {
            let elements: Vec<Value> = buttons
                .iter()
                .take(BUTTONS)
                .map(|one| button(one, about))
                .collect();
            vec![json!({"type": "actions", "elements": elements})]
        }
        Block::Header(_)
        | Block::Text(_)
        | Block::Code(_)
        | Block::Context(_)
        | Block::Links(_)
        | Block::Buttons(_) => {
            vec![]
        }
    }
}

/// Words that lead somewhere, as many as fit whole: a link that is cut points to another place.
fn links(all: &[Link]) -> String {
    let mut text = String::new();
    for link in all {
        let words = cut(&link.text, VALUE_CHARS, mentioning);
        let written = match link.url.as_deref().and_then(address) {
            Some(url) => format!("<{url}|{}>", words.replace('|', "¦")),
            None => words,
        };
        let between = if text.is_empty() { "" } else { " · " };
        if text.chars().count() + between.len() + written.chars().count() > SECTION_CHARS {
            break;
        }
        text.push_str(between);
        text.push_str(&written);
    }
    text
}

/// The address, with nothing in it that ends the link; `None` if it is not one of the web's.
fn address(url: &str) -> Option<String> {
    let safe = url.starts_with("https://") && !url.contains(['<', '>', '|', ' ', '"']);
    safe.then(|| url.replace('&', "&amp;"))
}

/// Names and values one below the other, as a phone shows them, in as few texts as they fit in.
fn sections(fields: &[(String, String)]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for field in fields.iter().map(field) {
        match texts.last_mut() {
            Some(text)
                if text.encode_utf16().count() + field.encode_utf16().count() < SECTION_CHARS =>
            {
                text.push_str(&format!("\n{field}"));
            }
            _ => texts.push(field),
        }
    }
    texts
}

fn field((name, value): &(String, String)) -> String {
    let name = cut(name, HEADER_CHARS, mentioning);
    let value = cut(value, VALUE_CHARS, mentioning);
    let between = if value.contains('\n') { '\n' } else { ' ' };
    format!("*{name}*{between}{value}")
}

/// Screen readers say what a button is about: several on a page read alike.
fn button(button: &Button, about: &str) -> Value {
    let label = button.action.label();
    let spoken = format!("{label}: {about}");
    let spoken: String = spoken.chars().take(BUTTON_CHARS).collect();
    let mut rendered = json!({
        "type": "button",
        "text": plain_text(label, BUTTON_CHARS),
        "accessibility_label": spoken,
        "action_id": button.action.id(),
        "value": button_value(button),
    });
    match button.action {
        ButtonAction::Approve => rendered["style"] = json!("primary"),
        // What hurts.
        ButtonAction::Override | ButtonAction::RollBack | ButtonAction::RestoreDatabase => {
            rendered["style"] = json!("danger");
        }
        ButtonAction::Reject
        | ButtonAction::Cancel
        | ButtonAction::Pause
        | ButtonAction::Resume
        | ButtonAction::Keep
        | ButtonAction::RollForward => {}
    }
    if let Some(confirm) = &button.confirm {
        rendered["confirm"] = json!({
            "title": plain_text(&confirm.question, CONFIRM_TITLE_CHARS),
            "text": plain_text(&confirm.means, CONFIRM_CHARS),
            "confirm": plain_text(label, CONFIRM_BUTTON_CHARS),
            "deny": plain_text("Not yet", CONFIRM_BUTTON_CHARS),
        });
    }
    rendered
}

fn plain_text(text: &str, limit: usize) -> Value {
    json!({"type": "plain_text", "text": cut(text, limit, plain), "emoji": false})
}

/// `verbatim`: Slack links nothing by itself, so a log line with `@here` in it notifies no one.
fn mrkdwn(text: String) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// Leaves parts out before the buttons: those must stay.
fn keep_limit(blocks: &mut Vec<Value>, limit: usize) {
    let buttons = blocks.pop_if(|last| last["type"] == "actions");
    let room = limit - 1 - usize::from(buttons.is_some());
    let left_out = blocks.len() - room;
    blocks.truncate(room);
    blocks.push(
        json!({"type": "context", "elements": [mrkdwn(format!("… ({left_out} more parts)"))]}),
    );
    blocks.extend(buttons);
}

#[cfg(test)]
mod tests;
