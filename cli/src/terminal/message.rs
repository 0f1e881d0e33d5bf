//! A message as Slack would show it.

use sluice_core::message::{Block, Message};

use super::{DIM, STRONG, TITLE, paint, wrap_hanging};

/// Width of the frame.
const RULE: usize = 78;
/// Longer lines of code are broken here.
const CODE_WIDTH: usize = 96;

/// The message in a frame, with the channel it is in.
pub fn slack(channel: &str, message: &Message) -> String {
    let title = format!(" Slack {channel} ");
    let rule = "─".repeat(RULE.saturating_sub(title.chars().count() + 2));
    let mut lines = vec![paint(DIM, format!("┌─{title}{rule}"))];
    for (number, block) in message.blocks.iter().enumerate() {
        if number > 0 && !matches!(block, Block::Context(_) | Block::Links(_)) {
            lines.push(String::new());
        }
        lines.extend(block_lines(block));
    }
    let bar = paint(DIM, "│");
    let framed = lines
        .into_iter()
        .enumerate()
        .map(|(number, line)| match (number, line) {
            (0, title) => title,
            (_, line) if line.is_empty() => bar.clone(),
            (_, line) => format!("{bar} {line}"),
        });
    let mut framed: Vec<String> = framed.collect();
    framed.push(paint(DIM, format!("└{}", "─".repeat(RULE - 1))));
    framed.join("\n")
}

fn block_lines(block: &Block) -> Vec<String> {
    match block {
        Block::Header(text) => vec![paint(TITLE, text)],
        Block::Text(text) => mentions(text).lines().map(str::to_owned).collect(),
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
            .flat_map(|line| wrap_hanging(&format!("    {line}"), CODE_WIDTH, 3))
            .collect(),
        Block::Context(text) => mentions(text)
            .lines()
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
