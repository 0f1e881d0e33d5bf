//! JSON, changed at its nodes: what is left is JSON still, and somewhere not what was expected.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::VERY_LONG;

/// One change, at the node of this number, counted from the root.
#[derive(Clone, Debug)]
enum Change {
    Remove,
    Replace(Value),
    /// Its members, or itself in a list, so many times.
    Repeat(u16),
    /// Under another name beside itself.
    Rename(String),
}

fn deep(levels: usize, around: impl Fn(Value) -> Value) -> Value {
    (0..levels).fold(Value::Null, |inside, _| around(inside))
}

/// Values that are seldom expected.
fn values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!(-0.0),
        json!(0.1),
        json!([]),
        json!({}),
        json!([null]),
        json!({"": ""}),
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("\u{202e}<!channel> `*_"),
        json!("0"),
        json!("-1"),
        json!("18446744073709551616"),
        json!("9999-12-31T23:59:60Z"),
        json!("-9999-01-01T00:00:00Z"),
        json!("{"),
        json!("{}"),
        json!("[[[[[[[["),
        json!("arn:aws:ecs:eu-central-1:111111111111:service/a"),
        json!(":::::"),
        json!("sha256:"),
        json!(format!("sha256:{}", "0".repeat(64))),
        json!("a".repeat(VERY_LONG)),
        json!("<@".repeat(VERY_LONG / 2)),
        json!("é".repeat(VERY_LONG / 2)),
        deep(100, |inside| json!([inside])),
        deep(100, |inside| json!({"a": inside})),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => Just(Change::Remove),
        5 => select(values()).prop_map(Change::Replace),
        1 => ".{0,20}".prop_map(|text| Change::Replace(Value::String(text))),
        1 => any::<f64>().prop_map(|number| Change::Replace(json!(number))),
        1 => (0..300_u16).prop_map(Change::Repeat),
        1 => ".{0,8}".prop_map(Change::Rename),
    ]
}

/// A value of the corpus with a few changes.
pub fn json(corpus: Vec<Value>) -> impl Strategy<Value = Value> {
    let changes = vec((any::<u16>(), change()), 0..5);
    (select(corpus), changes).prop_map(|(mut value, changes)| {
        for (place, change) in &changes {
            let nodes = count(&value);
            let mut at = usize::from(*place) % nodes;
            apply(&mut value, &mut at, change);
        }
        value
    })
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(count).sum::<usize>(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the node of that number; whether it was found. What is removed is removed by what holds it.
fn apply(value: &mut Value, at: &mut usize, change: &Change) -> bool {
    if *at == 0 {
        match change {
            Change::Remove => *value = Value::Null,
            Change::Replace(with) => *value = with.clone(),
            Change::Repeat(times) => repeat(value, usize::from(*times)),
            Change::Rename(_) => {}
        }
        return true;
    }
    *at -= 1;
    match value {
        Value::Array(elements) => {
            for number in 0..elements.len() {
                if *at == 0 && matches!(change, Change::Remove) {
                    elements.remove(number);
                    return true;
                }
                if apply(&mut elements[number], at, change) {
                    return true;
                }
            }
        }
        Value::Object(members) => return apply_to_member(members, at, change),
        _ => {}
    }
    false
}

fn apply_to_member(members: &mut Map<String, Value>, at: &mut usize, change: &Change) -> bool {
    let names: Vec<String> = members.keys().cloned().collect();
    for name in names {
        match change {
            Change::Remove if *at == 0 => {
                members.remove(&name);
                return true;
            }
            Change::Rename(other) if *at == 0 => {
                let member = members.remove(&name).unwrap_or_default();
                members.insert(other.clone(), member);
                return true;
            }
            _ => {}
        }
        if let Some(member) = members.get_mut(&name)
            && apply(member, at, change)
        {
            return true;
        }
    }
    false
}

fn repeat(value: &mut Value, times: usize) {
    match value {
        Value::Array(elements) => {
            let once = elements.clone();
            let fits = (10 * VERY_LONG / count(value).max(1)).min(times);
            *value = Value::Array(
                once.iter()
                    .cycle()
                    .take(once.len() * fits)
                    .cloned()
                    .collect(),
            );
        }
        Value::String(text) => {
            *text = text.repeat(times.min(10 * VERY_LONG / text.len().max(1)));
        }
        other => *other = Value::Array(vec![other.clone(); times.min(100)]),
    }
}
