//! Lines of somebody else's log, for people: without the values that stand in them.
//!
//! SQLAlchemy prints a failed statement with its parameters, PostgreSQL the row that was in the way,
//! and a client the address it connected to. Any of them may be a secret, or somebody's own. What
//! looks like a value goes, even if it is harmless: what went wrong can be read without it.

mod address;
mod named;
mod quoted;

/// Characters of a line that are kept. People read less, and what is looked for is looked for from
/// many places of the line.
const LINE_CHARS: usize = 4_000;

/// The line without the values that are known to stand in such lines; of a long line its beginning.
pub fn redacted(line: &str) -> String {
    let mut line = match line.char_indices().nth(LINE_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    };
    // SQLAlchemy's parameters, PostgreSQL's DETAIL and its CONTEXT reach to the line's end.
    for mark in [
        "[parameters:",
        "DETAIL:",
        "CONTEXT:",
        "Failing row contains",
    ] {
        if let Some(at) = line.find(mark) {
            line.truncate(at + mark.len());
            line.push_str(" …");
        }
    }
    let line = address::without_passwords(&line);
    let line = quoted::without_literals(&line);
    let line = quoted::without_strings(&line);
    let line = named::without_values(&line);
    let line = named::without_tokens(&line);
    address::without_people(&line)
}

#[cfg(test)]
mod tests;
