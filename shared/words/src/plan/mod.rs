//! Plans as people read them: what the command line prints is what Slack shows.

mod beside;
mod commit;
mod remark;

use sluice_core::id::ImageTag;
use sluice_core::plan::SealedPlan;

pub(crate) use beside::scan_words;
pub use remark::remark;

/// The plan in full, and below it what was seen beside it.
pub fn text(sealed: &SealedPlan) -> String {
    let mut text = sealed.plan.to_string();
    let beside = beside::lines(sealed);
    if !beside.is_empty() {
        text.push_str("seen at the last check (may change by itself; approvals stay valid)\n");
    }
    text.extend(beside.iter().map(|line| format!("  {line}\n")));
    text
}

/// What people should know beside the plan.
pub fn remarks(sealed: &SealedPlan) -> Vec<String> {
    sealed.seen.remarks.iter().map(remark).collect()
}

/// `v1.5.0 ran a migration: …`. What a rollback behind these releases must be warned of.
pub fn migrated(tags: &[ImageTag]) -> String {
    let tags: Vec<&str> = tags.iter().map(ImageTag::as_str).collect();
    let ran = match tags.len() {
        1 => "ran a migration",
        _ => "ran migrations",
    };
    format!(
        "{} {ran}: old code may not run on the new schema",
        tags.join(", ")
    )
}
