//! What was verified, for people and for programs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::UserId;
use sluice_core::quantity::count;

use super::sha256;
use super::verify::{Deployed, Evidence, Problem, Where};
use crate::terminal::{BAD, DIM, GOOD, STRONG, paint, width, wrap_hanging};

/// Problems that people are shown; `--json` has all of them.
const LISTED: usize = 20;

/// The file in words; with `list`, each deployment on a line.
pub fn report(evidence: &Evidence, list: bool) -> String {
    let head = &evidence.head;
    let of = head.environment.as_deref().unwrap_or("all environments");
    let mut lines = vec![
        format!(
            "{}, deployments requested since {}; exported {} by sluice {}",
            paint(STRONG, format!("Evidence of {}", clean(of))),
            time(head.since),
            time(head.made_at),
            clean(&head.sluice),
        ),
        String::new(),
    ];
    lines.extend(environments(evidence));
    let versions = count(evidence.versions.len(), "version");
    lines.push(format!("{versions} of sluice.toml"));
    if list {
        lines.push(String::new());
        lines.extend(evidence.deployments.iter().map(deployment));
    }
    lines.push(String::new());
    lines.extend(verdict(evidence));
    let lines = lines.iter().flat_map(|line| wrap_hanging(line, width(), 2));
    lines.collect::<Vec<_>>().join("\n")
}

/// How the deployments of each environment ended, and how many people approved them.
fn environments(evidence: &Evidence) -> Vec<String> {
    let mut all: BTreeMap<EnvironmentKey, Vec<&Deployed>> = BTreeMap::new();
    for deployed in &evidence.deployments {
        let key = EnvironmentKey::of(&deployed.state);
        all.entry(key).or_default().push(deployed);
    }
    let line = |(key, deployments): (EnvironmentKey, Vec<&Deployed>)| {
        let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
        for deployed in &deployments {
            *ends.entry(deployed.state.phase.in_words()).or_default() += 1;
        }
        let ends: Vec<String> = ends.iter().map(|(end, n)| format!("{n} {end}")).collect();
        let yes = || deployments.iter().flat_map(|deployed| &deployed.approvals);
        let people: BTreeSet<&UserId> = yes().map(|yes| &yes.by).collect();
        let by = match people.len() {
            1 => "1 person".to_owned(),
            number => format!("{number} people"),
        };
        format!(
            "{}  {}: {}; {} by {by}",
            clean(&key.to_string()),
            count(deployments.len(), "deployment"),
            ends.join(", "),
            count(yes().count(), "approval"),
        )
    };
    all.into_iter().map(line).collect()
}

fn deployment(deployed: &Deployed) -> String {
    let d = &deployed.state;
    let yes = deployed.approvals.iter();
    let yes: Vec<String> = yes
        .map(|yes| {
            format!(
                "{} {} to plan {}",
                clean(yes.by.as_str()),
                time(yes.at),
                yes.plan.short()
            )
        })
        .collect();
    let approved = match yes.is_empty() {
        true => "no approval".to_owned(),
        false => format!("approved by {}", yes.join(", ")),
    };
    format!(
        "{}  {} {}  {}; {approved}  {}",
        time(d.requested_at),
        EnvironmentKey::of(d),
        clean(d.release.tag.as_str()),
        d.phase.in_words(),
        paint(DIM, format!("{} · {}", d.id, d.release.digest.short())),
    )
}

fn verdict(evidence: &Evidence) -> Vec<String> {
    let problems = &evidence.problems;
    if !problems.is_empty() {
        let found = count(problems.len(), "problem");
        let mut lines = vec![paint(
            BAD,
            format!("This is not as it was written: {found}"),
        )];
        lines.extend(
            problems
                .iter()
                .take(LISTED)
                .map(|it| format!("  {}", problem(it))),
        );
        if problems.len() > LISTED {
            let more = problems.len() - LISTED;
            lines.push(format!("  and {more} more: --json lists all"));
        }
        return lines;
    }
    let mut lines = vec![
        paint(
            GOOD,
            "Every line, every hash chain and every stored state is as it was written.",
        ),
        "Its SHA-256; compare it with the one that was printed when the file was written, since all \
         of a file can be written again:"
            .to_owned(),
        evidence.sha256.clone(),
    ];
    let differ = evidence
        .deployments
        .iter()
        .filter(|deployed| deployed.differs);
    match differ.count() {
        0 => {}
        differ => lines.push(format!(
            "{} decided by another version of Sluice than this: their stored states were not \
             compared. `sluice replay FILE` shows where.",
            match differ {
                1 => "1 deployment was".to_owned(),
                differ => format!("{differ} deployments were"),
            }
        )),
    }
    lines
}

fn problem(problem: &Problem) -> String {
    let about = match &problem.place {
        Where::Deployment(id, None) => format!(" (deployment {})", clean(id.as_str())),
        Where::Deployment(id, Some(seq)) => {
            format!(" (deployment {}, record {seq})", clean(id.as_str()))
        }
        Where::Version(app, number) => {
            format!(" (sluice.toml of {}, version {number})", clean(app))
        }
        Where::Line => String::new(),
    };
    format!("line {}{about}: {}", problem.line, clean(&problem.what))
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A file from outside may hold anything, and a terminal obeys some of it.
fn clean(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).collect()
}

/// What `sluice verify --json` prints.
pub fn printed(evidence: &Evidence) -> impl Serialize + use<> {
    let deployments: Vec<Value> = evidence.deployments.iter().map(deployment_value).collect();
    let versions = evidence.versions.iter().map(|version| {
        json!({
            "app": version.app,
            "number": version.number,
            "by": version.by,
            "accepted_by": version.accepted_by,
            "at": version.at,
            "reason": version.reason,
            "sha256": sha256(version.text.as_bytes()),
        })
    });
    json!({
        "evidence": evidence.head,
        "whole": evidence.problems.is_empty(),
        "sha256": evidence.sha256,
        "problems": evidence.problems.iter().map(problem_value).collect::<Vec<_>>(),
        "deployments": deployments,
        "versions": versions.collect::<Vec<_>>(),
    })
}

fn deployment_value(deployed: &Deployed) -> Value {
    let d = &deployed.state;
    let approvals = deployed.approvals.iter();
    let approvals: Vec<Value> = approvals
        .map(|yes| json!({ "by": yes.by, "at": yes.at, "plan": yes.plan }))
        .collect();
    json!({
        "id": d.id,
        "app": d.settings.app,
        "environment": d.settings.environment.name,
        "tag": d.release.tag,
        "digest": d.release.digest,
        "requested_by": d.requested_by,
        "requested_at": d.requested_at,
        "phase": d.phase.name(),
        "entered_at": d.entered_at,
        "plan": d.plan.as_ref().map(|sealed| &sealed.hash),
        "approvals": approvals,
        "decided_by_this_code": !deployed.differs,
    })
}

fn problem_value(problem: &Problem) -> Value {
    let mut value = json!({ "line": problem.line, "what": problem.what });
    match &problem.place {
        Where::Deployment(id, record) => {
            value["deployment"] = json!(id);
            value["record"] = json!(record);
        }
        Where::Version(app, number) => {
            value["app"] = json!(app);
            value["version"] = json!(number);
        }
        Where::Line => {}
    }
    value
}
