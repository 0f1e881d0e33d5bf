//! `sluice plan`: what a push would do. Nothing happens.

use std::process::ExitCode;

use futures::executor::block_on;
use sluice_app::Preview;
use sluice_core::intake::Ignored;

use super::Failure;
use crate::arguments::Plan;
use crate::preview;
use crate::rehearsal::PayloadFile;
use crate::sample;
use crate::terminal::{BAD, DIM, STRONG, Screen, WARN, paint, wrap, wrap_hanging};

const SIMULATED: &str = "Drawn from a simulated cloud, furnished as the configuration says: the \
                         steps are true, the present state of your services is not in it.";

pub(super) fn carry_out(plan: &Plan, screen: &mut Screen) -> Result<ExitCode, Failure> {
    let config = sample::configuration(plan.configuration.config.as_deref())?;
    let file = PayloadFile::read(&plan.event)
        .map_err(|error| Failure::new(format!("{}: {error}", plan.event.display())))?;
    let config = sample::installed(config, std::slice::from_ref(&file));
    let rehearsed = preview::Rehearsed::new(&file, &config)
        .map_err(|error| Failure::new(format!("{}: {error}", file.name)))?;
    let previews = block_on(rehearsed.previews())
        .map_err(|error| Failure::new(format!("{}: {error}", file.name)))?;
    screen.print(&paint(DIM, wrap(SIMULATED, 100).join("\n")))?;
    match previews {
        Err(ignored) => {
            screen.print(&nothing(&file.name, &ignored))?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(previews) => {
            for preview in &previews {
                screen.print(&shown(preview))?;
            }
            screen.print("Nothing was done.")?;
            let clear = previews.iter().all(|preview| preview.plan.is_ok());
            Ok(if clear {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

fn nothing(file: &str, ignored: &Ignored) -> String {
    format!("\n{file} deploys nothing: {ignored}.")
}

fn shown(preview: &Preview) -> String {
    match &preview.plan {
        Ok(plan) => {
            let asks = if preview.needs_approval {
                "It waits for approval before anything is touched."
            } else {
                "Nobody is asked."
            };
            let text = sluice_words::plan::text(plan);
            let lines = text.lines().flat_map(|line| wrap_hanging(line, 100, 3));
            let lines: Vec<String> = lines.collect();
            format!("\n{}\n{}\n", lines.join("\n"), paint(WARN, asks))
        }
        Err(problems) => {
            let title = format!("There is no plan for {}:", preview.environment);
            let problems = problems.iter().map(|problem| format!("  • {problem}"));
            let problems: Vec<String> = problems
                .flat_map(|problem| wrap_hanging(&problem, 100, 2))
                .collect();
            format!(
                "\n{}\n{}\n{}\n",
                paint(BAD, title),
                problems.join("\n"),
                paint(STRONG, "Put these right first.")
            )
        }
    }
}
