//! What a real installation is asked for.

use std::process::ExitCode;

use super::Failure;
use crate::installation::arguments::Operate;
use crate::terminal::Screen;

#[cfg(not(feature = "installation"))]
pub(super) fn carry_out(_: &Operate, _: &mut Screen) -> Result<ExitCode, Failure> {
    Err(without_credentials())
}

/// What is said where the program cannot ask an installation.
#[cfg(not(feature = "installation"))]
pub(super) fn without_credentials() -> Failure {
    without_credentials_for("installation", "status")
}

#[cfg(not(feature = "installation"))]
pub(super) fn without_credentials_for(features: &str, command: &str) -> Failure {
    Failure::usage(format!(
        "this build of sluice does not include AWS credentials; build it with them:\n\
         cargo run -p sluice --features {features} -- {command}"
    ))
}

#[cfg(feature = "installation")]
pub(super) use asks::{again, before, carry_out};

#[cfg(feature = "installation")]
mod asks {
    use std::fs;
    use std::io::ErrorKind;
    use std::path::Path;

    use serde_json::{Value, json};
    use sluice_words::operate::{Answer, Glimpse, Order, Outcome};

    use super::{ExitCode, Failure, Operate, Screen};
    use crate::command::ending::print_json;
    use crate::command::evidence;
    use crate::installation::arguments::{Installation, Watch};
    use crate::installation::order::order;
    use crate::installation::place;
    use crate::installation::shown::{
        Came, ENDED_OTHERWISE, exit_code, is_success, lines, parity_code,
    };
    use crate::installation::terminal::Terminal;
    use crate::terminal::{as_text, paint};

    /// So many times in a row nothing may come back while a deployment is followed.
    const SILENCES: u32 = 60;

    pub(crate) fn carry_out(operate: &Operate, screen: &mut Screen) -> Result<ExitCode, Failure> {
        if let Operate::Export(export) = operate
            && let (Some(since), Some(file)) = (&export.since, &export.output)
        {
            return evidence::write(export, since, file, screen);
        }
        let at = operate.at();
        let terminal = before(at)?;
        let order = order(operate);
        if let Operate::Watch(watch) = operate {
            return follow(&terminal, order, watch, screen);
        }
        let (answer, value) = match terminal.asks(&order) {
            Came::Answer(answer, value) => (answer, value),
            Came::Else(outcome, words) => return nothing(outcome, &words, &order, at.json, screen),
        };
        let code = match (operate, answer.outcome) {
            (Operate::Parity(_), Outcome::Done) => parity_code(&value),
            (_, outcome) => exit_code(outcome),
        };
        match operate {
            Operate::Export(_) if answer.outcome == Outcome::Done => {
                print_json(screen, &value["export"])?;
            }
            _ if at.json => print_json(screen, &value)?,
            _ if [Outcome::Done, Outcome::NeedsAnswers].contains(&answer.outcome) => {
                screen.print(&lines(&answer))?;
            }
            _ => {
                return Err(Failure::exits(
                    again(lines(&answer), answer.outcome, &order),
                    code,
                ));
            }
        }
        Ok(ExitCode::from(code))
    }

    /// A terminal before that installation.
    pub(crate) fn before(at: &Installation) -> Result<Terminal, Failure> {
        let variable = |name: &str| std::env::var(name).ok();
        let place = place::find(at, variable, file).map_err(Failure::usage)?;
        Terminal::new(&place).map_err(Failure::usage)
    }

    fn file(path: &Path) -> Option<Result<String, String>> {
        match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            read => Some(read.map_err(|error| error.to_string())),
        }
    }

    /// No answer of the function.
    fn nothing(
        outcome: Outcome,
        words: &str,
        order: &Order,
        json: bool,
        screen: &mut Screen,
    ) -> Result<ExitCode, Failure> {
        let code = exit_code(outcome);
        if json {
            print_json(screen, &Answer::line(outcome, words))?;
            return Ok(ExitCode::from(code));
        }
        Err(Failure::exits(
            again(words.to_owned(), outcome, order),
            code,
        ))
    }

    /// How to ask again what may have been done: under its own name it is done once.
    pub(crate) fn again(words: String, outcome: Outcome, order: &Order) -> String {
        match outcome {
            Outcome::Unknown => format!("{words}\nTo ask again: --request {}", order.request),
            _ => words,
        }
    }

    /// Asks again and again, and prints what is new.
    fn follow(
        terminal: &Terminal,
        mut order: Order,
        watch: &Watch,
        screen: &mut Screen,
    ) -> Result<ExitCode, Failure> {
        let json = watch.of.at.json;
        let (mut told, mut silences, mut phase) = (0, 0, String::new());
        loop {
            match terminal.asks(&order) {
                Came::Answer(answer, _) if answer.outcome == Outcome::Done => {
                    silences = 0;
                    let Some(glimpse) = answer.deployment.as_deref() else {
                        return Err(Failure::new("the installation showed no deployment"));
                    };
                    // From now on this one, whatever comes after it in its environment.
                    order.command = format!("show {}", glimpse.id);
                    if glimpse.story.len() > told || glimpse.phase != phase {
                        tell(glimpse, told, json, screen)?;
                        told = glimpse.story.len();
                        phase.clone_from(&glimpse.phase);
                    }
                    if glimpse.over {
                        return ended(&answer, glimpse, json, screen);
                    }
                }
                Came::Answer(answer, _) if answer.outcome != Outcome::Unknown => {
                    let code = exit_code(answer.outcome);
                    return Err(Failure::exits(lines(&answer), code));
                }
                Came::Else(outcome, words) if outcome == Outcome::NotAllowed => {
                    return Err(Failure::exits(words, exit_code(outcome)));
                }
                Came::Answer(answer, _) => silence(&answer.message.summary, &mut silences)?,
                Came::Else(_, words) => silence(&words, &mut silences)?,
            }
            std::thread::sleep(watch.pause());
        }
    }

    fn silence(words: &str, silences: &mut u32) -> Result<(), Failure> {
        *silences += 1;
        if *silences == 1 {
            anstream::eprintln!("{} {words}", paint(crate::terminal::WARN, "no answer:"));
        }
        match *silences < SILENCES {
            true => Ok(()),
            false => Err(Failure::exits(words, exit_code(Outcome::Unknown))),
        }
    }

    fn tell(
        glimpse: &Glimpse,
        told: usize,
        json: bool,
        screen: &mut Screen,
    ) -> Result<(), Failure> {
        let new = glimpse.story.get(told..).unwrap_or_default();
        if json {
            let line: Value = json!({
                "deployment": glimpse.id,
                "phase": glimpse.phase,
                "over": glimpse.over,
                "needs_decision": glimpse.needs_decision,
                "new": new,
            });
            return Ok(screen.print(&line.to_string())?);
        }
        for line in new {
            screen.print(&as_text(line).replace("/sluice ", "sluice "))?;
        }
        Ok(())
    }

    fn ended(
        answer: &Answer,
        glimpse: &Glimpse,
        json: bool,
        screen: &mut Screen,
    ) -> Result<ExitCode, Failure> {
        if !json {
            screen.print(&format!("\n{}", lines(answer)))?;
        }
        Ok(match is_success(glimpse) {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(ENDED_OTHERWISE),
        })
    }
}
