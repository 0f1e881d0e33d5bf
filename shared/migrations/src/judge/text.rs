//! The text before it is parsed: whether the parser may have it at all, and how a piece of it is
//! shown to people.

use std::fmt;

use squawk_lexer::{LiteralKind, Token, TokenKind, tokenize};

/// More SQL than this is not read: nobody would approve it either. In bytes.
const LONGEST: usize = 2_000_000;
/// How deep brackets may stand in each other. The parser calls itself for each: too deep, and the
/// whole process dies, not just the call. Measured: a debug build on a stack of 2 MB takes 300.
const DEEPEST: usize = 100;
/// How many tokens may follow each other without a comma, counted through all open brackets. An
/// operator nests one more level too (`a || b || …`). Measured as above: 1,000 are taken, 3,000 not.
const LONGEST_CHAIN: usize = 1_000;
/// How much of a statement people see, in characters.
const SHOWN: usize = 160;
/// What stands for a value.
const HIDDEN: &str = "'…'";

/// Why a text is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// It is longer than [`LONGEST`].
    TooLong,
    /// It is deeper than [`DEEPEST`] or [`LONGEST_CHAIN`].
    TooDeep {
        /// Where, counted from 1.
        line: usize,
    },
    /// The parser gave up.
    Unreadable,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(
                f,
                "the SQL is longer than {} MB and was not read, so what it does is not known",
                LONGEST / 1_000_000
            ),
            Self::TooDeep { line } => write!(
                f,
                "the SQL is nested too deeply at line {line} and was not read, so what it does is \
                 not known"
            ),
            Self::Unreadable => {
                f.write_str("the SQL could not be read, so what it does is not known")
            }
        }
    }
}

/// What keeps the text from the parser.
pub(super) fn obstacle(sql: &str) -> Option<Obstacle> {
    if sql.len() > LONGEST {
        return Some(Obstacle::TooLong);
    }
    let at = too_deep(sql, 0)?;
    Some(Obstacle::TooDeep {
        line: line(sql, at),
    })
}

/// The line of an offset, counted from 1.
pub(super) fn line(sql: &str, offset: usize) -> usize {
    let before = &sql.as_bytes()[..offset.min(sql.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// Where the text nests too deeply, given how deep it stands already.
fn too_deep(sql: &str, outside: usize) -> Option<usize> {
    // How many tokens stand since the last comma, for each open bracket.
    let mut open = vec![0_usize];
    let mut chain = outside;
    // The parser reads the bodies of functions as well, and a body may hold another.
    let mut holds_code = false;
    let mut at_start = true;
    for (token, offset) in tokens(sql) {
        match token.kind {
            TokenKind::Whitespace
            | TokenKind::LineComment
            | TokenKind::BlockComment { .. }
            | TokenKind::Eof => continue,
            TokenKind::OpenParen | TokenKind::OpenBracket | TokenKind::OpenCurly => {
                open.push(0);
                chain += 1;
            }
            TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseCurly => {
                if open.len() > 1 {
                    chain -= open.pop().unwrap_or_default() + 1;
                }
                step(&mut open, &mut chain);
            }
            TokenKind::Comma => chain -= std::mem::take(open.last_mut()?),
            TokenKind::Semi if open.len() == 1 => {
                chain -= std::mem::take(open.last_mut()?);
                at_start = true;
                continue;
            }
            TokenKind::Literal { kind } if holds_code && is_text(kind) => {
                let text = &sql[offset..][..token.len as usize];
                if is_body_too_deep(text, outside + open.len()) {
                    return Some(offset);
                }
                step(&mut open, &mut chain);
            }
            _ => step(&mut open, &mut chain),
        }
        if at_start {
            let word = &sql[offset..][..token.len as usize];
            holds_code = word.eq_ignore_ascii_case("create");
            at_start = false;
        }
        if outside + open.len() > DEEPEST || chain > LONGEST_CHAIN {
            return Some(offset);
        }
    }
    None
}

/// The same of the body of a function, which is a literal with code in it.
fn is_body_too_deep(literal: &str, outside: usize) -> bool {
    let text = literal.trim_start_matches(|c: char| c != '\'' && c != '$');
    let inside = text.trim_matches(['\'', '$']);
    // Under an escape a bracket is not seen here, but the parser sees it.
    let escapes = match literal.starts_with(['\'', '$']) {
        true => 0,
        false => inside.matches('\\').count(),
    };
    outside + escapes >= DEEPEST || too_deep(inside, outside + 1).is_some()
}

fn step(open: &mut [usize], chain: &mut usize) {
    if let Some(last) = open.last_mut() {
        *last += 1;
        *chain += 1;
    }
}

fn tokens(sql: &str) -> impl Iterator<Item = (Token, usize)> {
    tokenize(sql).scan(0, |at, token| {
        let start = *at;
        *at += token.len as usize;
        Some((token, start))
    })
}

/// Whether a literal is text rather than a number.
fn is_text(kind: LiteralKind) -> bool {
    match kind {
        LiteralKind::Int { .. } | LiteralKind::Numeric { .. } => false,
        LiteralKind::Str { .. }
        | LiteralKind::NationalStr { .. }
        | LiteralKind::ByteStr { .. }
        | LiteralKind::BitStr { .. }
        | LiteralKind::DollarQuotedString { .. }
        | LiteralKind::UnicodeEscStr { .. }
        | LiteralKind::EscStr { .. } => true,
    }
}

/// The line comments of a text, and where each begins.
pub(super) fn line_comments(sql: &str) -> impl Iterator<Item = (&str, usize)> {
    tokens(sql)
        .filter(|(token, _)| matches!(token.kind, TokenKind::LineComment))
        .map(|(token, offset)| (&sql[offset..][..token.len as usize], offset))
}

/// The same text with every comment made of spaces: offsets and lines stay as they are.
pub(super) fn without_comments(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    for (token, offset) in tokens(sql) {
        let piece = &sql[offset..][..token.len as usize];
        match token.kind {
            TokenKind::LineComment | TokenKind::BlockComment { .. } => {
                let blank = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
                text.extend(piece.bytes().map(blank));
            }
            _ => text.push_str(piece),
        }
    }
    text
}

/// A statement as people see it: on one line, cut, without comments and without the values in it.
pub(super) fn shown(statement: &str) -> String {
    let mut shown = String::new();
    let mut gap = false;
    for (token, offset) in tokens(statement) {
        let piece = &statement[offset..][..token.len as usize];
        let piece = match token.kind {
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } => {
                gap = !shown.is_empty();
                continue;
            }
            TokenKind::Eof => continue,
            TokenKind::Literal { kind } if is_text(kind) => HIDDEN,
            TokenKind::Unknown
            | TokenKind::QuotedIdent {
                terminated: false, ..
            } => HIDDEN,
            _ => piece,
        };
        if std::mem::take(&mut gap) {
            shown.push(' ');
        }
        // A quoted name may hold a line break.
        shown.extend(piece.chars().map(|c| if c.is_control() { ' ' } else { c }));
    }
    cut(shown.trim_end_matches([';', ' ']))
}

/// A statement that does not parse, as people see it: where its quotes end is not known, so only
/// its first words are shown, and only those that are SQL's.
pub(super) fn shown_first_words(statement: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for (token, offset) in tokens(statement) {
        let piece = &statement[offset..][..token.len as usize];
        match token.kind {
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } => {}
            TokenKind::Ident
                if words.len() < FIRST_WORDS_SHOWN
                    && FIRST_WORDS
                        .iter()
                        .any(|word| word.eq_ignore_ascii_case(piece)) =>
            {
                words.push(piece);
            }
            _ => break,
        }
    }
    words.push("…");
    words.join(" ")
}

/// No statement has more of its words at its beginning.
const FIRST_WORDS_SHOWN: usize = 8;

const FIRST_WORDS: [&str; 30] = [
    "add", "alter", "begin", "call", "column", "comment", "commit", "copy", "create", "delete",
    "do", "drop", "execute", "from", "function", "grant", "index", "insert", "into", "on", "or",
    "replace", "revoke", "select", "set", "table", "trigger", "type", "update", "view",
];

/// At most [`SHOWN`] characters.
fn cut(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(SHOWN - 1).collect();
    cut.push('…');
    cut
}
