//! The sparse index of what is due. DynamoDB writes an index after its table, so a query sees a
//! change some time later; reads of the table itself are consistent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};

use jiff::Timestamp;
use sluice_app::ports::Due;
use sluice_core::id::DeploymentId;

/// A change of the index.
#[derive(Clone, Debug)]
struct Change {
    id: DeploymentId,
    from: Option<Timestamp>,
    seen_at: Timestamp,
}

/// What is due when.
#[derive(Clone, Debug, Default)]
pub(super) struct DueIndex {
    entries: BTreeSet<(Timestamp, DeploymentId)>,
    /// The changes that a query may not see yet, in their order.
    late: VecDeque<Change>,
    /// From when queries see the changes that are made now; none if at once.
    seen_at: Option<Timestamp>,
}

impl DueIndex {
    /// The changes that follow are seen from then on; `None` if at once.
    pub(super) fn lag_until(&mut self, seen_at: Option<Timestamp>) {
        self.seen_at = seen_at;
    }

    /// The deployment is due at another time.
    pub(super) fn change(
        &mut self,
        id: &DeploymentId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) {
        if from == to {
            return;
        }
        replace(&mut self.entries, id, from, to);
        if let Some(seen_at) = self.seen_at {
            // One change does not overtake another.
            let last = self.late.back().map(|change| change.seen_at);
            self.late.push_back(Change {
                id: id.clone(),
                from,
                seen_at: last.map_or(seen_at, |last| last.max(seen_at)),
            });
        }
    }

    /// A query: what was due before then, as the index has it now.
    pub(super) fn query(
        &mut self,
        before: Timestamp,
        after: Option<&Due>,
        limit: usize,
        now: Timestamp,
    ) -> Vec<Due> {
        while self.late.front().is_some_and(|late| late.seen_at <= now) {
            self.late.pop_front();
        }
        if self.late.is_empty() {
            return first(&self.entries, before, after, limit, |_| true);
        }
        // As the index has it, each was due when its first late change found it.
        let late = self.late.iter().rev();
        let seen: BTreeMap<&DeploymentId, Option<Timestamp>> =
            late.map(|late| (&late.id, late.from)).collect();
        let is_seen = |(_, id): &&(Timestamp, DeploymentId)| !seen.contains_key(id);
        let late = seen
            .iter()
            .filter_map(|(id, at)| Some(((*at)?, (*id).clone())))
            .collect();
        let mut found = first(&late, before, after, limit, |_| true);
        found.extend(first(&self.entries, before, after, limit, is_seen));
        found.sort_by(|(a, at_a), (b, at_b)| (at_a, a).cmp(&(at_b, b)));
        found.truncate(limit);
        found
    }

    /// How many deployments are due some day.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

fn replace(
    entries: &mut BTreeSet<(Timestamp, DeploymentId)>,
    id: &DeploymentId,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) {
    if let Some(from) = from {
        entries.remove(&(from, id.clone()));
    }
    if let Some(to) = to {
        entries.insert((to, id.clone()));
    }
}

fn first(
    entries: &BTreeSet<(Timestamp, DeploymentId)>,
    before: Timestamp,
    after: Option<&Due>,
    limit: usize,
    is_seen: impl Fn(&&(Timestamp, DeploymentId)) -> bool,
) -> Vec<Due> {
    let after = after.map(|(id, at)| (*at, id.clone()));
    entries
        .range((after.map_or(Unbounded, Excluded), Unbounded))
        .take_while(|(due_at, _)| *due_at < before)
        .filter(is_seen)
        .take(limit)
        .map(|(due_at, id)| (id.clone(), *due_at))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_query_sees_a_change_once_the_index_has_it_and_the_count_at_once() {
        let id = DeploymentId::from_outside("d-1");
        let mut index = DueIndex::default();
        index.change(&id, None, Some(at(10)));
        index.lag_until(Some(at(23)));
        index.change(&id, Some(at(10)), Some(at(15)));
        // Quicker, and still not before the one that came first.
        index.lag_until(Some(at(21)));
        index.change(&id, Some(at(15)), None);
        assert_eq!(index.len(), 0);
        // One that did not change is seen among those that did, and pages go over both.
        let other = DeploymentId::from_outside("d-2");
        index.lag_until(None);
        index.change(&other, None, Some(at(9)));
        let both = [(other.clone(), at(9)), (id, at(10))];
        assert_eq!(index.query(at(20), None, 9, at(22)), both);
        assert_eq!(index.query(at(20), None, 1, at(22)), both[..1]);
        assert_eq!(index.query(at(20), Some(&both[0]), 9, at(22)), both[1..]);
        index.change(&other, Some(at(9)), None);
        assert!(index.query(at(20), None, 9, at(23)).is_empty());
    }
}
