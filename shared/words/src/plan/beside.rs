//! How what was seen beside the plan is shown, below it.

use std::collections::BTreeMap;

use sluice_core::config::Severity;
use sluice_core::observation::DatabaseObservation;
use sluice_core::plan::SealedPlan;
use sluice_core::plan::way_back::time_away;

use super::remark;

/// The lines below the plan.
pub(super) fn lines(sealed: &SealedPlan) -> Vec<String> {
    let seen = &sealed.seen;
    let mut lines = Vec::new();
    let commit = seen.origin.commit.as_ref();
    lines.extend(commit.map(|commit| format!("commit     {}", commit.as_str())));
    let previous = seen.previous.as_ref();
    lines.extend(previous.map(|previous| {
        format!(
            "replaces   {} ({}), verified {}",
            previous.release.tag,
            previous.release.digest.short(),
            previous.at.strftime("%Y-%m-%d %H:%M UTC")
        )
    }));
    let passed = seen.passed.as_ref();
    lines.extend(passed.map(|passed| {
        format!(
            "passed     as {} on {}",
            passed.release.tag,
            passed.at.strftime("%Y-%m-%d %H:%M UTC")
        )
    }));
    let scan = seen.scan.as_ref();
    lines.extend(scan.map(|counts| format!("scan       {}", scan_words(counts))));
    let excepted = seen.excepted.iter();
    lines.extend(excepted.map(|one| format!("excepted   {one}")));
    if let Some(database) = &seen.database {
        let restores = sealed.plan.restore.is_some();
        if restores || sealed.plan.backup.is_some() {
            lines.push(format!("database   {}", database_words(database)));
        }
        lines.extend(way_back_takes(sealed, restores));
    }
    let unpinned = seen.unpinned.iter();
    lines.extend(
        unpinned
            .map(|(variable, version)| format!("secret     {variable} is at version {version}")),
    );
    lines.extend(seen.remarks.iter().map(|one| format!("! {}", remark(one))));
    lines
}

fn way_back_takes(sealed: &SealedPlan, restores: bool) -> Option<String> {
    let away = time_away(sealed)?;
    if restores {
        return Some(format!(
            "down for   {away}, estimated from its size; RDS does not say beforehand"
        ));
    }
    let is_additive = sealed.plan.judgement()?.is_additive();
    let takes = format!("rollback   a database restore would take {away} (estimated)");
    (!is_additive).then_some(takes)
}

fn database_words(database: &DatabaseObservation) -> String {
    let encrypted = match database.encrypted {
        true => "encrypted",
        false => "not encrypted",
    };
    format!(
        "{} {}, {} GiB, {encrypted}, {}",
        database.engine, database.engine_version, database.storage_gib, database.status
    )
}

pub(crate) fn scan_words(counts: &BTreeMap<Severity, u32>) -> String {
    let said: Vec<String> = counts
        .iter()
        .rev()
        .filter(|(_, count)| **count > 0)
        .map(|(severity, count)| format!("{count} {}", severity.word()))
        .collect();
    if said.is_empty() {
        "no findings".to_owned()
    } else {
        said.join(", ")
    }
}
