//! Messages and forms as Slack would show them.

use sluice_words::message::{Block, Message};
use sluice_words::modal::{InputKind, Modal};

use super::{DIM, STRONG, TITLE, paint, wrap, wrap_hanging};

/// Width of the frame.
const RULE: usize = 78;
/// Longer lines are broken here.
const TEXT_WIDTH: usize = 96;

/// The message in a frame, with the channel it is in.
pub fn slack(channel: &str, message: &Message) -> String {
    framed(&format!("Slack {channel}"), blocks(&message.blocks))
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
            lines.extend(wrap(&input.hint, RULE).iter().map(|line| paint(DIM, line)));
        }
    }
    lines.push(String::new());
    let buttons = format!("[ {} ]  [ Not now ]", modal.submit);
    lines.push(paint(STRONG, buttons));
    framed(&format!("Slack, a form: {}", modal.title), lines)
}

fn framed(title: &str, lines: Vec<String>) -> String {
    let title = format!(" {title} ");
    let rule = "─".repeat(RULE.saturating_sub(title.chars().count() + 2));
    let bar = paint(DIM, "│");
    let inside = lines.into_iter().map(|line| match line.is_empty() {
        true => bar.clone(),
        false => format!("{bar} {line}"),
    });
    let mut framed = vec![paint(DIM, format!("┌─{title}{rule}"))];
    framed.extend(inside);
    framed.push(paint(DIM, format!("└{}", "─".repeat(RULE - 1))));
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

fn block_lines(block: &Block) -> Vec<String> {
    match block {
        Block::Header(text) => vec![paint(TITLE, text)],
        Block::Text(text) => mentions(text)
            .lines()
            .flat_map(|line| {
                wrap_hanging(line, TEXT_WIDTH, if line.starts_with('•') { 2 } else { 0 })
            })
            .collect(),
        Block::Fields(fields) => {
            let width = fields
                .iter()
                .map(|(name, _)| name.chars().count())
                .max()
                .unwrap_or(0);
            let line = |(name, value): &(String, String)| {
                format!(
                    "{}  {}",
                    paint(STRONG, format!("{name:width$}")),
                    mentions(value)
                )
            };
            fields.iter().map(line).collect()
        }
        Block::Code(text) => text
            .trim_end()
            .lines()
            .flat_map(|line| wrap_hanging(&format!("    {line}"), TEXT_WIDTH, 3))
            .collect(),
        Block::Context(text) => mentions(text)
            .lines()
            .flat_map(|line| wrap(line, TEXT_WIDTH))
            .map(|line| paint(DIM, line))
            .collect(),
        Block::Links(links) => links
            .iter()
            .map(|link| match &link.url {
                Some(url) => format!("{}  {}", mentions(&link.text), paint(DIM, url)),
                None => mentions(&link.text),
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

/// `<@U1>` and `<!subteam^S1>` as Slack shows them: `@U1`, `@S1`.
pub fn mentions(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at(start);
        shown.push_str(before);
        let name = ["<@", "<!subteam^"]
            .iter()
            .find_map(|open| from.strip_prefix(open));
        match name.and_then(|name| name.split_once('>')) {
            Some((name, after)) => {
                shown.push('@');
                shown.push_str(name);
                rest = after;
            }
            None => {
                shown.push('<');
                rest = &from[1..];
            }
        }
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_groups_are_shown_as_mentions_and_nothing_else_is_touched() {
        assert_eq!(
            mentions("by <@U1> or <!subteam^S2>, 1 < 2"),
            "by @U1 or @S2, 1 < 2"
        );
        assert_eq!(mentions("<@U1"), "<@U1");
    }

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
