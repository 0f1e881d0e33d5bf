//! The end of a deployment, for people: what happened, how things stand, and what they can do.
//!
//! A report is made of typed facts and offers, so that a simulation can hold each fact against the
//! world and take up each offer. [`told`] puts them in words.

mod ends;
mod fact;
mod offer;
mod restore;
mod rollback;
mod seen;
mod words;

use sluice_core::controls::Hold;
use sluice_core::deployment::Deployment;
use sluice_core::phase::Phase;

pub(crate) use ends::leads_back;
pub use fact::{DatabaseFact, Fact, Fits, Revision, Schema, StackStands, Which};
pub use offer::{DatabaseOffer, Fix, Goal, Look, Offer, When};

/// What people are told at the end, or when a decision is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What happened, in a sentence.
    pub happened: String,
    /// How things stand.
    pub facts: Vec<Fact>,
    /// What people can do, the most likely first.
    pub offers: Vec<Offer>,
}

/// A report in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What happened, in a sentence.
    pub happened: String,
    /// What runs now, and how the database is.
    pub world: Vec<String>,
    /// What they can do; nothing after a success.
    pub todo: Vec<String>,
}

/// The report of a deployment that is over; `None` of one that is not.
pub fn report(d: &Deployment) -> Option<Report> {
    let mut report = ends::ended(d)?;
    if Hold::after(d).is_some() {
        report.facts.push(Fact::Held);
        report.offers.push(Offer::ReleaseHold);
    }
    Some(report)
}

/// The same in words.
pub fn told(d: &Deployment) -> Option<Told> {
    let report = report(d)?;
    Some(Told {
        world: words::facts(d, &report.facts),
        todo: report
            .offers
            .iter()
            .map(|offer| words::offer(d, offer))
            .collect(),
        happened: report.happened,
    })
}

/// What people are told of the world at the end, and before it where a decision is theirs.
pub fn standing(d: &Deployment) -> Vec<Fact> {
    match &d.phase {
        Phase::AwaitingRestoreDecision { cause } => ends::left_as_it_is(d, cause),
        Phase::Baking {
            asked_at: Some(_), ..
        } => vec![Fact::HasTheTraffic],
        _ => report(d).map(|report| report.facts).unwrap_or_default(),
    }
}

/// Those facts in words.
pub(crate) fn standing_words(d: &Deployment) -> Vec<String> {
    words::facts(d, &standing(d))
}
