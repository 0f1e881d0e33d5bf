//! What people decide on: a card that fits a phone. The whole plan stands in the thread.

use sluice_core::config::{Member, Strategy};
use sluice_core::deployment::Deployment;
use sluice_core::machine::deadline;
use sluice_core::migration::Risk;
use sluice_core::note::Note;
use sluice_core::phase::Phase;
use sluice_core::plan::{Plan, SealedPlan};
use sluice_core::quantity;

use super::{bullets, changes, origin, way_back};
use crate::inline::moment_of_day;
use crate::message::Block;
use crate::plan;

/// The card; `None` where nobody is asked about a release.
pub(super) fn card(d: &Deployment, before: Option<&SealedPlan>) -> Option<Vec<Block>> {
    let (Phase::AwaitingApproval, Some(sealed), None) = (&d.phase, &d.plan, d.restore()) else {
        return None;
    };
    let mut fields = vec![field("Version", changes::versions(sealed))];
    let stack = way_back::infrastructure(sealed);
    fields.extend(stack.map(|said| field("Infrastructure", said)));
    let definitions = changes::definitions(&sealed.plan);
    fields.extend(definitions.map(|said| field("Task definition", said)));
    fields.extend(database(&sealed.plan).map(|said| field("Database", said)));
    fields.extend(way_back::verdict(d, sealed).map(|said| field("Rollback", said)));
    let secrets = before.and_then(|before| changes::secrets(sealed, before));
    fields.extend(secrets.map(|said| field("Secrets", said)));
    let scan = sealed.seen.scan.as_ref();
    fields.extend(scan.map(|counts| field("Scan", plan::scan_words(counts))));
    fields.push(field("Takes", takes(d, &sealed.plan)));
    fields.extend(approvals(d).map(|said| field("Approval", said)));
    let mut blocks = vec![Block::Fields(fields)];
    blocks.extend(asked_again(d, sealed).map(Block::Text));
    blocks.extend(way_back::replaced(d, sealed));
    blocks.extend(way_back::in_short(d, sealed));
    let hotfix = d.hotfix.as_ref();
    blocks.extend(hotfix.map(|hotfix| Block::Text(format!("Hotfix: {hotfix}"))));
    blocks.extend(origin::links(d, before));
    Some(blocks)
}

/// The plan and the registry, for the small print.
pub(super) fn small_print(sealed: &SealedPlan) -> String {
    format!(
        "plan {} · registry {}",
        sealed.hash.short(),
        sealed.plan.release.registry
    )
}

fn field(name: &str, value: String) -> (String, String) {
    (name.to_owned(), value)
}

/// What is migrated, and what it is backed up with.
fn database(plan: &Plan) -> Option<String> {
    if let Some(head) = &plan.at_head {
        return Some(format!("at revision {head} already: nothing to migrate"));
    }
    let migration = plan.migration.as_ref()?;
    let backup = match &plan.backup {
        Some(backup) => format!("after a snapshot of {}", backup.database.identifier()),
        None => "WITHOUT a backup".to_owned(),
    };
    let command = format!("`{}`", migration.command.join(" "));
    Some(match plan.judgement() {
        Some(judgement) => {
            let statements = quantity::count(judgement.statements as usize, "statement");
            format!("{statements} by {command}, {backup}")
        }
        None => format!("{command}, not inspected, {backup}"),
    })
}

/// What is known of the time it takes, and of what is stopped meanwhile.
fn takes(d: &Deployment, plan: &Plan) -> String {
    let bake = quantity::duration(d.settings.environment.bake.duration);
    let stops = |strategy: &Strategy| matches!(strategy, Strategy::Singleton);
    let services = plan.services.iter().filter(|one| stops(&one.strategy));
    let services: Vec<&str> = services.map(|one| one.service.as_str()).collect();
    let stopped = match services.as_slice() {
        [] => "no service is stopped".to_owned(),
        [one] => format!("{one} is stopped while it is replaced"),
        several => format!("{} are stopped while they are replaced", several.join(", ")),
    };
    let locks = plan.judgement().is_some_and(|one| one.has(Risk::Locking));
    let locks = if locks {
        "; the migration makes queries wait"
    } else {
        ""
    };
    format!("a bake of {bake} at its end; {stopped}{locks}")
}

/// How many have said yes, who may, and until when.
pub(super) fn approvals(d: &Deployment) -> Option<String> {
    let demands = d.demands()?;
    let approval = d.settings.environment.approval.as_ref()?;
    let given: Vec<String> = d.approvals.keys().map(|by| format!("<@{by}>")).collect();
    let who: Vec<String> = approval.approvers.iter().map(Member::to_string).collect();
    let mut text = format!("{} of {}", given.len(), demands.quorum);
    if !given.is_empty() {
        text.push_str(&format!(" (given by {})", given.join(", ")));
    }
    text.push_str(&format!(" by {}", who.join(" or ")));
    if let Some(until) = deadline(d) {
        text.push_str(&format!(", until {}", moment_of_day(until)));
    }
    text.push_str(". Nothing is changed before that.");
    Some(text)
}

/// What has changed since people approved the plan: they are asked again.
pub(super) fn asked_again(d: &Deployment, sealed: &SealedPlan) -> Option<String> {
    d.story.iter().rev().find_map(|entry| match &entry.note {
        Note::PlanChanged { plan, changes } if *plan == sealed.hash => Some(format!(
            "Approval is needed again: the plan has changed since it was approved.\n{}",
            bullets(changes)
        )),
        _ => None,
    })
}
