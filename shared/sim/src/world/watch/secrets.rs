//! What is looked at once, at the end: secrets in all that was stored and said, and whether every
//! history says how its deployment became what it is.

use std::io::Write;

use jiff::Timestamp;
use serde::Serialize;
use sluice_app::ports::Stored;
use sluice_core::history::{self, Record};
use sluice_core::id::DeploymentId;
use sluice_words::chain;

use super::{Invariant, Violation};
use crate::workplace::{MonitorModel, SlackModel};

/// Every secret value of the simulated cloud begins with this.
const MARK: &str = "hunter2";

/// The first place in a value's JSON that holds the mark.
fn leaks(value: &impl Serialize) -> bool {
    let mut text = Vec::with_capacity(4096);
    let written = serde_json::to_writer(&mut text, value).is_ok() && text.flush().is_ok();
    !written
        || text
            .windows(MARK.len())
            .any(|window| window == MARK.as_bytes())
}

/// Secrets in deployments and their histories. The deployment's state is folded from its records,
/// so a value that ever was in a state is in a record or in the state still.
pub(in crate::world) fn secrets_in_histories(
    deployments: &[Stored],
    histories: &[(DeploymentId, Vec<Record>)],
    at: Timestamp,
) -> Vec<Violation> {
    let in_states = deployments
        .iter()
        .filter(|stored| leaks(&stored.deployment))
        .map(|stored| (stored.deployment.id.clone(), "its stored state".to_owned()));
    let in_records = histories.iter().flat_map(|(id, records)| {
        let leaking = records.iter().filter(leaks);
        leaking.map(|record| (id.clone(), format!("record {} of its history", record.seq)))
    });
    in_states
        .chain(in_records)
        .map(|(id, place)| Violation {
            at,
            invariant: Invariant::NoSecrets,
            deployment: Some(id),
            detail: format!("a secret's value is in {place}"),
        })
        .collect()
}

/// Secrets in anything that Slack was ever told.
pub(in crate::world) fn secrets_in_messages(slack: &SlackModel) -> Vec<Violation> {
    let mut found = Vec::new();
    for posted in slack.messages() {
        let leaking = posted.versions.iter().filter(|(_, message)| leaks(message));
        found.extend(leaking.map(|(at, _)| Violation {
            at: *at,
            invariant: Invariant::NoSecrets,
            deployment: None,
            detail: format!("a secret's value is in the message {}", posted.reference.ts),
        }));
    }
    found
}

/// Secrets in anything that a monitor was ever told.
pub(in crate::world) fn secrets_in_news(monitors: &MonitorModel) -> Vec<Violation> {
    let told = monitors.all_taken().into_iter();
    let leaking = told.filter(|(_, taken)| leaks(&taken.news));
    let found = leaking.map(|(monitor, taken)| Violation {
        at: taken.at,
        invariant: Invariant::NoSecrets,
        deployment: None,
        detail: format!("a secret's value is in what {monitor} was told"),
    });
    found.collect()
}

/// Histories that do not verify, or do not lead to what is stored.
pub(in crate::world) fn replay_problems(
    deployments: &[Stored],
    histories: &[(DeploymentId, Vec<Record>)],
    at: Timestamp,
) -> Vec<Violation> {
    let mut problems = Vec::new();
    for stored in deployments {
        let id = &stored.deployment.id;
        let records = histories
            .iter()
            .find(|(of, _)| of == id)
            .map_or(&[][..], |(_, all)| all);
        let detail = match history::replay(records) {
            Ok(replayed) if replayed == *stored.deployment => continue,
            Ok(replayed) => format!(
                "its history leads to {}, the store has {}",
                replayed.phase.name(),
                stored.deployment.phase.name()
            ),
            Err(broken) => chain::broken(&broken),
        };
        problems.push(Violation {
            at,
            invariant: Invariant::Replayable,
            deployment: Some(id.clone()),
            detail,
        });
    }
    problems
}
