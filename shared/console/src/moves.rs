//! What a history tells of how a deployment moved: its phases, the traffic, the samples, the requests,
//! and what people did.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sluice_core::deployment::Requester;
use sluice_core::event::{Event, Outcome};
use sluice_core::health::Sample;
use sluice_core::history::{Record, RecordedEntry};
use sluice_core::id::{ServiceDeploymentArn, ServiceName, UserId};
use sluice_core::metrics::Measured;
use sluice_core::phase::PhaseKind;

/// A phase that it was in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stay {
    /// Which; `None` for one that this version does not know.
    pub(crate) phase: Option<PhaseKind>,
    /// From when.
    pub(crate) from: Timestamp,
    /// Until when; `None` for the last one.
    pub(crate) until: Option<Timestamp>,
}

/// What happened to a deployment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moves {
    /// Its phases, in order.
    pub(crate) stays: Vec<Stay>,
    /// Per cent of the traffic on the version that it brings, whenever that was another.
    pub(crate) weights: BTreeMap<ServiceName, Vec<(Timestamp, u8)>>,
    /// Its own service deployments: what comes after them leads back.
    own: BTreeMap<ServiceName, ServiceDeploymentArn>,
    /// Looks at the new version under traffic, oldest first.
    pub(crate) samples: Vec<Sample>,
    /// The requests to both versions, minute by minute.
    pub(crate) requests: BTreeMap<ServiceName, Measured>,
    /// Who did something, when, and what people were told of it.
    pub(crate) people: Vec<(Timestamp, UserId, Vec<String>)>,
}

impl Moves {
    /// What the records tell.
    pub(crate) fn of(records: &[Record]) -> Self {
        let mut moves = Self::default();
        let mut last = None;
        for record in records {
            if last != Some(&record.phase) {
                if let Some(stay) = moves.stays.last_mut() {
                    stay.until = Some(record.at);
                }
                moves.stays.push(Stay {
                    phase: PhaseKind::named(&record.phase),
                    from: record.at,
                    until: None,
                });
                last = Some(&record.phase);
                if record.phase == PhaseKind::RolledBack.name() {
                    // It says that every service runs the previous version.
                    let known = moves.weights.values_mut();
                    known.for_each(|known| add(known, record.at, 0));
                }
            }
            match &record.entry {
                RecordedEntry::Event(event) => moves.take(record, event),
                RecordedEntry::Opened(opening) => {
                    if let Requester::Person(by) = &opening.requested_by {
                        let told = record.notes.clone();
                        moves.people.push((record.at, by.clone(), told));
                    }
                }
            }
        }
        moves
    }

    fn take(&mut self, record: &Record, event: &Event) {
        if let Some(by) = person(event) {
            let told = record.notes.clone();
            self.people.push((record.at, by.clone(), told));
        }
        let Event::Done { outcome, .. } = event else {
            return;
        };
        match outcome {
            Outcome::Rollout {
                service,
                rollout: Some(rollout),
            } => {
                let own = self.own.entry(service.clone());
                if *own.or_insert_with(|| rollout.arn.clone()) == rollout.arn
                    && let Some(percent) = rollout.traffic_percent
                {
                    let known = self.weights.entry(service.clone()).or_default();
                    add(known, record.at, percent);
                }
            }
            Outcome::Health(sample) => self.samples.push(sample.clone()),
            Outcome::Metrics { service, measured } => {
                let known = self.requests.entry(service.clone()).or_default();
                known.old.extend(&measured.old);
                known.new.extend(&measured.new);
            }
            _ => {}
        }
    }
}

fn add(known: &mut Vec<(Timestamp, u8)>, at: Timestamp, percent: u8) {
    if known.last().is_none_or(|(_, last)| *last != percent) {
        known.push((at, percent));
    }
}

/// Whose doing an event is.
fn person(event: &Event) -> Option<&UserId> {
    match event {
        Event::Approve { by, .. }
        | Event::Reject { by, .. }
        | Event::Cancel { by, .. }
        | Event::Override { by, .. }
        | Event::Pause { by, .. }
        | Event::Resume { by, .. }
        | Event::RollForward { by, .. }
        | Event::Keep { by, .. }
        | Event::GoBack { by, .. } => Some(by),
        Event::Wake
        | Event::WasAway { .. }
        | Event::SupersededBy { .. }
        | Event::Done { .. }
        | Event::CommandFailed { .. } => None,
    }
}
