//! What will happen by itself, in the order of time; of one instant, in the order it was planned.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sluice_core::observation::AlarmState;

/// A place in the agenda, by which an entry is cancelled.
pub(super) type Slot = (Timestamp, u64);

/// Something that happens by itself. Numbers are places in the cloud's own lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    ScanEnds {
        image: usize,
    },
    SnapshotMoves {
        instance: usize,
        snapshot: usize,
    },
    RestoreEnds {
        database: usize,
    },
    BaselineEnds {
        database: usize,
    },
    ModificationEnds {
        database: usize,
    },
    RenameMoves {
        database: usize,
    },
    DatabaseGoes {
        database: usize,
    },
    MemberMoves {
        database: usize,
        member: usize,
    },
    ChangeSetMade {
        stack: usize,
        change_set: usize,
    },
    StackMoves {
        stack: usize,
    },
    TaskStarts {
        task: usize,
    },
    TaskEnds {
        task: usize,
    },
    TaskKilled {
        task: usize,
    },
    RolloutMoves {
        rollout: usize,
    },
    CountReached {
        service: usize,
    },
    HookOverdue {
        rollout: usize,
    },
    TrafficTells {
        service: usize,
        revision: usize,
    },
    TasksDie {
        service: usize,
        revision: usize,
    },
    TasksReturn {
        service: usize,
        revision: usize,
        tasks: u32,
    },
    SecretRotates {
        rotation: usize,
    },
    BuildEnds {
        build: usize,
    },
    AlarmChanges {
        alarm: usize,
        state: AlarmState,
    },
}

/// Everything that is planned.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    entries: BTreeMap<Slot, Due>,
    planned: u64,
}

impl Agenda {
    pub(super) fn plan(&mut self, at: Timestamp, due: Due) -> Slot {
        let slot = (at, self.planned);
        self.planned += 1;
        self.entries.insert(slot, due);
        slot
    }

    pub(super) fn cancel(&mut self, slot: Slot) {
        self.entries.remove(&slot);
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn take_due(&mut self, until: Timestamp) -> Option<(Timestamp, Due)> {
        let entry = self
            .entries
            .first_entry()
            .filter(|entry| entry.key().0 <= until)?;
        let ((at, _), due) = entry.remove_entry();
        Some((at, due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_keeps_the_order_of_planning_and_cancelled_entries_never_come() {
        let at = |s| Timestamp::from_second(s).unwrap();
        let mut agenda = Agenda::default();
        agenda.plan(at(20), Due::TaskStarts { task: 1 });
        agenda.plan(at(10), Due::TaskStarts { task: 2 });
        let cancelled = agenda.plan(at(10), Due::TaskStarts { task: 3 });
        agenda.plan(at(10), Due::TaskStarts { task: 4 });
        agenda.cancel(cancelled);
        assert_eq!(agenda.next(), Some(at(10)));
        assert_eq!(
            agenda.take_due(at(15)),
            Some((at(10), Due::TaskStarts { task: 2 }))
        );
        assert_eq!(
            agenda.take_due(at(15)),
            Some((at(10), Due::TaskStarts { task: 4 }))
        );
        assert_eq!(agenda.take_due(at(15)), None);
        assert_eq!(agenda.next(), Some(at(20)));
    }
}
