//! Text and bytes, changed.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::VERY_LONG;

/// Places are parts of 65,536 of the whole, so that a smaller text has them too.
type Place = u16;

/// One change.
#[derive(Clone, Debug)]
enum Edit {
    Cut(Place, Place),
    Repeat {
        at: Place,
        length: Place,
        times: u16,
    },
    Put(Place, String),
    Swap(Place, Place),
}

/// What means something somewhere: brackets, quotes, ends, controls, and what is only long.
fn pieces(tokens: &[&str]) -> Vec<String> {
    let known = [
        "",
        " ",
        "\n",
        "\r\n",
        "\t",
        "\0",
        "\u{1b}[2J",
        "\u{202e}",
        "\u{feff}",
        "é",
        "🙂",
        "ﷺ",
        "<",
        ">",
        "<@",
        "<!",
        "&",
        "&lt;",
        "&amp;",
        "\"",
        "'",
        "`",
        "\\",
        "\\u0000",
        "\\ud800",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "=",
        ":",
        "://",
        "@",
        "/",
        "//",
        "#",
        "--",
        "/*",
        "*/",
        "$$",
        ";",
        ",",
        ".",
        "..",
        "%",
        "%00",
        "+",
        "-",
        "*",
        "?",
        "0",
        "-1",
        "1e400",
        "18446744073709551616",
        "9999-12-31T23:59:60Z",
        "null",
        "true",
        "NaN",
    ];
    let known = known.iter().chain(tokens).map(|piece| (*piece).to_owned());
    known.collect()
}

fn edit(tokens: &[&str]) -> impl Strategy<Value = Edit> + use<> {
    let piece = prop_oneof![
        8 => select(pieces(tokens)),
        1 => ".{0,8}",
        1 => (select(pieces(tokens)), 1..VERY_LONG).prop_map(|(piece, times)| {
            piece.repeat(times / piece.len().max(1))
        }),
    ];
    prop_oneof![
        (any::<Place>(), any::<Place>()).prop_map(|(a, b)| Edit::Cut(a, b)),
        (any::<Place>(), 0..4_096_u16, 0..200_u16).prop_map(|(at, length, times)| Edit::Repeat {
            at,
            length,
            times
        }),
        (any::<Place>(), piece).prop_map(|(at, piece)| Edit::Put(at, piece)),
        (any::<Place>(), any::<Place>()).prop_map(|(a, b)| Edit::Swap(a, b)),
    ]
}

/// A text of the corpus with a few changes; `tokens` are words that mean something in it.
pub fn text(corpus: Vec<String>, tokens: &[&str]) -> impl Strategy<Value = String> + use<> {
    let changed = (select(corpus), vec(edit(tokens), 0..8)).prop_map(|(mut text, edits)| {
        for edit in &edits {
            text = changed_text(&text, edit);
        }
        text
    });
    prop_oneof![15 => changed, 1 => ".{0,200}"]
}

/// The same as bytes, some of which are no text any more.
pub fn bytes(corpus: Vec<String>, tokens: &[&str]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let flips = vec((any::<Place>(), any::<u8>()), 0..4);
    (text(corpus, tokens), flips).prop_map(|(text, flips)| {
        let mut bytes = text.into_bytes();
        for (at, byte) in flips {
            let at = scaled(at, bytes.len());
            if let Some(there) = bytes.get_mut(at) {
                *there = byte;
            }
        }
        bytes
    })
}

fn scaled(place: Place, length: usize) -> usize {
    length * usize::from(place) / (usize::from(Place::MAX) + 1)
}

fn changed_text(text: &str, edit: &Edit) -> String {
    let at = |place: Place| text.floor_char_boundary(scaled(place, text.len()));
    let between = |a: Place, b: Place| (at(a.min(b)), at(a.max(b)));
    match edit {
        Edit::Cut(a, b) => {
            let (from, until) = between(*a, *b);
            format!("{}{}", &text[..from], &text[until..])
        }
        Edit::Repeat {
            at: place,
            length,
            times,
        } => {
            let (from, until) = between(*place, place.saturating_add(*length));
            let piece = &text[from..until];
            let times = usize::from(*times).min(10 * VERY_LONG / piece.len().max(1));
            format!("{}{}{}", &text[..from], piece.repeat(times), &text[from..])
        }
        Edit::Put(place, piece) => {
            let at = at(*place);
            format!("{}{piece}{}", &text[..at], &text[at..])
        }
        Edit::Swap(a, b) => {
            let (from, until) = between(*a, *b);
            format!("{}{}", &text[until..], &text[..from])
        }
    }
}
