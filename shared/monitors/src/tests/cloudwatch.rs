//! Lines in the embedded metric format, checked against what AWS's specification and its JSON schema
//! say of a document.

use serde_json::{Value, json};
use sluice_app::ports::Monitors as _;
use sluice_core::config::Monitor;
use sluice_words::monitoring::News;

use super::fixture::{TOKEN, change, ended, port, started};

const DOCS: &str = include_str!("../../../../docs/monitors.md");

fn monitor() -> Monitor {
    Monitor::CloudWatch {
        namespace: "Sluice".to_owned(),
    }
}

/// The units that a metric may have, as far as these tests meet them.
const UNITS: [&str; 3] = ["Seconds", "Count", "None"];

/// What is wrong with it as a document of the embedded metric format.
fn problems(line: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let aws = &line["_aws"];
    if !aws["Timestamp"].is_u64() {
        problems.push("Timestamp is no integer".to_owned());
    }
    let directives = aws["CloudWatchMetrics"].as_array();
    if directives.is_none_or(Vec::is_empty) {
        problems.push("CloudWatchMetrics is no list of directives".to_owned());
    }
    for directive in directives.into_iter().flatten() {
        let known = ["Namespace", "Dimensions", "Metrics"];
        let members = directive.as_object().into_iter().flatten();
        let strange = members.filter(|(name, _)| !known.contains(&name.as_str()));
        problems.extend(strange.map(|(name, _)| format!("{name} is no member of a directive")));
        if !has_chars(&directive["Namespace"], 1_024) {
            problems.push("Namespace".to_owned());
        }
        problems.extend(of_dimensions(line, &directive["Dimensions"]));
        problems.extend(of_metrics(line, &directive["Metrics"]));
    }
    problems
}

fn has_chars(text: &Value, most: usize) -> bool {
    let text = text.as_str().map(|text| text.chars().count());
    text.is_some_and(|count| (1..=most).contains(&count))
}

fn of_dimensions(line: &Value, sets: &Value) -> Vec<String> {
    let sets = sets.as_array().filter(|sets| !sets.is_empty());
    let Some(sets) = sets else {
        return vec!["Dimensions has no set".to_owned()];
    };
    let mut problems = Vec::new();
    for set in sets {
        let names = set.as_array().filter(|names| names.len() <= 30);
        for name in names.into_iter().flatten() {
            let value = name.as_str().map(|name| &line[name]);
            if !has_chars(name, 250) || !value.is_some_and(|it| has_chars(it, 1_024)) {
                problems.push(format!("the dimension {name} has no text"));
            }
        }
        if names.is_none() {
            problems.push(format!("{set} is no set of dimensions"));
        }
    }
    problems
}

fn of_metrics(line: &Value, metrics: &Value) -> Vec<String> {
    let metrics = metrics
        .as_array()
        .filter(|it| (1..=100).contains(&it.len()));
    let Some(metrics) = metrics else {
        return vec!["Metrics is no list of at most 100".to_owned()];
    };
    let mut problems = Vec::new();
    for metric in metrics {
        let name = metric["Name"].as_str().unwrap_or_default();
        if !has_chars(&metric["Name"], 1_024) || !line[name].is_number() {
            problems.push(format!("the metric {name} has no number"));
        }
        if !UNITS.contains(&metric["Unit"].as_str().unwrap_or("None")) {
            problems.push(format!("the unit of {name}"));
        }
    }
    problems
}

async fn printed(news: &[News]) -> Vec<Value> {
    let (port, _, bus) = port(vec![TOKEN]);
    for news in news {
        port.tell(&monitor(), news, None, false).await.unwrap();
    }
    let lines = bus.2.lock().unwrap().clone();
    assert!(
        lines
            .iter()
            .all(|line| !line.contains('\n') && !line.contains("hunter2"))
    );
    let lines = lines.iter().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

fn changed(state: &str, more: Value) -> News {
    News::Change(Box::new(change(state, more)))
}

#[tokio::test]
async fn each_change_is_one_line_that_cloudwatch_reads_metrics_from() {
    let approved = changed("approved", json!({"approvalWaitSeconds": 90}));
    let back = json!({"outcome": "rolled-back", "isLive": false, "durationSeconds": 60});
    let lines = printed(&[
        approved,
        started(),
        changed("needs-person", json!({})),
        changed("rolling-back", json!({})),
        changed("ended", back),
        ended(),
    ])
    .await;
    for line in &lines {
        assert_eq!(problems(line), [""; 0], "{line}");
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Sluice");
        assert_eq!(
            (&line["application"], &line["environment"]),
            (&json!("erp"), &json!("production"))
        );
        // Without these Lambda could drop it.
        assert_eq!(line["level"], "INFO");
    }
    let counted = [
        "Approvals",
        "Starts",
        "PeopleNeeded",
        "Rollbacks",
        "Deployments",
        "Deployments",
    ];
    for (line, name) in lines.iter().zip(counted) {
        assert_eq!(line[name], 1, "{line}");
    }
    assert_eq!(lines[0]["ApprovalWait"], 90);
    assert_eq!(
        (&lines[4]["Duration"], &lines[4]["outcome"]),
        (&json!(60), &json!("rolled-back"))
    );
    assert_eq!(lines[5]["Duration"], 1200);
    // By outcome, and of all outcomes.
    let sets = &lines[5]["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
    let expected = json!([
        ["application", "environment"],
        ["application", "environment", "outcome"]
    ]);
    assert_eq!(*sets, expected);
    assert_eq!(lines[5]["_aws"]["Timestamp"], 1_767_615_600_000_u64);
}

#[tokio::test]
async fn the_check_finds_what_cloudwatch_would_not_read() {
    let good = printed(&[ended()]).await.remove(0);
    let pointer = "/_aws/CloudWatchMetrics/0";
    for (at, value) in [
        ("/_aws/Timestamp".to_owned(), json!("2026-01-05T12:00:00Z")),
        (pointer.to_owned() + "/Namespace", json!("")),
        (pointer.to_owned() + "/Dimensions", json!([])),
        (pointer.to_owned() + "/Dimensions/0/0", json!("nothing")),
        (pointer.to_owned() + "/Metrics/0/Name", json!("nothing")),
        (pointer.to_owned() + "/Metrics/0/Unit", json!("minutes")),
        ("/outcome".to_owned(), json!("")),
        ("/Duration".to_owned(), json!("1200")),
    ] {
        let mut wrong = good.clone();
        *wrong.pointer_mut(&at).unwrap() = value;
        assert!(!problems(&wrong).is_empty(), "{at} is not looked at");
    }
}

#[tokio::test]
async fn the_dashboard_on_the_page_shows_metrics_that_there_are() {
    let (_, part) = DOCS.split_once("## CloudWatch").expect("it has a part");
    let (_, dashboard) = part.split_once("```json\n").expect("with a dashboard");
    let (dashboard, _) = dashboard.split_once("```").expect("that ends");
    let dashboard: Value = serde_json::from_str(dashboard).unwrap();
    let approved = changed("approved", json!({"approvalWaitSeconds": 90}));
    let lines = printed(&[approved, changed("rolling-back", json!({})), ended()]).await;
    let metrics = dashboard["widgets"].as_array().unwrap().iter();
    let metrics = metrics.flat_map(|widget| widget["properties"]["metrics"].as_array().unwrap());
    let mut shown = 0;
    for metric in metrics {
        let words: Vec<&str> = metric
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(words[0], "Sluice");
        let line = lines.iter().find(|line| line[words[1]].is_number());
        let line = line.unwrap_or_else(|| panic!("{} is no metric", words[1]));
        let names: Vec<&str> = words[2..].iter().step_by(2).copied().collect();
        let sets = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
            .as_array()
            .unwrap();
        assert!(
            sets.contains(&json!(names)),
            "{names:?} is no set of {}",
            words[1]
        );
        shown += 1;
    }
    assert!(shown >= 4);
}
