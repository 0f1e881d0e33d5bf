//! What people see of a deployment: one message that always says how things stand, and a thread
//! that tells how they came to. Both follow from the deployment alone.

mod buttons;
mod changes;
mod decided;
mod doubt;
mod headline;
mod looks;
mod modals;
mod origin;
mod progress;
mod restore_modal;
mod standing;
mod way_back;

use crate::controls::overriders;
use crate::message::{Block, Message};
use crate::report::{Told, told};
use crate::waits::waits_for;
use crate::{note, plan};
use sluice_core::config::Member;
use sluice_core::controls::zone;
use sluice_core::deployment::Deployment;
use sluice_core::note::{Entry, Note};
use sluice_core::phase::Phase;
use sluice_core::plan::SealedPlan;

pub use looks::{history_message, who_message};
pub use modals::{WaysBack, override_modal, reject_modal, rollback_modal};
pub use restore_modal::{RestoreWay, RestoreWays, restore_modal};
pub use standing::{Glance, home, status_message};

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
        None => blocks.extend(progress_blocks(d, before)),
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
            message: Message::line(format!("{line}\n{question}")),
            broadcast: true,
        };
        return std::iter::once(asked).chain(details).collect();
    }
    let mut message = Message::line(line);
    message.blocks.extend(plan);
    vec![Reply {
        message,
        broadcast: is_failure(d, &entry.note),
    }]
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
    if let Some(restore) = d.restore() {
        return Some(format!(
            "{}: {} of {} {} may be restored, with the loss that the plan names, once you \
             approve it \
             at the top of this thread.",
            approvers.join(" "),
            restore.database.identifier(),
            d.app(),
            d.environment()
        ));
    }
    Some(format!(
        "{}: {} {} may go to {} once you approve it at the top of this thread.",
        approvers.join(" "),
        d.app(),
        d.release.tag,
        d.environment()
    ))
}

fn is_failure(d: &Deployment, note: &Note) -> bool {
    match note {
        Note::RollingBack { .. }
        | Note::ServiceStuck { .. }
        | Note::NeedsPerson { .. }
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
            format!("{}, since {}", waits_for(d), decided::clock(d.entered_at)),
        ),
    ])];
    let changes = changes::changes(d, before);
    let decides = matches!(d.phase, Phase::AwaitingRestoreDecision { .. });
    if !changes.is_empty() && !decides {
        blocks.push(Block::Text(format!("What changes\n{}", bullets(&changes))));
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
    blocks.extend(asked_again(d));
    blocks.extend(way_back::blocks(d));
    if let (Phase::AwaitingApproval, Some(sealed)) = (&d.phase, &d.plan) {
        blocks.push(Block::Code(plan::text(sealed)));
        blocks.push(Block::Context(format!(
            "plan {} · registry {}",
            sealed.hash.short(),
            sealed.plan.release.registry
        )));
    }
    if let (Phase::AwaitingApproval, Some(demands)) = (&d.phase, d.demands()) {
        let until = sluice_core::machine::deadline(d)
            .map(|deadline| deadline.strftime("%H:%M UTC").to_string())
            .unwrap_or_default();
        let given: Vec<String> = d
            .approvals
            .keys()
            .map(|user| format!("<@{user}>"))
            .collect();
        let mut text = format!(
            "{} of {} approvals given, open until {until}. Nothing is changed before that.",
            given.len(),
            demands.quorum
        );
        if !given.is_empty() {
            text.push_str(&format!(" Given by {}.", given.join(", ")));
        }
        blocks.push(Block::Text(text));
    }
    blocks
}

/// What has changed since people approved the plan: they are asked again.
fn asked_again(d: &Deployment) -> Option<Block> {
    let (Phase::AwaitingApproval, Some(sealed)) = (&d.phase, &d.plan) else {
        return None;
    };
    d.story.iter().rev().find_map(|entry| match &entry.note {
        Note::PlanChanged { plan, changes } if *plan == sealed.hash => Some(Block::Text(format!(
            "Approval is needed again: the plan has changed since it was approved.\n{}",
            changes.join("\n")
        ))),
        _ => None,
    })
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
            Some(_) => texts.push(format!("• {line}")),
            None => texts.push(format!("{title}\n• {line}")),
        }
    }
    texts.into_iter().map(Block::Text).collect()
}

/// What becomes of a deployment under way when somebody wants back.
fn makes_way(d: &Deployment) -> String {
    let does = match d.phase {
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
