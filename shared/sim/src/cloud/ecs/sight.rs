//! Services as somebody sees them who reads: as they are, or as they were a moment ago.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use jiff::Timestamp;

use super::{Rollout, Service};
use crate::cloud::Cloud;
use crate::cloud::lag::{Lagging, Read};

/// A service with its service deployments, which it names by their places in the list.
#[derive(Clone, Copy, Debug)]
pub(in crate::cloud) struct Sight<'a> {
    pub(in crate::cloud) service: &'a Service,
    pub(in crate::cloud) rollouts: &'a [Rollout],
}

/// What a service looked like, and its service deployments with it.
#[derive(Clone, Debug)]
pub(in crate::cloud) struct Look {
    fingerprint: u64,
    service: Service,
    rollouts: Vec<Rollout>,
}

impl<'a> Sight<'a> {
    /// Its last service deployment.
    pub(in crate::cloud) fn last(self) -> Option<&'a Rollout> {
        self.service.rollouts.last().map(|at| &self.rollouts[*at])
    }

    /// Per cent of the production traffic that goes to the revision a rollout brings up: by the
    /// rule's weights, or by the share of the tasks where all stand in one group.
    pub(in crate::cloud) fn traffic_percent(self, rollout: &Rollout) -> Option<u8> {
        let traffic = self.service.traffic.as_ref()?;
        let target = &self.service.revisions[rollout.target];
        let percent = if rollout.config.strategy.shifts_traffic() {
            traffic.weight(target.group)
        } else {
            (target.running * 100)
                .checked_div(self.service.running())
                .unwrap_or(0)
        };
        u8::try_from(percent).ok()
    }

    /// Changes whenever anything does that a reader can see. Of the service deployments only the
    /// last can change.
    fn fingerprint(self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let service = self.service;
        (service.desired, service.task_definition, service.completed).hash(&mut hasher);
        (service.rollouts.len(), service.died.len()).hash(&mut hasher);
        (Arc::as_ptr(&service.config) as usize).hash(&mut hasher);
        for revision in &service.revisions {
            (revision.running, revision.group).hash(&mut hasher);
        }
        if let Some(traffic) = &service.traffic {
            (traffic.weight(0), traffic.weight(1), traffic.test).hash(&mut hasher);
            traffic.settings.hash(&mut hasher);
        }
        if let Some(last) = self.last() {
            (
                last.status as u8,
                last.stage.map(|s| s as u8),
                last.ended_at,
            )
                .hash(&mut hasher);
            (last.failed_starts, last.reason.as_ref()).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn look(self, fingerprint: u64) -> Look {
        let mut service = Service {
            looked: Lagging::default(),
            ..self.service.clone()
        };
        let rollouts = service.rollouts.iter();
        let rollouts = rollouts.map(|at| self.rollouts[*at].clone()).collect();
        service.rollouts = (0..service.rollouts.len()).collect();
        Look {
            fingerprint,
            service,
            rollouts,
        }
    }
}

impl Cloud {
    /// The service as it is.
    pub(in crate::cloud) fn sight(&self, at: usize) -> Sight<'_> {
        Sight {
            service: &self.ecs.services[at],
            rollouts: &self.ecs.rollouts,
        }
    }

    /// The service as a read of this kind has it now.
    pub(in crate::cloud) fn sight_of(&self, at: usize, read: Read) -> Sight<'_> {
        let looked = &self.ecs.services[at].looked;
        let then = self.seen_as_of(read);
        match then.and_then(|then| looked.at(then)) {
            Some(look) => Sight {
                service: &look.service,
                rollouts: &look.rollouts,
            },
            None => self.sight(at),
        }
    }

    pub(in crate::cloud) fn observe_services(&mut self, oldest: Timestamp) {
        let mut changed = self.ecs.services.take_changed();
        let rollouts = self.ecs.rollouts.take_changed().into_iter();
        changed.extend(rollouts.map(|at| self.ecs.rollouts[at].service));
        for at in changed {
            let sight = self.sight(at);
            let fingerprint = sight.fingerprint();
            let last = sight.service.looked.last();
            if last.is_some_and(|look| look.fingerprint == fingerprint) {
                continue;
            }
            let look = sight.look(fingerprint);
            let now = self.now;
            let looked = &mut self.ecs.services.unseen(at).looked;
            looked.forget_before(oldest);
            looked.push(now, look);
        }
    }
}
