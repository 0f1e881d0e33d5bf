//! Two plans held against each other, line by line, as people see them.

use serde_json::Value;

use crate::plan::Plan;

/// Lines told of what changed. More than this nobody reads in a message; the plan is there in full.
const LINES: usize = 20;

/// Characters told of one line: a statement of SQL may be long.
const LINE_CHARS: usize = 160;

/// What changed: each line that is gone after `-`, each that is new after `+`. Never empty for plans
/// that differ.
pub fn changes(before: &Plan, now: &Plan) -> Vec<String> {
    let (old, new) = (before.lines(), now.lines());
    let mut said = lines(&old, &new);
    if said.is_empty() {
        said = places(before, now);
    }
    let more = said.len().saturating_sub(LINES);
    if more > 0 {
        said.truncate(LINES);
        said.push(format!("and {more} more: see the plan"));
    }
    said
}

/// The differences between two texts, by their longest common subsequence.
fn lines(old: &[String], new: &[String]) -> Vec<String> {
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for (i, gone) in old.iter().enumerate().rev() {
        for (j, added) in new.iter().enumerate().rev() {
            common[i][j] = match gone == added {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut said = Vec::new();
    while i < old.len() || j < new.len() {
        match (old.get(i), new.get(j)) {
            (Some(gone), Some(added)) if gone == added => {
                i += 1;
                j += 1;
            }
            (Some(gone), other) if other.is_none() || common[i + 1][j] >= common[i][j + 1] => {
                said.push(line('-', gone));
                i += 1;
            }
            (_, Some(added)) => {
                said.push(line('+', added));
                j += 1;
            }
            (_, None) => break,
        }
    }
    said
}

/// Columns are for the plan as a whole: here a line stands alone.
fn line(sign: char, text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(LINE_CHARS) {
        Some((end, _)) => format!("{sign} {}…", &text[..end]),
        None => format!("{sign} {text}"),
    }
}

/// Where two plans differ that read the same: the places, not what stands there.
fn places(before: &Plan, now: &Plan) -> Vec<String> {
    let json = |plan: &Plan| serde_json::to_value(plan).unwrap_or_default();
    let mut found = Vec::new();
    compare("", &json(before), &json(now), &mut found);
    found
}

fn compare(place: &str, before: &Value, now: &Value, found: &mut Vec<String>) {
    if before == now {
        return;
    }
    let inner = |key: &str| match place {
        "" => key.to_owned(),
        place => format!("{place}.{key}"),
    };
    match (before, now) {
        (Value::Object(old), Value::Object(new)) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let of = |map: &serde_json::Map<String, Value>| {
                    map.get(key).cloned().unwrap_or_default()
                };
                compare(&inner(key), &of(old), &of(new), found);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&inner(&at.to_string()), old, new, found);
            }
        }
        _ => found.push(format!("{place} is another")),
    }
}
