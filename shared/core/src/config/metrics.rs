//! How much worse than the old version the new one may be.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How the error rate and the latency of the new version are compared with the old one's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// Fewer requests than this, of either version, prove nothing.
    pub least_requests: u16,
    /// Of 1,000 requests so many more must fail before the new version counts as worse.
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
            more_errors: 5,
            slower_percent: 50,
            slower: SignedDuration::from_millis(100),
        }
    }
}

impl Metrics {
    /// Where only earlier minutes are left to compare with, a difference must be three times as large.
    #[must_use]
    pub(crate) fn tripled(&self) -> Self {
        Self {
            least_requests: self.least_requests,
            more_errors: self.more_errors.saturating_mul(3),
            slower_percent: self.slower_percent.saturating_mul(3),
            slower: self.slower.saturating_mul(3),
        }
    }

    /// What an environment has that says nothing of it.
    pub(crate) fn by_default() -> Option<Self> {
        Some(Self::default())
    }

    pub(crate) fn is_default(metrics: &Option<Self>) -> bool {
        *metrics == Self::by_default()
    }
}
