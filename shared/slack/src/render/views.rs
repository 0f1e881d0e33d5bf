//! Forms and home pages in Slack's Block Kit. <https://docs.slack.dev/reference/views>

use serde_json::{Value, json};
use sluice_words::home::Home;
use sluice_words::modal::{Choice, Input, InputKind, Modal, Purpose};

use super::{block, keep_limit, plain_text};

/// Slack's limits.
const BLOCKS: usize = 100;
const TITLE_CHARS: usize = 24;
const LABEL_CHARS: usize = 2_000;
const OPTIONS: usize = 100;
const OPTION_CHARS: usize = 75;
const INPUT_CHARS: usize = 3_000;

/// A form as `views.open` takes it.
pub fn render_modal(modal: &Modal) -> Value {
    let mut blocks: Vec<Value> = modal
        .blocks
        .iter()
        .flat_map(|one| block(one, &modal.title))
        .collect();
    let room = BLOCKS - modal.inputs.len().min(BLOCKS);
    if blocks.len() > room {
        keep_limit(&mut blocks, room);
    }
    blocks.extend(modal.inputs.iter().map(input));
    json!({
        "type": "modal",
        "callback_id": modal.purpose.id(),
        "private_metadata": purpose_value(&modal.purpose),
        "title": plain_text(&short(&modal.title, TITLE_CHARS), TITLE_CHARS),
        "submit": plain_text(&short(&modal.submit, TITLE_CHARS), TITLE_CHARS),
        "close": plain_text("Not now", TITLE_CHARS),
        "blocks": blocks,
    })
}

/// A home page as `views.publish` takes it.
pub fn render_home(home: &Home) -> Value {
    let mut blocks: Vec<Value> = home
        .blocks
        .iter()
        .flat_map(|one| block(one, "Sluice"))
        .collect();
    if blocks.len() > BLOCKS {
        keep_limit(&mut blocks, BLOCKS);
    }
    json!({"type": "home", "blocks": blocks})
}

/// What a form carries and brings back: at most a few hundred characters of the 3,000 there are.
pub(crate) fn purpose_value(purpose: &Purpose) -> String {
    serde_json::to_string(purpose).expect("names and hashes serialise")
}

fn input(input: &Input) -> Value {
    let element = match &input.kind {
        InputKind::Text { max_chars } => json!({
            "type": "plain_text_input",
            "action_id": input.name.id(),
            "multiline": true,
            "min_length": 1,
            "max_length": (*max_chars).min(INPUT_CHARS),
        }),
        InputKind::Select(choices) => {
            let options: Vec<Value> = choices.iter().take(OPTIONS).map(option).collect();
            let mut select =
                json!({"type": "static_select", "action_id": input.name.id(), "options": options});
            // The first choice is what most people want.
            if let Some(first) = choices.first() {
                select["initial_option"] = option(first);
            }
            select
        }
    };
    let mut rendered = json!({
        "type": "input",
        "block_id": input.name.id(),
        "label": plain_text(&input.label, LABEL_CHARS),
        "element": element,
    });
    if !input.hint.is_empty() {
        rendered["hint"] = plain_text(&input.hint, LABEL_CHARS);
    }
    rendered
}

fn option(choice: &Choice) -> Value {
    json!({
        "text": plain_text(&short(&choice.label, OPTION_CHARS), OPTION_CHARS),
        "value": choice.value,
    })
}

/// A line in at most `limit` characters as Slack counts them, escapes included.
fn short(text: &str, limit: usize) -> String {
    let width = |c: char| match c {
        '&' => "&amp;".len(),
        '<' | '>' => "&lt;".len(),
        c => c.len_utf16(),
    };
    if text.chars().map(width).sum::<usize>() <= limit {
        return text.to_owned();
    }
    let mut used = 1;
    let mut kept: String = text
        .chars()
        .take_while(|c| {
            used += width(*c);
            used <= limit
        })
        .collect();
    kept.push('…');
    kept
}
