//! How much worse than the old version the new one may be.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How the error rate and the latency of the new version are compared with the old one's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// Fewer requests than this, of either version, prove nothing.
    pub least_requests: u16,
    /// So many more of its requests must fail before the new version counts as worse: hundredths
    /// of a percentage point.
    pub more_errors: u16,
    /// Its p90 must be longer by so many per cent of the old one's,
    pub slower_percent: u16,
    /// and by this.
    pub slower: SignedDuration,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            least_requests: 50,
            more_errors: 50,
            slower_percent: 50,
            slower: SignedDuration::from_millis(100),
        }
    }
}

impl Metrics {
    /// Where only earlier minutes are left to compare with, a difference must be twice as large.
    #[must_use]
    pub(crate) fn doubled(&self) -> Self {
        Self {
            least_requests: self.least_requests,
            more_errors: self.more_errors.saturating_mul(2),
            slower_percent: self.slower_percent.saturating_mul(2),
            slower: self.slower.saturating_mul(2),
        }
    }

    /// What an environment has that says nothing of it.
    pub(super) fn by_default() -> Option<Self> {
        Some(Self::default())
    }

    pub(super) fn is_default(metrics: &Option<Self>) -> bool {
        *metrics == Self::by_default()
    }
}
