//! What people see of a deployment: one message that always says how things stand, and a thread
//! that tells how they came to. Both follow from the deployment alone.

mod alone;
mod approval;
mod buttons;
mod changes;
mod decided;
mod doubt;
mod headline;
mod looks;
mod metrics;
mod modals;
mod origin;
mod progress;
mod restore_modal;
mod running;
mod standing;
mod way_back;

use crate::console;
use crate::controls::overriders;
use crate::inline::{clock, moment_of_day};
use crate::message::{Block, Message};
use crate::report::{Told, told};
use crate::waits::waits_for;
use crate::{note, plan};
use sluice_core::config::Member;
use sluice_core::controls::zone;
use sluice_core::deployment::Deployment;
use sluice_core::history::Checkpoint;
use sluice_core::note::{Entry, Note};
use sluice_core::phase::Phase;
use sluice_core::plan::SealedPlan;

pub(crate) use alone::{effect, subject};
pub use changes::changes;
pub use looks::{ended_words, history_message, was_done, who_message};
pub use metrics::metrics_message;
pub use modals::{WaysBack, override_modal, reject_modal, rollback_modal};
pub use restore_modal::{RestoreWay, RestoreWays, restore_modal};
pub use running::Running;
pub use standing::{Glance, home, status_message};
pub use way_back::verdict;

/// Slack cuts a text of more than 3,000 characters, and escaping makes some longer.
const BLOCK_CHARS: usize = 2_400;

/// The deployment's one message. `before` is the plan of the deployment that was verified last here,
/// where that is known: what changes is said against it.
pub fn message(d: &Deployment, before: Option<&SealedPlan>) -> Message {
    let release = &d.release.tag;
    let environment = d.environment();
    let mut blocks = vec![Block::Header(headline::headline(d))];
    match told(d) {
        Some(told) => {
            let status = ("Status".to_owned(), progress::status(d));
            blocks.push(Block::Fields(vec![status]));
            blocks.extend(report_blocks(&told));
        }
        None => {
            blocks.extend(approval::card(d, before).unwrap_or_else(|| progress_blocks(d, before)))
        }
    }
    let pages = console::links(d);
    if !pages.is_empty() {
        blocks.push(Block::Links(pages));
    }
    let mut small = format!(
        "{} · {} · {}",
        d.id,
        d.release.digest.short(),
        note::asked(&d.requested_by)
    );
    if let Some(decided) = decided::decided(d) {
        small.push_str(&format!("\n{decided}"));
    }
    if let Some(hotfix) = d.hotfix.as_ref().filter(|_| d.phase.is_terminal()) {
        small.push_str(&format!("\nHotfix: {hotfix}"));
    }
    if let (Phase::AwaitingApproval, Some(sealed)) = (&d.phase, &d.plan) {
        small.push_str(&format!("\n{}", approval::small_print(sealed)));
    }
    blocks.push(Block::Context(small));
    blocks.extend(buttons::buttons(d));
    let summary = match told(d) {
        Some(told) => format!("{} {}: {}", d.app(), environment, told.happened),
        None if let Some(restore) = d.restore() => format!(
            "{} {environment}: restoring {}: waits for {}",
            d.app(),
            restore.database.identifier(),
            waits_for(d)
        ),
        None if d.rollback().is_some() => format!(
            "{} {environment} back to {release}: waits for {}",
            d.app(),
            waits_for(d)
        ),
        None => format!(
            "{} {release} to {environment}: waits for {}",
            d.app(),
            waits_for(d)
        ),
    };
    Message { summary, blocks }
}

/// A message of the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The message.
    pub message: Message,
    /// Whether the channel sees it too: a failure, or a decision that is needed. Slack tells nobody
    /// of a message that was edited.
    pub broadcast: bool,
}

/// An entry of the story as messages of the thread: what happened, then its details.
pub fn replies(d: &Deployment, entry: &Entry) -> Vec<Reply> {
    let line = format!(
        "{}  {}",
        entry.at.strftime("%H:%M:%S"),
        note::words(&entry.note, d)
    );
    let plan = match (&entry.note, &d.plan) {
        (Note::PlanDrawn { plan } | Note::PlanChanged { plan, .. }, Some(sealed))
            if sealed.hash == *plan =>
        {
            Some(Block::Code(plan::text(sealed)))
        }
        _ => None,
    };
    if let Some(question) = question(d, &entry.note) {
        let details = plan.map(|plan| Reply {
            message: Message {
                summary: format!("The plan of {} in full", d.id),
                blocks: vec![plan],
            },
            broadcast: false,
        });
        let asked = Reply {
            message: Message::line(format!("{}\n{question}", alone::alert(d, &entry.note))),
            broadcast: true,
        };
        return std::iter::once(asked).chain(details).collect();
    }
    let broadcast = is_failure(d, &entry.note);
    let mut message = Message::line(if broadcast {
        alone::alert(d, &entry.note)
    } else {
        line
    });
    message.blocks.extend(plan);
    vec![Reply { message, broadcast }]
}

/// How far the history goes by now, in the form that `sluice verify --checkpoint` takes.
pub fn checkpoint(posted: &Checkpoint) -> Block {
    Block::Context(format!("History checkpoint: `{posted}`"))
}

/// Whether its migration runs on a copy before anybody is asked.
fn rehearses(d: &Deployment) -> bool {
    let backup = d.settings.environment.backup.as_ref();
    let migrates = d
        .plan
        .as_ref()
        .is_some_and(|sealed| sealed.plan.judgement().is_some());
    migrates && backup.is_some_and(|backup| backup.rehearse)
}

/// What people are asked when a plan was drawn that waits for them, or when a bake proves nothing.
fn question(d: &Deployment, note: &Note) -> Option<String> {
    match note {
        Note::CannotTell { .. } => return Some(doubt::question(d)),
        // First comes the rehearsal, and then the question.
        Note::PlanDrawn { .. } | Note::PlanChanged { .. } if rehearses(d) => return None,
        Note::PlanDrawn { .. } | Note::PlanChanged { .. } | Note::RehearsalRemoved => {}
        _ => return None,
    }
    let approval = d.settings.environment.approval.as_ref()?;
    let approvers: Vec<String> = approval.approvers.iter().map(Member::to_string).collect();
    // Of a later phase's deadline nothing is said: what is caught up on may be over.
    let until = sluice_core::machine::deadline(d);
    let until = until.filter(|_| matches!(d.phase, Phase::AwaitingApproval));
    let until = until.map_or_else(String::new, |until| {
        format!(", until {}", moment_of_day(until))
    });
    let what = if d.restore().is_some() {
        "approve the restore, with the loss that the plan names,"
    } else {
        "approve it"
    };
    Some(format!(
        "{}: {what} at the top of this thread{until}.",
        approvers.join(" ")
    ))
}

fn is_failure(d: &Deployment, note: &Note) -> bool {
    match note {
        Note::RollingBack { .. }
        | Note::StillOpen { .. }
        | Note::ServiceStuck { .. }
        | Note::NeedsPerson { .. }
        | Note::ChangeSetLeft { .. }
        | Note::RestoreDecisionNeeded { .. }
        | Note::RestoreBegan
        | Note::RestoreGivenUp { .. }
        | Note::ServiceNotStarted { .. } => true,
        Note::Ended => matches!(
            d.phase,
            Phase::Failed { .. }
                | Phase::RolledBack { .. }
                | Phase::RollbackFailed { .. }
                | Phase::Expired
                | Phase::Restored
                | Phase::RestoreFailed { .. }
                | Phase::Unverified { .. }
        ),
        _ => false,
    }
}

fn progress_blocks(d: &Deployment, before: Option<&SealedPlan>) -> Vec<Block> {
    let mut blocks = vec![Block::Fields(vec![
        ("Status".to_owned(), progress::status(d)),
        (
            "Waits for".to_owned(),
            format!("{}, since {}", waits_for(d), clock(d.entered_at)),
        ),
    ])];
    let changes = changes::changes(d, before);
    let decides = matches!(d.phase, Phase::AwaitingRestoreDecision { .. });
    if !changes.is_empty() && !decides {
        blocks.push(titled("What changes", bullets(&changes)));
    }
    blocks.extend(origin::links(d, before));
    blocks.extend(
        d.hotfix
            .as_ref()
            .map(|hotfix| Block::Text(format!("Hotfix: {hotfix}"))),
    );
    blocks.extend(doubt::known(d).map(Block::Text));
    blocks.extend(paused(d).map(Block::Text));
    if let Phase::AwaitingWindow { closed: Some(_) } = &d.phase {
        blocks.push(Block::Text(format!(
            "Nothing is changed before that. {}, for this deployment only.",
            overriders(&d.settings.environment)
        )));
    }
    blocks.extend(way_back::blocks(d));
    // Of a restore: a release has its own card.
    if let (Phase::AwaitingApproval, Some(sealed)) = (&d.phase, &d.plan) {
        blocks.extend(approval::asked_again(d, sealed).map(Block::Text));
        blocks.push(Block::Code(plan::text(sealed)));
        blocks.extend(approval::approvals(d).map(|said| titled("Approval", said)));
    }
    blocks
}

/// A text under a title.
fn titled(title: &str, text: String) -> Block {
    Block::Fields(vec![(title.to_owned(), text)])
}

/// By whom, why, since when, and what becomes of it.
fn paused(d: &Deployment) -> Option<String> {
    let paused = d.paused.as_ref()?;
    let zone = zone(&d.settings.environment);
    let end = sluice_core::machine::deadline(d).map(|deadline| {
        let becomes = match (&d.touched.rollouts_since, d.phase.is_untouched()) {
            (_, true) => "expires; nothing was changed",
            (Some(_), _) => "is rolled back",
            (None, _) => "ends; no service was changed",
        };
        format!(
            " If no one resumes it by {}, it {becomes}.",
            zone.says(deadline)
        )
    });
    Some(format!(
        "Paused by <@{}> since {}: {}. Nothing new is started; what ECS and RDS have started \
         continues.{}",
        paused.by,
        zone.says(paused.at),
        paused.reason,
        end.unwrap_or_default()
    ))
}

/// By whom it is paused, and why: at a glance.
fn pause_words(d: &Deployment) -> Option<String> {
    let paused = d.paused.as_ref().filter(|_| !d.phase.is_terminal())?;
    Some(format!("⏸ paused by <@{}>: {}", paused.by, paused.reason))
}

fn report_blocks(told: &Told) -> Vec<Block> {
    let mut blocks = vec![Block::Text(told.happened.clone())];
    blocks.extend(listed("How things stand", &told.world));
    blocks.extend(listed("What you can do", &told.todo));
    blocks
}

/// A list, in as many blocks as it takes: a command that is cut short helps nobody.
fn listed(title: &str, lines: &[String]) -> Vec<Block> {
    let mut texts: Vec<String> = Vec::new();
    for line in lines {
        match texts.last_mut() {
            Some(text) if text.chars().count() + line.chars().count() < BLOCK_CHARS => {
                text.push_str(&format!("\n• {line}"));
            }
            _ => texts.push(format!("• {line}")),
        }
    }
    let first = texts.iter().take(1).map(|text| titled(title, text.clone()));
    let others = texts.iter().skip(1).cloned().map(Block::Text);
    first.chain(others).collect()
}

/// What becomes of a deployment under way when somebody wants back.
fn makes_way(d: &Deployment) -> String {
    let does = match d.phase {
        Phase::Provisioning(_) => {
            "is stopped first: a running update of the stack is finished, and no service is changed"
        }
        Phase::BackingUp(_) => "is stopped first: it has not changed anything yet",
        Phase::Migrating => {
            "is stopped first: a running migration is finished, and no service is changed"
        }
        _ => "is rolled back first",
    };
    format!("{}, which is in progress, {does}", d.release.tag)
}

fn bullets(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("• {line}")).collect();
    lines.join("\n")
}
