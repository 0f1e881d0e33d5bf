//! Changes of a `sluice.toml` that is live, for those who make them and for those who live with them.

mod refused;

use std::collections::BTreeSet;

use similar::{ChangeTag, TextDiff};
use sluice_core::config::{ConfigVersion, StackParameter};
use sluice_core::id::AppName;

use crate::message::{Block, Message};

pub use refused::{FEWEST_DIGITS, FileRefused};

/// Lines of a difference that are shown: the rest is counted.
const LINES: usize = 60;

/// What is different, line by line, with two lines around each place. Nothing where both are the same.
pub fn difference(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (place, group) in diff.grouped_ops(2).iter().enumerate() {
        if place > 0 {
            lines.push("  …".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!("{sign} {}", change.value().trim_end()));
        }
    }
    if lines.len() > LINES {
        let more = lines.len() - LINES;
        lines.truncate(LINES);
        lines.push(format!("… and {more} more lines"));
    }
    lines.join("\n")
}

/// Which version it is: 0 is the file in the functions' packages.
pub fn whose(number: u32, is_live: bool) -> String {
    match (number, is_live) {
        (0, true) => "the file in the functions' packages, which is live".to_owned(),
        (0, false) => "the file in the functions' packages".to_owned(),
        (_, true) => format!("version {number}, which is live"),
        (_, false) => format!("version {number}"),
    }
}

/// The same request, sent again.
pub fn stored_before(number: u32, live: u32) -> String {
    match number == live {
        true => format!("Version {number} is live."),
        false => format!("Version {number} was stored; version {live} is live by now."),
    }
}

/// Slack did not take the notice for these channels.
pub fn untold(channels: &[String]) -> String {
    let channels = channels.join(", ");
    format!("Slack did not take the notice for {channels}: tell your colleagues there.")
}

/// A version is live from now on.
pub fn stored(
    app: &AppName,
    version: &ConfigVersion,
    before: &str,
    follow: &BTreeSet<StackParameter>,
) -> Message {
    let ConfigVersion { number, by, .. } = version;
    let accepted = version.accepted_by.as_ref();
    let accepted = accepted.map_or_else(String::new, |by| format!(" <@{by}> accepted it."));
    let summary = format!(
        "{app}: version {number} of sluice.toml is live. <@{by}> changed it{}.{accepted}",
        why(version)
    );
    let means = "Functions read it at their next call. A deployment in progress keeps the settings \
        it began with; who may approve and act follows the new file at once.";
    changed(summary, means, before, &version.text, follow)
}

/// Somebody else must accept it first.
pub fn proposed(
    app: &AppName,
    version: &ConfigVersion,
    before: &str,
    follow: &BTreeSet<StackParameter>,
) -> Message {
    let summary = format!(
        "{app}: <@{}> wants to change sluice.toml{}. Nothing has changed yet.",
        version.by,
        why(version)
    );
    let means = format!(
        "Approvals of {app} demand four eyes, so someone else whom `configure` names must accept \
         exactly this change: `sluice config accept {app} {}`",
        version.hash().short()
    );
    changed(summary, &means, before, &version.text, follow)
}

fn why(version: &ConfigVersion) -> String {
    let reason = version.reason.as_ref();
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

fn changed(
    summary: String,
    means: &str,
    before: &str,
    after: &str,
    follow: &BTreeSet<StackParameter>,
) -> Message {
    let mut blocks = vec![
        Block::Text(summary.clone()),
        Block::Text(means.to_owned()),
        Block::Code(difference(before, after)),
    ];
    if !follow.is_empty() {
        let lines = follow.iter().map(parameter);
        let lines: Vec<String> = lines.collect();
        blocks.push(Block::Text(format!(
            "Sluice has rights and rules only for what its stacks name. Check that they name what \
             is new here, or deployments fail with a refusal by AWS (docs/install.md):\n{}",
            lines.join("\n")
        )));
    }
    Message { summary, blocks }
}

fn parameter(parameter: &StackParameter) -> String {
    match parameter {
        StackParameter::Sluice(name, value) => {
            format!("• Sluice's stack: `{name}` must contain {value}")
        }
        StackParameter::Environment(environment, name, value) => {
            format!("• the stack of {environment}: `{name}` must allow {value}")
        }
    }
}

/// Versions of an application's file, the newest first.
pub fn history(app: &AppName, versions: &[ConfigVersion]) -> Message {
    let live = versions.first().map_or(0, |newest| newest.number);
    let line = |version: &ConfigVersion| {
        let ConfigVersion { number, by, at, .. } = version;
        let is_live = if *number == live { ", live" } else { "" };
        let accepted = version.accepted_by.as_ref();
        let accepted = accepted.map_or_else(String::new, |by| format!(", accepted by <@{by}>"));
        format!(
            "{number}{is_live} · {} · <@{by}>{accepted}{}",
            at.strftime("%Y-%m-%d %H:%M UTC"),
            why(version)
        )
    };
    let mut lines: Vec<String> = versions.iter().map(line).collect();
    if versions.last().is_none_or(|oldest| oldest.number == 1) {
        let is_live = if live == 0 { ", live" } else { "" };
        lines.push(format!("0{is_live} · the file in the functions' packages"));
    }
    Message {
        summary: format!("Versions of sluice.toml of {app}"),
        blocks: vec![
            Block::Header(format!("sluice.toml of {app}")),
            Block::Text(lines.join("\n")),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_what_changed_and_a_little_around_it() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
        let after = before.replace("b\n", "B\n").replace("i\n", "");
        insta::assert_snapshot!(difference(before, &after), @r"
          a
        - b
        + B
          c
          d
          …
          g
          h
        - i
          j
        ");
        assert_eq!(difference(before, before), "");
        let long: String = (0..500).map(|line| format!("{line}\n")).collect();
        let shown = difference("", &long);
        assert_eq!(shown.lines().count(), LINES + 1);
        assert!(shown.ends_with("… and 440 more lines"));
    }
}
