//! `sluice config` before an installation: the `sluice.toml` that is live there.

use std::process::ExitCode;

use super::Failure;
use crate::arguments::Config;
use crate::terminal::Screen;

#[cfg(not(feature = "installation"))]
pub(super) fn carry_out(_: &Config, _: &mut Screen) -> Result<ExitCode, Failure> {
    Err(super::operate::without_credentials())
}

#[cfg(feature = "installation")]
pub(super) use asks::carry_out;

#[cfg(feature = "installation")]
mod asks {
    use std::path::Path;

    use sluice_core::config;
    use sluice_words::configuration::difference;
    use sluice_words::modal::InputName;
    use sluice_words::operate::{Answer, Order, Outcome, PushedFile};

    use super::{Config, ExitCode, Failure, Screen};
    use crate::command::ending::print_json;
    use crate::command::operate::{again, before};
    use crate::installation::arguments::Installation;
    use crate::installation::order::of_command;
    use crate::installation::shown::{Came, exit_code, lines};
    use crate::installation::terminal::Terminal;
    use crate::{input, sample};

    pub(crate) fn carry_out(command: &Config, screen: &mut Screen) -> Result<ExitCode, Failure> {
        match command {
            Config::Show { app, version, at } => {
                let version = version.map_or_else(String::new, |version| format!(" {version}"));
                let order = of_command(format!("config show {app}{version}"), at);
                let (answer, value) = asked(&before(at)?, &order)?;
                match &answer.file {
                    Some(file) if !at.json => screen.print(file.text.trim_end())?,
                    _ => print_json(screen, &value)?,
                }
                Ok(ExitCode::SUCCESS)
            }
            Config::History { app, at } => {
                let order = of_command(format!("config history {app}"), at);
                done(&before(at)?, &order, at, screen)
            }
            Config::Push {
                file,
                over: Some(over),
                reason,
                at,
            } => {
                let text = sample::text(file)?;
                let mut order = of_command("config push".to_owned(), at);
                order.file = Some(PushedFile { text, over: *over });
                done(&before(at)?, &reasoned(order, reason.as_ref()), at, screen)
            }
            Config::Push {
                file,
                over: None,
                at,
                ..
            } => compare(file, at, screen),
            Config::Accept { app, hash, at } => {
                let order = of_command(format!("config accept {app} {hash}"), at);
                done(&before(at)?, &order, at, screen)
            }
            Config::Rollback {
                app,
                to,
                reason,
                at,
            } => {
                let order = of_command(format!("config rollback {app} to {to}"), at);
                done(&before(at)?, &reasoned(order, reason.as_ref()), at, screen)
            }
            Config::Check { .. } | Config::Schema => {
                unreachable!("they are carried out without an installation")
            }
        }
    }

    fn reasoned(mut order: Order, reason: Option<&String>) -> Order {
        let reason = reason.map(|reason| (InputName::Reason, reason.clone()));
        order.answers.extend(reason);
        order
    }

    /// The answer, if what was asked for was done.
    fn asked(
        terminal: &Terminal,
        order: &Order,
    ) -> Result<(Box<Answer>, serde_json::Value), Failure> {
        let (outcome, words) = match terminal.asks(order) {
            Came::Answer(answer, value) if answer.outcome == Outcome::Done => {
                return Ok((answer, value));
            }
            Came::Answer(answer, _) => (answer.outcome, lines(&answer)),
            Came::Else(outcome, words) => (outcome, words),
        };
        let code = exit_code(outcome);
        Err(Failure::exits(again(words, outcome, order), code))
    }

    fn done(
        terminal: &Terminal,
        order: &Order,
        at: &Installation,
        screen: &mut Screen,
    ) -> Result<ExitCode, Failure> {
        let (answer, value) = asked(terminal, order)?;
        match at.json {
            true => print_json(screen, &value)?,
            false => screen.print(&lines(&answer))?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What a push would change, and how to push exactly this.
    fn compare(file: &Path, at: &Installation, screen: &mut Screen) -> Result<ExitCode, Failure> {
        let text = sample::text(file)?;
        let name = input::name(file);
        let read = config::Config::parse(&text);
        let read =
            read.map_err(|problems| Failure::new(problems.in_file(name.clone()).to_string()))?;
        let order = of_command(format!("config show {}", read.app), at);
        let (answer, _) = asked(&before(at)?, &order)?;
        let live = answer.file.ok_or_else(|| {
            Failure::new("the installation shows no file: it is of an older version")
        })?;
        let difference = difference(&live.text, &text);
        if difference.is_empty() {
            screen.print(&format!(
                "{name} is what is live: version {}.",
                live.version
            ))?;
            return Ok(ExitCode::SUCCESS);
        }
        screen.print(&format!(
            "{difference}\n\nNothing was pushed. To push exactly this over version {}, which is live:\n    \
             sluice config push {name} --over {}",
            live.version, live.version
        ))?;
        Ok(ExitCode::from(exit_code(Outcome::NeedsAnswers)))
    }
}
