//! How far what is read lies behind what was written.
//!
//! AWS answers describe and list calls from replicas. Each kind of read lags by itself, now more,
//! now less, so that something that was seen may be missing a moment later. Writes do not lag: what
//! is asked of AWS is held against what is.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::Cloud;

/// What is read, as far as it lags by itself. What is not here is read as it is: a task definition,
/// an image, an alarm, a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// DescribeServices.
    Services,
    /// ListServiceDeployments, DescribeServiceDeployments and DescribeServiceRevisions.
    Rollouts,
    /// The load balancer's rules and target health.
    Targets,
    /// ListTasks and DescribeTasks.
    Tasks,
    /// GetLogEvents.
    Logs,
    /// DescribeDBInstances and DescribeDBClusters.
    Databases,
    /// DescribeDBSnapshots and DescribeDBClusterSnapshots.
    Snapshots,
    /// `TagList` of what RDS has.
    Tags,
    /// The findings of an image scan: it is complete before they are there.
    Findings,
    /// ListImageReferrers: a signature is stored after the image, and listed later.
    Signatures,
    /// The index of DynamoDB, which is written after the table.
    Index,
    /// DescribeChangeSet and DescribeStackEvents.
    Stacks,
    /// ListBuildsForProject and BatchGetBuilds.
    Builds,
}

/// How far reads lie behind writes, at least and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    shortest: SignedDuration,
    longest: SignedDuration,
}

/// Of so many reads of tasks one lags (aws-sdk-js#1551: "about one time in three").
const ONE_OF: u64 = 3;

impl Lag {
    /// Every read sees the last write: a kindness that AWS does not have.
    pub const fn none() -> Self {
        Self {
            shortest: SignedDuration::ZERO,
            longest: SignedDuration::ZERO,
        }
    }

    /// Anything up to `longest`.
    pub const fn of(longest: SignedDuration) -> Self {
        Self {
            shortest: SignedDuration::ZERO,
            longest,
        }
    }

    /// Always so much.
    pub const fn exactly(lag: SignedDuration) -> Self {
        Self {
            shortest: lag,
            longest: lag,
        }
    }

    /// An ordinary day: 100 ms to 3 s.
    pub const fn ordinary() -> Self {
        Self {
            shortest: SignedDuration::from_millis(100),
            longest: SignedDuration::from_secs(3),
        }
    }

    /// Whether nothing lags.
    pub fn is_none(self) -> bool {
        self.longest <= SignedDuration::ZERO
    }

    /// The longest.
    pub fn longest(self) -> SignedDuration {
        self.longest
    }

    /// How far a read of this kind lies behind at this moment: the same for the same seed, kind and
    /// moment, so that reading changes nothing.
    pub(crate) fn behind(self, seed: u64, read: Read, now: Timestamp) -> SignedDuration {
        if self.is_none() || self.shortest == self.longest {
            return self.longest;
        }
        // The order of the bits that are lost is of no matter: this is chance.
        let moment = now.as_millisecond().cast_unsigned();
        let drawn = mixed(seed ^ mixed(moment ^ mixed(read as u64)));
        if read == Read::Tasks && !drawn.is_multiple_of(ONE_OF) {
            return SignedDuration::ZERO;
        }
        let range = self.longest - self.shortest;
        let range_ms = u64::try_from(range.as_millis()).unwrap_or(0);
        let more_ms = mixed(drawn) % range_ms.saturating_add(1);
        self.shortest + SignedDuration::from_millis(i64::try_from(more_ms).unwrap_or(0))
    }
}

/// The mixing step of SplitMix64.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// What something looked like, and since when.
#[derive(Clone, Debug)]
pub(super) struct Lagging<T>(VecDeque<(Timestamp, T)>);

impl<T> Default for Lagging<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Lagging<T> {
    /// It looks like this from now on.
    pub(super) fn push(&mut self, now: Timestamp, looks: T) {
        self.0.push_back((now, looks));
    }

    /// What it looks like.
    pub(super) fn last(&self) -> Option<&T> {
        self.0.back().map(|(_, looks)| looks)
    }

    /// What it looked like then, or first.
    pub(super) fn at(&self, then: Timestamp) -> Option<&T> {
        let mut looks = self.0.iter().rev();
        let found = looks.find(|(since, _)| *since <= then);
        found.or(self.0.front()).map(|(_, looks)| looks)
    }

    /// Nobody asks any more what it looked like before `then`.
    pub(super) fn forget_before(&mut self, then: Timestamp) {
        while self.0.get(1).is_some_and(|(since, _)| *since <= then) {
            self.0.pop_front();
        }
    }
}

impl Cloud {
    /// From now on reads lag like this.
    pub fn set_lag(&mut self, lag: Lag) {
        self.lag = lag;
        self.observe();
    }

    /// How reads lag.
    pub fn lag(&self) -> Lag {
        self.lag
    }

    /// As of when a read of this kind sees the cloud; `None` if it sees it as it is.
    pub(super) fn seen_as_of(&self, read: Read) -> Option<Timestamp> {
        let behind = self.lag.behind(self.lag_seed, read, self.now);
        (behind > SignedDuration::ZERO).then(|| self.now - behind)
    }

    /// From when a read of this kind sees what is written now; `None` if at once. For what is kept
    /// beside the cloud.
    pub(crate) fn seen_at(&self, read: Read) -> Option<Timestamp> {
        let behind = self.lag.behind(self.lag_seed, read, self.now);
        (behind > SignedDuration::ZERO).then(|| self.now + behind)
    }

    /// Before time moves: whatever has changed at this instant is remembered as it looks now.
    pub(super) fn observe(&mut self) {
        if !self.lag.is_none() {
            let oldest = self.now - self.lag.longest();
            self.observe_services(oldest);
            self.observe_databases(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn ms(ms: i64) -> SignedDuration {
        SignedDuration::from_millis(ms)
    }

    fn drawn(lag: Lag, read: Read) -> Vec<SignedDuration> {
        let moments = 0..300;
        moments
            .map(|second| lag.behind(7, read, START + SignedDuration::from_secs(second)))
            .collect()
    }

    #[test]
    fn a_lag_keeps_its_bounds_and_is_the_same_for_the_same_seed() {
        let lag = Lag::ordinary();
        let services = drawn(lag, Read::Services);
        assert_eq!(services, drawn(lag, Read::Services));
        assert_ne!(services, drawn(lag, Read::Rollouts));
        assert!(
            services
                .iter()
                .all(|lag| (ms(100)..=ms(3_000)).contains(lag))
        );
        assert!(services.iter().any(|lag| *lag < ms(600)));
        assert!(services.iter().any(|lag| *lag > ms(2_500)));
    }

    #[test]
    fn about_one_read_of_a_task_in_three_lags() {
        let lagging = drawn(Lag::ordinary(), Read::Tasks);
        let lagging = lagging.iter().filter(|lag| **lag > ms(0)).count();
        assert!((70..130).contains(&lagging), "{lagging} of 300");
    }

    #[test]
    fn an_exact_lag_spares_no_read() {
        assert!(
            drawn(Lag::exactly(ms(500)), Read::Tasks)
                .iter()
                .all(|lag| *lag == ms(500))
        );
        assert!(Lag::none().is_none());
        assert!(
            drawn(Lag::none(), Read::Tasks)
                .iter()
                .all(|lag| *lag == ms(0))
        );
    }

    #[test]
    fn what_was_seen_is_remembered_for_as_long_as_somebody_may_ask() {
        let at = |s| START + SignedDuration::from_secs(s);
        let mut looks = Lagging::default();
        looks.push(at(10), "creating");
        looks.push(at(20), "available");
        looks.push(at(30), "deleting");
        assert_eq!(looks.at(at(9)), Some(&"creating"));
        assert_eq!(looks.at(at(19)), Some(&"creating"));
        assert_eq!(looks.at(at(20)), Some(&"available"));
        looks.forget_before(at(25));
        assert_eq!(looks.at(at(19)), Some(&"available"));
        assert_eq!(looks.at(at(25)), Some(&"available"));
        assert_eq!(looks.last(), Some(&"deleting"));
    }
}
