//! No call that an adapter can make is left out of what AWS's models were asked about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::ports::{
    alarms, builds, configurations, copies, databases, definitions, metrics, past, registry,
    repository, secrets, services, sources, stacks, store, tasks, wakeups,
};

/// Calls that no contract makes, and why not.
fn left_out() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        (
            "elasticloadbalancing:DescribeListeners",
            "asked only where ECS was given a listener for a rule, behind a network load balancer, \
             which no stage has; the unit tests of `shared/aws/src/elb.rs` make it, and AWS's \
             models are asked about it there",
        ),
        (
            "ecs:StopTask",
            "asked only of a migration over its time limit; the unit tests of \
             `shared/aws/src/ecs/tests/tasks.rs` make it, and AWS's models are asked about it there",
        ),
        (
            "events:PutEvents",
            "asked for the port of monitors, whose receivers are servers of `shared/monitors/src/tests`; \
             the unit tests of `shared/aws/src/event_bus.rs` make it, and AWS's models are asked about \
             it there",
        ),
        (
            "sns:Publish",
            "asked for the port of monitors; the unit tests of `shared/aws/src/topic.rs` make it, and \
             AWS's models are asked about it there",
        ),
        (
            "rds:RebootDBInstance",
            "asked only where the parameters of a copy wait for a start, which neither moto's nor \
             the simulated cloud's do; the unit tests of `shared/aws/src/rds` make it",
        ),
    ])
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Calls that ARCHITECTURE.md names for each command: words like `UpdateService`, in the last
/// column of the table.
fn calls_in_the_map() -> BTreeSet<String> {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, section) = map.split_once("## Which call backs which command").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap());
    // What stands in backticks there is another command, whose calls have a row of their own.
    let words = cells.flat_map(|cell| cell.split('`').step_by(2));
    let words = words.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
    let services = [
        "DynamoDB",
        "CloudWatch",
        "CloudFormation",
        "CodeBuild",
        "CodeCommit",
        "GitHub",
    ];
    let is_call = |word: &&str| {
        let letters = word.as_bytes();
        let inner_capital = letters.windows(2);
        let mut inner_capital = inner_capital
            .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
        inner_capital.next().is_some() && letters[0].is_ascii_uppercase()
    };
    words
        .filter(is_call)
        .filter(|word| !services.contains(word))
        .map(str::to_owned)
        .collect()
}

/// Calls that the adapters name in their errors, such as `ecs:UpdateService`. What `sluice doctor`
/// reads is behind no port: `tests/infra/test_rights.py` holds its calls.
fn calls_of_the_adapters() -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    let mut folders = vec![root().join("shared/aws/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.extend((!path.ends_with("doctor")).then_some(path));
                continue;
            }
            let text = fs::read_to_string(path).unwrap();
            let quoted = text.split('"').skip(1).step_by(2);
            calls.extend(quoted.filter(|text| is_call(text)).map(str::to_owned));
        }
    }
    calls
}

fn is_call(text: &str) -> bool {
    let Some((service, action)) = text.split_once(':') else {
        return false;
    };
    let lower = |b: u8| b.is_ascii_lowercase();
    !service.is_empty()
        && service.bytes().all(lower)
        && action.starts_with(|first: char| first.is_ascii_uppercase())
        && action.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Keeps every promise once more, on all faces that are asked over HTTP.
#[tokio::test]
async fn every_call_of_the_adapters_is_one_that_aws_knows() {
    let mut seen = BTreeSet::new();
    seen.extend(Box::pin(alarms::calls()).await);
    seen.extend(Box::pin(builds::calls()).await);
    seen.extend(Box::pin(configurations::calls()).await);
    seen.extend(Box::pin(metrics::calls()).await);
    seen.extend(Box::pin(copies::calls()).await);
    seen.extend(Box::pin(databases::calls()).await);
    seen.extend(Box::pin(definitions::calls()).await);
    seen.extend(Box::pin(past::calls()).await);
    seen.extend(Box::pin(registry::calls()).await);
    seen.extend(Box::pin(repository::calls()).await);
    seen.extend(Box::pin(secrets::calls()).await);
    seen.extend(Box::pin(services::calls()).await);
    seen.extend(Box::pin(sources::calls()).await);
    seen.extend(Box::pin(stacks::calls()).await);
    seen.extend(Box::pin(store::calls()).await);
    seen.extend(Box::pin(tasks::calls()).await);
    seen.extend(Box::pin(wakeups::calls()).await);

    let left_out = left_out();
    let made: BTreeSet<String> = calls_of_the_adapters();
    assert!(
        made.len() > 25,
        "the adapters' calls were not found: {made:?}"
    );
    let unseen: Vec<&String> = made
        .iter()
        .filter(|call| !seen.contains(*call) && !left_out.contains_key(call.as_str()))
        .collect();
    assert!(unseen.is_empty(), "no contract makes {unseen:?}");

    let names = |calls: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
        calls
            .filter_map(|call| Some(call.split_once(':')?.1.to_owned()))
            .collect()
    };
    let seen_names = names(&mut seen.iter().map(String::as_str));
    let left_out_names = names(&mut left_out.keys().copied());
    let in_the_map = calls_in_the_map();
    assert!(
        in_the_map.len() > 25,
        "the map's calls were not found: {in_the_map:?}"
    );
    let unseen: Vec<&String> = in_the_map
        .iter()
        .filter(|call| !seen_names.contains(*call) && !left_out_names.contains(*call))
        .collect();
    assert!(
        unseen.is_empty(),
        "ARCHITECTURE.md names {unseen:?}, which no contract makes"
    );

    for (call, why) in left_out {
        assert!(
            !seen.contains(call),
            "{call} is made after all; it was left out: {why}"
        );
        assert!(made.contains(call), "no adapter makes {call} any more");
    }
}
