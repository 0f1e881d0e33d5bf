//! Asking for what cannot be seen, one thing after the other.

use std::collections::BTreeSet;
use std::fmt;

use sluice_core::config::Config;
use sluice_words::draft::command as words;

use crate::facts::Cluster;
use crate::{Draft, Undecided, Wanted, draft};

/// Drafts a file, and asks until everything is answered or left open. `ask` has no answer where there is
/// no one to ask.
///
/// # Errors
/// What must be said first.
pub fn settle(
    clusters: &[Cluster],
    mut wanted: Wanted,
    mut ask: impl FnMut(&str) -> Option<String>,
) -> Result<Draft, Undecided> {
    let mut left = BTreeSet::new();
    loop {
        let drafted = match draft(clusters, &wanted) {
            Err(Undecided::Repositories(found)) => {
                let answer = ask(&words::which_repository(&found));
                wanted.repository = Some(answer.ok_or(Undecided::Repositories(found))?);
                continue;
            }
            other => other?,
        };
        let is_open = |key: &String| !left.contains(key);
        let mut open = drafted.questions.iter().filter(|one| !one.is_answered);
        let Some(question) = open.find(|one| is_open(&one.key)) else {
            return Ok(drafted);
        };
        let mut text = words::prompt(question);
        loop {
            let Some(answer) = ask(&text) else {
                left.insert(question.key.clone());
                break;
            };
            let mut with = wanted.clone();
            with.answers.insert(question.key.clone(), answer);
            match draft(clusters, &with).map(|draft| Config::parse(&draft.text)) {
                Ok(Err(problems)) => {
                    let first = problems.as_slice().first();
                    text =
                        first.map_or_else(String::new, |one| words::again(&one.message, &one.help));
                }
                _ => {
                    wanted = with;
                    break;
                }
            }
        }
    }
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = match self {
            Self::NotSeen(why) => words::nothing_seen(why),
            Self::NoServices => words::NO_SERVICES.to_owned(),
            Self::NoEcr(services) => words::no_ecr(services),
            Self::NoImage(repository) => words::no_image(repository),
            Self::Repositories(found) => words::several(found),
            Self::NoSuchRepository(name, found) => words::no_such_repository(name, found),
            Self::SameName(name) => words::same_name(name),
            Self::BadName(name) => words::bad_environment(name),
            Self::NotAsked(wrong, asked) => words::not_asked(wrong, asked),
        };
        f.write_str(&said)
    }
}
