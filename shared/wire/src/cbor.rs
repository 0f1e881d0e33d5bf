//! CBOR, as CloudWatch speaks it.

use ciborium::Value;

use crate::refusal::Refusal;

/// RFC 8949: seconds since 1970.
const EPOCH_TIME: u64 = 1;

pub(crate) fn decode(body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(Value::Map(Vec::new()));
    }
    ciborium::from_reader(body)
        .map_err(|why| Refusal::new("SerializationException", format!("no CBOR: {why}")))
}

pub(crate) fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    ciborium::into_writer(value, &mut out).expect("a list in memory takes every byte");
    out
}

/// A member of a map.
pub(crate) fn member<'a>(map: &'a Value, name: &str) -> Option<&'a Value> {
    let members = map.as_map()?;
    let found = members.iter().find(|(key, _)| key.as_text() == Some(name));
    found.map(|(_, value)| value)
}

/// A list of texts; empty where it is not there.
pub(crate) fn texts(map: &Value, name: &str) -> Vec<String> {
    let entries = member(map, name).and_then(Value::as_array);
    let entries = entries.into_iter().flatten();
    entries
        .filter_map(|entry| entry.as_text().map(str::to_owned))
        .collect()
}

pub(crate) fn map<const N: usize>(members: [(&str, Value); N]) -> Value {
    let members = members.into_iter();
    Value::Map(
        members
            .map(|(name, value)| (Value::Text(name.to_owned()), value))
            .collect(),
    )
}

pub(crate) fn time(seconds: i64) -> Value {
    Value::Tag(EPOCH_TIME, Box::new(Value::Integer(seconds.into())))
}
