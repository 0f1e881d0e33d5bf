//! What a deployment changes, in a few lines: the plan says all of it, this says what is different.

use std::collections::BTreeMap;

use crate::deployment::Deployment;
use crate::id::ImageTag;
use crate::note::short_arn;
use crate::plan::{Plan, PlannedRestore};
use crate::words;

/// A line for each kind of change. `before` is the plan of the deployment that was proven last,
/// where that is known: without it nothing is said of secrets.
pub(super) fn changes(d: &Deployment, before: Option<&Plan>) -> Vec<String> {
    let Some(sealed) = &d.plan else {
        return Vec::new();
    };
    let plan = &sealed.plan;
    if let Some(restore) = &plan.restore {
        return restored(plan, restore);
    }
    let mut lines = vec![versions(plan), revisions(plan)];
    lines.extend(before.and_then(|before| secrets(plan, before)));
    lines.extend(plan.migration.as_ref().map(|migration| {
        let backup = match &plan.backup {
            Some(backup) => format!(", after a snapshot of {}", backup.database.identifier()),
            None => ", without a backup".to_owned(),
        };
        format!("database: `{}`{backup}", migration.command.join(" "))
    }));
    lines
}

/// What a restore does, and what it costs.
fn restored(plan: &Plan, restore: &PlannedRestore) -> Vec<String> {
    let name = restore.database.identifier();
    let until = restore.until.strftime("%Y-%m-%d %H:%M:%S UTC");
    let from = restore.from.as_ref().map_or("what runs", ImageTag::as_str);
    vec![
        format!("LOST: everything that was written to {name} since {until}"),
        format!(
            "users are told 503, and no work is done, for about {} (an estimate)",
            words::duration(restore.estimate)
        ),
        format!("version {from} → {}, whose code fits", plan.release.tag),
        format!("the old database is kept as {}", restore.aside.identifier()),
    ]
}

fn versions(plan: &Plan) -> String {
    let to = &plan.release.tag;
    match &plan.previous {
        Some(previous) if previous.release.digest == plan.release.digest => {
            format!("version {to}, the image that runs already")
        }
        Some(previous) => format!("version {} → {to}", previous.release.tag),
        None => format!("version {to}; nothing was proven here before"),
    }
}

fn revisions(plan: &Plan) -> String {
    let from: Vec<&str> = plan
        .services
        .iter()
        .map(|service| short_arn(service.from.as_str()))
        .collect();
    format!("task definitions {} → new revisions", from.join(", "))
}

fn secrets(plan: &Plan, before: &Plan) -> Option<String> {
    let old: BTreeMap<&str, _> = before
        .secrets
        .iter()
        .map(|secret| (secret.variable.as_str(), secret))
        .collect();
    let mut said: Vec<String> = Vec::new();
    for secret in &plan.secrets {
        match old.get(secret.variable.as_str()) {
            None => said.push(format!("{} is new", secret.variable)),
            Some(was) if was.version != secret.version => {
                said.push(format!("{} has a new version", secret.variable));
            }
            Some(_) => {}
        }
    }
    let kept = |name: &str| plan.secrets.iter().any(|secret| secret.variable == name);
    let gone = old.keys().filter(|name| !kept(name));
    said.extend(gone.map(|name| format!("{name} is gone")));
    (!said.is_empty()).then(|| format!("secrets: {}", said.join(", ")))
}
