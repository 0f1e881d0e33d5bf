//! How far a deployment is: a sign for its phase, and which step of how many it is at.

use crate::deployment::Deployment;

/// The sign that stands before a phase's name: what is seen before anything is read.
pub(super) fn sign_of(phase: &str) -> &'static str {
    match phase {
        "Queued" | "AwaitingWindow" => "⏳",
        "AwaitingApproval" => "✋",
        "Baking" => "👀",
        "Succeeded" => "✅",
        "Superseded" | "Cancelled" | "Expired" => "⚪",
        "Rejected" => "🚫",
        "Failed" => "❌",
        "AwaitingRestoreDecision" => "🛑",
        "RolledForward" => "⏩",
        "RollingBack" => "⏪",
        "RolledBack" => "↩️",
        "RollbackFailed" => "🆘",
        _ => "🔄",
    }
}

/// `🔄 Migrating, step 2 of 7`.
pub(super) fn status(d: &Deployment) -> String {
    let name = d.phase.name();
    let sign = sign_of(name);
    let steps = steps(d);
    match steps.iter().position(|step| *step == name) {
        Some(number) => format!("{sign} {name}, step {} of {}", number + 1, steps.len()),
        None => format!("{sign} {name}"),
    }
}

/// The phases that change something, as far as this deployment goes through them; none before its
/// plan says so.
fn steps(d: &Deployment) -> Vec<&'static str> {
    let Some(sealed) = &d.plan else {
        return Vec::new();
    };
    let plan = &sealed.plan;
    let mut steps = Vec::new();
    if plan.backup.is_some() {
        steps.push("BackingUp");
    }
    if plan.migration.is_some() {
        steps.push("Migrating");
    }
    steps.extend([
        "RollingOut",
        "UpdatingWorkers",
        "Verifying",
        "Shifting",
        "Baking",
        "CleaningUp",
    ]);
    steps
}
