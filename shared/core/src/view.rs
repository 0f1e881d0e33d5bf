//! What people see of a deployment: one message that always says how things stand, and a thread
//! that tells how they came to. Both follow from the deployment alone.

use crate::controls::{self, overriders};
use crate::deployment::Deployment;
use crate::machine::waits_for;
use crate::message::{Block, Button, ButtonAction, Message};
use crate::note::{Entry, Note};
use crate::phase::Phase;
use crate::report::{Report, report};

/// The deployment's one message.
pub fn message(d: &Deployment) -> Message {
    let release = &d.release.tag;
    let environment = d.environment();
    let mut blocks = vec![Block::Header(headline(d))];
    match report(d) {
        Some(report) => blocks.extend(report_blocks(&report)),
        None => blocks.extend(progress_blocks(d)),
    }
    blocks.push(Block::Context(format!(
        "{} · {} · asked for by {}",
        d.id,
        d.release.digest.short(),
        d.requested_by
    )));
    blocks.extend(buttons(d));
    let summary = match report(d) {
        Some(report) => format!("{} {}: {}", d.app(), environment, report.happened),
        None => format!(
            "{} {release} to {environment}: waits for {}",
            d.app(),
            waits_for(d)
        ),
    };
    Message { summary, blocks }
}

/// An entry of the story as a message of the thread.
pub fn thread_message(d: &Deployment, entry: &Entry) -> Message {
    let mut message = thread_line(d, entry);
    if let (Note::PlanDrawn { plan } | Note::PlanChanged { plan }, Some(sealed)) =
        (&entry.note, &d.plan)
        && sealed.hash == *plan
    {
        message.blocks.push(Block::Code(sealed.plan.to_string()));
    }
    message
}

fn thread_line(d: &Deployment, entry: &Entry) -> Message {
    Message::line(format!(
        "{}  {}",
        entry.at.strftime("%H:%M:%S"),
        entry.note.words(d)
    ))
}

fn headline(d: &Deployment) -> String {
    let (release, environment, app) = (&d.release.tag, d.environment(), d.app());
    if d.paused.is_some() && !d.phase.is_terminal() {
        return format!("{app} {release}: PAUSED on its way to {environment}");
    }
    match &d.phase {
        Phase::AwaitingApproval => format!("{app} {release}: approve for {environment}?"),
        Phase::AwaitingWindow { closed: Some(_) } => {
            format!("{app} {release}: waiting for {environment} to open")
        }
        Phase::Succeeded => format!("{app} {release} is live in {environment}"),
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
        | Phase::AwaitingWindow { closed: None }
        | Phase::BackingUp(_)
        | Phase::Migrating
        | Phase::RollingOut
        | Phase::UpdatingWorkers
        | Phase::Verifying { .. }
        | Phase::Shifting
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. } => format!("{app} {release}: deploying to {environment}"),
    }
}

fn progress_blocks(d: &Deployment) -> Vec<Block> {
    let mut blocks = vec![Block::Fields(vec![
        ("Phase".to_owned(), d.phase.name().to_owned()),
        ("Waits for".to_owned(), waits_for(d)),
    ])];
    blocks.extend(paused(d).map(Block::Text));
    if let Phase::AwaitingWindow { closed: Some(_) } = &d.phase {
        blocks.push(Block::Text(format!(
            "Nothing is touched before. {}, for this deployment alone.",
            overriders(&d.settings.environment)
        )));
    }
    if let (Phase::AwaitingApproval, Some(sealed)) = (&d.phase, &d.plan) {
        blocks.push(Block::Code(sealed.plan.to_string()));
        blocks.push(Block::Context(format!("plan {}", sealed.hash.short())));
    }
    if let (Phase::AwaitingApproval, Some(approval)) = (&d.phase, &d.settings.environment.approval)
    {
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
            approval.quorum
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

fn report_blocks(report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::Text(report.happened.clone())];
    if !report.world.is_empty() {
        blocks.push(Block::Text(format!(
            "How things stand\n{}",
            bullets(&report.world)
        )));
    }
    if !report.todo.is_empty() {
        blocks.push(Block::Text(format!(
            "What you can do\n{}",
            bullets(&report.todo)
        )));
    }
    blocks
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
            ButtonAction::Cancel => None,
        },
        confirm,
    };
    match &d.phase {
        Phase::AwaitingApproval => Some(Block::Buttons(vec![
            button(
                ButtonAction::Approve,
                Some(format!("Deploy {} to {}?", d.release.tag, d.environment())),
            ),
            button(ButtonAction::Reject, None),
        ])),
        Phase::Queued | Phase::Planning { .. } | Phase::AwaitingWindow { .. } => {
            Some(Block::Buttons(vec![button(ButtonAction::Cancel, None)]))
        }
        _ => None,
    }
}
