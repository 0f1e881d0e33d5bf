//! `sluice plan`: what a push would do. Nothing happens.

use std::path::PathBuf;
use std::process::ExitCode;

use futures::executor::block_on;
use serde::Serialize;
use sluice_app::Preview;
use sluice_core::id::EnvironmentName;
use sluice_core::intake::Ignored;
use sluice_core::plan::SealedPlan;
use sluice_words::{refusal, view};

use super::Failure;
use super::ending::print_json;
use crate::arguments::Plan;
use crate::input;
use crate::preview;
use crate::rehearsal::PayloadFile;
use crate::sample;
use crate::terminal::{BAD, DIM, STRONG, Screen, WARN, paint, slack, wrap, wrap_hanging};

const SIMULATED: &str = "Made from a simulated cloud, set up as the configuration says: the steps \
    are exact, the current state of your services is not included.";

pub(super) fn carry_out(plan: &Plan, screen: &mut Screen) -> Result<ExitCode, Failure> {
    let config = sample::configuration(plan.configuration.config.as_deref())?;
    let read = |path: &PathBuf| {
        PayloadFile::read(path)
            .map_err(|error| Failure::new(format!("{}: {error}", input::name(path))))
    };
    let files: Vec<PayloadFile> = plan.events.iter().map(read).collect::<Result<_, _>>()?;
    let name = files.last().map_or("", |file| &file.name);
    let config = sample::installed(config, &files);
    let failed = |error: String| Failure::new(format!("{name}: {error}"));
    let rehearsed = preview::Rehearsed::new(&files, &config).map_err(failed)?;
    let previews = block_on(rehearsed.previews()).map_err(|error| failed(error.to_string()))?;
    if plan.json {
        print_json(screen, &account(&previews))?;
        return Ok(exit_code(&previews));
    }
    screen.print(&paint(DIM, wrap(SIMULATED, 100).join("\n")))?;
    let exit_code = exit_code(&previews);
    match previews {
        Err(ignored) => {
            screen.print(&nothing(name, &ignored))?;
        }
        Ok(previews) => {
            for preview in &previews {
                screen.print(&shown(preview))?;
            }
            screen.print("Nothing was changed.")?;
        }
    }
    Ok(exit_code)
}

/// Success where every environment has a plan.
fn exit_code(previews: &Result<Vec<Preview>, Ignored>) -> ExitCode {
    let previews = previews.iter().flatten();
    if previews.into_iter().all(|preview| preview.plan.is_ok()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What `--json` prints. `version` changes when a field changes its meaning or goes.
#[derive(Serialize)]
struct Account<'a> {
    version: u32,
    /// Why the push deploys nothing.
    ignored: Option<String>,
    environments: Vec<EnvironmentAccount<'a>>,
}

#[derive(Serialize)]
struct EnvironmentAccount<'a> {
    environment: &'a EnvironmentName,
    needs_approval: bool,
    plan: Option<&'a SealedPlan>,
    problems: &'a [String],
}

fn account(previews: &Result<Vec<Preview>, Ignored>) -> Account<'_> {
    Account {
        version: 1,
        ignored: previews.as_ref().err().map(refusal::ignored),
        environments: previews.iter().flatten().map(environment).collect(),
    }
}

fn environment(preview: &Preview) -> EnvironmentAccount<'_> {
    EnvironmentAccount {
        environment: &preview.environment,
        needs_approval: preview.waiting.is_some(),
        plan: preview.plan.as_ref().ok(),
        problems: preview.plan.as_ref().err().map_or(&[], Vec::as_slice),
    }
}

fn nothing(file: &str, ignored: &Ignored) -> String {
    let why = refusal::ignored(ignored);
    format!("\n{file} deploys nothing: {why}.")
}

fn shown(preview: &Preview) -> String {
    match &preview.plan {
        Ok(plan) => {
            let text = sluice_words::plan::text(plan);
            let lines = text.lines().flat_map(|line| wrap_hanging(line, 100, 3));
            let lines: Vec<String> = lines.collect();
            let asks = match &preview.waiting {
                Some(waiting) => {
                    let channel = waiting.settings.environment.channel.as_str();
                    let card = slack(channel, &view::message(waiting, None));
                    let asks = "It waits for approval before anything is changed. People read:";
                    format!("{}\n{card}", paint(WARN, asks))
                }
                None => paint(WARN, "It deploys automatically, without approval."),
            };
            format!("\n{}\n{asks}\n", lines.join("\n"))
        }
        Err(problems) => {
            let title = format!("Planning for {} failed:", preview.environment);
            let problems = problems.iter().map(|problem| format!("  • {problem}"));
            let problems: Vec<String> = problems
                .flat_map(|problem| wrap_hanging(&problem, 100, 2))
                .collect();
            format!(
                "\n{}\n{}\n{}\n",
                paint(BAD, title),
                problems.join("\n"),
                paint(STRONG, "Fix these first.")
            )
        }
    }
}
