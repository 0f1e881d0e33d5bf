//! The summary at the end.

use serde::Serialize;
use sluice_core::deployment::Deployment;
use sluice_core::phase::Phase;
use sluice_sim::world::World;
use sluice_words::report::told;

use super::Failure;
use crate::account;
use crate::terminal::{BAD, DIM, GOOD, STRONG, Screen, as_text, paint, width, wrap_hanging};

/// Every deployment: where it ended, the state of the world, and what people can do.
pub(super) fn deployments(world: &World) -> String {
    account::deployments(world)
        .iter()
        .map(deployment)
        .collect::<Vec<_>>()
        .join("\n")
}

fn deployment(d: &Deployment) -> String {
    let style = if matches!(d.phase, Phase::Succeeded) {
        GOOD
    } else {
        BAD
    };
    let mut lines = vec![format!(
        "\n{} {} {}  {}",
        paint(STRONG, d.environment()),
        d.release.tag,
        paint(style, d.phase.in_words()),
        paint(DIM, format!("{} · {}", d.id, d.release.digest.short()))
    )];
    if let Some(report) = told(d) {
        lines.extend(report.world.iter().map(|line| hanging("  ", line)));
        lines.extend(report.todo.iter().map(|line| hanging("  → ", line)));
    }
    lines.join("\n")
}

/// A line as wide as the terminal, with the rest below what comes after `before`.
fn hanging(before: &str, line: &str) -> String {
    let line = format!("{before}{}", as_text(line));
    wrap_hanging(&line, width(), before.trim_start().chars().count()).join("\n")
}

/// Prints a value as JSON, and nothing else.
pub(super) fn print_json(screen: &mut Screen, value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(format!("the account cannot be written as JSON: {error}")))?;
    Ok(screen.print(&json)?)
}
