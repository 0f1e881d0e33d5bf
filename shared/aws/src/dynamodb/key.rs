//! The names of things in the table: partition keys, sort keys, attributes, and the order of
//! times in the index.
//!
//! `docs/table.md` shows them with the requests they serve. A change here is a change of the
//! stored shape: it needs a new [`SCHEMA`], and code that still reads the old one. A function that
//! meets a newer
//! one leaves it alone.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sluice_app::ports::EnvironmentKey;
use sluice_core::id::{AppName, DeploymentId, Digest, Hash};

pub(super) use sluice_core::deployment::SCHEMA;

/// The partition key.
pub(super) const PK: &str = "pk";
/// The sort key.
pub(super) const SK: &str = "sk";
/// The partition key of the index: there only while the deployment is due some day.
pub(super) const DUE_SHARD: &str = "due_shard";
/// The sort key of the index.
pub(super) const DUE_AT: &str = "due_at";

/// The head of a deployment. In the order of sort keys it comes before its parts: a consistent
/// query reads it first, and parts are only ever added.
pub(super) const STATE: &str = "state";
/// The settings it pins.
pub(super) const SETTINGS: &str = "state#settings";
/// What people see of it.
pub(super) const SHOWN: &str = "shown";
/// What the sort key of each item begins with that says what a monitor has heard of it.
pub(super) const MONITORS: &str = "monitor#";
/// What the sort key of each item of its history begins with.
pub(super) const RECORDS: &str = "record#";
/// The environment itself.
pub(super) const ENVIRONMENT: &str = "environment";

/// What the sort key of each success in an environment begins with.
pub(super) const SUCCEEDED: &str = "succeeded#";
/// What the sort key of each deployment at a glance begins with, in its environment.
pub(super) const SUMMARIES: &str = "deployment#";

/// Partitions of the index. One takes 1,000 writes a second; more of them make a minute dearer,
/// since each is asked.
const SHARDS: u8 = 16;

/// An item, or the key of one.
pub(super) type Item = HashMap<String, AttributeValue>;

/// A text attribute.
pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(super) fn number(value: impl Into<u64>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// The key of an item.
pub(super) fn key(pk: String, sk: impl Into<String>) -> Item {
    Item::from([(PK.to_owned(), text(pk)), (SK.to_owned(), text(sk))])
}

/// The partition of a deployment.
pub(super) fn deployment(id: &DeploymentId) -> String {
    format!("{DEPLOYMENT}{id}")
}

/// The deployment whose partition this is.
pub(super) fn deployment_of(pk: &str) -> Option<DeploymentId> {
    pk.strip_prefix(DEPLOYMENT).map(DeploymentId::from_outside)
}

const DEPLOYMENT: &str = "deployment#";

/// The partition of an environment. `sluice.toml` allows no `#` in names, so no two meet.
pub(super) fn environment(key: &EnvironmentKey) -> String {
    format!("environment#{}#{}", key.app, key.environment)
}

/// What is remembered of an application's source code.
pub(super) const SOURCE: &str = "source";

/// The partition of the index with all source code: one write for each event is little.
pub(super) const DUE_SOURCES: &str = "due#source";

/// The partition of an application's source code.
pub(super) fn source(app: &AppName) -> String {
    format!("{SOURCES}{app}")
}

/// The application whose source code's partition this is.
pub(super) fn source_of(pk: &str) -> Option<AppName> {
    pk.strip_prefix(SOURCES).map(AppName::new)
}

const SOURCES: &str = "source#";

/// Where source code is in the index, in the order of time.
pub(super) fn due_source(at: Timestamp, app: &AppName) -> String {
    format!("{}#{app}", time(at))
}

/// The partition of what is known of all files.
pub(super) const CONFIGURATION: &str = "configuration";
/// The item that counts the changes of all files.
pub(super) const CHANGES: &str = "changes";
/// What the sort key of each application's newest file begins with.
pub(super) const NEWEST_FILES: &str = "app#";
/// What the sort key of each version of a file begins with.
pub(super) const FILES: &str = "version#";
/// The change of a file that was proposed last.
pub(super) const PROPOSED: &str = "proposed";

/// The partition of an application's files.
pub(super) fn files(app: &AppName) -> String {
    format!("{CONFIGURATION}#{app}")
}

/// A version of a file: ten digits, so that text sorts as numbers do.
pub(super) fn file(number: u32) -> String {
    format!("{FILES}{number:010}")
}

/// An application's newest file.
pub(super) fn newest_file(app: &AppName) -> String {
    format!("{NEWEST_FILES}{app}")
}

/// The application whose newest file this is.
pub(super) fn newest_file_of(sk: &str) -> Option<AppName> {
    sk.strip_prefix(NEWEST_FILES).map(AppName::new)
}

/// A plan of a deployment. Named by its hash: a new plan never overwrites an old one that someone
/// is just reading.
pub(super) fn plan(hash: &Hash) -> String {
    format!("state#plan#{hash}")
}

/// The record of that number: ten digits hold every `u32`, so text sorts as numbers do.
pub(super) fn record(seq: u32) -> String {
    format!("{RECORDS}{seq:010}")
}

/// The last success of a digest in an environment.
pub(super) fn verified(digest: &Digest) -> String {
    format!("verified#{digest}")
}

/// A success in an environment, in the order of time.
pub(super) fn succeeded(at: Timestamp, id: &DeploymentId) -> String {
    format!("{SUCCEEDED}{}#{id}", time(at))
}

/// Deployment summaries, in the order in which they were requested.
pub(super) fn summary(requested_at: Timestamp, id: &DeploymentId) -> String {
    format!("{SUMMARIES}{}#{id}", time(requested_at))
}

/// Where the summaries begin of what was requested then or later.
pub(super) fn summaries_from(requested_at: Timestamp) -> String {
    format!("{SUMMARIES}{}", time(requested_at))
}

/// Where a deployment is in the index, in the order of time.
pub(super) fn due(at: Timestamp, id: &DeploymentId) -> String {
    format!("{}#{id}", time(at))
}

/// The partition of the index that a deployment falls into.
pub(super) fn due_shard(id: &DeploymentId) -> String {
    let sum = id.as_str().bytes().fold(0_u8, u8::wrapping_add);
    shard(sum % SHARDS)
}

/// Every partition of the index.
pub(super) fn due_shards() -> impl Iterator<Item = String> {
    (0..SHARDS).map(shard)
}

fn shard(number: u8) -> String {
    format!("due#{number:02}")
}

/// A time as text that sorts as time does: always nine digits after the second, always UTC.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.9}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn times_sort_as_text() {
        let times = [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.000000001Z",
            "2026-01-02T03:04:05.5Z",
            "2026-01-02T03:04:06Z",
            "2026-11-02T03:04:06Z",
        ];
        let texts: Vec<String> = times.iter().map(|at| time(at.parse().unwrap())).collect();
        assert!(texts.is_sorted(), "{texts:?}");
        for (written, text) in times.iter().zip(&texts) {
            assert_eq!(
                text.parse::<Timestamp>().unwrap(),
                written.parse::<Timestamp>().unwrap()
            );
        }
    }

    #[test]
    fn the_head_sorts_before_its_parts_and_records_sort_by_number() {
        assert!(STATE < SETTINGS && STATE < plan(&Hash::of_json(&1)).as_str());
        assert!(record(9) < record(10) && record(99_999) < record(u32::MAX));
    }

    #[test]
    fn deployments_spread_over_every_shard() {
        let used: BTreeSet<String> = (0..1_000)
            .map(|n| due_shard(&DeploymentId::from_outside(format!("dep-{n:016x}"))))
            .collect();
        assert_eq!(used, due_shards().collect());
    }
}
