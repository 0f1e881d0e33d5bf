//! How deep the brackets of a file stand in each other, before it is read.
//!
//! The parser calls itself for each list and table in another, 80 deep at most. Where tables that are
//! never closed follow each other it miscounts (toml_parser 1.1: a bracket that closes what was given up
//! already counts as well), and the process dies of its stack.

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// More than anybody writes: a smoke test's JSON in a list of tables stands three deep.
const DEEPEST: usize = 40;

/// Where the outermost bracket begins that has too many open ones in it.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let mut open: Vec<(TokenKind, usize)> = Vec::new();
    for token in Source::new(text).lex() {
        match token.kind() {
            kind @ (TokenKind::LeftCurlyBracket | TokenKind::LeftSquareBracket) => {
                open.push((kind, token.span().start()));
            }
            // One that closes nothing leaves open what is open: the parser is at least not deeper.
            TokenKind::RightCurlyBracket => close(&mut open, TokenKind::LeftCurlyBracket),
            TokenKind::RightSquareBracket => close(&mut open, TokenKind::LeftSquareBracket),
            _ => {}
        }
        if open.len() > DEEPEST {
            return open.first().map(|(_, at)| *at);
        }
    }
    None
}

fn close(open: &mut Vec<(TokenKind, usize)>, opened_by: TokenKind) {
    if open.last().is_some_and(|(kind, _)| *kind == opened_by) {
        open.pop();
    }
}
