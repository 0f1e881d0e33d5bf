//! docs/configuration.md is the schema as people read it, each key with an example of a file that is
//! right. `SLUICE_RENEW_DOCS=1 cargo test -p sluice-core --test config page` renews it.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test that renews a document, and fails where it cannot go on"
)]

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use sluice_core::config::{Config, schema};

use super::{ERP, LEAST};

const EVERY_KEY: &str = include_str!("every-key.toml");
const GITHUB: &str = include_str!("github.toml");

const HEAD: &str = "# Configuration\n\n\
    Every table and key of `sluice.toml`. `sluice config check sluice.toml` reports all mistakes of a \
    file at once, [`tests/erp/sluice.toml`](../tests/erp/sluice.toml) is a complete one with comments, \
    and [sluice.schema.json](sluice.schema.json) is the same for editors (the comment \
    `#:schema …/sluice.schema.json` in the first line). A duration is a number and a unit, `ms`, `s`, \
    `m` or `h`, also several: `1h30m`.\n\n\
    A deployment keeps the configuration that it began with. Whether someone may act on it is checked \
    against the current file too, and messages go to the channel of the current file.\n";

/// The order of the tables, as in the sample; others come last.
const ORDER: [&str; 8] = [
    "app",
    "services",
    "migration",
    "smoke_tests",
    "scan",
    "source",
    "people",
    "environments",
];

/// A table of the schema, and what stands in it.
struct Page<'a> {
    schema: &'a Value,
    files: [toml::Value; 3],
    text: String,
    /// Keys without an example.
    bare: Vec<String>,
}

impl<'a> Page<'a> {
    /// The schema behind a reference, or itself.
    fn resolved(&self, value: &'a Value) -> &'a Value {
        let reference = value["$ref"]
            .as_str()
            .or(value["allOf"][0]["$ref"].as_str());
        match reference.and_then(|path| path.strip_prefix("#/definitions/")) {
            Some(name) => &self.schema["definitions"][name],
            None => value,
        }
    }

    /// The table that a key holds, and how it is called: `*` stands for a name of yours.
    fn table(&self, path: &str, value: &'a Value) -> Option<(String, &'a Value)> {
        let value = self.resolved(value);
        let items = self.resolved(&value["items"]);
        let named = self.resolved(&value["additionalProperties"]);
        [
            (path.to_owned(), value),
            (format!("{path}[]"), items),
            (format!("{path}.*"), named),
        ]
        .into_iter()
        .find(|(_, table)| table["properties"].is_object())
    }

    fn section(&mut self, path: &str, table: &'a Value) {
        let described = table["description"].as_str().unwrap_or_default();
        if !path.is_empty() {
            let title = title(path);
            writeln!(self.text, "\n## `{title}`\n\n{}\n", joined(described)).unwrap();
            self.text += "| Key | Value | Meaning | Example |\n|---|---|---|---|\n";
        }
        let required = table["required"].as_array();
        let is_required =
            |key: &String| required.is_some_and(|all| all.contains(&Value::from(key.as_str())));
        let properties = table["properties"].as_object().unwrap();
        // What must be there first, and in an order of our own: serde_json's depends on its features.
        let mut properties: Vec<_> = properties.iter().collect();
        properties.sort_by_key(|(key, _)| {
            let place = ORDER.iter().position(|first| first == key);
            let place = place.filter(|_| path.is_empty()).unwrap_or(ORDER.len());
            (place, !is_required(key), *key)
        });
        let mut tables = Vec::new();
        for (key, property) in properties {
            let at = format!("{path}.{key}").trim_start_matches('.').to_owned();
            let below = self.table(&at, property);
            if !path.is_empty() {
                self.row(
                    &at,
                    key,
                    property,
                    is_required(key),
                    below.as_ref().map(|(path, _)| path.as_str()),
                );
            }
            // A table of names of your own, such as [people].
            tables.push(below.unwrap_or((at, property)));
        }
        for (path, table) in tables {
            if table["properties"].is_object() {
                self.section(&path, table);
            } else if !path.contains('.') {
                self.names(&path, table);
            }
        }
    }

    /// A table without keys of Sluice's.
    fn names(&mut self, path: &str, table: &Value) {
        let described = joined(table["description"].as_str().unwrap_or_default());
        let example = self.files.iter().find_map(|file| example(file, path));
        let example = example.unwrap_or_else(|| panic!("no example of {path}"));
        writeln!(
            self.text,
            "\n## `{}`\n\n{described}\n\n```toml\n{path} = {example}\n```",
            title(path)
        )
        .unwrap();
    }

    fn row(
        &mut self,
        at: &str,
        key: &str,
        property: &'a Value,
        is_required: bool,
        below: Option<&str>,
    ) {
        let described = property["description"].as_str();
        let described = described.or(self.resolved(property)["description"].as_str());
        let meaning = joined(described.unwrap_or_default()).replace('|', "\\|");
        let kind = match below {
            Some(path) => format!("[table](#{})", anchor(&title(path))),
            None => kind(self.resolved(property)),
        };
        let found = self.files.iter().find_map(|file| example(file, at));
        let found = found.filter(|_| below.is_none());
        if found.is_none() && below.is_none() {
            self.bare.push(at.to_owned());
        }
        let such_as = found.map_or_else(String::new, |found| format!("`{found}`"));
        let required = if is_required { " **(required)**" } else { "" };
        writeln!(
            self.text,
            "| `{key}`{required} | {kind} | {meaning} | {such_as} |"
        )
        .unwrap();
    }
}

fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `[environments.NAME.services.NAME]`, `[[smoke_tests]]`.
fn title(path: &str) -> String {
    let named = path.replace('*', "NAME");
    match named.strip_suffix("[]") {
        Some(list) => format!("[[{list}]]"),
        None => format!("[{named}]"),
    }
}

/// As GitHub makes it of a heading.
fn anchor(title: &str) -> String {
    let kept = title
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    kept.collect::<String>().to_lowercase()
}

fn kind(value: &Value) -> String {
    if let Some(words) = value["enum"].as_array() {
        let words: Vec<String> = words
            .iter()
            .map(|word| format!("`{}`", word.as_str().unwrap()))
            .collect();
        return words.join(", ");
    }
    match value["type"].as_str() {
        Some("string") if value["pattern"] == "^([0-9]+(h|ms|m|s))+$" => "duration".to_owned(),
        Some("string") => "text".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("integer") => format!("{} to {}", value["minimum"], value["maximum"]),
        Some("array") => "list of texts".to_owned(),
        Some("object") => "table of your own keys".to_owned(),
        other => panic!("a kind of value without words: {other:?}"),
    }
}

/// The first value at the path in the file, as TOML.
fn example(file: &toml::Value, path: &str) -> Option<String> {
    let mut found = vec![file];
    for step in path.split('.') {
        let (step, is_list) = match step.strip_suffix("[]") {
            Some(step) => (step, true),
            None => (step, false),
        };
        let tables = found.into_iter().filter_map(toml::Value::as_table);
        found = match step {
            "*" => tables.flat_map(toml::Table::values).collect(),
            key => tables.filter_map(|table| table.get(key)).collect(),
        };
        if is_list {
            found = found
                .into_iter()
                .filter_map(toml::Value::as_array)
                .flatten()
                .collect();
        }
    }
    let found = (*found.first()?).clone();
    Some(
        match found {
            // One of its own keys is enough.
            toml::Value::Table(table) => {
                let (key, value) = table.iter().min_by_key(|(key, _)| key.as_str())?;
                let is_bare = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                let key = if is_bare {
                    key.clone()
                } else {
                    format!("{key:?}")
                };
                format!("{{ {key} = {value} }}")
            }
            value => value.to_string(),
        }
        .replace('|', "\\|"),
    )
}

#[test]
fn the_page_says_what_the_schema_says_with_an_example_of_every_key() {
    Config::parse(EVERY_KEY).unwrap();
    let schema = schema();
    Config::parse(&format!("{LEAST}\n{GITHUB}")).unwrap();
    let files = [ERP, EVERY_KEY, GITHUB].map(|text| toml::from_str(text).unwrap());
    let mut page = Page {
        schema: &schema,
        files,
        text: HEAD.to_owned(),
        bare: Vec::new(),
    };
    page.section("", &schema);
    assert!(
        page.bare.is_empty(),
        "no example in every-key.toml: {:?}",
        page.bare
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    if std::env::var_os("SLUICE_RENEW_DOCS").is_some() {
        std::fs::write(&file, &page.text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == page.text,
        "docs/configuration.md is out of date; renew it: SLUICE_RENEW_DOCS=1 cargo test -p sluice-core \
         --test config page"
    );
}
