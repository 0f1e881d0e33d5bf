//! What a save must not say.

use jiff::Timestamp;
use sluice_app::ports::EnvironmentKey;
use sluice_core::config::Service;
use sluice_core::controls::{Controls, ControlsObservation};
use sluice_core::deployment::{Deployment, Requester};
use sluice_core::event::{Event, Outcome};
use sluice_core::history::{Record, RecordedEntry};
use sluice_core::id::{ServiceName, UserId};
use sluice_core::phase::Phase;

use super::{Invariant, Seen, Watcher};
use crate::workplace::Change;

impl Watcher {
    pub(super) fn judge_save(&mut self, change: &Change<'_>) {
        let at = self.now();
        let after = change.after;
        let phase = &after.phase;
        if let Some(before) = change.before
            && before.phase.is_terminal()
            && before.phase != *phase
        {
            let detail = format!("it was {} and is {} now", before.phase.name(), phase.name());
            self.broken(at, Invariant::OverIsOver, &after.id, detail);
        }
        if !phase.is_terminal() && change.due_at.is_none() {
            let detail = format!("{} and never looked at again", phase.name());
            self.broken(at, Invariant::AlwaysDue, &after.id, detail);
        }
        if after.kind.goes_first() && matches!(phase, Phase::Superseded { .. }) {
            let detail = "a rollback gave way to a release";
            self.broken(at, Invariant::PlainRollback, &after.id, detail);
        }
        self.judge_touching(after, &change.controls);
        if let Some(before) = change.before {
            self.judge_pause(before, after);
        }
        let entered = change
            .before
            .is_none_or(|before| before.phase.name() != phase.name());
        if entered && matches!(phase, Phase::Succeeded | Phase::Restored) {
            self.judge_success(after);
        }
        if entered && phase.is_terminal() {
            self.judge_restore(after);
        }
        self.remember(after, change.records);
        self.judge_account(change);
    }

    /// One deployment at a time, and none that nobody allowed.
    fn judge_touching(&mut self, after: &Deployment, controls: &Controls) {
        let at = self.now();
        let key = EnvironmentKey::of(after);
        // A rehearsal touches a copy of its own, and nothing that anybody uses; what removes a change
        // set, neither.
        let rehearses = matches!(
            after.phase,
            Phase::Rehearsing(_) | Phase::Withdrawing { .. }
        );
        let touches = !after.phase.is_terminal() && !after.phase.is_untouched() && !rehearses;
        let holder = self.touching.get(&key).cloned();
        if !touches {
            if holder.as_ref() == Some(&after.id) {
                self.touching.remove(&key);
            }
            return;
        }
        match holder {
            Some(holder) if holder == after.id => {}
            Some(holder) => {
                let detail = format!(
                    "{} while {holder} touches {}",
                    after.phase.name(),
                    key.environment
                );
                self.broken(at, Invariant::OneActive, &after.id, detail);
            }
            None => {
                self.touching.insert(key, after.id.clone());
                self.facts.let_through.insert(after.id.clone());
                self.judge_approvals(after);
                self.judge_open(after, controls);
            }
        }
    }

    /// The way back is always open, and so is the way that somebody has overridden.
    fn judge_open(&mut self, after: &Deployment, controls: &Controls) {
        let (at, environment) = (self.now(), &after.settings.environment);
        let seen = ControlsObservation::read(environment, controls, at);
        let is_let_through = after.overridden.is_some() || after.kind.goes_first();
        if !is_let_through && !seen.is_open_to(&after.requested_by) {
            let detail = format!(
                "{} although {} is closed: {}",
                after.phase.name(),
                environment.name,
                sluice_words::controls::closed(&seen, environment, &after.requested_by)
            );
            self.broken(at, Invariant::Open, &after.id, detail);
        }
    }

    /// What is paused before and after a save has not asked the world for anything in between, but
    /// for what was asked for before the pause.
    fn judge_pause(&mut self, before: &Deployment, after: &Deployment) {
        if before.paused.is_none() || after.paused.is_none() {
            return;
        }
        let begun = |d: &Deployment| {
            (
                d.phase.is_untouched(),
                matches!(d.phase, Phase::Shifting { .. }),
            )
        };
        if begun(before) != begun(after) && !after.phase.is_terminal() {
            let (from, to) = (before.phase.name(), after.phase.name());
            let detail = format!("it went from {from} to {to} while it was paused");
            self.broken(self.now(), Invariant::Paused, &after.id, detail);
        }
    }

    fn judge_approvals(&mut self, after: &Deployment) {
        let Some(demands) = after.demands() else {
            return;
        };
        let approved = |user: &UserId| after.approvals.contains_key(user);
        let four_eyes_broken = demands.four_eyes
            && (after.pushed_by().is_some_and(approved)
                || match &after.requested_by {
                    Requester::Person(asked) => approved(asked),
                    Requester::Push => false,
                });
        if after.approvals.len() < usize::from(demands.quorum) || four_eyes_broken {
            let detail = format!(
                "{} with the approvals of {:?}, where {} are needed (four eyes: {}), asked for by {}",
                after.phase.name(),
                after.approvals.keys().collect::<Vec<_>>(),
                demands.quorum,
                demands.four_eyes,
                after.requested_by
            );
            self.broken(self.now(), Invariant::Approved, &after.id, detail);
        }
    }

    fn judge_success(&mut self, after: &Deployment) {
        let since = after.touched.rollouts_since.unwrap_or(after.requested_at);
        let mut missing = Vec::new();
        // What came after the code that a restore brings back stays stopped.
        let comes_back = |service: &&Service| {
            after.restore().is_none() || after.kind.revision(&service.name).is_some()
        };
        for service in after.settings.services.iter().filter(comes_back) {
            let placement = after.settings.placement(&service.name);
            let ours = after
                .touched
                .task_definitions
                .get(&service.name)
                .is_some_and(|revision| {
                    self.facts.succeeded(
                        &after.settings.environment.cluster,
                        &placement.ecs_service,
                        revision,
                        since,
                    )
                });
            if !ours {
                missing.push(service.name.as_str());
            }
        }
        if !missing.is_empty() {
            let detail = format!(
                "no service deployment of ours has succeeded since {since} for {}",
                missing.join(", ")
            );
            self.broken(self.now(), Invariant::TrueSuccess, &after.id, detail);
        }
    }

    fn remember(&mut self, after: &Deployment, records: &[Record]) {
        let passed = records.iter().any(smoke_tests_passed);
        let looked = records.iter().filter_map(looked);
        if let Some(seen) = self.seen.get_mut(&after.id) {
            seen.looked.extend(looked);
            seen.smoke_tests_passed |= passed;
            seen.migrates = migrates(after);
            if seen.snapshot != after.touched.snapshot {
                seen.snapshot.clone_from(&after.touched.snapshot);
            }
            return;
        }
        let seen = Seen {
            settings: after.settings.clone(),
            requested_at: after.requested_at,
            leads_back: after.kind.goes_first(),
            migrates: migrates(after),
            snapshot: after.touched.snapshot.clone(),
            smoke_tests_passed: passed,
            looked: looked.collect(),
        };
        self.seen.insert(after.id.clone(), seen);
    }
}

/// Whether the migration must succeed before traffic moves: not where nothing is pending.
fn migrates(d: &Deployment) -> bool {
    let at_head = d
        .plan
        .as_ref()
        .is_some_and(|sealed| sealed.plan.at_head.is_some());
    d.settings.migration.is_some() && !at_head
}

/// Which service the record is a look at, and when that was.
fn looked(record: &Record) -> Option<(ServiceName, Timestamp)> {
    match &record.entry {
        RecordedEntry::Event(Event::Done {
            outcome: Outcome::Rollout { service, .. },
            ..
        }) => Some((service.clone(), record.at)),
        _ => None,
    }
}

fn smoke_tests_passed(record: &Record) -> bool {
    match &record.entry {
        RecordedEntry::Event(Event::Done {
            outcome: Outcome::SmokeTests(results),
            ..
        }) => results.iter().all(|result| result.failure.is_none()),
        _ => false,
    }
}
