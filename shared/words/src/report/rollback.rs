//! How rollbacks end.

use std::collections::BTreeMap;

use super::ends::{again, never_began};
use super::fact::{Fact, Revision, Schema};
use super::offer::{Fix, Goal, Look, Offer, When};
use super::{Report, seen};
use sluice_core::deployment::Deployment;
use sluice_core::failure::Cause;
use sluice_core::id::ServiceName;
use sluice_core::phase::Phase;

/// The end of a rollback; `None` of what is none, or not over.
pub(super) fn ended(d: &Deployment) -> Option<Report> {
    d.rollback()?;
    match &d.phase {
        Phase::Succeeded => Some(back_again(d)),
        Phase::RollbackFailed { cause, stuck } => Some(failed(d, cause, stuck)),
        Phase::Failed { cause, .. } => Some(Report {
            happened: format!(
                "{} was not rolled back to {}: {cause}",
                d.environment(),
                d.release.tag
            ),
            facts: vec![Fact::ServicesUnchanged, Fact::Schema(Schema::Unchanged)],
            offers: vec![again(d, When::Fixed)],
        }),
        _ => never_began(d),
    }
}

/// It brought back what was asked for.
fn back_again(d: &Deployment) -> Report {
    let release = &d.release.tag;
    let from = d.rollback().and_then(|rollback| rollback.from.as_ref());
    let migrated = d.rollback().map(|rollback| rollback.migrated.clone());
    let mut facts = seen::all_run_the_release(d);
    if let Some(migrated) = migrated.filter(|migrated| !migrated.is_empty()) {
        facts.push(Fact::Schema(Schema::Unchanged));
        facts.push(Fact::MigratedSince(migrated));
    }
    let from = from.map_or_else(String::new, |from| format!(" from {from}"));
    Report {
        happened: format!("{} was rolled back{from} to {release}", d.environment()),
        facts,
        offers: vec![Offer::Push(Fix::Reason)],
    }
}

/// It failed half way. There is no rollback of a rollback: people must decide which way.
fn failed(d: &Deployment, cause: &Cause, stuck: &BTreeMap<ServiceName, String>) -> Report {
    let release = &d.release.tag;
    let mut facts = seen::stuck_and(d, stuck, |_| Revision::Release);
    facts.push(Fact::Schema(Schema::Unchanged));
    facts.push(Fact::StopsHere);

    let services = &d.sealed_plan().plan.services;
    let mut offers = vec![Offer::Look(Look::Services)];
    offers.extend(services.iter().filter_map(|service| {
        let rollout = d.touched.rollouts.get(&service.service)?.as_ref()?;
        // What ECS was still at when this ended may go on for long.
        (!rollout.status.is_over()).then(|| Offer::StopServiceDeployment {
            service: service.service.clone(),
            arn: rollout.arn.clone(),
        })
    }));
    let is_stuck = |name: &ServiceName| stuck.contains_key(name);
    let was_changed = |name: &ServiceName| d.touched.rollouts.contains_key(name);
    offers.extend(services.iter().filter_map(|service| {
        let made = d.touched.task_definitions.get(&service.service);
        let to = made.or(service.revision.as_ref()).cloned()?;
        is_stuck(&service.service).then(|| Offer::UpdateService {
            service: service.service.clone(),
            to,
            goal: Goal::Release,
        })
    }));
    let changed = services
        .iter()
        .filter(|service| was_changed(&service.service));
    offers.extend(changed.map(|service| Offer::UpdateService {
        service: service.service.clone(),
        to: service.from.clone(),
        goal: Goal::Before,
    }));
    offers.push(Offer::ChooseVersion);
    Report {
        happened: format!("the rollback to {release} failed: {}", why(d, cause)),
        facts,
        offers,
    }
}

/// What comes back is not new.
fn why(d: &Deployment, cause: &Cause) -> String {
    match cause {
        Cause::SmokeTestsFailed(failures) => format!(
            "smoke tests failed on {}: {}",
            d.release.tag,
            failures.join("; ")
        ),
        other => other.to_string(),
    }
}
