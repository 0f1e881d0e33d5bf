//! What a scan of an image found, and what of it counts.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::{ScanException, ScanPolicy, Severity};
use crate::id::FindingId;

/// How many findings there are of each severity. One that is not there has none.
pub type Counts = BTreeMap<Severity, u32>;

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Those that nobody answers for.
    #[serde(flatten)]
    pub counts: Counts,
    /// Those with an id that was asked about, because `scan.except` names it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub named: BTreeMap<FindingId, Counts>,
}

impl From<Counts> for Findings {
    fn from(counts: Counts) -> Self {
        Self {
            counts,
            named: BTreeMap::new(),
        }
    }
}

impl Findings {
    /// What was found in one of several images of an index: of each finding the most that any of them
    /// has, since the same package is in all of them.
    #[must_use]
    pub fn or_more(mut self, other: Self) -> Self {
        most(&mut self.counts, other.counts);
        for (id, counts) in other.named {
            most(self.named.entry(id).or_default(), counts);
        }
        self
    }

    /// Moves `counts`, which are among those found, to what has this id.
    pub fn name(&mut self, id: FindingId, severity: Severity) {
        if let Some(count) = self.counts.get_mut(&severity).filter(|count| **count > 0) {
            *count -= 1;
            *self
                .named
                .entry(id)
                .or_default()
                .entry(severity)
                .or_default() += 1;
        }
    }

    /// Without what was named and is not among `ids`: that counts as any other.
    #[must_use]
    pub fn only(mut self, ids: &[FindingId]) -> Self {
        let (named, others) = std::mem::take(&mut self.named)
            .into_iter()
            .partition(|(id, _)| ids.contains(id));
        self.named = named;
        for counts in others.into_values() {
            add(&mut self.counts, &counts);
        }
        self
    }

    /// All that was found, whoever answers for it.
    pub fn all(&self) -> Counts {
        let mut all = self.counts.clone();
        for counts in self.named.values() {
            add(&mut all, counts);
        }
        all
    }
}

fn most(counts: &mut Counts, others: Counts) {
    for (severity, count) in others {
        let most = counts.entry(severity).or_default();
        *most = count.max(*most);
    }
}

fn add(counts: &mut Counts, more: &Counts) {
    for (severity, count) in more {
        *counts.entry(*severity).or_default() += count;
    }
}

/// What a policy makes of findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// What counts.
    pub open: Counts,
    /// What somebody answers for.
    pub excepted: Vec<Excepted>,
    /// Exceptions of what was found that have expired.
    pub expired: Vec<ScanException>,
}

/// Findings of one id that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excepted {
    /// Who, why and until when.
    pub exception: ScanException,
    /// How bad the worst of them is.
    pub severity: Severity,
}

impl fmt::Display for Excepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.severity.word(), self.exception)
    }
}

impl ScanPolicy {
    /// The ids that somebody answers for, or did.
    pub fn excepted_ids(&self) -> Vec<FindingId> {
        self.except.iter().map(|one| one.id.clone()).collect()
    }

    /// What counts of what was found, and what somebody answers for now.
    pub fn judge(&self, findings: &Findings, now: Timestamp) -> Judged {
        let mut judged = Judged {
            open: findings.counts.clone(),
            ..Judged::default()
        };
        for (id, counts) in &findings.named {
            let exception = self.except.iter().find(|one| one.id == *id);
            let severity = counts.keys().next_back();
            match (exception, severity) {
                (Some(exception), Some(severity)) if !exception.until.is_over(now) => {
                    judged.excepted.push(Excepted {
                        exception: exception.clone(),
                        severity: *severity,
                    });
                }
                (exception, _) => {
                    judged.expired.extend(exception.cloned());
                    add(&mut judged.open, counts);
                }
            }
        }
        judged
    }
}

#[cfg(test)]
mod tests;
