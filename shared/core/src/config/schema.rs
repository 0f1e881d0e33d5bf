//! The JSON schema of `sluice.toml`, for editors: generated from the types that read it.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

use super::raw::File;

/// The JSON schema (draft 07, which editors of TOML know) of `sluice.toml`.
///
/// Every key is in it, with its type, its grammar and its default in words. What one key demands of
/// another is checked by [`Config::parse`](super::Config::parse) only.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<File>();
    RecursiveTransform(without_null).transform(&mut schema);
    schema.insert("title".to_owned(), Value::from("sluice.toml"));
    schema.to_value()
}

/// TOML has no null: a key that may be left out is simply not required.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(variants)) = object.get_mut("anyOf") {
        variants.retain(|variant| variant.get("type") != Some(&Value::from("null")));
        if variants.len() == 1
            && let Some(Value::Object(only)) = variants.pop()
        {
            object.remove("anyOf");
            object.extend(only);
        }
    }
}
