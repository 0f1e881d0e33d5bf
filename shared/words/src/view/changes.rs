//! What a deployment changes, in a few lines: the plan says all of it, this says what is different.

use std::collections::BTreeMap;

use sluice_core::deployment::Deployment;
use sluice_core::id::{ImageTag, SecretVersion};
use sluice_core::note::short_arn;
use sluice_core::plan::way_back::time_away;
use sluice_core::plan::{Plan, PlannedRestore, SealedPlan};

/// Differences of a task definition that the card shows; the plan in the thread has all of them.
const SHOWN: usize = 4;

/// A line for each kind of change. `before` is the plan of the deployment that was verified last,
/// where that is known: without it nothing is said of secrets.
pub fn changes(d: &Deployment, before: Option<&SealedPlan>) -> Vec<String> {
    let Some(sealed) = &d.plan else {
        return Vec::new();
    };
    let plan = &sealed.plan;
    if let Some(restore) = &plan.restore {
        return restored(sealed, restore);
    }
    let mut lines = vec![format!("version {}", versions(sealed)), revisions(plan)];
    let secrets = before.and_then(|before| secrets(sealed, before));
    lines.extend(secrets.map(|said| format!("secrets: {said}")));
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
fn restored(sealed: &SealedPlan, restore: &PlannedRestore) -> Vec<String> {
    let plan = &sealed.plan;
    let name = restore.database.identifier();
    let until = restore.until.strftime("%Y-%m-%d %H:%M:%S UTC");
    let from = restore
        .from
        .as_ref()
        .map_or("the running version", ImageTag::as_str);
    let away = time_away(sealed);
    let away = away.map_or_else(String::new, |away| format!(", for {away} (estimated)"));
    vec![
        format!("LOST: everything that was written to {name} since {until}"),
        format!("users get 503, and no work is done{away}"),
        format!("version {from} → {}, which is compatible", plan.release.tag),
        format!("the old database is kept as {}", restore.aside.identifier()),
    ]
}

/// `v1.4.0 → v1.5.0`.
pub(super) fn versions(sealed: &SealedPlan) -> String {
    let (plan, seen) = (&sealed.plan, &sealed.seen);
    let to = &plan.release.tag;
    match &seen.previous {
        Some(previous) if previous.release.digest == plan.release.digest => {
            format!("{to}, the image that is running already")
        }
        Some(previous) => format!("{} → {to}", previous.release.tag),
        None => format!("{to}; no release has been verified here yet"),
    }
}

/// What becomes of task definitions beside the image: what infrastructure code changes, and what
/// goes with a line of the configuration.
pub(super) fn definitions(plan: &Plan) -> Option<String> {
    let mut lines = Vec::new();
    for one in &plan.services {
        let differs = one.base.iter().flat_map(|base| &base.differs);
        let differs: Vec<&str> = differs.map(String::as_str).collect();
        let mut said = differs.iter().take(SHOWN).copied().collect::<Vec<_>>();
        let more = format!("and {} more", differs.len().saturating_sub(SHOWN));
        if differs.len() > SHOWN {
            said.push(&more);
        }
        let removed = format!("without {}", one.removes.join(", "));
        if !one.removes.is_empty() {
            said.push(&removed);
        }
        if !said.is_empty() {
            lines.push(format!("{}: {}", one.service, said.join("; ")));
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn revisions(plan: &Plan) -> String {
    let from: Vec<&str> = plan
        .services
        .iter()
        .map(|service| short_arn(service.from.as_str()))
        .collect();
    format!("task definitions {} → new revisions", from.join(", "))
}

/// Which secrets are new, gone, or of another version.
pub(super) fn secrets(sealed: &SealedPlan, before: &SealedPlan) -> Option<String> {
    let (old, new) = (versions_of_secrets(before), versions_of_secrets(sealed));
    let mut said: Vec<String> = Vec::new();
    for (variable, version) in &new {
        match old.get(variable) {
            None => said.push(format!("{variable} is new")),
            Some(was) if was != version => said.push(format!("{variable} has a new version")),
            Some(_) => {}
        }
    }
    let kept = |name: &str| new.contains_key(name);
    let gone = old.keys().filter(|name| !kept(name));
    said.extend(gone.map(|name| format!("{name} is gone")));
    (!said.is_empty()).then(|| said.join(", "))
}

/// Every secret with the version that it has, or had at the time.
fn versions_of_secrets(sealed: &SealedPlan) -> BTreeMap<&str, &SecretVersion> {
    let unpinned = &sealed.seen.unpinned;
    let secrets = sealed.plan.secrets.iter();
    let versions = secrets.map(|secret| {
        let version = unpinned.get(&secret.variable).unwrap_or(&secret.version);
        (secret.variable.as_str(), version)
    });
    versions.collect()
}
