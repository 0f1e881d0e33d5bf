//! Messages and forms as Slack would show them.

use sluice_words::message::{Block, Message};
use sluice_words::modal::{InputKind, Modal};

use super::{DIM, STRONG, TITLE, as_text, paint, width, wrap, wrap_hanging};

/// The frame is no wider than that.
const RULE: usize = 78;
/// The frame's bar and a space stand before each line.
const BAR: usize = 2;

fn rule() -> usize {
    width().min(RULE)
}

fn text_width() -> usize {
    width() - BAR
}

/// The message in a frame, with the channel it is in.
pub fn slack(channel: &str, message: &Message) -> String {
    framed(&format!("Slack {channel}"), blocks(&message.blocks))
}

/// The message without a frame: for somebody who has asked for it.
pub fn plain(message: &Message) -> String {
    blocks(&message.blocks).join("\n")
}

/// The messages of a thread in a frame, one below the other.
pub fn thread(messages: &[Message]) -> String {
    let lines = messages.iter().flat_map(|message| blocks(&message.blocks));
    framed("Slack, the thread", lines.collect())
}

/// A form in a frame, with its questions.
pub fn form(modal: &Modal) -> String {
    let mut lines = blocks(&modal.blocks);
    for input in &modal.inputs {
        lines.push(String::new());
        lines.push(paint(STRONG, &input.label));
        if let InputKind::Select(choices) = &input.kind {
            let choices = choices.iter().zip(1..);
            lines.extend(choices.map(|(choice, number)| format!("  {number} {}", choice.label)));
        }
        if !input.hint.is_empty() {
            lines.extend(
                wrap(&input.hint, rule() - BAR)
                    .iter()
                    .map(|line| paint(DIM, line)),
            );
        }
    }
    lines.push(String::new());
    let buttons = format!("[ {} ]  [ Not now ]", modal.submit);
    lines.push(paint(STRONG, buttons));
    framed(&format!("Slack, a form: {}", modal.title), lines)
}

fn framed(title: &str, lines: Vec<String>) -> String {
    let title = format!(" {title} ");
    let line = "─".repeat(rule().saturating_sub(title.chars().count() + 2));
    let bar = paint(DIM, "│");
    let inside = lines.into_iter().map(|line| match line.is_empty() {
        true => bar.clone(),
        false => format!("{bar} {line}"),
    });
    let mut framed = vec![paint(DIM, format!("┌─{title}{line}"))];
    framed.extend(inside);
    framed.push(paint(DIM, format!("└{}", "─".repeat(rule() - 1))));
    framed.join("\n")
}

fn blocks(blocks: &[Block]) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        if number > 0 && !matches!(block, Block::Context(_) | Block::Links(_)) {
            lines.push(String::new());
        }
        lines.extend(block_lines(block));
    }
    lines
}

/// A name and its value: beside it, or below it if it has several lines.
fn field_lines((name, value): &(String, String), names: usize) -> Vec<String> {
    let value = as_text(value);
    if value.contains('\n') {
        let lines = value
            .lines()
            .flat_map(|line| wrap_hanging(line, text_width(), 2));
        return std::iter::once(paint(STRONG, name)).chain(lines).collect();
    }
    let mut lines = wrap(&value, text_width().saturating_sub(names + 2)).into_iter();
    let first = lines.next().unwrap_or_default();
    let first = format!("{}  {first}", paint(STRONG, format!("{name:names$}")));
    let rest = lines.map(|line| format!("{:names$}  {line}", ""));
    std::iter::once(first).chain(rest).collect()
}

fn block_lines(block: &Block) -> Vec<String> {
    match block {
        Block::Header(text) => vec![paint(TITLE, text)],
        Block::Text(text) => as_text(text)
            .lines()
            .flat_map(|line| {
                wrap_hanging(
                    line,
                    text_width(),
                    if line.starts_with('•') { 2 } else { 0 },
                )
            })
            .collect(),
        Block::Fields(fields) => {
            let short = fields.iter().filter(|(_, value)| !value.contains('\n'));
            let names = short.map(|(name, _)| name.chars().count()).max();
            let field = |field| field_lines(field, names.unwrap_or(0));
            fields.iter().flat_map(field).collect()
        }
        Block::Code(text) => text
            .trim_end()
            .lines()
            .flat_map(|line| wrap_hanging(&format!("    {line}"), text_width(), 3))
            .collect(),
        Block::Context(text) => as_text(text)
            .lines()
            .flat_map(|line| wrap(line, text_width()))
            .map(|line| paint(DIM, line))
            .collect(),
        Block::Links(links) => links
            .iter()
            .map(|link| match &link.url {
                Some(url) => format!("{}  {}", as_text(&link.text), paint(DIM, url)),
                None => as_text(&link.text),
            })
            .collect(),
        Block::Buttons(buttons) => {
            let labels = buttons
                .iter()
                .map(|button| format!("[ {} ]", button.action.label()));
            vec![paint(STRONG, labels.collect::<Vec<_>>().join("  "))]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_message_is_in_the_frame() {
        let message = Message {
            summary: "s".into(),
            blocks: vec![
                Block::Header("approve?".into()),
                Block::Code("one\ntwo\n".into()),
                Block::Context("small".into()),
            ],
        };
        let shown = slack("#c", &message);
        let plain = anstream::adapter::strip_str(&shown).to_string();
        let inside: Vec<&str> = plain.lines().skip(1).collect();
        assert_eq!(
            inside[..inside.len() - 1],
            ["│ approve?", "│", "│     one", "│     two", "│ small"]
        );
        assert!(plain.starts_with("┌─ Slack #c ─"));
    }
}
