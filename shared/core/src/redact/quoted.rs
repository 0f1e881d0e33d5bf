//! Texts in quotes: PostgreSQL's literals, and what it and others quote of what they were given.

/// What follows an apostrophe within a word: no quote.
const CONTRACTIONS: [&str; 7] = ["s", "t", "re", "ve", "ll", "d", "m"];

/// Words before a text in double quotes that is a name, of a table or of a file.
const NAMED: [&str; 24] = [
    "relation",
    "column",
    "constraint",
    "table",
    "index",
    "schema",
    "type",
    "enum",
    "role",
    "user",
    "database",
    "function",
    "sequence",
    "view",
    "trigger",
    "extension",
    "policy",
    "domain",
    "collation",
    "name",
    "host",
    "near",
    "at",
    "file",
];

/// `'…'` for every text in single quotes. One that does not end is cut where it begins.
pub(super) fn without_literals(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('\'') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        kept.push_str(before);
        if is_apostrophe(&kept, after) {
            kept.push('\'');
            rest = after;
            continue;
        }
        kept.push_str("'…'");
        rest = behind_literal(after);
    }
    kept.push_str(rest);
    kept
}

fn is_apostrophe(before: &str, after: &str) -> bool {
    let end = after.find(|c: char| !c.is_alphanumeric());
    let ending = &after[..end.unwrap_or(after.len())];
    let follows = before.chars().next_back().is_some_and(char::is_alphabetic);
    follows && CONTRACTIONS.contains(&ending)
}

/// What follows the literal. Two quotes in it stand for one.
fn behind_literal(text: &str) -> &str {
    let mut rest = text;
    while let Some(at) = rest.find('\'') {
        let behind = &rest[at + 1..];
        match behind.strip_prefix('\'') {
            Some(on) => rest = on,
            None if is_apostrophe(&rest[..at], behind) => rest = behind,
            None => return behind,
        }
    }
    ""
}

/// `"…"` for every text in double quotes that is neither a name nor a part of JSON. A value of
/// JSON is left out where its name says so.
pub(super) fn without_strings(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('"') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        kept.push_str(before);
        let Some(end) = after.find('"') else {
            kept.push_str("\"…\"");
            return kept;
        };
        let (text, behind) = (&after[..end], &after[end + 1..]);
        match stays(&kept, behind) {
            true => kept.push_str(&format!("\"{text}\"")),
            false => kept.push_str("\"…\""),
        }
        rest = behind;
    }
    kept.push_str(rest);
    kept
}

fn stays(before: &str, behind: &str) -> bool {
    let is_key = behind.trim_start().starts_with(':') && !behind.starts_with(' ');
    let before = before.trim_end();
    let is_value = before.ends_with("\":");
    let last = before.rsplit(|c: char| !c.is_alphanumeric()).next();
    let last = last.unwrap_or_default().to_lowercase();
    is_key || is_value || NAMED.contains(&last.as_str())
}
