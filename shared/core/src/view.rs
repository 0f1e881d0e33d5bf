//! What people see of a deployment: one message that always says how things stand, and a thread
//! that tells how they came to. Both follow from the deployment alone.

mod changes;
mod decided;
mod doubt;
mod looks;
mod modals;
mod origin;
mod progress;
mod restore_modal;
mod standing;
mod way_back;

use crate::config::Member;
use crate::controls::{self, overriders};
use crate::deployment::Deployment;
use crate::machine::waits_for;
use crate::message::{Block, Button, ButtonAction, Message};
use crate::note::{Entry, Note};
use crate::phase::Phase;
use crate::plan::Plan;
use crate::plan::demands::Demands;
use crate::report::{Report, report};
use crate::restore::{RestoreStep, Stands};

pub use looks::{history_message, who_message};
pub use modals::{WaysBack, override_modal, reject_modal, rollback_modal};
pub use restore_modal::{RestoreWay, RestoreWays, restore_modal};
pub use standing::{Glance, home, status_message};

/// Slack cuts a text of more than 3,000 characters, and escaping makes some longer.
const BLOCK_CHARS: usize = 2_400;

/// The deployment's one message. `before` is the plan of the deployment that was proven last here,
/// where that is known: what changes is said against it.
pub fn message(d: &Deployment, before: Option<&Plan>) -> Message {
    let release = &d.release.tag;
    let environment = d.environment();
    let mut blocks = vec![Block::Header(headline(d))];
    match report(d) {
        Some(report) => {
            let status = ("Status".to_owned(), progress::status(d));
            blocks.push(Block::Fields(vec![status]));
            blocks.extend(report_blocks(&report));
        }
        None => blocks.extend(progress_blocks(d, before)),
    }
    let mut small = format!(
        "{} · {} · asked for by {}",
        d.id,
        d.release.digest.short(),
        d.requested_by
    );
    if let Some(decided) = decided::decided(d) {
        small.push_str(&format!("\n{decided}"));
    }
    if let Some(hotfix) = d.hotfix.as_ref().filter(|_| d.phase.is_terminal()) {
        small.push_str(&format!("\nHotfix: {hotfix}"));
    }
    blocks.push(Block::Context(small));
    blocks.extend(buttons(d));
    let summary = match report(d) {
        Some(report) => format!("{} {}: {}", d.app(), environment, report.happened),
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
    let line = format!("{}  {}", entry.at.strftime("%H:%M:%S"), entry.note.words(d));
    let plan = match (&entry.note, &d.plan) {
        (Note::PlanDrawn { plan } | Note::PlanChanged { plan }, Some(sealed))
            if sealed.hash == *plan =>
        {
            Some(Block::Code(sealed.plan.to_string()))
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
            "{}: {} of {} {} may be restored, with the loss that the plan names, once you approve it \
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
                | Phase::Unproven { .. }
        ),
        _ => false,
    }
}

fn headline(d: &Deployment) -> String {
    let (release, environment, app) = (&d.release.tag, d.environment(), d.app());
    if d.restore().is_some() {
        return restore_headline(d);
    }
    if d.paused.is_some() && !d.phase.is_terminal() {
        return format!("{app} {release}: PAUSED on its way to {environment}");
    }
    if d.rollback().is_some() {
        return rollback_headline(d);
    }
    match &d.phase {
        Phase::AwaitingApproval => format!("{app} {release}: approve for {environment}?"),
        Phase::AwaitingWindow { closed: Some(_) } => {
            format!("{app} {release}: waiting for {environment} to open")
        }
        Phase::Baking {
            asked_at: Some(_), ..
        } => format!("{app}: cannot tell whether {release} is well in {environment}"),
        Phase::Succeeded => format!("{app} {release} is live in {environment}"),
        Phase::AwaitingRestoreDecision { .. } => {
            format!("{app} {release}: FAILED in {environment}, decide what becomes of the database")
        }
        Phase::RolledForward { .. } => {
            format!("{app} {release}: failed in {environment}, to be rolled forward")
        }
        Phase::Unproven { .. } => format!("{app} {release}: unproven in {environment}"),
        Phase::RollingBack { .. } => format!("{app} {release}: going back in {environment}"),
        Phase::RolledBack { .. } => format!("{app} {release}: rolled back in {environment}"),
        Phase::RollbackFailed { .. } => {
            format!("{app} {release}: ROLLBACK FAILED in {environment}, act now")
        }
        Phase::Failed { .. } => format!("{app} {release}: not deployed to {environment}"),
        Phase::Superseded { .. } => format!("{app} {release}: superseded in {environment}"),
        Phase::Rejected { .. } => format!("{app} {release}: rejected for {environment}"),
        Phase::Expired => format!("{app} {release}: expired for {environment}"),
        Phase::Cancelled { .. } => format!("{app} {release}: called off for {environment}"),
        Phase::Queued
        | Phase::Planning { .. }
        | Phase::Rehearsing(_)
        | Phase::AwaitingWindow { closed: None }
        | Phase::BackingUp(_)
        | Phase::Migrating
        | Phase::RollingOut
        | Phase::UpdatingWorkers
        | Phase::Verifying { .. }
        | Phase::Shifting
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. }
        | Phase::Restoring { .. }
        | Phase::Restored
        | Phase::RestoreFailed { .. } => format!("{app} {release}: deploying to {environment}"),
    }
}

fn rollback_headline(d: &Deployment) -> String {
    let (release, environment, app) = (&d.release.tag, d.environment(), d.app());
    match &d.phase {
        Phase::Succeeded => format!("{app} {release} is back in {environment}"),
        Phase::RollbackFailed { .. } => {
            format!("{app} {release}: ROLLBACK FAILED in {environment}, act now")
        }
        Phase::Failed { .. } => format!("{app} {release}: not rolled back in {environment}"),
        Phase::Expired => format!("{app} {release}: rollback expired in {environment}"),
        Phase::Cancelled { .. } => {
            format!("{app} {release}: rollback called off in {environment}")
        }
        // A rollback asks nobody, gives way to nobody and goes back to nothing: of these phases it
        // sees those of the way forward only.
        Phase::Queued
        | Phase::Planning { .. }
        | Phase::Rehearsing(_)
        | Phase::AwaitingApproval
        | Phase::AwaitingWindow { .. }
        | Phase::BackingUp(_)
        | Phase::Migrating
        | Phase::RollingOut
        | Phase::UpdatingWorkers
        | Phase::Verifying { .. }
        | Phase::Shifting
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. }
        | Phase::Unproven { .. }
        | Phase::Superseded { .. }
        | Phase::Rejected { .. }
        | Phase::AwaitingRestoreDecision { .. }
        | Phase::RolledForward { .. }
        | Phase::RollingBack { .. }
        | Phase::RolledBack { .. }
        | Phase::Restoring { .. }
        | Phase::Restored
        | Phase::RestoreFailed { .. } => format!("{app}: rolling {environment} back to {release}"),
    }
}

fn restore_headline(d: &Deployment) -> String {
    let (environment, app) = (d.environment(), d.app());
    let database = d
        .restore()
        .map_or("the database", |restore| restore.database.identifier());
    let what = format!("{app} {environment}: restore of {database}");
    match &d.phase {
        _ if d.paused.is_some() && !d.phase.is_terminal() => format!("{what} PAUSED"),
        Phase::AwaitingApproval => format!("{what}: approve?"),
        Phase::Restoring { step } => match &**step {
            RestoreStep::StartingAgain { .. } => format!("{what} given up, starting again"),
            RestoreStep::Stopping { .. }
            | RestoreStep::Copying { .. }
            | RestoreStep::SettingAside { .. }
            | RestoreStep::TakingItsPlace { .. }
            | RestoreStep::Starting { .. }
            | RestoreStep::Checking { .. } => {
                format!("{app} {environment} STANDS STILL: restoring {database}")
            }
        },
        Phase::Restored => format!("{app} {environment}: {database} is restored"),
        Phase::RestoreFailed { stands, .. } => match stands {
            Stands::AsBefore => format!("{what} failed, running as before"),
            Stands::NotStarted(_) | Stands::BetweenNames { .. } | Stands::InPlace(_) => {
                format!("{what} FAILED, act now")
            }
        },
        Phase::Failed { .. } => format!("{what}: nothing was restored"),
        Phase::Rejected { .. } => format!("{what} rejected"),
        Phase::Expired => format!("{what} expired"),
        Phase::Cancelled { .. } => format!("{what} called off"),
        // A restore gives way to nobody and sees none of a release's phases.
        Phase::Queued
        | Phase::Planning { .. }
        | Phase::Rehearsing(_)
        | Phase::AwaitingWindow { .. }
        | Phase::BackingUp(_)
        | Phase::Migrating
        | Phase::RollingOut
        | Phase::UpdatingWorkers
        | Phase::Verifying { .. }
        | Phase::Shifting
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. }
        | Phase::Succeeded
        | Phase::Unproven { .. }
        | Phase::Superseded { .. }
        | Phase::AwaitingRestoreDecision { .. }
        | Phase::RolledForward { .. }
        | Phase::RollingBack { .. }
        | Phase::RolledBack { .. }
        | Phase::RollbackFailed { .. } => what,
    }
}

fn progress_blocks(d: &Deployment, before: Option<&Plan>) -> Vec<Block> {
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
            "Nothing is touched before. {}, for this deployment alone.",
            overriders(&d.settings.environment)
        )));
    }
    blocks.extend(way_back::blocks(d));
    if let (Phase::AwaitingApproval, Some(sealed)) = (&d.phase, &d.plan) {
        blocks.push(Block::Code(sealed.plan.to_string()));
        blocks.push(Block::Context(format!("plan {}", sealed.hash.short())));
    }
    if let (Phase::AwaitingApproval, Some(demands)) = (&d.phase, Demands::of_deployment(d)) {
        let until = crate::machine::deadline(d)
            .map(|deadline| deadline.strftime("%H:%M UTC").to_string())
            .unwrap_or_default();
        let given: Vec<String> = d
            .approvals
            .keys()
            .map(|user| format!("<@{user}>"))
            .collect();
        let mut text = format!(
            "{} of {} approvals given, open until {until}. Nothing is touched before.",
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

/// By whom, why, since when, and what becomes of it.
fn paused(d: &Deployment) -> Option<String> {
    let paused = d.paused.as_ref()?;
    let zone = controls::zone(&d.settings.environment);
    let end = crate::machine::deadline(d).map(|deadline| {
        let becomes = match (&d.touched.rollouts_since, d.phase.is_untouched()) {
            (_, true) => "expires, untouched",
            (Some(_), _) => "goes back by itself",
            (None, _) => "ends, with no service changed",
        };
        format!(
            " Unless somebody resumes it by {} it {becomes}.",
            zone.says(deadline)
        )
    });
    Some(format!(
        "Paused by <@{}> since {}: {}. Nothing new is begun; what ECS and RDS have begun goes \
         on.{}",
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

fn report_blocks(report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::Text(report.happened.clone())];
    blocks.extend(listed("How things stand", &report.world));
    blocks.extend(listed("What you can do", &report.todo));
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

fn bullets(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("• {line}")).collect();
    lines.join("\n")
}

fn buttons(d: &Deployment) -> Option<Block> {
    let button = |action: ButtonAction, confirm: Option<String>| Button {
        action,
        deployment: d.id.clone(),
        plan: match action {
            ButtonAction::Approve | ButtonAction::Reject => {
                d.plan.as_ref().map(|sealed| sealed.hash.clone())
            }
            ButtonAction::Cancel
            | ButtonAction::Override
            | ButtonAction::Pause
            | ButtonAction::Resume
            | ButtonAction::Keep
            | ButtonAction::RollBack
            | ButtonAction::RollForward
            | ButtonAction::RestoreDatabase => None,
        },
        confirm,
    };
    let confirm = |action| match action {
        ButtonAction::RollForward => Some(format!(
            "Leave {} as it is? Nothing goes back; a newer release must mend it.",
            d.environment()
        )),
        ButtonAction::Approve => Some(match d.restore() {
            None => format!("Deploy {} to {}?", d.release.tag, d.environment()),
            Some(restore) => format!(
                "Stop {} and restore {}? What was written since {} is lost.",
                d.environment(),
                restore.database.identifier(),
                restore.until.strftime("%H:%M:%S UTC")
            ),
        }),
        ButtonAction::Keep => Some(format!(
            "Is {} well in {}? It counts as proven then, by your word.",
            d.release.tag,
            d.environment()
        )),
        ButtonAction::Reject
        | ButtonAction::Cancel
        | ButtonAction::Override
        | ButtonAction::Pause
        | ButtonAction::Resume
        | ButtonAction::RollBack
        | ButtonAction::RestoreDatabase => None,
    };
    let actions = actions(d).into_iter();
    let buttons: Vec<Button> = actions
        .map(|action| button(action, confirm(action)))
        .collect();
    (!buttons.is_empty()).then_some(Block::Buttons(buttons))
}

/// What can be done now. Before anything is touched a deployment is called off or left waiting;
/// after that it is paused, and once services are touched it goes back. The way back itself goes
/// its way.
fn actions(d: &Deployment) -> Vec<ButtonAction> {
    let mut actions = match &d.phase {
        Phase::AwaitingApproval => vec![ButtonAction::Approve, ButtonAction::Reject],
        Phase::AwaitingWindow { closed: Some(_) } => {
            vec![ButtonAction::Override, ButtonAction::Cancel]
        }
        Phase::AwaitingRestoreDecision { .. } => vec![ButtonAction::RollForward],
        Phase::Rehearsing(rehearsing) if rehearsing.ends.is_none() => vec![ButtonAction::Cancel],
        Phase::Baking {
            asked_at: Some(_), ..
        } => vec![ButtonAction::Keep],
        phase if phase.is_untouched() && !phase.is_terminal() => vec![ButtonAction::Cancel],
        phase if phase.can_pause() && d.paused.is_none() => vec![ButtonAction::Pause],
        _ => Vec::new(),
    };
    if d.paused.is_some() && !d.phase.is_terminal() {
        actions.insert(0, ButtonAction::Resume);
    }
    if leads_back(d) {
        actions.push(ButtonAction::RollBack);
    }
    if crate::restore::is_offered(d) {
        actions.push(ButtonAction::RestoreDatabase);
    }
    actions
}

fn leads_back(d: &Deployment) -> bool {
    match &d.phase {
        Phase::RollingOut
        | Phase::UpdatingWorkers
        | Phase::Verifying { .. }
        | Phase::Shifting
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. } => d.rollback().is_none(),
        Phase::AwaitingRestoreDecision { .. } => d.touched.rollouts_since.is_some(),
        Phase::Succeeded | Phase::Unproven { .. } => true,
        _ => false,
    }
}
