//! Who is in which of Slack's user groups, remembered for a minute.
//!
//! Slack is asked at a click, and a click has three seconds. So a positive answer is valid for
//! [`LASTS`]:
//! someone
//! who leaves a group can decide no longer than that, and someone who is in it can also while
//! Slack
//! does not answer. A negative answer is never remembered: someone who was added a second ago is
//! not refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use sluice_core::config::Member;
use sluice_core::failure::PortError;
use sluice_core::id::{GroupId, UserId};

use crate::App;

/// How long Slack's answer that someone is in a group is valid.
const LASTS: SignedDuration = SignedDuration::from_secs(60);

/// Groups that are remembered, at most.
const MOST_GROUPS: usize = 200;

/// Members of all of them together, at most: about two megabytes.
const MOST_MEMBERS: usize = 20_000;

/// What Slack answered about its groups. One for each process: each asks for itself.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    known: Mutex<BTreeMap<GroupId, Known>>,
}

/// A group as Slack reported it.
#[derive(Debug)]
struct Known {
    /// When Slack was asked: what it said was true then or later.
    asked_at: Timestamp,
    members: BTreeSet<UserId>,
}

impl Known {
    fn is_good(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.asked_at);
        // A clock that went back makes nothing younger.
        !age.is_negative() && age < LASTS
    }
}

impl Groups {
    /// A panic while it was held leaves at worst one group less.
    fn known(&self) -> MutexGuard<'_, BTreeMap<GroupId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether Slack said within the last minute that someone is in the group.
    fn holds(&self, group: &GroupId, user: &UserId, now: Timestamp) -> bool {
        let known = self.known();
        let found = known.get(group).filter(|known| known.is_good(now));
        found.is_some_and(|found| found.members.contains(user))
    }

    /// Whether some in the group have ids of another kind than this one (`U…`, `W…`), so that this
    /// person may be in it by another id.
    fn mixes(&self, group: &GroupId, user: &UserId) -> bool {
        let kind = |id: &UserId| id.as_str().chars().next();
        let known = self.known();
        let members = known.get(group).into_iter().flat_map(|it| &it.members);
        members.into_iter().any(|member| kind(member) != kind(user))
    }

    /// Remembers what Slack said when it was asked at `asked_at`, and forgets what is too old or
    /// too much, the oldest first.
    fn learn(
        &self,
        group: &GroupId,
        members: BTreeSet<UserId>,
        asked_at: Timestamp,
        now: Timestamp,
    ) {
        let mut known = self.known();
        known.retain(|_, known| known.is_good(now));
        if known.get(group).is_some_and(|it| it.asked_at > asked_at) {
            return;
        }
        known.insert(group.clone(), Known { asked_at, members });
        let members = |known: &BTreeMap<GroupId, Known>| {
            known.values().map(|it| it.members.len()).sum::<usize>()
        };
        while known.len() > MOST_GROUPS || members(&known) > MOST_MEMBERS {
            let oldest = known.iter().min_by_key(|(_, it)| it.asked_at);
            let Some(oldest) = oldest.map(|(group, _)| group.clone()) else {
                return;
            };
            known.remove(&oldest);
        }
    }
}

impl App {
    /// The groups among these that someone is in, as far as they decide: one is enough for every
    /// role, and people who are named directly need none.
    ///
    /// # Errors
    /// Slack did not say that they are in any, and of one at least it said nothing.
    pub(crate) async fn groups_among(
        &self,
        members: impl Iterator<Item = &Member>,
        user: &UserId,
    ) -> Result<BTreeSet<GroupId>, PortError> {
        let mut groups: BTreeSet<&GroupId> = BTreeSet::new();
        for member in members {
            match member {
                Member::User(named) if named == user => return Ok(BTreeSet::new()),
                Member::User(_) => {}
                Member::Group(group) => {
                    groups.insert(group);
                }
            }
        }
        let now = self.ports.clock.now();
        let holds = |group: &&&GroupId| self.groups.holds(group, user, now);
        let remembered: BTreeSet<GroupId> = groups
            .iter()
            .filter(holds)
            .map(|it| (*it).clone())
            .collect();
        if !remembered.is_empty() {
            return Ok(remembered);
        }
        let asked = groups.iter().map(|group| self.ask_group(group, user));
        let answers = join_all(asked).await;
        let mut found: BTreeSet<GroupId> = answers
            .iter()
            .filter_map(|answer| answer.as_ref().ok()?.clone())
            .collect();
        if found.is_empty() && groups.iter().any(|group| self.groups.mixes(group, user)) {
            let ids = self.ports.chat.ids_of(user).await?;
            let now = self.ports.clock.now();
            let by_any = |group: &&&GroupId| ids.iter().any(|id| self.groups.holds(group, id, now));
            found.extend(groups.iter().filter(by_any).map(|group| (*group).clone()));
        }
        let failed = answers.into_iter().find_map(Result::err);
        match failed {
            Some(error) if found.is_empty() => Err(error),
            _ => Ok(found),
        }
    }

    /// The group, if Slack says that they are in it.
    async fn ask_group(
        &self,
        group: &GroupId,
        user: &UserId,
    ) -> Result<Option<GroupId>, PortError> {
        let asked_at = self.ports.clock.now();
        let answer = self.ports.chat.group_members(group).await;
        let members = answer.map_err(|error| PortError {
            message: format!(
                "Slack did not say who is in <!subteam^{group}>: {}",
                error.message
            ),
            ..error
        })?;
        let is_one = members.contains(user).then(|| group.clone());
        let now = self.ports.clock.now();
        self.groups.learn(group, members, asked_at, now);
        Ok(is_one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_600_000 + second).unwrap()
    }

    fn group(number: usize) -> GroupId {
        GroupId::new(format!("S{number:04}"))
    }

    fn members(count: usize) -> BTreeSet<UserId> {
        let named = (0..count).map(|number| UserId::new(format!("U{number:06}")));
        named.collect()
    }

    fn first() -> UserId {
        UserId::new("U000000")
    }

    #[test]
    fn a_yes_is_good_for_less_than_a_minute_and_a_no_never() {
        let groups = Groups::default();
        groups.learn(&group(1), members(2), at(0), at(1));
        let stranger = UserId::new("U999999");
        for (second, holds) in [(0, true), (59, true), (60, false), (-1, false)] {
            assert_eq!(
                groups.holds(&group(1), &first(), at(second)),
                holds,
                "{second}"
            );
            assert!(!groups.holds(&group(1), &stranger, at(second)));
        }
        assert!(!groups.holds(&group(2), &first(), at(0)));
    }

    #[test]
    fn the_younger_answer_counts_whichever_comes_first() {
        let groups = Groups::default();
        groups.learn(&group(1), BTreeSet::new(), at(5), at(6));
        groups.learn(&group(1), members(1), at(4), at(7));
        assert!(!groups.holds(&group(1), &first(), at(8)), "they have left");
        groups.learn(&group(1), members(1), at(9), at(10));
        assert!(groups.holds(&group(1), &first(), at(11)));
    }

    #[test]
    fn what_is_remembered_is_bounded_in_age_groups_and_members() {
        let groups = Groups::default();
        for number in 0..500_usize {
            let now = at(i64::try_from(number).unwrap() / 10);
            groups.learn(&group(number), members(1), now, now);
        }
        assert_eq!(groups.known().len(), MOST_GROUPS);
        assert!(
            groups.holds(&group(499), &first(), at(50)),
            "the youngest stay"
        );
        assert!(!groups.holds(&group(299), &first(), at(50)));

        groups.learn(&group(0), members(MOST_MEMBERS - 10), at(51), at(51));
        let kept = groups
            .known()
            .values()
            .map(|it| it.members.len())
            .sum::<usize>();
        assert!(kept <= MOST_MEMBERS, "{kept} members");
        assert!(groups.holds(&group(0), &first(), at(51)));
        groups.learn(&group(1), members(MOST_MEMBERS + 1), at(52), at(52));
        assert_eq!(groups.known().len(), 0, "one alone is too much");

        groups.learn(&group(2), members(1), at(60), at(60));
        groups.learn(&group(3), members(1), at(120), at(120));
        assert_eq!(groups.known().len(), 1, "what is too old is forgotten");
    }
}
