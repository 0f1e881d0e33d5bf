//! Text in Slack's mrkdwn: escaped, with only our own mentions in it, and cut to a length.

use sluice_words::inline::{self, Inline};

/// How a line becomes Slack's text: in pieces that must not be cut in two.
type Pieces = fn(&str) -> Vec<String>;

/// Kept free for the words that say how much was cut.
const NOTE_CHARS: usize = 32;

/// Everything is literal.
pub(super) fn plain(line: &str) -> Vec<String> {
    line.chars().map(escaped).collect()
}

/// Everything is literal, and no run of backticks ends the code block.
pub(super) fn code(line: &str) -> Vec<String> {
    let mut pieces = plain(line);
    let mut run = 0;
    for piece in &mut pieces {
        run = if piece == "`" { run + 1 } else { 0 };
        if run == 3 {
            // A zero-width space: not seen, and no fence any more.
            piece.insert(0, '\u{200b}');
            run = 1;
        }
    }
    pieces
}

/// Everything is literal but people, groups and moments, which Slack shows in its own way.
pub(super) fn mentioning(line: &str) -> Vec<String> {
    let pieces = inline::read(line).into_iter();
    pieces
        .flat_map(|piece| match piece {
            Inline::Text(text) => plain(text),
            Inline::Person(id) => vec![format!("<@{id}>")],
            Inline::Group(id) => vec![format!("<!subteam^{id}>")],
            Inline::Moment { second, day, plain } => {
                let shown = if day {
                    "{date_short_pretty} {time}"
                } else {
                    "{time}"
                };
                vec![format!("<!date^{second}^{shown}|{plain}>")]
            }
        })
        .collect()
}

fn escaped(c: char) -> String {
    match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        other => other.to_string(),
    }
}

/// The text in at most `limit` characters, whole lines first. What is left out is said.
pub(super) fn cut(text: &str, limit: usize, pieces: Pieces) -> String {
    let lines: Vec<Vec<String>> = text.lines().map(pieces).collect();
    let whole = lines
        .iter()
        .map(|line| line.concat())
        .collect::<Vec<_>>()
        .join("\n");
    if length(&whole) <= limit {
        return whole;
    }
    let room = limit.saturating_sub(NOTE_CHARS);
    let mut kept = String::new();
    for (number, line) in lines.iter().enumerate() {
        let line_text = line.concat();
        if length(&kept) + length(&line_text) < room {
            kept.push_str(&line_text);
            kept.push('\n');
            continue;
        }
        if number == 0 {
            // Not even one line fits.
            let mut used = 0;
            kept.extend(line.iter().map(String::as_str).take_while(|piece| {
                used += length(piece);
                used <= room
            }));
            let more = lines.len() - 1;
            kept.push_str(&if more == 0 {
                "… (cut)".to_owned()
            } else {
                format!("… ({more} more lines)")
            });
        } else {
            kept.push_str(&format!("… ({} more lines)", lines.len() - number));
        }
        break;
    }
    kept
}

/// In UTF-16 units: never less than Slack counts.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}
