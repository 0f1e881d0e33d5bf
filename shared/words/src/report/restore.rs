//! How restores of the database end: what is lost, which database has which name.

use std::collections::BTreeMap;

use super::ends::never_began;
use super::fact::{DatabaseFact, Fact, Which};
use super::offer::{DatabaseOffer, Fix, Goal, Look, Offer, When};
use super::{Report, seen};
use sluice_core::config::Database;
use sluice_core::deployment::Deployment;
use sluice_core::failure::Cause;
use sluice_core::id::{ServiceName, TaskDefinitionArn};
use sluice_core::phase::Phase;
use sluice_core::plan::{PlannedRestore, PlannedService};
use sluice_core::restore::{Found, Stands};

/// The end of a restore; `None` of what is none, or not over.
pub(super) fn ended(d: &Deployment) -> Option<Report> {
    d.restore()?;
    match &d.phase {
        Phase::Restored => restored(d),
        Phase::RestoreFailed { cause, stands } => failed(d, cause, stands),
        Phase::Failed { cause, .. } => Some(Report {
            happened: was_not_restored(d, cause),
            facts: vec![Fact::NothingChanged],
            offers: vec![Offer::Restore(When::Fixed)],
        }),
        _ => never_began(d),
    }
}

fn was_not_restored(d: &Deployment, cause: &Cause) -> String {
    format!(
        "the database of {} was not restored: {cause}",
        d.environment()
    )
}

/// It brought back what was asked for.
fn restored(d: &Deployment) -> Option<Report> {
    let planned = planned(d)?;
    let (release, name) = (&d.release.tag, planned.database.identifier());
    let aside = planned.aside.identifier();
    let until = planned.until.strftime("%Y-%m-%d %H:%M:%S UTC");
    let mut facts = vec![in_place_until(planned)];
    facts.extend(brought_back(d));
    facts.push(old_kept(planned));
    facts.extend(left_stopped(d));
    let database = Offer::Database;
    Some(Report {
        happened: format!(
            "the database of {} is restored to {until}, and {release} runs with it: {}",
            d.environment(),
            planned.reason
        ),
        facts,
        offers: vec![
            database(DatabaseOffer::ReadOld {
                aside: aside.to_owned(),
            }),
            database(DatabaseOffer::Remove {
                database: planned.aside.clone(),
                last: Some(format!("{aside}-last")),
            }),
            database(DatabaseOffer::Import {
                name: name.to_owned(),
            }),
            Offer::Push(Fix::Migration),
        ],
    })
}

/// It did not.
fn failed(d: &Deployment, cause: &Cause, stands: &Stands) -> Option<Report> {
    let planned = planned(d)?;
    let as_before = [
        Fact::Database(DatabaseFact::AsBefore {
            name: planned.database.identifier().to_owned(),
        }),
        Fact::Database(DatabaseFact::CopyMayBeThere {
            copy: planned.copy.identifier().to_owned(),
        }),
    ];
    let happened = was_not_restored(d, cause);
    Some(match stands {
        Stands::AsBefore => Report {
            happened,
            facts: as_before
                .into_iter()
                .chain(seen::all_run_what_they_ran(d))
                .collect(),
            offers: vec![
                Offer::Restore(When::Fixed),
                Offer::Database(DatabaseOffer::Remove {
                    database: planned.copy.clone(),
                    last: None,
                }),
            ],
        },
        Stands::NotStarted(services) => Report {
            happened,
            facts: not_started(services).chain(as_before).collect(),
            offers: starts(d, services, |service| Some(&service.from)),
        },
        Stands::BetweenNames { copy: id, found } => between(d, planned, happened, id, found),
        Stands::InPlace(services) => in_place(d, planned, happened, services),
    })
}

/// The names are half changed, and every service is scaled to no tasks.
fn between(
    d: &Deployment,
    planned: &PlannedRestore,
    happened: String,
    copy: &str,
    found: &BTreeMap<String, Found>,
) -> Report {
    let which = |found: &Found| match found.resource_id.clone() {
        Some(id) if id == planned.resource_id => Which::Old { id },
        Some(id) if id == copy => Which::Restored { id },
        Some(id) => Which::Other { id },
        None => Which::Unknown,
    };
    let mut facts = vec![
        DatabaseFact::Down {
            name: planned.database.identifier().to_owned(),
        },
        DatabaseFact::NothingDeleted,
    ];
    facts.extend(found.iter().map(|(name, found)| DatabaseFact::Had {
        name: name.clone(),
        which: which(found),
        status: found.status.clone(),
    }));
    let all = d.sealed_plan().plan.services.iter();
    let all: BTreeMap<ServiceName, String> = all
        .map(|service| (service.service.clone(), String::new()))
        .collect();
    let mut offers = vec![
        Offer::Database(DatabaseOffer::List),
        Offer::Database(DatabaseOffer::GoOn),
    ];
    offers.extend(starts(d, &all, |service| service.revision.as_ref()));
    if let Database::Instance(_) = planned.database {
        offers.push(Offer::Database(DatabaseOffer::KeepBackups));
    }
    offers.push(Offer::Database(DatabaseOffer::Stay));
    offers.extend(starts(d, &all, |service| Some(&service.from)));
    Report {
        happened,
        facts: facts.into_iter().map(Fact::Database).collect(),
        offers,
    }
}

/// The restored database has the name, and something on it is not healthy.
fn in_place(
    d: &Deployment,
    planned: &PlannedRestore,
    happened: String,
    services: &BTreeMap<ServiceName, String>,
) -> Report {
    let mut facts: Vec<Fact> = not_started(services).collect();
    facts.push(in_place_until(planned));
    facts.push(old_kept(planned));
    if services.is_empty() {
        facts.extend(brought_back(d));
        facts.push(Fact::Database(DatabaseFact::ChecksFailed));
    }
    facts.extend(left_stopped(d));
    let mut offers = starts(d, services, |service| {
        d.touched
            .task_definitions
            .get(&service.service)
            .or(service.revision.as_ref())
    });
    if offers.is_empty() {
        offers.push(Offer::Look(Look::Logs));
    }
    offers.push(Offer::Database(DatabaseOffer::SlowAtFirst));
    Report {
        happened: format!("{happened}. The database itself is the restored one"),
        facts,
        offers,
    }
}

fn planned(d: &Deployment) -> Option<&PlannedRestore> {
    d.plan.as_ref()?.plan.restore.as_ref()
}

fn in_place_until(planned: &PlannedRestore) -> Fact {
    Fact::Database(DatabaseFact::Restored {
        name: planned.database.identifier().to_owned(),
        until: planned.until,
    })
}

fn old_kept(planned: &PlannedRestore) -> Fact {
    Fact::Database(DatabaseFact::OldKept {
        aside: planned.aside.identifier().to_owned(),
    })
}

/// What came after the version that a restore brings back stays stopped.
fn comes_back(service: &PlannedService) -> bool {
    service.revision.is_some()
}

fn brought_back(d: &Deployment) -> Vec<Fact> {
    let plan = &d.sealed_plan().plan;
    let mut facts = seen::all_run_the_release(d);
    facts.retain(|fact| match fact {
        Fact::Runs { service, .. } => plan.service(service).is_some_and(comes_back),
        _ => true,
    });
    facts
}

fn left_stopped(d: &Deployment) -> Option<Fact> {
    let services = d.sealed_plan().plan.services.iter();
    let names: Vec<ServiceName> = services
        .filter(|service| !comes_back(service))
        .map(|service| service.service.clone())
        .collect();
    (!names.is_empty()).then_some(Fact::Database(DatabaseFact::LeftStopped(names)))
}

fn not_started(services: &BTreeMap<ServiceName, String>) -> impl Iterator<Item = Fact> {
    services.iter().map(|(service, reason)| {
        Fact::Database(DatabaseFact::NotStarted {
            service: service.clone(),
            reason: reason.clone(),
        })
    })
}

/// The commands that start services by hand, each with the revision it is to have.
fn starts<'a>(
    d: &'a Deployment,
    services: &BTreeMap<ServiceName, String>,
    revision: impl Fn(&'a PlannedService) -> Option<&'a TaskDefinitionArn>,
) -> Vec<Offer> {
    let planned = d.sealed_plan().plan.services.iter();
    planned
        .filter(|service| services.contains_key(&service.service))
        .filter_map(|service| {
            Some(Offer::UpdateService {
                service: service.service.clone(),
                to: revision(service)?.clone(),
                goal: Goal::Start {
                    tasks: service.desired.unwrap_or(1),
                },
            })
        })
        .collect()
}
