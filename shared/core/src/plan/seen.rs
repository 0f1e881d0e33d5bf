//! A plan with what stands beside it: its hash, and what was seen of the world when it was drawn or
//! read again. What is seen moves by itself, so it is not in the hash: people are told of it, and it
//! makes no approval void.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::{AlarmName, Hash, SecretVersion};
use crate::observation::DatabaseObservation;
use crate::origin::Origin;
use crate::plan::{Plan, Remark};
use crate::release::VerifiedRelease;
use crate::scan::{Counts, Excepted};

/// A plan and its hash: what people approve. What was seen of the world last stands beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedPlan {
    /// The plan.
    pub plan: Plan,
    /// Its hash.
    pub hash: Hash,
    /// What was seen beside it, at the last look.
    pub seen: Seen,
}

/// What was seen of the world that is no part of what will be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where the image comes from. Its tags may name the commit, and tags come and go.
    #[serde(default, skip_serializing_if = "Origin::is_unknown")]
    pub origin: Origin,
    /// The release verified last here; `None` at the very first deployment.
    pub previous: Option<VerifiedRelease>,
    /// Where the digest has succeeded before, if it had to.
    pub passed: Option<VerifiedRelease>,
    /// What the scan found that nobody answers for, if it was waited for.
    pub scan: Option<Counts>,
    /// And what somebody answers for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excepted: Vec<Excepted>,
    /// The database that is backed up or restored: its storage and its minor version grow by
    /// themselves.
    pub database: Option<DatabaseObservation>,
    /// Alarms that ring already: they say nothing of the new version. ECS ignores them too, and
    /// whoever fixes what rings must get through.
    pub ringing: BTreeSet<AlarmName>,
    /// The versions that secrets have now which are not pinned to one.
    pub unpinned: BTreeMap<String, SecretVersion>,
    /// What people should know.
    pub remarks: Vec<Remark>,
}

impl SealedPlan {
    /// Seals a plan.
    pub fn new(plan: Plan, seen: Seen) -> Self {
        let hash = Hash::of_json(&plan);
        Self { plan, hash, seen }
    }

    /// The alarms that count for this release: those that do not ring already.
    pub fn alarms(&self) -> Vec<AlarmName> {
        let alarms = self.plan.alarms.iter();
        let counts = alarms.filter(|alarm| !self.seen.ringing.contains(*alarm));
        counts.cloned().collect()
    }

    /// The remarks that people of `before` have not read.
    pub fn news_since(&self, before: &Self) -> Vec<Remark> {
        let remarks = self.seen.remarks.iter();
        let news = remarks.filter(|remark| !before.seen.remarks.contains(remark));
        news.cloned().collect()
    }
}
