//! What the channel sees besides the cards: it stands alone there, so it says what it is about, what it
//! means for users, who can act, and until when.

use std::collections::BTreeSet;

use sluice_core::config::Member;
use sluice_core::deployment::Deployment;
use sluice_core::machine::deadline;
use sluice_core::note::Note;
use sluice_core::phase::Phase;
use sluice_core::roles::{Action, Role};

use crate::inline::moment_of_day;
use crate::note;

/// The note as an alert.
pub(super) fn alert(d: &Deployment, note: &Note) -> String {
    let mut lines = vec![format!("{}: {}", subject(d), note::words(note, d))];
    lines.extend(effect(d, note));
    lines.extend(call(d, note));
    lines.join("\n")
}

/// `erp v1.5.0 in production`.
pub(crate) fn subject(d: &Deployment) -> String {
    let (app, environment) = (d.app(), d.environment());
    match d.restore() {
        Some(restore) => format!(
            "{app} {environment}, restore of {}",
            restore.database.identifier()
        ),
        None => format!("{app} {} in {environment}", d.release.tag),
    }
}

/// What users notice, where Sluice knows it.
pub(crate) fn effect(d: &Deployment, note: &Note) -> Option<String> {
    match note {
        Note::RollingBack { .. } if !has_had_traffic(d) => Some(
            "Users are served by the version from before: no traffic was shifted.".to_owned(),
        ),
        Note::RollingBack { .. } => Some(format!(
            "Users may be served by {} until this is done.",
            d.release.tag
        )),
        Note::RestoreDecisionNeeded { .. } if has_had_traffic(d) => Some(format!(
            "Users may be served by {} until someone decides.",
            d.release.tag
        )),
        Note::RestoreDecisionNeeded { .. } => Some(
            "Users are served by the version from before, on the database as the migration left it."
                .to_owned(),
        ),
        _ => None,
    }
}

/// Whether any user may have met the new version: what shifts traffic has begun to, or what answers
/// users is replaced a few tasks at a time.
fn has_had_traffic(d: &Deployment) -> bool {
    let shifted = d.story.iter().any(|entry| {
        matches!(
            entry.note,
            Note::TrafficReleased | Note::StepReached { .. } | Note::TrafficShifted(_)
        )
    });
    let replaced = d.touched.rollouts.keys().any(|service| {
        let placement = d.settings.placement(service);
        placement.url.is_some() && !placement.strategy.shifts_traffic()
    });
    shifted || replaced
}

/// Who is asked to do something, and until when.
fn call(d: &Deployment, note: &Note) -> Option<String> {
    let (actions, what): (&[Action], &str) = match note {
        Note::RestoreDecisionNeeded { .. } => (open(&d.phase), "decide at the top of this thread"),
        Note::StillOpen { .. } => (open(&d.phase), "decide at the top of this thread"),
        Note::NeedsPerson { .. } => (
            &[Action::Cancel, Action::RollBack],
            "settle what is in its way; the top of this thread says what can be done",
        ),
        Note::ServiceStuck { .. } | Note::ServiceNotStarted { .. } => {
            (&[Action::RollBack], "the service needs you")
        }
        Note::Ended => match d.phase {
            Phase::RollbackFailed { .. } => (
                &[Action::RollBack, Action::Restore],
                "act now; the top of this thread says what can be done",
            ),
            Phase::RestoreFailed { .. } => (
                &[Action::Restore],
                "act now; the top of this thread says what can be done",
            ),
            _ => return None,
        },
        _ => return None,
    };
    let environment = &d.settings.environment;
    let mut members: BTreeSet<&Member> = actions
        .iter()
        .flat_map(|action| environment.members_for(*action))
        .collect();
    if matches!(
        (note, &d.phase),
        (Note::StillOpen { .. }, Phase::AwaitingApproval)
    ) {
        members.extend(environment.who_may(Role::Approve));
    }
    if members.is_empty() {
        return None;
    }
    let members: Vec<String> = members.into_iter().map(Member::to_string).collect();
    let until = matches!(d.phase, Phase::AwaitingRestoreDecision { .. })
        .then(|| deadline(d))
        .flatten();
    let until = until.map_or_else(String::new, |until| {
        format!(
            ". If no one decides by {}, everything stays as it is",
            moment_of_day(until)
        )
    });
    Some(format!("{}: {what}{until}.", members.join(" ")))
}

/// What can be decided; an approval has approvers, not an action.
fn open(phase: &Phase) -> &'static [Action] {
    match phase {
        Phase::AwaitingRestoreDecision { .. } => {
            &[Action::RollForward, Action::RollBack, Action::Restore]
        }
        Phase::Baking { .. } => &[Action::Keep],
        _ => &[],
    }
}
