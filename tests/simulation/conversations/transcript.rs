//! What Slack shows, in lines that are read in a snapshot.

use serde_json::Value;

/// The words of blocks, without their buttons.
pub(super) fn words(blocks: &[Value]) -> String {
    let lines: Vec<String> = blocks
        .iter()
        .map(|block| match block["type"].as_str() {
            Some("context") => text(&block["elements"][0]),
            Some("section") if block["fields"].is_array() => {
                let fields = block["fields"].as_array().into_iter().flatten();
                let fields: Vec<String> = fields.map(field).collect();
                fields.join("\n")
            }
            Some("actions") => String::new(),
            _ => text(&block["text"]),
        })
        .collect();
    lines.join("\n")
}

/// A form: its title, what it says, and what it asks.
pub(super) fn form(view: &Value) -> String {
    let blocks = view["blocks"].as_array().cloned().unwrap_or_default();
    let (inputs, said): (Vec<Value>, Vec<Value>) = blocks
        .into_iter()
        .partition(|block| block["type"] == "input");
    let title = text(&view["title"]);
    let mut lines = vec![format!("  the form \"{title}\": {}", words(&said))];
    for input in &inputs {
        let choices = match input["element"]["options"].as_array() {
            None => "…".to_owned(),
            Some(options) => {
                let labels: Vec<String> =
                    options.iter().map(|option| text(&option["text"])).collect();
                labels.join(" | ")
            }
        };
        lines.push(format!(
            "  {} ({}) {choices}",
            text(&input["label"]),
            text(&input["hint"])
        ));
    }
    lines.join("\n")
}

/// What stands on a button.
pub(super) fn label(button: &Value) -> String {
    format!("[{}]", text(&button["text"]))
}

/// As people read it.
pub(super) fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// `*Name*` above its value.
fn field(field: &Value) -> String {
    let text = text(field);
    match text.split_once("*\n") {
        Some((name, value)) => format!("{}: {value}", name.trim_start_matches('*')),
        None => text,
    }
}

fn text(object: &Value) -> String {
    let text = unescaped(object["text"].as_str().unwrap_or_default());
    let code = text
        .strip_prefix("```\n")
        .and_then(|text| text.strip_suffix("\n```"));
    code.map(str::to_owned).unwrap_or(text)
}
