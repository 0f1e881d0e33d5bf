//! Reading the world, drawing the plan, and reading again whether an approved plan still holds.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{approval, fail, gate, late, rehearsal, withdraw};
use crate::command::{Command, CommandKey};
use crate::config::RiskRule;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, ErrorClass, PortError, RejectedEvent};
use crate::id::TaskDefinitionArn;
use crate::note::Note;
use crate::phase::Phase;
use crate::plan::survey::Survey;
use crate::plan::{SealedPlan, changes};
use crate::planner::draw;
use crate::source::{Doubt, SourceObservation};
use crate::stack::ChangeSetReading;

/// So long a release waits for a source repository that does not answer, where nothing depends on it.
const UNREAD_AFTER: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn begin(d: &mut Deployment, confirming: bool, now: Timestamp) {
    if d.settings
        .migration
        .as_ref()
        .is_some_and(|m| m.inspect.is_some())
    {
        d.looks += 1;
    }
    withdraw::begin_change_set(d);
    d.enter(
        Phase::Planning {
            survey: Box::default(),
            confirming,
        },
        now,
    );
}

pub(super) fn needs(d: &Deployment, survey: &Survey) -> Vec<Command> {
    survey.missing(d)
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Phase::Planning { survey, .. } = &d.phase else {
        return Err(late(d, outcome));
    };
    let was_inspecting = survey.inspecting.is_some();
    let mut after = survey.clone();
    if !after.take(outcome, now) {
        return Err(late(d, outcome));
    }
    let waited = survey.others(d).next().is_some();
    if waited && after.others(d).next().is_none() {
        // That may have taken hours: everything else is read again.
        *after = Survey {
            services: after.services.take(),
            ..Survey::default()
        };
    }
    see_change_set(d, &mut after, outcome, now);
    let is_whole = after.missing(d).is_empty();
    if let Phase::Planning { survey, .. } = &mut d.phase {
        *survey = after;
    }
    if let (false, Outcome::InspectionStarted(task)) = (was_inspecting, outcome) {
        d.tell(now, Note::Inspecting(task.clone()));
    }
    if is_whole {
        conclude(d, now);
    }
    Ok(())
}

/// The source repository could not be read. What nothing depends on keeps no release waiting: it is
/// not known, and the plan says so.
pub(super) fn source_failed(
    d: &mut Deployment,
    command: &CommandKey,
    error: &PortError,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let passes = matches!(error.class, ErrorClass::Retryable | ErrorClass::Newer);
    let since = d.setbacks.get(command).map_or(now, |setback| setback.since);
    let waits = passes && now.duration_since(since) < UNREAD_AFTER;
    if waits || d.settings.environment.source_rule == RiskRule::Refuse {
        return Ok(());
    }
    d.setbacks.remove(command);
    let unread = SourceObservation::of(Doubt::NotRead);
    on(d, &Outcome::Source(unread), now)
}

/// What an answer about the change set means for the one that the deployment has.
fn see_change_set(d: &mut Deployment, survey: &mut Survey, outcome: &Outcome, now: Timestamp) {
    let is_void = matches!(survey.stack, Some(ChangeSetReading::Void(_)));
    let is_gone = match outcome {
        Outcome::ChangeSetStarted => {
            d.change_sets.taken = d.change_sets.begun;
            false
        }
        Outcome::ChangeSetRemoved => {
            d.change_sets.settle();
            is_void
        }
        Outcome::ChangeSet(ChangeSetReading::Absent) => !withdraw::may_still_show(d, now),
        _ => false,
    };
    if is_gone {
        d.change_sets.settle();
        survey.stack = None;
    }
    if survey.stack.is_none() {
        withdraw::begin_change_set(d);
    }
}

/// Draws the plan from what there is. Called when nothing is missing, or when what is missing has
/// been waited for long enough.
pub(super) fn conclude(d: &mut Deployment, now: Timestamp) {
    let Phase::Planning { survey, confirming } = &d.phase else {
        return;
    };
    let (confirming, inspector) = (*confirming, survey.inspector.clone());
    match draw(d, survey, now) {
        Ok(sealed) => settle(d, sealed, confirming, inspector, now),
        Err(problems) => fail(d, Cause::NotPlannable(problems), now),
    }
}

fn settle(
    d: &mut Deployment,
    sealed: SealedPlan,
    confirming: bool,
    inspector: Option<TaskDefinitionArn>,
    now: Timestamp,
) {
    let plan = sealed.hash.clone();
    let sealed = Arc::new(sealed);
    match d.plan.replace(sealed.clone()).filter(|_| confirming) {
        Some(before) if before.hash == plan => {
            let remarks = sealed.news_since(&before);
            d.tell(now, Note::PlanConfirmed { plan, remarks });
            gate::begin(d, now);
            return;
        }
        Some(before) => {
            let changes = changes(&before.plan, &sealed.plan);
            d.tell(now, Note::PlanChanged { plan, changes });
        }
        None => d.tell(now, Note::PlanDrawn { plan }),
    }
    if let (true, Some(inspector)) = (rehearsal::is_due(d), inspector) {
        rehearsal::begin(d, inspector, now);
    } else if d.settings.environment.approval.is_some() {
        approval::begin(d, now);
    } else {
        gate::begin(d, now);
    }
}
