//! Long messages, in parts. A chat takes so much of a text and no more, and refuses the whole
//! message for one text that is too long. So what is too long is cut, says how much is missing, and
//! goes on in further messages: nothing is dropped.
//!
//! The limits are Slack's. <https://docs.slack.dev/reference/block-kit/blocks>

mod width;

use serde::{Deserialize, Serialize};

use crate::inline::{Inline, read};
use crate::message::{Block, Message};
use width::{fields_width, is_within, slack_blocks, width, width_of, width_of_char};

/// Parts of a message.
pub const BLOCKS: usize = 50;
/// Of one text: Slack takes 3,000, and a fence around code is among them.
const TEXT: usize = 2_900;
/// Of a title.
const TITLE: usize = 150;
/// Of a value beside its name, which is in a text with it.
const VALUE: usize = TEXT - TITLE - 10;
/// Of all texts of a message together. Slack does not say how much it takes: people report
/// `msg_blocks_too_long` from about 12,000 on, and sometimes for less.
pub const TOTAL: usize = 9_000;
/// Of the line that stands for a whole message.
const LINE: usize = 280;
/// Kept free for the words that say how much is missing.
const NOTE: usize = 60;
/// What is tried, one after the other, until all texts together are short enough.
const CAPS: [usize; 5] = [TEXT, 1_400, 700, 350, 170];

/// How much of a message is shown in its place. Where a chat refuses one as too long, or for a part
/// of it, the next is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// As much as a chat is known to take.
    #[default]
    Full,
    /// Less than half of it.
    Short,
    /// A few lines.
    Shorter,
    /// One line, and the buttons.
    Line,
}

impl Size {
    /// What is tried next where this is refused.
    pub fn smaller(self) -> Option<Self> {
        match self {
            Self::Full => Some(Self::Short),
            Self::Short => Some(Self::Shorter),
            Self::Shorter => Some(Self::Line),
            Self::Line => None,
        }
    }

    /// What is tried first where this was taken last: it may pass again.
    pub fn larger(self) -> Self {
        match self {
            Self::Full | Self::Short => Self::Full,
            Self::Shorter => Self::Short,
            Self::Line => Self::Shorter,
        }
    }

    /// Of all texts together.
    fn total(self) -> usize {
        match self {
            Self::Full => TOTAL,
            Self::Short => 4_000,
            Self::Shorter | Self::Line => 1_500,
        }
    }

    /// Of one text in what continues below, a label above it.
    fn text(self) -> usize {
        TEXT.min(self.total() - TITLE - NOTE)
    }
}

/// The message in as few parts as it needs: the first stands in its place, the others, numbered,
/// continue it below. `elsewhere` are blocks that stand in full below already: they are cut all the
/// same, and not continued. It is asked only where something is cut.
pub fn parts(message: Message, size: Size, elsewhere: impl FnOnce() -> Vec<Block>) -> Vec<Message> {
    if size != Size::Line && fits(&message.blocks, size) {
        return vec![message];
    }
    let (blocks, rest) = match size {
        Size::Line => line(&message, &elsewhere()),
        _ => head(&message.blocks, size, &elsewhere()),
    };
    let title = title(&message.summary);
    let first = Message {
        summary: message.summary,
        blocks,
    };
    let continued = pack(rest, size);
    let count = continued.len() + 1;
    let continued = continued.into_iter().enumerate().map(|(at, blocks)| {
        let number = format!("{} of {count}", at + 2);
        let label = Block::Context(format!("{number} · {title}"));
        Message {
            summary: format!("{title} ({number})"),
            blocks: std::iter::once(label).chain(blocks).collect(),
        }
    });
    std::iter::once(first).chain(continued).collect()
}

/// A message of one line, with the buttons.
pub fn one_line(message: &Message) -> Message {
    let mut first = split(message.summary.trim(), LINE).swap_remove(0);
    if let Some((line, _)) = first.split_once('\n') {
        first.truncate(line.len());
    }
    if first.len() < message.summary.trim().len() {
        first.push('…');
    }
    let mut short = Message::line(first);
    let buttons = message.blocks.iter().filter(|block| is_buttons(block));
    short.blocks.extend(buttons.cloned());
    short
}

/// The one line that is shown, and everything else.
fn line(message: &Message, elsewhere: &[Block]) -> (Vec<Block>, Vec<Block>) {
    let mut shown = one_line(message).blocks;
    let below = message
        .blocks
        .iter()
        .filter(|block| !is_buttons(block) && !elsewhere.contains(block));
    let rest: Vec<Block> = below.flat_map(|block| pieces(block, Size::Line)).collect();
    if !rest.is_empty() {
        shown.insert(1, Block::Context("… (continued in the thread)".to_owned()));
    }
    (shown, rest)
}

fn is_buttons(block: &Block) -> bool {
    matches!(block, Block::Buttons(_))
}

/// Whether nothing has to be cut.
fn fits(blocks: &[Block], size: Size) -> bool {
    let is_short = |block: &Block| match block {
        Block::Text(text) | Block::Code(text) | Block::Context(text) => is_within(text, TEXT),
        Block::Header(text) => is_within(text, TITLE),
        Block::Fields(fields) => fields
            .iter()
            .all(|(name, value)| is_within(name, TITLE) && is_within(value, VALUE)),
        Block::Links(_) | Block::Buttons(_) => true,
    };
    blocks.iter().all(is_short)
        && blocks.iter().map(slack_blocks).sum::<usize>() <= BLOCKS
        && blocks.iter().map(width_of).sum::<usize>() <= size.total()
}

/// What is shown of the blocks in their place, and what is not.
fn head(blocks: &[Block], size: Size, elsewhere: &[Block]) -> (Vec<Block>, Vec<Block>) {
    let at = |cap| -> Vec<Cut> { blocks.iter().map(|block| cut(block, cap, size)).collect() };
    let width = |cuts: &[Cut]| cuts.iter().map(|cut| width_of(&cut.shown)).sum::<usize>();
    let fits = |cap: &usize| width(&at(*cap)) <= size.total();
    let cap = CAPS.into_iter().find(fits).unwrap_or(CAPS[CAPS.len() - 1]);
    let mut cuts = at(cap);
    // Whatever else is left out, the buttons stay.
    let buttons = match blocks.last() {
        Some(Block::Buttons(_)) => cuts.pop().map(|cut| cut.shown),
        _ => None,
    };
    let kept = room(&cuts, buttons.is_some(), size);
    let (mut shown, mut rest) = (Vec::new(), Vec::new());
    let missing = cuts.len() - kept;
    for (number, (cut, block)) in cuts.into_iter().zip(blocks).enumerate() {
        let continued = if number < kept {
            shown.push(cut.shown);
            cut.rest
        } else {
            pieces(block, size)
        };
        if !elsewhere.contains(block) {
            rest.extend(continued);
        }
    }
    if missing > 0 {
        shown.push(Block::Context(format!(
            "… ({missing} more parts, continued in the thread)"
        )));
    }
    shown.extend(buttons);
    (shown, rest)
}

/// How many of the blocks are shown: all, if they fit.
fn room(cuts: &[Cut], has_buttons: bool, size: Size) -> usize {
    let all: usize = cuts.iter().map(|cut| slack_blocks(&cut.shown)).sum();
    let width: usize = cuts.iter().map(|cut| width_of(&cut.shown)).sum();
    if all + usize::from(has_buttons) <= BLOCKS && width <= size.total() {
        return cuts.len();
    }
    let most = BLOCKS - 1 - usize::from(has_buttons);
    let (mut used, mut wide) = (0, NOTE);
    cuts.iter()
        .take_while(|cut| {
            used += slack_blocks(&cut.shown);
            wide += width_of(&cut.shown);
            used <= most && wide <= size.total()
        })
        .count()
}

/// What is left, in messages that are as full as may be.
fn pack(rest: Vec<Block>, size: Size) -> Vec<Vec<Block>> {
    let mut messages: Vec<Vec<Block>> = Vec::new();
    let (mut used, mut wide) = (BLOCKS, size.total());
    for block in rest {
        // A label stands above.
        let room = used + slack_blocks(&block) < BLOCKS && wide + width_of(&block) <= size.total();
        if !room {
            messages.push(Vec::new());
            (used, wide) = (0, TITLE + NOTE);
        }
        used += slack_blocks(&block);
        wide += width_of(&block);
        if let Some(last) = messages.last_mut() {
            last.push(block);
        }
    }
    messages
}

/// A block as it is shown, and what is missing of it.
struct Cut {
    shown: Block,
    rest: Vec<Block>,
}

impl Cut {
    fn whole(block: &Block) -> Self {
        Self {
            shown: block.clone(),
            rest: Vec::new(),
        }
    }
}

fn cut(block: &Block, cap: usize, size: Size) -> Cut {
    match block {
        Block::Text(text) => cut_text(text, cap, size, Block::Text),
        Block::Code(text) => cut_text(text, cap, size, Block::Code),
        Block::Context(text) => cut_text(text, cap, size, Block::Context),
        Block::Header(text) if width(text) > TITLE => Cut {
            shown: Block::Header(short(text, TITLE)),
            rest: split(text, size.text())
                .into_iter()
                .map(Block::Text)
                .collect(),
        },
        Block::Fields(fields) => cut_fields(fields, cap, size),
        // A handful of words each: a link that is cut leads to another place.
        Block::Header(_) | Block::Links(_) | Block::Buttons(_) => Cut::whole(block),
    }
}

fn cut_text(text: &str, cap: usize, size: Size, block: fn(String) -> Block) -> Cut {
    if width(text) <= cap {
        return Cut::whole(&block(text.to_owned()));
    }
    let first = split(text, cap.saturating_sub(NOTE)).swap_remove(0);
    let rest = &text[first.len()..];
    let rest = rest.strip_prefix('\n').unwrap_or(rest);
    let note = match (text[first.len()..].starts_with('\n'), rest.lines().count()) {
        (true, 1) => "\n… (1 more line, continued in the thread)".to_owned(),
        (true, more) => format!("\n… ({more} more lines, continued in the thread)"),
        (false, 0 | 1) => "… (continued in the thread)".to_owned(),
        (false, more) => format!("… ({} more lines, continued in the thread)", more - 1),
    };
    Cut {
        shown: block(format!("{first}{note}")),
        rest: split(rest, size.text()).into_iter().map(block).collect(),
    }
}

fn cut_fields(fields: &[(String, String)], cap: usize, size: Size) -> Cut {
    let cap = cap.min(VALUE);
    let mut rest = Vec::new();
    let shown = fields.iter().map(|(name, value)| {
        if width(value) <= cap {
            return (short(name, TITLE), value.clone());
        }
        let all = split(&format!("{name}\n{value}"), size.text());
        rest.extend(all.into_iter().map(Block::Text));
        let first = split(value, cap.saturating_sub(NOTE)).swap_remove(0);
        (
            short(name, TITLE),
            format!("{first}… (in full in the thread)"),
        )
    });
    let shown = Block::Fields(shown.collect());
    Cut { shown, rest }
}

/// All of a block, in blocks that are short enough.
fn pieces(block: &Block, size: Size) -> Vec<Block> {
    let split = |text: &str, block: fn(String) -> Block| {
        split(text, size.text()).into_iter().map(block).collect()
    };
    match block {
        Block::Text(text) => split(text, Block::Text),
        Block::Code(text) => split(text, Block::Code),
        Block::Context(text) => split(text, Block::Context),
        Block::Fields(fields) => {
            let cuts = fields
                .iter()
                .map(|field| cut_fields(std::slice::from_ref(field), size.text() / 2, size));
            let each = cuts.flat_map(|cut| std::iter::once(cut.shown).chain(cut.rest));
            each.fold(Vec::new(), |blocks, block| joined(blocks, block, size))
        }
        Block::Header(_) | Block::Links(_) | Block::Buttons(_) => {
            let cut = cut(block, size.text(), size);
            std::iter::once(cut.shown).chain(cut.rest).collect()
        }
    }
}

/// Fields that fit beside those of the last block stand there.
fn joined(mut blocks: Vec<Block>, block: Block, size: Size) -> Vec<Block> {
    match (blocks.last_mut(), block) {
        (Some(Block::Fields(last)), Block::Fields(more))
            if fields_width(last) + fields_width(&more) <= size.text() =>
        {
            last.extend(more);
        }
        (_, block) => blocks.push(block),
    }
    blocks
}

/// The text in pieces of at most `limit`, whole lines where they fit, then whole words; never empty.
fn split(text: &str, limit: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while width(rest) > limit {
        let end = end_of_piece(rest, limit.max(1));
        let (piece, after) = rest.split_at(end);
        pieces.push(piece.to_owned());
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Where the first piece ends, in bytes.
fn end_of_piece(text: &str, limit: usize) -> usize {
    let mut wide = 0;
    let fits = text.char_indices().find(|(_, c)| {
        wide += width_of_char(*c);
        wide > limit
    });
    let end = fits.map_or(text.len(), |(at, _)| at);
    let first = text.chars().next().map_or(0, char::len_utf8);
    let end = before_inline(text, end.max(first));
    if let Some(line) = text[..end].rfind('\n').filter(|at| *at > 0) {
        return line;
    }
    // Just where a line ends.
    if text[end..].starts_with('\n') {
        return end;
    }
    match text[..end].rfind(' ') {
        Some(space) if space > end / 2 => space + 1,
        _ => end,
    }
}

/// No person and no moment is cut in two: the end before it, if it would be.
fn before_inline(text: &str, end: usize) -> usize {
    let Some(start) = text[..end].rfind('<').filter(|start| *start > 0) else {
        return end;
    };
    let closes = text[start..].find('>').map(|length| start + length + 1);
    match closes {
        Some(closes) if closes > end && is_inline(&text[start..closes]) => start,
        _ => end,
    }
}

fn is_inline(text: &str) -> bool {
    !matches!(read(text).as_slice(), [Inline::Text(_)])
}

/// The first line of a summary, for the label above what continues it.
fn title(summary: &str) -> String {
    short(summary.lines().next().unwrap_or_default(), TITLE)
}

/// A line in at most `limit`.
fn short(line: &str, limit: usize) -> String {
    if width(line) <= limit {
        return line.to_owned();
    }
    let mut wide = 1;
    let mut kept: String = line
        .chars()
        .take_while(|c| {
            wide += width_of_char(*c);
            wide <= limit
        })
        .collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests;
