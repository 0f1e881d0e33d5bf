//! The forms in which a history leaves Sluice: docs/replay.md describes them.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sluice_core::deployment::SCHEMA;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::redact::redacted;

/// A larger file is refused: a history of ten thousand records has 12 MB.
const MOST_BYTES: usize = 256 << 20;
/// How the first line of evidence begins (docs/evidence.md), and each of its deployments.
const EVIDENCE: &[u8] = br#"{"evidence":"#;
const DEPLOYMENT: &[u8] = br#"{"deployment":"#;
/// Characters of an error that are shown: it may repeat what is in the file.
const ERROR_CHARS: usize = 300;

/// The history of one deployment.
#[derive(Debug)]
pub struct Exported {
    /// Its records, in the order of the file.
    pub records: Vec<Record>,
    /// Where its chain ended when it was exported, if the file says so.
    pub chain: Option<ChainEnd>,
    /// The state that was stored after the last record, if the file has it.
    pub state: Option<Value>,
}

/// Why a file is not a history.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What `sluice demo --json` and `sluice run --json` print.
#[derive(Deserialize)]
struct Account {
    schema: u16,
    deployments: Vec<Summary>,
    history: Vec<Value>,
}

#[derive(Deserialize)]
struct Summary {
    id: String,
    chain: ChainEnd,
    state: Value,
}

/// What `aws dynamodb query` prints.
#[derive(Deserialize)]
struct Queried {
    #[serde(rename = "Items")]
    items: Vec<Item>,
}

/// An item of Sluice's table: docs/table.md.
#[derive(Deserialize)]
struct Item {
    sk: Text,
    schema: Number,
    body: Option<Text>,
    next_seq: Option<Number>,
    chain_hash: Option<Text>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

#[derive(Deserialize)]
struct Number {
    #[serde(rename = "N")]
    number: String,
}

/// Reads the histories in a file, one of each deployment, in the order in which they begin.
///
/// # Errors
/// It is too large, no JSON, none of the forms, or of a newer version.
pub fn read(text: &[u8]) -> Result<Vec<Exported>, Unreadable> {
    if text.len() > MOST_BYTES {
        return Err(Unreadable(format!(
            "it has {} bytes, and at most {MOST_BYTES} are read: export one deployment at a time",
            text.len()
        )));
    }
    if text.starts_with(EVIDENCE) {
        return text
            .split(|byte| *byte == b'\n')
            .filter(|line| line.starts_with(DEPLOYMENT))
            .map(|line| exported(json(line)?["deployment"].take()))
            .collect();
    }
    let value = json(text)?;
    let histories = match value {
        Value::Array(records) => by_deployment(records, "")?,
        Value::Object(ref fields) if fields.contains_key("Items") => vec![queried(value)?],
        Value::Object(ref fields) if fields.contains_key("history") => account(value)?,
        _ => {
            return Err(Unreadable(
                "it is not a history in any known form: what `sluice demo --json` prints, a list \
                 of records, what `aws dynamodb query` prints of a deployment in Sluice's table, or \
                 what `sluice export` writes"
                    .to_owned(),
            ));
        }
    };
    if histories.iter().all(|history| history.records.is_empty()) {
        return Err(Unreadable(
            "it contains no record of a deployment".to_owned(),
        ));
    }
    Ok(histories)
}

fn json(text: &[u8]) -> Result<Value, Unreadable> {
    serde_json::from_slice(text)
        .map_err(|error| Unreadable(format!("it is not JSON: {}", shown(&error))))
}

/// What `sluice export DEPLOYMENT` prints.
///
/// # Errors
/// It is none of this, or not of one deployment alone.
pub fn exported(value: Value) -> Result<Exported, Unreadable> {
    let mut histories = account(value)?;
    match histories.pop() {
        Some(one) if histories.is_empty() => Ok(one),
        _ => Err(Unreadable(
            "it is not the history of one deployment".to_owned(),
        )),
    }
}

fn account(value: Value) -> Result<Vec<Exported>, Unreadable> {
    let account: Account = of(value, "")?;
    known(&account.schema.to_string())?;
    let mut histories = by_deployment(account.history, "history")?;
    for summary in account.deployments {
        let is_it = |exported: &&mut Exported| {
            let first = exported.records.first();
            first.is_some_and(|record| record.deployment.as_str() == summary.id)
        };
        if let Some(exported) = histories.iter_mut().find(is_it) {
            exported.chain = Some(summary.chain);
            exported.state = Some(summary.state);
        }
    }
    Ok(histories)
}

fn by_deployment(records: Vec<Value>, within: &str) -> Result<Vec<Exported>, Unreadable> {
    let mut histories: Vec<Exported> = Vec::new();
    let mut known = std::collections::BTreeMap::new();
    for (number, value) in records.into_iter().enumerate() {
        let record: Record = of(value, &format!("{within}[{number}]"))?;
        let at = *known.entry(record.deployment.clone()).or_insert_with(|| {
            histories.push(Exported {
                records: Vec::new(),
                chain: None,
                state: None,
            });
            histories.len() - 1
        });
        histories[at].records.push(record);
    }
    Ok(histories)
}

/// The items of one deployment. Its head says where the chain ends; its state is in several items,
/// of which the head alone does not give the whole.
fn queried(value: Value) -> Result<Exported, Unreadable> {
    let mut queried: Queried = of(value, "")?;
    // A query has them in this order, a scan in none.
    queried.items.sort_by(|a, b| a.sk.text.cmp(&b.sk.text));
    let mut exported = Exported {
        records: Vec::new(),
        chain: None,
        state: None,
    };
    for (number, item) in queried.items.into_iter().enumerate() {
        known(&item.schema.number)?;
        let at = format!("Items[{number}]");
        if item.sk.text.starts_with("record#")
            && let Some(body) = &item.body
        {
            let body: Vec<Value> = serde_json::from_str(&body.text)
                .map_err(|error| wrong(&format!("{at}.body"), &error))?;
            for value in body {
                exported.records.push(of(value, &format!("{at}.body"))?);
            }
        } else if item.sk.text == "state"
            && let (Some(next_seq), Some(hash)) = (item.next_seq, item.chain_hash)
        {
            let next_seq: Value = serde_json::from_str(&next_seq.number)
                .map_err(|error| wrong(&format!("{at}.next_seq"), &error))?;
            let end = serde_json::json!({"next_seq": next_seq, "hash": hash.text});
            exported.chain = Some(of(end, &at)?);
        }
    }
    Ok(exported)
}

fn known(schema: &str) -> Result<(), Unreadable> {
    if schema == SCHEMA.to_string() {
        return Ok(());
    }
    let schema = cut(schema);
    Err(Unreadable(format!(
        "it is in version {schema} of the stored form, and this build of sluice reads version \
         {SCHEMA}: replay it with a build of the version that wrote it, or a newer one"
    )))
}

fn of<T: DeserializeOwned>(value: Value, within: &str) -> Result<T, Unreadable> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let at = match (within, path.as_str()) {
            ("", path) => path.to_owned(),
            (within, ".") => within.to_owned(),
            (within, path) => format!("{within}.{path}"),
        };
        wrong(&at, error.inner())
    })
}

fn wrong(at: &str, error: &serde_json::Error) -> Unreadable {
    Unreadable(format!("at {}: {}", cut(at), shown(error)))
}

/// The error without the values that it repeats: a file from outside may hold anything.
fn shown(error: &serde_json::Error) -> String {
    cut(&redacted(&error.to_string()))
}

fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(ERROR_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
