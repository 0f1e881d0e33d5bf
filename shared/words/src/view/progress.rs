//! How far a deployment is: a sign for its phase, and which step of how many it is at.

use sluice_core::deployment::Deployment;
use sluice_core::phase::{Phase, PhaseKind};
use sluice_core::restore::RestoreStep;

/// The sign that stands before a phase's name: what is seen before anything is read.
pub(super) fn sign_of(phase: PhaseKind) -> &'static str {
    match phase {
        PhaseKind::Queued | PhaseKind::AwaitingWindow => "⏳",
        PhaseKind::AwaitingApproval => "✋",
        PhaseKind::Baking => "👀",
        PhaseKind::Succeeded => "✅",
        PhaseKind::Unverified => "❔",
        PhaseKind::Superseded | PhaseKind::Cancelled | PhaseKind::Expired => "⚪",
        PhaseKind::Rejected => "🚫",
        PhaseKind::Rehearsing => "🎭",
        PhaseKind::Failed => "❌",
        PhaseKind::AwaitingRestoreDecision => "🛑",
        PhaseKind::RolledForward => "⏩",
        PhaseKind::RollingBack => "⏪",
        PhaseKind::RolledBack => "↩️",
        PhaseKind::RollbackFailed | PhaseKind::RestoreFailed => "🆘",
        PhaseKind::Restoring => "🛟",
        PhaseKind::Restored => "↩️",
        _ => "🔄",
    }
}

/// `🔄 Migrating the database, step 2 of 7`.
pub(super) fn status(d: &Deployment) -> String {
    let kind = d.phase.kind();
    let words = d.phase.in_words();
    if let Phase::Restoring { step } = &d.phase {
        return format!("{} {}{}", sign_of(kind), capital(words), restore_step(step));
    }
    let what = if d.paused.is_some() && !d.phase.is_terminal() {
        format!("⏸ Paused while {words}")
    } else {
        format!("{} {}", sign_of(kind), capital(words))
    };
    let steps = steps(d);
    match steps.iter().position(|step| *step == kind) {
        Some(number) => format!("{what}, step {} of {}", number + 1, steps.len()),
        None => what,
    }
}

/// With a capital letter, as a sentence begins.
fn capital(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// Which step of how many; none of one that has turned back.
fn restore_step(step: &RestoreStep) -> String {
    let number = match step {
        RestoreStep::Stopping { .. } => 1,
        RestoreStep::Copying { .. } => 2,
        RestoreStep::SettingAside { .. } => 3,
        RestoreStep::TakingItsPlace { .. } => 4,
        RestoreStep::Starting { .. } => 5,
        RestoreStep::Checking { .. } => 6,
        RestoreStep::StartingAgain { .. } => return ": starting again as before".to_owned(),
    };
    format!(", step {number} of 6")
}

/// The phases that change something, as far as this deployment goes through them; none before its
/// plan says so.
fn steps(d: &Deployment) -> Vec<PhaseKind> {
    let Some(sealed) = &d.plan else {
        return Vec::new();
    };
    let plan = &sealed.plan;
    let mut steps = Vec::new();
    if plan.stack_changes().is_some() {
        steps.push(PhaseKind::Provisioning);
    }
    if plan.backup.is_some() {
        steps.push(PhaseKind::BackingUp);
    }
    if plan.migration.is_some() {
        steps.push(PhaseKind::Migrating);
    }
    steps.extend([
        PhaseKind::RollingOut,
        PhaseKind::UpdatingWorkers,
        PhaseKind::Verifying,
        PhaseKind::Shifting,
        PhaseKind::Baking,
        PhaseKind::CleaningUp,
    ]);
    steps
}
