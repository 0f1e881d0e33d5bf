//! How deployments end: the facts and the offers of each end.

use std::collections::BTreeMap;

use super::fact::{Fact, Fits, Revision, Schema};
use super::offer::{Fix, Goal, Look, Offer, When};
use super::{Report, restore, rollback, seen};
use sluice_core::deployment::{Deployment, Requester};
use sluice_core::failure::{Cause, LOCK_NOT_FREE};
use sluice_core::id::ServiceName;
use sluice_core::note::Note;
use sluice_core::phase::Phase;
use sluice_core::restorable::is_offered;
use sluice_core::roles::Action;

pub(super) fn ended(d: &Deployment) -> Option<Report> {
    if let Some(report) = restore::ended(d) {
        return Some(report);
    }
    if let Some(report) = rollback::ended(d) {
        return Some(report);
    }
    let release = &d.release.tag;
    let environment = d.environment();
    Some(match &d.phase {
        Phase::Succeeded => Report {
            happened: format!("{release} is live in {environment}"),
            facts: seen::all_run_the_release(d),
            offers: Vec::new(),
        },
        Phase::Unverified { reason } => Report {
            happened: format!("{release} stays live in {environment}, unverified: {reason}"),
            facts: seen::as_ecs_said(d)
                .into_iter()
                .chain(seen::database(d))
                .chain(seen::stack(d, None))
                .collect(),
            offers: unverified(d),
        },
        Phase::Failed { cause, .. } => Report {
            happened: format!("{release} was not deployed: {cause}"),
            facts: failed(d, cause),
            offers: advice(d, cause),
        },
        Phase::RolledForward { by, cause } => Report {
            happened: format!("{release} failed, and <@{by}> rolls forward: {cause}"),
            facts: left_as_it_is(d, cause),
            offers: vec![Offer::Push(Fix::Release)],
        },
        Phase::RolledBack { cause } => Report {
            happened: format!("{release} was rolled back: {cause}"),
            facts: about(d, cause)
                .into_iter()
                .chain(seen::all_run_what_they_ran(d))
                .chain(seen::database(d))
                .chain(seen::stack(d, None))
                .collect(),
            offers: rolled_back(d, cause),
        },
        Phase::RollbackFailed { cause, stuck } => Report {
            happened: if no_one_decided(d, stuck) {
                format!("{release} failed ({cause}), and no one decided about the database")
            } else {
                format!("{release} failed ({cause}), and the rollback failed too")
            },
            facts: stuck_facts(d, cause, stuck),
            offers: stuck_offers(d, stuck),
        },
        _ => return never_began(d),
    })
}

/// The ends of what never came to the services.
pub(super) fn never_began(d: &Deployment) -> Option<Report> {
    let what = match d.restore() {
        None => d.release.tag.to_string(),
        Some(_) => "the restore of the database".to_owned(),
    };
    let (happened, offers) = match &d.phase {
        Phase::Superseded { by } => (format!("{what} was superseded by {by}"), Vec::new()),
        Phase::Rejected { by, reason } => (
            match reason {
                Some(reason) => format!("<@{by}> rejected {what}: {reason}"),
                None => format!("<@{by}> rejected {what}"),
            },
            vec![again(d, When::Settled)],
        ),
        Phase::Expired if d.paused.is_some() => (
            format!("{what} was paused, and no one resumed it in time"),
            vec![again(d, When::Now)],
        ),
        Phase::Expired if is_approved(d) => (
            format!("{what} waited too long for {} to open", d.environment()),
            vec![Offer::Look(Look::WhatCloses), again(d, When::Now)],
        ),
        Phase::Expired if d.plan.is_some() => (
            format!("no one decided on {what} in time"),
            vec![again(d, When::Now)],
        ),
        Phase::Expired => (
            format!("{what} waited too long for its turn"),
            vec![again(d, When::Now)],
        ),
        Phase::Cancelled { by } => (format!("<@{by}> cancelled {what}"), Vec::new()),
        _ => return None,
    };
    let mut facts = if d.may_have_migrated() || d.touched.provisioned {
        vec![Fact::ServicesUnchanged, Fact::Schema(seen::schema(d, None))]
    } else {
        vec![Fact::NothingChanged]
    };
    facts.extend(seen::snapshot(d));
    facts.extend(seen::stack(d, None));
    facts.extend(rehearsed(d));
    Some(Report {
        happened,
        facts,
        offers,
    })
}

/// Whether no approval was missing any more: what expires then has waited for its environment.
fn is_approved(d: &Deployment) -> bool {
    let quorum = d.demands().map_or(0, |demands| demands.quorum);
    d.plan.is_some() && d.approvals.len() >= usize::from(quorum)
}

/// What stays as it is, until someone decides or a newer release fixes it.
pub(super) fn left_as_it_is(d: &Deployment, cause: &Cause) -> Vec<Fact> {
    let mut facts = about(d, cause);
    if d.touched.rollouts_since.is_none() {
        facts.push(Fact::ServicesUnchanged);
        facts.push(Fact::Schema(seen::schema(d, Some(cause))));
        facts.extend(seen::snapshot(d));
        facts.extend(seen::stack(d, None));
        return facts;
    }
    facts.extend(seen::as_ecs_said(d));
    facts.extend(seen::database(d));
    facts.extend(seen::stack(d, None));
    facts
}

fn failed(d: &Deployment, cause: &Cause) -> Vec<Fact> {
    let mut facts = about(d, cause);
    facts.push(Fact::ServicesUnchanged);
    facts.push(Fact::Schema(seen::schema(d, Some(cause))));
    facts.extend(seen::snapshot(d));
    facts.extend(seen::stack(d, Some(cause)));
    facts.extend(rehearsed(d));
    facts
}

/// What became of the copy of a rehearsal.
fn rehearsed(d: &Deployment) -> Option<Fact> {
    d.story.iter().rev().find_map(|entry| match &entry.note {
        Note::RehearsalRemoved => Some(Fact::CopyRemoved),
        Note::RehearsalLeft { copy, .. } => Some(Fact::CopyLeft { copy: copy.clone() }),
        _ => None,
    })
}

/// What the cause itself says.
fn about(d: &Deployment, cause: &Cause) -> Vec<Fact> {
    let mut facts = Vec::new();
    if is_not_of_the_release(cause) && d.kind.is_release() {
        facts.push(Fact::NotTheRelease);
    }
    if let Cause::MigrationFailed { log_tail, .. } = cause
        && let Some(last) = log_tail.last()
    {
        facts.push(Fact::LastLogLine(last.clone()));
    }
    facts
}

/// Whether the release had no part in it. What took too long may have been the release itself.
fn is_not_of_the_release(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::BackupFailed(_)
            | Cause::PausedTooLong { .. }
            | Cause::NotRestored(_)
            | Cause::Refused { .. }
    )
}

/// Whether no service went back since the version from before does not run on the new schema.
fn no_one_decided(d: &Deployment, stuck: &BTreeMap<ServiceName, String>) -> bool {
    let additive = seen::judgement(d).is_none_or(sluice_core::migration::Judgement::is_additive);
    !additive
        && d.touched
            .rollouts
            .keys()
            .all(|service| stuck.contains_key(service))
}

fn stuck_facts(d: &Deployment, cause: &Cause, stuck: &BTreeMap<ServiceName, String>) -> Vec<Fact> {
    let services = if no_one_decided(d, stuck) {
        seen::as_ecs_said(d)
    } else {
        seen::stuck_and(d, stuck, |service| Revision::Before(service.from.clone()))
    };
    about(d, cause)
        .into_iter()
        .chain(services)
        .chain(seen::database(d))
        .chain(seen::stack(d, None))
        .collect()
}

fn stuck_offers(d: &Deployment, stuck: &BTreeMap<ServiceName, String>) -> Vec<Offer> {
    let restores = (seen::fits(d) != Fits::Yes && is_offered(d))
        .then_some(Offer::Restore(When::SchemaDoesNotFit));
    let back = stuck
        .keys()
        .filter_map(|service| d.sealed_plan().plan.service(service))
        .map(|service| Offer::UpdateService {
            service: service.service.clone(),
            to: service.from.clone(),
            goal: Goal::Before,
        });
    restores.into_iter().chain(back).collect()
}

fn unverified(d: &Deployment) -> Vec<Offer> {
    let mut offers = vec![Offer::Look(Look::Health)];
    if may_deploy(d) {
        offers.push(Offer::Deploy(When::ToVerify));
    }
    if leads_back(d) {
        offers.push(Offer::RollBack(None));
    }
    offers
}

/// Whether there is an earlier verified release that someone may roll back to. What is further back
/// than what a rollback brought back is not known here.
pub(crate) fn leads_back(d: &Deployment) -> bool {
    let previous = d
        .plan
        .as_ref()
        .and_then(|sealed| sealed.seen.previous.as_ref());
    let environment = &d.settings.environment;
    d.kind.is_release()
        && previous.is_some_and(|previous| previous.release.digest != d.release.digest)
        && !environment.members_for(Action::RollBack).is_empty()
}

fn rolled_back(d: &Deployment, cause: &Cause) -> Vec<Offer> {
    let mut offers = advice(d, cause);
    let runs = d.touched.migration.is_none() || seen::fits(d) == Fits::Yes;
    if !runs && seen::judgement(d).is_some() && is_offered(d) {
        offers.insert(0, Offer::Restore(When::SchemaDoesNotFit));
    }
    offers
}

/// What to do about the cause.
fn advice(d: &Deployment, cause: &Cause) -> Vec<Offer> {
    match cause {
        Cause::NotPlannable(_) | Cause::NotRestored(_) | Cause::Refused { .. } => {
            vec![again(d, When::Fixed)]
        }
        Cause::RehearsalFailed(_) => vec![Offer::Push(Fix::WhatFailedOnTheCopy)],
        Cause::StackRolledBack { stack, .. } | Cause::StackUnknown { stack, .. } => {
            let name = stack.clone();
            vec![Offer::Look(Look::Stack { name }), again(d, When::Fixed)]
        }
        Cause::StackStuck { stack, .. } => {
            let (name, stack) = (stack.clone(), stack.clone());
            vec![
                Offer::Look(Look::Stack { name }),
                Offer::ContinueRollback { stack },
                again(d, When::Fixed),
            ]
        }
        Cause::BackupFailed(_) => vec![Offer::Look(Look::Snapshot), again(d, When::Fixed)],
        Cause::MigrationFailed {
            exit_code: Some(LOCK_NOT_FREE),
            ..
        } => vec![Offer::Look(Look::OtherMigration), again(d, When::Fixed)],
        Cause::MigrationFailed {
            exit_code: None, ..
        } if never_started(d) => vec![Offer::Look(Look::TaskStart), again(d, When::Fixed)],
        Cause::MigrationFailed { .. } | Cause::MigrationUnknown { .. } => {
            migration_failed(d, cause)
        }
        Cause::Replaced { .. } => vec![Offer::Look(Look::Services)],
        Cause::RolloutFailed { service, .. } => vec![
            Offer::Look(Look::Tasks(service.clone())),
            Offer::Push(Fix::Release),
        ],
        Cause::SmokeTestsFailed(_) | Cause::BakeFailed(_) | Cause::AnswersWorse { .. } => {
            vec![Offer::Look(Look::Logs), Offer::Push(Fix::Release)]
        }
        Cause::AskedFor { .. } => vec![Offer::Push(Fix::Release)],
        Cause::TimedOut { after_s, .. } => timed_out(d, *after_s),
        Cause::PausedTooLong { .. } => vec![again(d, When::Now)],
    }
}

/// Whether nothing of the migration was executed.
fn never_started(d: &Deployment) -> bool {
    let run = d.touched.migration.as_ref();
    run.is_some_and(|run| run.stopping.is_none() && run.ended.is_none())
}

/// Tasks that never came up have stopped for a reason, and most often the release is it.
fn timed_out(d: &Deployment, after_s: u64) -> Vec<Offer> {
    let slow = d.touched.rollouts.iter();
    let slow = slow.filter(|(_, seen)| seen.as_ref().is_none_or(|seen| !seen.status.is_over()));
    let mut offers: Vec<Offer> = slow
        .map(|(service, _)| Offer::Look(Look::Tasks(service.clone())))
        .collect();
    if offers.is_empty() {
        offers.push(Offer::Look(Look::WhatTook { after_s }));
    }
    offers.push(again(d, When::Fixed));
    offers
}

fn migration_failed(d: &Deployment, cause: &Cause) -> Vec<Offer> {
    match seen::schema(d, Some(cause)) {
        Schema::Undone | Schema::Unchanged => vec![Offer::Push(Fix::Migration)],
        Schema::New(_) | Schema::Between | Schema::Unknown | Schema::MayStillChange { .. } => {
            let restores = is_offered(d).then_some(Offer::Restore(When::Now));
            let looks = std::iter::once(Offer::Look(Look::Alembic));
            looks
                .chain(std::iter::once(Offer::Push(Fix::Migration)))
                .chain(restores)
                .collect()
        }
    }
}

fn may_deploy(d: &Deployment) -> bool {
    let environment = &d.settings.environment;
    !environment.members_for(Action::Deploy).is_empty()
}

/// The same once more. ECR tells of a push only if it changes something: the same image under the same
/// tag does not.
pub(super) fn again(d: &Deployment, when: When) -> Offer {
    match &d.requested_by {
        _ if d.restore().is_some() => Offer::Restore(when),
        _ if d.rollback().is_some() => Offer::RollBack(Some(d.release.tag.clone())),
        Requester::Push if !may_deploy(d) => Offer::PushNewTag(when),
        Requester::Push | Requester::Person(_) => Offer::Deploy(when),
    }
}
