//! How commands are written, for people.

use super::COMMAND;
use super::verb::{Group, Verb};
use crate::message::{Block, Message};

/// The help of one command; without one, a line for each of these groups' commands.
pub fn help(about: Option<Verb>, groups: &[Group]) -> Message {
    match about {
        Some(verb) => one(verb),
        None => all(groups),
    }
}

fn one(verb: Verb) -> Message {
    let mut text = format!(
        "{}\nFor example: {COMMAND} {verb} {}",
        verb.about(),
        verb.example()
    );
    if verb == Verb::Deploy {
        text.push_str(
            "\nHotfix: `hotfix: the shop is down` at the end skips the environment that the \
             version \
             should have succeeded in first. Anyone who may override may do that, and everyone can \
             read why; approval, scan, backup and tests stay.",
        );
    }
    if verb == Verb::Freeze {
        text.push_str(
            "\nWhen: `2h`, `3d`, `18:00 UTC`, `tomorrow 09:00 +01:00`, `2026-01-31 UTC` (its first \
             minute), `2026-01-31T09:00:00Z`. A time of day without a zone is read on the \
             environment's own clock, if sluice.toml names one.",
        );
    }
    Message {
        summary: verb.usage(),
        blocks: vec![Block::Code(verb.usage()), Block::Text(text)],
    }
}

fn all(groups: &[Group]) -> Message {
    let served: Vec<Verb> = Verb::ALL
        .into_iter()
        .filter(|verb| groups.contains(&verb.group()))
        .collect();
    let width = served
        .iter()
        .map(|verb| verb.word().len() + 1 + verb.arguments().len())
        .max()
        .unwrap_or(0);
    let lines: Vec<String> = served
        .iter()
        .map(|verb| {
            let written = format!("{verb} {}", verb.arguments());
            format!("{COMMAND} {written:width$}  {}", verb.about())
        })
        .collect();
    Message {
        summary: format!("{COMMAND}: all commands"),
        blocks: vec![
            Block::Code(lines.join("\n")),
            Block::Context(format!(
                "env is an environment, or app/env where several applications have one of that \
                 name. {COMMAND} help <command> says more."
            )),
        ],
    }
}
