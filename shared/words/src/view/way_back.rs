//! What people see of the way back, before they say yes and while it is their turn to decide.

use crate::inline::moment_of_day;
use crate::message::Block;
use crate::report::standing_words;
use sluice_core::deployment::Deployment;
use sluice_core::failure::Cause;
use sluice_core::machine::deadline;
use sluice_core::migration::{Finding, Rehearsal, Risk};
use sluice_core::phase::Phase;
use sluice_core::plan::SealedPlan;
use sluice_core::plan::demands::{risks_for_four_eyes, stack_risks_for_four_eyes};
use sluice_core::plan::way_back::{point_of_no_return, time_away};
use sluice_core::quantity;
use sluice_core::restorable::{before_migration, is_offered};
use sluice_core::stack::{StackChange, StackRisk};

/// Findings and locks shown on the card: the plan has them all.
const SHOWN: usize = 3;

pub(super) fn blocks(d: &Deployment) -> Vec<Block> {
    match (&d.phase, &d.plan) {
        (Phase::AwaitingRestoreDecision { cause }, Some(sealed)) => {
            vec![decide(d, sealed, cause)]
        }
        _ => Vec::new(),
    }
}

/// Before the yes: whether it can be taken back.
pub fn verdict(d: &Deployment, sealed: &SealedPlan) -> Option<String> {
    let plan = &sealed.plan;
    if plan.at_head.is_some() {
        return Some("🟢 safe: nothing is migrated".to_owned());
    }
    plan.migration.as_ref()?;
    let Some(judgement) = plan.judgement() else {
        let is_inspected = d.settings.migration.as_ref()?.inspect.is_some();
        return Some(match (plan.is_additive(), is_inspected) {
            (true, _) => {
                "🟢 safe, as you promise in sluice.toml: the migration was not inspected".to_owned()
            }
            // Of a preview: the deployment will look.
            (false, true) => "🟡 not known: the migration was not inspected".to_owned(),
            (false, false) => {
                "🟡 not known: the migration was not inspected. If the release fails \
                               after it, people decide"
                    .to_owned()
            }
        });
    };
    if judgement.is_additive() {
        return Some("🟢 safe: the running version is compatible with the new schema".to_owned());
    }
    let takes = time_away(sealed);
    let takes = takes.map_or_else(String::new, |away| {
        format!(". The restore would take about {away} (estimated)")
    });
    Some(format!("🔴 {}{takes}", point_of_no_return(plan, judgement)))
}

/// What changes in the stack, and that it stays so.
pub(super) fn infrastructure(sealed: &SealedPlan) -> Option<String> {
    let stack = sealed.plan.stack.as_ref()?;
    let changes = stack.changes.as_ref()?;
    let stays = match changes.is_empty() {
        true => "",
        false => ". A rollback leaves it as it is then",
    };
    Some(format!("{}{stays}", changes.summary()))
}

/// The changes of the stack that lose something, the worst first.
pub(super) fn replaced(d: &Deployment, sealed: &SealedPlan) -> Option<Block> {
    let changes = sealed.plan.stack_changes()?;
    let risky = changes.changes.iter().filter(|one| one.risk().is_some());
    let mut lines: Vec<String> = risky.take(SHOWN).map(change_line).collect();
    let risks = stack_risks_for_four_eyes(&d.settings, Some(changes));
    if !risks.is_empty() {
        let risks: Vec<&str> = risks.iter().map(|risk| risk.in_words()).collect();
        lines.push(format!(
            "Two people must approve, since what it changes {}.",
            risks.join(", and some of it ")
        ));
    }
    (!lines.is_empty()).then(|| {
        let title = "What the stack puts at risk".to_owned();
        Block::Fields(vec![(title, lines.join("\n"))])
    })
}

fn change_line(change: &StackChange) -> String {
    let sign = match change.risk() {
        Some(StackRisk::HoldsData) => "🔴",
        Some(StackRisk::ServesTraffic) => "🟠",
        Some(StackRisk::Other) | None => "🟡",
    };
    let waiver = change.waiver.as_ref();
    let waived = waiver.map_or_else(String::new, |waiver| {
        format!(" (waived by {}: {})", waiver.by, waiver.reason)
    });
    format!("{sign} {change}{waived}")
}

/// What the migration does, the worst first, and what its rehearsal showed.
pub(super) fn in_short(d: &Deployment, sealed: &SealedPlan) -> Option<Block> {
    let judgement = sealed.plan.judgement()?;
    let mut lines: Vec<String> = judgement.findings.iter().take(SHOWN).map(line).collect();
    let more = judgement.findings.len().saturating_sub(SHOWN) + judgement.left_out as usize;
    if more > 0 {
        let more = quantity::count(more, "more finding");
        lines.push(format!("and {more}: the plan in the thread has them"));
    }
    let risks = risks_for_four_eyes(&d.settings, Some(judgement));
    if !risks.is_empty() {
        let risks: Vec<&str> = risks.iter().map(|risk| risk.word()).collect();
        lines.push(format!(
            "Two people must approve, since it is {}.",
            risks.join(" and ")
        ));
    }
    let mut fields = Vec::new();
    if !lines.is_empty() {
        fields.push(("What the migration does".to_owned(), lines.join("\n")));
    }
    let rehearsal = d.rehearsal.as_ref();
    fields.extend(rehearsal.map(|one| ("Rehearsal".to_owned(), rehearsed(one))));
    (!fields.is_empty()).then_some(Block::Fields(fields))
}

/// What the rehearsal showed, and what it cost.
fn rehearsed(rehearsal: &Rehearsal) -> String {
    let mut text = format!(
        "🎭 on a copy it ran in {}. Making the copy took RDS {}, as a restore would; it is \
         removed, and billed for about that time.",
        quantity::duration_ms(rehearsal.took_ms),
        quantity::duration_s(rehearsal.copied_s)
    );
    let locks: Vec<String> = rehearsal
        .locks
        .iter()
        .take(SHOWN)
        .map(|lock| {
            format!(
                "{} on {} for {}",
                lock.mode,
                lock.table,
                quantity::duration_ms(lock.held_ms)
            )
        })
        .collect();
    if !locks.is_empty() {
        text.push_str(&format!(
            "\nLocks that make others wait\n{}",
            super::bullets(&locks)
        ));
    }
    text
}

/// A finding in a line; the statement stands in the plan.
fn line(finding: &Finding) -> String {
    let sign = match finding.risk {
        Risk::Breaking => "🔴",
        Risk::Unjudged | Risk::DataLosing => "🟠",
        Risk::Locking | Risk::NotTransactional => "🟡",
    };
    let waiver = finding.waiver.as_ref();
    let waived = waiver.map_or_else(String::new, |waiver| {
        format!(" (waived by {}: {})", waiver.by, waiver.reason)
    });
    format!(
        "{sign} {} ({}): {}{waived}",
        finding.risk, finding.rule, finding.means
    )
}

/// What there is to decide, and what each way costs.
fn decide(d: &Deployment, sealed: &SealedPlan, cause: &Cause) -> Block {
    let plan = &sealed.plan;
    let mut ways = Vec::new();
    if d.touched.rollouts_since.is_some() {
        let before = sealed
            .seen
            .previous
            .as_ref()
            .map_or("the version from before", |previous| {
                previous.release.tag.as_str()
            });
        let fails = if plan.judgement().is_some_and(|one| one.has(Risk::Breaking)) {
            "is expected to FAIL"
        } else {
            "may fail"
        };
        ways.push(format!(
            "Roll back the code (minutes): {before} {fails} on the new schema."
        ));
    }
    if is_offered(d)
        && let (Some(snapshot), Some(away)) = (&d.touched.snapshot, time_away(sealed))
    {
        let since = before_migration(d);
        let since = since.map_or_else(String::new, |at| at.strftime(" %H:%M UTC").to_string());
        ways.push(format!(
            "Restore the database from {snapshot}: estimated {away} DOWN, and writes since{since} \
             are lost."
        ));
    }
    ways.push("Roll forward: everything stays as it is, and a newer release fixes it.".to_owned());
    let mut fields = vec![
        ("What happened", format!("{cause}.")),
        ("How things stand", super::bullets(&standing_words(d))),
        ("What you can do", super::bullets(&ways)),
    ];
    fields.extend(deadline(d).map(|until| ("Until", moment_of_day(until))));
    let fields = fields.into_iter();
    Block::Fields(
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}
