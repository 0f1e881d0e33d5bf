//! `sluice export --since`, which writes evidence, and `sluice verify`, which verifies it.

use std::io::BufReader;
use std::process::ExitCode;

use super::Failure;
use super::ending::print_json;
use crate::arguments::Verify;
use crate::evidence::{self, NoEvidence, Problem, Where};
use crate::input;
use crate::terminal::Screen;

#[cfg(feature = "installation")]
pub(super) use export::write;

/// Reads the file and says whether it is as it was written.
pub(super) fn verify(verify: &Verify, screen: &mut Screen) -> Result<ExitCode, Failure> {
    let name = input::name(&verify.file);
    let failed = |why: NoEvidence| Failure::usage(format!("{name} is no evidence: {why}"));
    let opened =
        input::open(&verify.file).map_err(|error| failed(NoEvidence::Unreadable(error)))?;
    let mut found =
        evidence::verify(BufReader::new(opened), &verify.checkpoints).map_err(failed)?;
    if let Some(expected) = verify.sha256.as_ref().filter(|it| **it != found.sha256) {
        let what = format!(
            "the SHA-256 of the file is {}, and {expected} was expected: it is another file, or all \
             of it was written again",
            found.sha256
        );
        found.problems.push(Problem {
            line: found.lines,
            place: Where::Line,
            what,
        });
    }
    match verify.json {
        true => print_json(screen, &evidence::printed(&found))?,
        false => screen.print(&evidence::report(&found, verify.list))?,
    }
    Ok(match found.problems.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

#[cfg(feature = "installation")]
mod export {
    use std::fs::{self, File};
    use std::io::{self, BufWriter};
    use std::path::Path;

    use serde_json::Value;
    use sluice_core::id::{AppName, DeploymentId};
    use sluice_core::quantity::count;
    use sluice_words::operate::{Answer, Evidence, Outcome};

    use super::{ExitCode, Failure, Screen};
    use crate::command::operate::before;
    use crate::evidence::{FORM, Head, Version, Writer};
    use crate::installation::arguments::{Export, Installation};
    use crate::installation::order::of_command;
    use crate::installation::shown::{Came, exit_code, lines};
    use crate::installation::terminal::Terminal;
    use crate::terminal::is_lively;

    /// Each question is asked so often where no answer comes: all of them only read.
    const TRIES: u8 = 3;

    /// Writes the evidence since that time into a file that is not there yet.
    pub(crate) fn write(
        export: &Export,
        since: &str,
        file: &Path,
        screen: &mut Screen,
    ) -> Result<ExitCode, Failure> {
        let name = file.display();
        let failed = |error: io::Error| Failure::new(format!("{name} cannot be written: {error}"));
        if file.exists() {
            return Err(Failure::usage(format!(
                "{name} is there already: evidence is not overwritten. Choose another --output"
            )));
        }
        let asking = Asking {
            terminal: before(&export.at)?,
            at: &export.at,
        };
        let what = asking.what(since, export.subject.as_deref())?;
        // A file that was not finished has another name: it is no evidence.
        let unfinished = file.with_added_extension("part");
        let out = BufWriter::new(File::create(&unfinished).map_err(failed)?);
        let head = Head {
            form: FORM,
            sluice: env!("CARGO_PKG_VERSION").to_owned(),
            since: what.since,
            made_at: what.made_at,
            environment: what.environment.as_ref().map(ToString::to_string),
        };
        let mut writer = Writer::begin(out, head).map_err(failed)?;
        for (number, id) in what.deployments.iter().enumerate() {
            progress(number, what.deployments.len());
            writer.deployment(asking.deployment(id)?).map_err(failed)?;
        }
        for (app, number) in &what.versions {
            writer
                .configuration(asking.version(app, *number)?)
                .map_err(failed)?;
        }
        let sha256 = writer.end().map_err(failed)?;
        fs::rename(&unfinished, file).map_err(failed)?;
        screen.print(&format!(
            "{name} has {} and {} of sluice.toml. Its SHA-256 is\n{sha256}\nKeep it where the file \
             is not. To verify the file: sluice verify {name} --sha256 {sha256}",
            count(what.deployments.len(), "deployment"),
            count(what.versions.len(), "version"),
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    fn progress(number: usize, all: usize) {
        if is_lively() && number.is_multiple_of(10) {
            anstream::eprint!("\r{number} of {}", count(all, "deployment"));
        }
    }

    struct Asking<'a> {
        terminal: Terminal,
        at: &'a Installation,
    }

    impl Asking<'_> {
        fn what(&self, since: &str, subject: Option<&str>) -> Result<Evidence, Failure> {
            let environment = subject.unwrap_or_default();
            let (answer, _) = self.asked(&format!("evidence {since} {environment}"))?;
            let evidence = answer.evidence.ok_or_else(|| older("evidence"))?;
            Ok(*evidence)
        }

        fn deployment(&self, id: &DeploymentId) -> Result<Value, Failure> {
            let (_, mut value) = self.asked(&format!("export {id}"))?;
            Ok(value["export"].take())
        }

        fn version(&self, app: &AppName, number: u32) -> Result<Version, Failure> {
            let (answer, _) = self.asked(&format!("config show {app} {number}"))?;
            let file = answer
                .file
                .ok_or_else(|| older("versions of sluice.toml"))?;
            let change = file.change;
            Ok(Version {
                app: file.app,
                number: file.version,
                by: change.as_ref().map(|change| change.by.clone()),
                accepted_by: change.as_ref().and_then(|it| it.accepted_by.clone()),
                at: change.as_ref().map(|change| change.at),
                reason: change.and_then(|change| change.reason),
                text: file.text,
            })
        }

        fn asked(&self, command: &str) -> Result<(Box<Answer>, Value), Failure> {
            let order = of_command(command.to_owned(), self.at);
            let mut tries = 1;
            loop {
                let (outcome, words) = match self.terminal.asks(&order) {
                    Came::Answer(answer, value) if answer.outcome == Outcome::Done => {
                        return Ok((answer, value));
                    }
                    Came::Answer(answer, _) => (answer.outcome, lines(&answer)),
                    Came::Else(outcome, words) => (outcome, words),
                };
                if outcome != Outcome::Unknown || tries == TRIES {
                    let code = exit_code(outcome);
                    return Err(Failure::exits(words, code));
                }
                tries += 1;
            }
        }
    }

    /// The function is of a version that does not know it.
    fn older(what: &str) -> Failure {
        Failure::new(format!(
            "this installation does not give {what}: it is of an older version than this `sluice`"
        ))
    }
}
