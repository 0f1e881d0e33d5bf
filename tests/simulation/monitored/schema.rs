//! The published schema of events, held against events: a reader of the keywords that it uses.

use serde_json::Value;

/// What is wrong with the value by the schema.
pub(super) fn problems(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        let holds = match keyword.as_str() {
            "type" => match rule.as_str() {
                Some("object") => value.is_object(),
                Some("string") => value.is_string(),
                Some("boolean") => value.is_boolean(),
                Some("integer") => value.is_i64(),
                Some("array") => value.is_array(),
                other => panic!("the schema has the type {other:?}"),
            },
            "enum" => rule.as_array().is_some_and(|all| all.contains(value)),
            "pattern" => fits(rule, value),
            "format" => is_time(rule, value),
            "required" => {
                let needed = rule.as_array().into_iter().flatten();
                let mut needed = needed.filter_map(Value::as_str);
                needed.all(|key| value.get(key).is_some())
            }
            "additionalProperties" => {
                let known = &schema["properties"];
                let keys = value.as_object().into_iter().flat_map(|it| it.keys());
                rule == &Value::Bool(false) && keys.into_iter().all(|key| known[key].is_object())
            }
            "properties" => {
                let rules = rule.as_object().into_iter().flatten();
                found.extend(rules.flat_map(|(key, rule)| {
                    let value = value.get(key);
                    value.map_or(Vec::new(), |value| {
                        problems(rule, value, &format!("{at}.{key}"))
                    })
                }));
                true
            }
            "items" => {
                let items = value.as_array().into_iter().flatten();
                found.extend(items.flat_map(|item| problems(rule, item, at)));
                true
            }
            "description" | "title" | "$schema" => true,
            other => panic!("the schema has the keyword {other}"),
        };
        if !holds {
            found.push(format!("{at}: {value} is not of {keyword} {rule}"));
        }
    }
    found
}

/// The few patterns of the schema, in words.
fn fits(pattern: &Value, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let hex = |text: &str, most: usize| {
        text.len() <= most && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let deployment = |text: &str| {
        text.strip_prefix("dep-")
            .is_some_and(|it| it.len() == 16 && hex(it, 16))
    };
    let digest = |text: &str| {
        text.strip_prefix("sha256:")
            .is_some_and(|it| it.len() == 64 && hex(it, 64))
    };
    match pattern.as_str().expect("a pattern is a text") {
        r"^dep-[0-9a-f]{16}\.[0-9]+$" => {
            let parts = text.split_once('.');
            parts.is_some_and(|(id, number)| deployment(id) && number.parse::<usize>().is_ok())
        }
        "^dep-[0-9a-f]{16}$" => deployment(text),
        "^[0-9]{12}$" => text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()),
        "@sha256:[0-9a-f]{64}$" => text.rsplit_once('@').is_some_and(|(_, it)| digest(it)),
        "^sha256:[0-9a-f]{64}$" => digest(text),
        "^[0-9a-f]{7,64}$" => text.len() >= 7 && hex(text, 64),
        "^[UW][A-Z0-9]+$" => {
            let rest = text.strip_prefix(['U', 'W']).unwrap_or_default();
            !rest.is_empty()
                && rest
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        }
        other => panic!("the schema has the pattern {other}"),
    }
}

fn is_time(format: &Value, value: &Value) -> bool {
    assert_eq!(format, "date-time");
    let text = value.as_str().unwrap_or_default();
    text.parse::<jiff::Timestamp>().is_ok()
}
