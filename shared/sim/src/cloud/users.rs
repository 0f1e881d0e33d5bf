//! The users of a service, and what CloudWatch says of their requests: a while later, not all at
//! once, and now and then not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_core::id::{ClusterName, EcsServiceName, TaskDefinitionArn};
use sluice_core::metrics::{Counts, Measured, Minutes};

use super::Cloud;
use super::behaviour::ImageBehaviour;
use super::elb::Group;
use super::load::{Load, Part};
use super::place::Place;
use crate::workplace::Dice;

/// The numbers of a minute come so long after its end, at the soonest and at the latest.
const LATE_S: (i64, u64) = (30, 60);

/// So many seconds after the others come the errors, now and then.
const ERRORS_LATER_S: i64 = 8;

/// The users of one service.
#[derive(Debug)]
pub(super) struct Users {
    service: usize,
    load: Load,
    seed: u64,
    /// Since when the two groups have what, oldest first.
    had: Vec<(Timestamp, [Had; 2])>,
}

/// What a target group has of the traffic.
#[derive(Clone, Debug, Default, PartialEq)]
struct Had {
    percent: u32,
    behaviour: Option<Arc<ImageBehaviour>>,
}

/// A minute that begins then, and its number.
fn minutes(from: Timestamp, until: Timestamp) -> impl Iterator<Item = (Timestamp, i64)> {
    let numbers = from.as_second().div_euclid(60)..until.as_second().div_euclid(60);
    numbers.filter_map(|number| Some((Timestamp::from_second(number * 60).ok()?, number)))
}

impl Users {
    /// The share that the group had of a minute, and what answered then.
    fn share(&self, group: Group, begin: Timestamp) -> (f64, Option<&ImageBehaviour>) {
        let end = begin + SignedDuration::from_secs(60);
        let (mut share, mut behaviour) = (0.0, None);
        for (at, (since, groups)) in self.had.iter().enumerate() {
            let until = self
                .had
                .get(at + 1)
                .map_or(end, |(next, _)| (*next).min(end));
            // Before they are known of, users had what they have first.
            let since = if at == 0 { begin } else { (*since).max(begin) };
            let had = &groups[group];
            if until > since && had.percent > 0 {
                let lasts = until.duration_since(since).as_secs_f64();
                share += lasts / 60.0 * f64::from(had.percent) / 100.0;
                behaviour = had.behaviour.as_deref();
            }
        }
        (share, behaviour)
    }

    /// The numbers of a minute, as far as they have come.
    fn counts(
        &self,
        group: Group,
        begin: Timestamp,
        number: i64,
        now: Timestamp,
    ) -> Option<Counts> {
        let mut dice = Dice::new(self.seed ^ 0x1a7e, number.unsigned_abs() * 2 + group as u64);
        let after_s = LATE_S.0 + i64::try_from(dice.below(LATE_S.1 - 29)).unwrap_or(0);
        let come = begin + SignedDuration::from_secs(60 + after_s);
        let never = dice.chance(0.02);
        if now < come || never {
            return None;
        }
        let (share, behaviour) = self.share(group, begin);
        let worse = behaviour.and_then(|behaviour| behaviour.under_load);
        let part = Part {
            group: group as u64,
            share,
            more_errors: worse.map_or(0.0, |worse| f64::from(worse.more_errors) / 1000.0),
            slower: worse.map_or(1.0, |worse| 1.0 + f64::from(worse.slower_percent) / 100.0),
        };
        let mut counts = self.load.counts(self.seed, number, &part)?;
        let errors_come = come + SignedDuration::from_secs(ERRORS_LATER_S);
        if dice.chance(0.25) && now < errors_come {
            counts.errors = 0;
        }
        Some(counts)
    }
}

impl Cloud {
    /// From now on users ask this of the service, in every account that has one of that name.
    pub fn set_load(&mut self, cluster: &ClusterName, service: &EcsServiceName, load: &Load) {
        for service in self.ecs.services_named(cluster, service).to_vec() {
            let seed = self.lag_seed ^ (service as u64).wrapping_mul(0x9e37_79b9);
            self.users.retain(|users| users.service != service);
            self.users.push(Users {
                service,
                load: load.clone(),
                seed,
                had: vec![(self.now, self.groups_have(service))],
            });
        }
    }

    pub(super) fn has_users(&self, service: usize) -> bool {
        self.users.iter().any(|users| users.service == service)
    }

    pub(super) fn is_used(&self) -> bool {
        !self.users.is_empty()
    }

    fn groups_have(&self, service: usize) -> [Had; 2] {
        let service = &self.ecs.services[service];
        let Some(traffic) = &service.traffic else {
            return [Had::default(), Had::default()];
        };
        [0, 1].map(|group| Had {
            percent: traffic.weight(group),
            behaviour: service
                .behind(group)
                .and_then(|revision| service.revisions[revision].behaviour.clone()),
        })
    }

    /// Remembers what the groups have from now on.
    pub(super) fn users_go_on(&mut self) {
        for at in 0..self.users.len() {
            let have = self.groups_have(self.users[at].service);
            if self.users[at]
                .had
                .last()
                .is_none_or(|(_, had)| *had != have)
            {
                let now = self.now;
                self.users[at].had.push((now, have));
            }
        }
    }

    /// The same of a service by its name, and of its first target group or its second.
    pub fn requests_in(
        &self,
        (place, cluster, name): (&Place, &ClusterName, &EcsServiceName),
        group: usize,
        from: Timestamp,
        until: Timestamp,
    ) -> Minutes {
        let service = self.service_at(place, cluster, name);
        service.map_or_else(BTreeMap::new, |service| {
            self.group_minutes(service, group, from, until)
        })
    }

    /// What CloudWatch has of one target group.
    pub(super) fn group_minutes(
        &self,
        service: usize,
        group: Group,
        from: Timestamp,
        until: Timestamp,
    ) -> Minutes {
        let Some(users) = self.users.iter().find(|users| users.service == service) else {
            return BTreeMap::new();
        };
        let known = minutes(from, until)
            .filter_map(|(at, number)| Some((at, users.counts(group, at, number, self.now)?)));
        known.collect()
    }

    /// What CloudWatch has of the group of a service deployment, and of the other one.
    pub(super) fn measured(
        &self,
        service: usize,
        task_definition: &TaskDefinitionArn,
        since: Timestamp,
        (from, until): (Timestamp, Timestamp),
    ) -> Measured {
        let seen = &self.ecs.services[service];
        let mut rollouts = seen.rollouts.iter().rev().map(|at| &self.ecs.rollouts[*at]);
        let ours = rollouts.find(|rollout| {
            let definition = seen.revisions[rollout.target].task_definition;
            rollout.created_at >= since
                && self.ecs.task_definitions[definition].arn == *task_definition
        });
        let Some(rollout) = ours else {
            return Measured::default();
        };
        let new = seen.revisions[rollout.target].group;
        Measured {
            old: self.group_minutes(service, 1 - new, from, until),
            new: self.group_minutes(service, new, from, until),
        }
    }
}
