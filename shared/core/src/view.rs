//! What people see of a deployment: one message that always says how things stand, and a thread
//! that tells how they came to. Both follow from the deployment alone.

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
    if d.rollback().is_some() {
        return rollback_headline(d);
    }
    match &d.phase {
        Phase::AwaitingApproval => format!("{app} {release}: approve for {environment}?"),
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
        | Phase::AwaitingApproval
        | Phase::BackingUp(_)
        | Phase::Migrating
        | Phase::RollingOut
        | Phase::UpdatingWorkers
        | Phase::Verifying { .. }
        | Phase::Shifting
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. }
        | Phase::Superseded { .. }
        | Phase::Rejected { .. }
        | Phase::RollingBack { .. }
        | Phase::RolledBack { .. } => format!("{app}: rolling {environment} back to {release}"),
    }
}

fn progress_blocks(d: &Deployment) -> Vec<Block> {
    let mut blocks = vec![Block::Fields(vec![
        ("Phase".to_owned(), d.phase.name().to_owned()),
        ("Waits for".to_owned(), waits_for(d)),
    ])];
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
        Phase::Queued | Phase::Planning { .. } => {
            Some(Block::Buttons(vec![button(ButtonAction::Cancel, None)]))
        }
        _ => None,
    }
}
