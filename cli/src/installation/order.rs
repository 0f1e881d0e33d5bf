//! From the command line to what is sent.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use sluice_words::modal::{FORCE, InputName};
use sluice_words::operate::{Order, VERSION};

use super::arguments::{Installation, Operate};

/// What is sent for a command.
pub fn order(operate: &Operate) -> Order {
    let mut answers = BTreeMap::new();
    let mut answer = |name: InputName, text: Option<&String>| {
        answers.extend(text.map(|text| (name, text.clone())));
    };
    let mut plan = None;
    let command = match operate {
        Operate::Status(look) => line("status", look.environment.as_slice()),
        Operate::History(look) => line("history", look.environment.as_slice()),
        Operate::Metrics(look) => line("metrics", look.environment.as_slice()),
        Operate::Parity(compare) => line("parity", &compare.environments),
        Operate::Who(words) => line("who", &words.words),
        Operate::Show(subject) => line("show", std::slice::from_ref(&subject.subject)),
        Operate::Watch(watch) => line("show", std::slice::from_ref(&watch.of.subject)),
        Operate::Export(export) => line("export", export.subject.as_slice()),
        Operate::Deploy(deploy) => {
            let command = line("deploy", &deploy.words);
            match &deploy.hotfix {
                Some(reason) => format!("{command} hotfix: {reason}"),
                None => command,
            }
        }
        Operate::Promote(words) => line("promote", &words.words),
        Operate::Approve(approve) => {
            plan.clone_from(&approve.plan);
            line("approve", approve.environment.as_slice())
        }
        Operate::Reject(decided) => {
            plan.clone_from(&decided.plan);
            reasoned("reject", &decided.words, decided.reason.as_ref())
        }
        Operate::Rollback(rollback) => {
            answer(InputName::Reason, rollback.reason.as_ref());
            let force = rollback.force.then(|| FORCE.to_owned());
            answer(InputName::Schema, force.as_ref());
            line("rollback", &rollback.words)
        }
        Operate::Restore(restore) => {
            answer(InputName::Point, restore.point.as_ref());
            answer(InputName::Reason, restore.reason.as_ref());
            answer(InputName::Confirm, restore.confirm.as_ref());
            line("restore", std::slice::from_ref(&restore.environment))
        }
        Operate::Override(words) => {
            answer(InputName::Reason, words.reason.as_ref());
            line("override", &words.words)
        }
        Operate::Pause(words) => reasoned("pause", &words.words, words.reason.as_ref()),
        Operate::Hold(words) => reasoned("hold", &words.words, words.reason.as_ref()),
        Operate::Freeze(words) => reasoned("freeze", &words.words, words.reason.as_ref()),
        Operate::Cancel(words) => line("cancel", &words.words),
        Operate::Resume(words) => line("resume", &words.words),
        Operate::Release(words) => line("release", &words.words),
        Operate::Thaw(words) => line("thaw", &words.words),
        Operate::Keep(words) => line("keep", &words.words),
        Operate::RollForward(words) => line("roll-forward", &words.words),
    };
    Order {
        answers,
        plan,
        ..of_command(command, operate.at())
    }
}

/// What is sent for a command without answers.
pub fn of_command(command: String, at: &Installation) -> Order {
    Order {
        version: VERSION,
        request: at.request.clone().unwrap_or_else(new_id),
        command,
        answers: BTreeMap::new(),
        plan: None,
        file: None,
        look: None,
    }
}

fn line(verb: &str, words: &[String]) -> String {
    let words = words.iter().map(String::as_str);
    let words: Vec<&str> = std::iter::once(verb).chain(words).collect();
    words.join(" ")
}

/// In quotes a reason may begin with any word.
fn reasoned(verb: &str, words: &[String], reason: Option<&String>) -> String {
    let command = line(verb, words);
    match reason {
        Some(reason) => format!("{command} \"{reason}\""),
        None => command,
    }
}

/// A name that no other request has.
fn new_id() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn read(line: &[&str]) -> Order {
        let line = std::iter::once(&"sluice").chain(line);
        match Arguments::try_parse_from(line).unwrap().command {
            Some(Command::Operate(operate)) => order(&operate),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_typed_is_what_slack_takes() {
        for (line, command) in [
            (vec!["status"], "status"),
            (vec!["status", "production", "--json"], "status production"),
            (vec!["parity"], "parity"),
            (
                vec!["parity", "staging", "production", "--json"],
                "parity staging production",
            ),
            (
                vec!["deploy", "v1.4.0", "to", "production"],
                "deploy v1.4.0 to production",
            ),
            (
                vec![
                    "deploy",
                    "v1.4.0",
                    "to",
                    "production",
                    "--hotfix",
                    "it is down",
                ],
                "deploy v1.4.0 to production hotfix: it is down",
            ),
            (
                vec!["reject", "--reason", "until noon"],
                "reject \"until noon\"",
            ),
            (
                vec![
                    "freeze",
                    "production",
                    "until",
                    "2h",
                    "--reason",
                    "month end",
                ],
                "freeze production until 2h \"month end\"",
            ),
            (vec!["watch", "dep-1", "--every", "2"], "show dep-1"),
            (
                vec!["roll-forward", "production"],
                "roll-forward production",
            ),
        ] {
            assert_eq!(read(&line).command, command);
        }
    }

    #[test]
    fn what_slack_asks_in_a_form_is_given_as_options() {
        let order = read(&[
            "rollback",
            "production",
            "to",
            "v1.3.9",
            "--reason",
            "slow",
            "--force",
        ]);
        assert_eq!(order.command, "rollback production to v1.3.9");
        assert_eq!(order.answers[&InputName::Reason], "slow");
        assert_eq!(order.answers[&InputName::Schema], FORCE);
        let order = read(&["approve", "production", "--plan", "0123456789ab"]);
        assert_eq!(order.plan.as_deref(), Some("0123456789ab"));
        let order = read(&["restore", "production", "--confirm", "production"]);
        assert_eq!(order.answers.len(), 1);
    }

    #[test]
    fn each_request_has_a_name_of_its_own_unless_it_is_given() {
        let name = || read(&["status"]).request;
        assert_ne!(name(), name());
        assert_eq!(name().len(), 32);
        assert_eq!(read(&["status", "--request", "again"]).request, "again");
    }
}
