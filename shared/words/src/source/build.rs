//! How a build ended: in the channel, and in the comment on a pull request.

use sluice_core::config::{Config, Source};
use sluice_core::source::{BuildEnd, BuildStatus, BuildTold, Built};

use super::list;
use crate::message::{Block, Link, Message};

/// The message about a build that failed, or that succeeded after one that failed.
pub(super) fn ended(config: &Config, source: &Source, told: &BuildTold) -> Message {
    let app = &config.app;
    let end = &told.end;
    if !end.status.is_failure() {
        let happened = format!(
            "{app}: the build of {} succeeds again{}",
            subject(end),
            at_commit(end)
        );
        return Message {
            summary: happened.clone(),
            blocks: vec![
                Block::Text(format!("{happened}.")),
                Block::Links(vec![log_link(source, end)]),
            ],
        };
    }
    let mut happened = format!(
        "The build of {}{} {}.",
        subject(end),
        at_commit(end),
        failed(end)
    );
    happened.push_str(&who(told));
    happened.push_str(&pulls(told));
    let means = "What it means: users are not affected. There may be no image of this commit, so it \
                 probably cannot be deployed.";
    Message {
        summary: format!(
            "{app}: the build of {}{} {}",
            subject(end),
            at_commit(end),
            short(end.status)
        ),
        blocks: vec![
            Block::Header(format!(
                "{app}: build of {} {}",
                subject(end),
                short(end.status)
            )),
            Block::Text(happened),
            Block::Text(means.to_owned()),
            Block::Text(format!("What to do:\n{}", list(&to_do(end)))),
            Block::Links(vec![log_link(source, end)]),
        ],
    }
}

/// What a comment says of a build that has ended, in Markdown.
pub(super) fn comment(source: &Source, end: &BuildEnd) -> String {
    let commit = end.commit.as_ref().map_or("", |commit| commit.short());
    let log = log_url(source, end).map_or_else(String::new, |url| format!("\n\nLog: {url}"));
    if end.status == BuildStatus::Succeeded {
        return format!("The build of `{commit}` succeeded.{log}");
    }
    let to_do: Vec<String> = to_do(end).iter().map(|one| format!("- {one}")).collect();
    format!(
        "The build of `{commit}` {}.\n\nWhat to do:\n{}{log}",
        failed(end),
        to_do.join("\n")
    )
}

fn subject(end: &BuildEnd) -> String {
    match &end.of {
        Some(Built::Branch(branch)) => branch.to_string(),
        Some(Built::Tag(tag)) => format!("tag {tag}"),
        None => "an unknown branch".to_owned(),
    }
}

fn at_commit(end: &BuildEnd) -> String {
    let commit = end.commit.as_ref();
    commit.map_or_else(String::new, |commit| format!(" at {}", commit.short()))
}

fn short(status: BuildStatus) -> &'static str {
    match status {
        BuildStatus::Succeeded => "succeeded",
        BuildStatus::Failed => "failed",
        BuildStatus::Fault => "failed in CodeBuild",
        BuildStatus::TimedOut => "timed out",
        BuildStatus::Stopped => "was stopped",
        BuildStatus::Running => "is in progress",
    }
}

/// How, where and why.
fn failed(end: &BuildEnd) -> String {
    let how = match end.status {
        BuildStatus::Fault => "ended with a fault of CodeBuild",
        other => short(other),
    };
    match &end.failed {
        None => how.to_owned(),
        Some(phase) if phase.reason.is_empty() => format!("{how} in the phase {}", phase.name),
        Some(phase) => format!(
            "{how} in the phase {}: {}",
            phase.name,
            phase.reason.trim_end_matches('.')
        ),
    }
}

fn who(told: &BuildTold) -> String {
    let who = match (&told.by, told.author.as_str()) {
        (Some(user), _) => format!(", by <@{user}>"),
        (None, "") => String::new(),
        (None, author) => format!(", by {author} (the name in the commit; git does not verify it)"),
    };
    match (told.title.as_str(), who.as_str()) {
        ("", "") => String::new(),
        ("", who) => format!(" The commit is{}.", who.trim_start_matches(',')),
        (title, who) => format!(" The commit says: \u{201c}{title}\u{201d}{who}."),
    }
}

fn pulls(told: &BuildTold) -> String {
    let ids: Vec<&str> = told.pulls.iter().map(|id| id.as_str()).collect();
    match ids.as_slice() {
        [] => String::new(),
        [one] => format!(" It is the branch of pull request {one}."),
        more => format!(" It is the branch of pull requests {}.", more.join(", ")),
    }
}

fn to_do(end: &BuildEnd) -> Vec<String> {
    let retry = format!("`aws codebuild retry-build --id {}`", end.id);
    let fix = match &end.of {
        Some(Built::Tag(_)) => {
            "Read the log, fix the cause on a branch, and tag the commit that fixes it"
        }
        _ => "Read the log, fix the cause and push: each push is built",
    };
    match end.status {
        BuildStatus::Fault => vec![format!(
            "The code is probably not the cause. Build it again: {retry}"
        )],
        BuildStatus::Stopped => vec![format!("Someone stopped it. Build it again: {retry}")],
        BuildStatus::TimedOut => vec![
            fix.to_owned(),
            format!(
                "If it only needs more time, raise the time limit of the project, and build it again: {retry}"
            ),
        ],
        _ => vec![
            fix.to_owned(),
            format!("If the code is not the cause, build the same commit again: {retry}"),
        ],
    }
}

fn log_link(source: &Source, end: &BuildEnd) -> Link {
    Link {
        text: "log of the build".to_owned(),
        url: log_url(source, end),
    }
}

/// The page of the build's log in the console.
fn log_url(source: &Source, end: &BuildEnd) -> Option<String> {
    let (project, run) = end.id.as_str().split_once(':')?;
    let is_plain = |text: &str| {
        let mut bytes = text.bytes();
        bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let place = source.place.as_ref()?;
    let (account, region) = (&place.account, &place.region);
    (is_plain(project) && is_plain(run)).then(|| {
        format!(
            "https://{region}.console.aws.amazon.com/codesuite/codebuild/{account}/projects/{project}\
             /build/{project}%3A{run}/log?region={region}"
        )
    })
}
