//! `sluice config`: checks files, and prints what a file may contain.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use sluice_core::config::{Config, Problem, schema, shared};
use sluice_migrations::rules;

use super::Failure;
use super::ending::print_json;
use super::summary::summary;
use crate::arguments;
use crate::input;
use crate::sample;
use crate::terminal::{GOOD, Screen, WARN, paint};
use crate::warnings::warnings;

/// What was found in a file. `version` of [`Report`] changes when a field changes its meaning or
/// goes.
#[derive(Serialize)]
pub(super) struct Checked {
    file: String,
    valid: bool,
    problems: Vec<Finding>,
    warnings: Vec<Finding>,
    #[serde(skip)]
    config: Option<Config>,
    /// All problems as text.
    #[serde(skip)]
    told: String,
}

impl Checked {
    /// All mistakes as text, if there are any.
    #[cfg(feature = "doctor")]
    pub(super) fn mistakes(&self) -> Option<&str> {
        (!self.valid).then_some(self.told.as_str())
    }

    /// The warnings, as editors read them.
    #[cfg(feature = "doctor")]
    pub(super) fn warned(&self) -> impl Iterator<Item = String> {
        self.warnings
            .iter()
            .map(|warning| warned(&self.file, warning))
    }
}

#[derive(Serialize)]
struct Finding {
    line: usize,
    column: usize,
    key: String,
    message: String,
    help: String,
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    files: &'a [Checked],
    /// What two of the files claim.
    conflicts: &'a [String],
}

impl From<Problem> for Finding {
    fn from(problem: Problem) -> Self {
        Self {
            line: problem.line,
            column: problem.column,
            key: problem.key,
            message: problem.message,
            help: problem.help,
        }
    }
}

pub(super) fn carry_out(
    command: &arguments::Config,
    screen: &mut Screen,
) -> Result<ExitCode, Failure> {
    match command {
        arguments::Config::Check {
            files,
            strict,
            json,
        } => check(files, *strict, *json, screen),
        arguments::Config::Schema => {
            let schema = serde_json::to_string_pretty(&schema()).map_err(|error| {
                Failure::new(format!("the schema cannot be written as JSON: {error}"))
            })?;
            screen.print(&schema)?;
            Ok(ExitCode::SUCCESS)
        }
        live => super::live_config::carry_out(live, screen),
    }
}

fn check(
    files: &[PathBuf],
    strict: bool,
    json: bool,
    screen: &mut Screen,
) -> Result<ExitCode, Failure> {
    let checked: Vec<Checked> = files
        .iter()
        .map(|file| checked(file))
        .collect::<Result<_, _>>()?;
    let valid = checked.iter().filter_map(|checked| {
        let config = checked.config.as_ref()?;
        Some((checked.file.clone(), config))
    });
    let together: Vec<(String, &Config)> = valid.collect();
    let conflicts: Vec<String> = shared(&together).iter().map(ToString::to_string).collect();
    let problems = checked.iter().any(|checked| !checked.valid) || !conflicts.is_empty();
    let warnings = checked.iter().any(|checked| !checked.warnings.is_empty());
    if json {
        let report = Report {
            version: 1,
            files: &checked,
            conflicts: &conflicts,
        };
        print_json(screen, &report)?;
    } else if problems {
        let told = checked.into_iter().filter(|checked| !checked.valid);
        let told: Vec<String> = told.map(|checked| checked.told).chain(conflicts).collect();
        return Err(Failure::new(told.join("\n")));
    } else {
        for checked in &checked {
            let config = checked.config.as_ref();
            screen.print(&config.map_or_else(String::new, summary))?;
            for warning in &checked.warnings {
                anstream::eprintln!("{}", warned(&checked.file, warning));
            }
            let valid = format!("{} is valid.", checked.file);
            screen.print(&paint(GOOD, valid))?;
        }
    }
    Ok(if problems || (strict && warnings) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn checked(file: &Path) -> Result<Checked, Failure> {
    let text = sample::text(file)?;
    Ok(checked_text(input::name(file), &text))
}

/// What `config check` finds in a text.
pub(super) fn checked_text(file: String, text: &str) -> Checked {
    let (config, problems, told) = match Config::parse(text) {
        Err(problems) => {
            let problems = problems.in_file(file.clone());
            (None, problems.as_slice().to_vec(), problems.to_string())
        }
        Ok(config) => {
            let unknown = unknown_rules(&config);
            let told = unknown.iter().map(|problem| {
                format!(
                    "{file}: {}: {}\n    {}",
                    problem.key, problem.message, problem.help
                )
            });
            let told: Vec<String> = told.collect();
            (
                unknown.is_empty().then_some(config),
                unknown,
                told.join("\n"),
            )
        }
    };
    let warnings = config
        .as_ref()
        .map_or_else(Vec::new, |config| warnings(config, text));
    Checked {
        file,
        valid: config.is_some(),
        problems: problems.into_iter().map(Finding::from).collect(),
        warnings: warnings.into_iter().map(Finding::from).collect(),
        config,
        told,
    }
}

/// A warning in the form of an error, which editors read.
fn warned(file: &str, warning: &Finding) -> String {
    let Finding {
        line,
        column,
        key,
        message,
        help,
    } = warning;
    let word = paint(WARN, "warning:");
    format!("{file}:{line}:{column}: {word} {key}: {message}\n    {help}")
}

/// A waiver of a rule that does not exist would allow nothing, and no one would know why.
fn unknown_rules(config: &Config) -> Vec<Problem> {
    let rules: Vec<String> = rules().map(|(name, _)| name).collect();
    let migration = config.migration.as_ref();
    let inspect = migration.and_then(|migration| migration.inspect.as_ref());
    let waivers = inspect.iter().flat_map(|inspect| &inspect.waivers);
    waivers
        .filter(|waived| !rules.contains(&waived.rule))
        .map(|waived| {
            let meant = super::probably(&waived.rule, rules.iter().map(String::as_str))
                .map_or_else(String::new, |meant| format!(": did you mean `{meant}`?"));
            Problem {
                line: 1,
                column: 1,
                key: "migration.waivers".to_owned(),
                message: format!(
                    "there is no rule `{}` (of revision {}){meant}",
                    waived.rule, waived.revision
                ),
                help: "docs/migration-rules.md lists them all".to_owned(),
            }
        })
        .collect()
}
