//! What reached a branch by another way than the rules allow, merges that are missing, and builds that
//! failed: what happened, what it means, what to do.

mod build;
mod host;
mod pull;

use sluice_core::config::{Config, Source};
use sluice_core::id::{BranchName, CommitId};
use sluice_core::source::{Finding, Reminder, What, WhatIsTold};

use crate::inline::moment_of_day;
use crate::message::{Block, Message};

pub use host::status;
use host::{branch_at, link, pull_request, who_did_it};
pub use pull::pull_comment;

/// Commits that a reminder names of each branch.
const COMMITS_NAMED: usize = 5;

/// The message about something that a look at the source code found.
pub fn message(config: &Config, told: &WhatIsTold) -> Message {
    let Some(source) = &config.source else {
        return Message::line(format!(
            "{}: [source] was removed from sluice.toml",
            config.app
        ));
    };
    match told {
        WhatIsTold::Finding(finding) => found(config, source, finding),
        WhatIsTold::Reminder(reminder) => reminded(config, source, reminder),
        WhatIsTold::Build(told) => build::ended(config, source, told),
    }
}

fn found(config: &Config, source: &Source, finding: &Finding) -> Message {
    let (app, branch) = (&config.app, &finding.branch);
    let happened = happened(source, finding);
    let summary = format!("{app}: {happened}");
    let mut blocks = vec![
        Block::Header(format!("{app}: {}", title(finding))),
        Block::Text(format!(
            "{}{}",
            sentence(&happened),
            commit_of(source, finding)
        )),
        Block::Text(format!("What it means: {}", means(source, finding))),
        Block::Text(format!("What to do:\n{}", list(&to_do(source, finding)))),
    ];
    if finding.what != What::Deleted {
        blocks.extend(link(source, &finding.commit));
    }
    blocks.push(Block::Context(rule(source, branch)));
    Message { summary, blocks }
}

fn title(finding: &Finding) -> String {
    let branch = &finding.branch;
    match &finding.what {
        What::Pushed { .. } => format!("direct push to {branch}"),
        What::Merged { .. } | What::PullRequest { .. } => format!("wrong merge into {branch}"),
        What::Rewritten { .. } => format!("{branch} was overwritten"),
        What::Deleted => format!("{branch} was deleted"),
    }
}

/// What happened, without its author.
fn happened(source: &Source, finding: &Finding) -> String {
    let (branch, commit) = (&finding.branch, finding.commit.short());
    match &finding.what {
        What::Pushed { commits: 1 } => {
            format!("commit {commit} was pushed directly to {branch}")
        }
        What::Pushed { commits } => {
            format!("{commits} commits were pushed directly to {branch}, the last is {commit}")
        }
        What::Merged { merged, from } => {
            let merged = match from {
                Some(from) => format!("{from} ({})", merged.short()),
                None => format!("commit {}", merged.short()),
            };
            let why = match source.branches.develop() {
                Some(_) if branch == source.branches.main() => {
                    "and is on no release or hotfix branch"
                }
                _ => "without a pull request",
            };
            format!("{merged} was merged into {branch} as {commit}, {why}")
        }
        What::PullRequest { id, from, .. } => {
            format!(
                "pull request {id} merged {from} into {branch} as {commit}, and that is no release \
                 or hotfix branch"
            )
        }
        What::Rewritten { before } => format!(
            "{branch} was moved from {} to {commit}, and has lost commits",
            before.short()
        ),
        What::Deleted => format!("{branch} was deleted; it was at {commit}"),
    }
}

fn commit_of(source: &Source, finding: &Finding) -> String {
    if matches!(finding.what, What::Rewritten { .. } | What::Deleted) {
        return who_did_it(source);
    }
    let who = match (&finding.by, finding.author.as_str()) {
        (Some(user), _) => format!("<@{user}>"),
        (None, "") => String::new(),
        (None, author) => format!("{author} (the name in the commit; git does not verify it)"),
    };
    let merged_by = match &finding.what {
        What::PullRequest {
            merged_by: Some(principal),
            ..
        } => format!(" Merged by {principal}."),
        _ => String::new(),
    };
    match (finding.title.as_str(), who.as_str()) {
        ("", "") => merged_by,
        ("", who) => format!(" By {who}.{merged_by}"),
        (title, "") => format!(" It says: \u{201c}{title}\u{201d}.{merged_by}"),
        (title, who) => format!(" It says: \u{201c}{title}\u{201d}, by {who}.{merged_by}"),
    }
}

fn means(source: &Source, finding: &Finding) -> String {
    let main = source.branches.main();
    let branch = &finding.branch;
    let users = "Users are not affected by this alone: Sluice deploys images, not commits.";
    if finding.what == What::Deleted {
        return format!("nothing can be merged into `{branch}` until it exists again. {users}");
    }
    if matches!(finding.what, What::Rewritten { .. }) {
        return format!(
            "commits that were part of `{branch}` are not any more, and the next version may lack \
             them. {users}"
        );
    }
    match source.branches.develop() {
        Some(develop) if branch == main => format!(
            "the next version from `{main}` contains a change that was in no release branch, so it \
             may not have been tested in staging. `{develop}` may lack it, and then a later release \
             loses it. {users}"
        ),
        _ => format!("no one had to review this change, and `{branch}` contains it. {users}"),
    }
}

fn to_do(source: &Source, finding: &Finding) -> Vec<String> {
    let main = source.branches.main();
    let (branch, commit) = (&finding.branch, finding.commit.short());
    let (fix_from, fix_name) = match source.branches.develop() {
        Some(_) if branch == main => (main, "hotfix/revert"),
        _ => (branch, "revert"),
    };
    let revert = match &finding.what {
        What::Merged { .. } | What::PullRequest { before: None, .. } => {
            format!("git revert -m 1 {commit}")
        }
        What::PullRequest {
            before: Some(before),
            ..
        } => format!("git revert {}..{commit}", before.short()),
        What::Pushed { commits } if *commits > 1 => {
            format!("git revert {commit}~{commits}..{commit}")
        }
        _ => format!("git revert {commit}"),
    };
    match &finding.what {
        What::Deleted => vec![format!(
            "Create it again where it was: `{}`",
            branch_at(source, branch.as_str(), &finding.commit)
        )],
        What::Rewritten { before } => {
            let name = match source.branches.develop() {
                Some(_) if branch == main => format!("hotfix/restore-{}", before.short()),
                _ => format!("restore-{}", before.short()),
            };
            vec![
                format!(
                    "Give the lost commits a branch: `{}`",
                    branch_at(source, &name, before)
                ),
                format!(
                    "To bring them back, merge it: `{}`",
                    pull_request(source, &BranchName::new(name.as_str()), branch)
                ),
            ]
        }
        _ => {
            let mut all = Vec::new();
            if branch == main
                && let Some(develop) = source.branches.develop()
            {
                all.push(format!(
                    "If it must stay, bring it back to `{develop}`: `{}`",
                    pull_request(source, main, develop)
                ));
            }
            all.push(format!(
                "If it must not stay: `git switch -c {fix_name}-{commit} origin/{fix_from} && \
                 {revert}`, push it and open a pull request to `{branch}`"
            ));
            all.push(
                "So that it cannot happen again, deny direct pushes and merges: docs/source.md"
                    .to_owned(),
            );
            all
        }
    }
}

fn rule(source: &Source, branch: &BranchName) -> String {
    match source.branches.develop() {
        Some(_) if branch == source.branches.main() => format!(
            "Rule: {branch} takes merges of {} only.",
            source.branches.globs().join(", ")
        ),
        _ => format!("Rule: {branch} takes merged pull requests only."),
    }
}

fn reminded(config: &Config, source: &Source, reminder: &Reminder) -> Message {
    let (app, main) = (&config.app, source.branches.main());
    let names: Vec<&str> = reminder
        .missing
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let names = names.join(", ");
    let lacking: Vec<String> = reminder
        .missing
        .iter()
        .map(|(branch, commits)| {
            let named = commits.iter().take(COMMITS_NAMED);
            let named: Vec<&str> = named.map(CommitId::short).collect();
            let more = match commits.len().saturating_sub(COMMITS_NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("`{branch}` lacks {}{more}", named.join(", "))
        })
        .collect();
    let commands: Vec<String> = reminder
        .missing
        .iter()
        .map(|(branch, _)| format!("`{}`", pull_request(source, main, branch)))
        .collect();
    let since = moment_of_day(reminder.since);
    Message {
        summary: format!("{app}: {main} is not merged back into {names}"),
        blocks: vec![
            Block::Header(format!("{app}: merge-back is missing")),
            Block::Text(format!(
                "{main} has changes since {since} that are not in every branch:\n{}",
                list(&lacking)
            )),
            Block::Text(
                "What it means: the next release from such a branch loses these changes, so a fixed \
                 problem comes back. Users are not affected until then."
                    .to_owned(),
            ),
            Block::Text(format!(
                "What to do: open a pull request and merge it:\n{}",
                list(&commands)
            )),
            Block::Context(
                "This reminder comes once a day until it is merged. `/sluice status` shows it too."
                    .to_owned(),
            ),
        ],
    }
}

/// What is missing, in one line; `None` if nothing is.
pub fn missing_line(source: &Source, watch: &sluice_core::source::Watch) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for branch in watch.owed.iter().flat_map(|owed| &owed.missing) {
        if !names.contains(&branch.as_str()) {
            names.push(branch.as_str());
        }
    }
    let since = watch
        .owed
        .iter()
        .find(|owed| !owed.missing.is_empty())?
        .since;
    Some(format!(
        "{} is not merged back into {} (since {})",
        source.branches.main(),
        names.join(", "),
        moment_of_day(since)
    ))
}

fn list(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("• {line}")).collect();
    lines.join("\n")
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}
