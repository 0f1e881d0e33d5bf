//! How much of Slack's limits a block uses.

use super::TEXT;
use crate::message::{Block, Link};

/// No byte of a text becomes wider on its way to Slack.
const WIDEST: usize = "&amp;".len();

/// Into how many of Slack's blocks it goes.
pub(super) fn slack_blocks(block: &Block) -> usize {
    match block {
        // One below the other in a text, and a further one where they do not fit.
        Block::Fields(fields) => {
            let (mut texts, mut used) = (0, TEXT);
            for (name, value) in fields {
                let wide = width(name) + width(value) + "**\n\n".len();
                used += wide;
                if used > TEXT {
                    (texts, used) = (texts + 1, wide);
                }
            }
            texts
        }
        Block::Header(_)
        | Block::Text(_)
        | Block::Code(_)
        | Block::Context(_)
        | Block::Links(_)
        | Block::Buttons(_) => 1,
    }
}

pub(super) fn width_of(block: &Block) -> usize {
    match block {
        Block::Header(text) | Block::Text(text) | Block::Code(text) | Block::Context(text) => {
            width(text)
        }
        Block::Fields(fields) => fields_width(fields),
        Block::Links(links) => {
            let of = |link: &Link| width(&link.text) + link.url.as_deref().map_or(0, width);
            links.iter().map(of).sum()
        }
        Block::Buttons(_) => 0,
    }
}

/// Whether its width is at most that. Most texts are short, however wide their characters may be.
pub(super) fn is_within(text: &str, limit: usize) -> bool {
    text.len() * WIDEST <= limit || width(text) <= limit
}

pub(super) fn width(text: &str) -> usize {
    text.bytes().map(width_of_byte).sum()
}

pub(super) fn width_of_char(c: char) -> usize {
    width(c.encode_utf8(&mut [0; 4]))
}

/// As wide as a character can become on its way to Slack: escaped, in UTF-16, and a backtick with
/// what keeps three of them from ending a block of code. Its first byte says it: where that begins
/// four bytes, UTF-16 takes two units.
pub(super) fn width_of_byte(byte: u8) -> usize {
    match byte {
        b'&' => "&amp;".len(),
        b'<' | b'>' => "&lt;".len(),
        b'`' | 0xf0.. => 2,
        0x80..0xc0 => 0,
        _ => 1,
    }
}

pub(super) fn fields_width(fields: &[(String, String)]) -> usize {
    let of = |(name, value): &(String, String)| width(name) + width(value);
    fields.iter().map(of).sum()
}
