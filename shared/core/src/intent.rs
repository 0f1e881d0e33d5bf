//! What Sluice means to do, stored before it is done.
//!
//! A function first stores an intent under the version check, and only then asks AWS. So of two
//! functions that race one asks, whatever is asked is on record even if the function dies asking, and
//! there is a moment from which "AWS does not have it" means that it was never asked for.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long whoever stored an intent may begin to act on it. It acts at once; a function that is
/// suspended in between must not wake up and act on what others have settled since.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// A request that was begun before its lease ended has reached AWS after this, or never will.
/// `sluice-aws` gives a call 20 seconds, all its tries together.
pub const CALL: SignedDuration = SignedDuration::from_mins(1);

/// AWS's reads show by then what its writes have accepted. Nothing is promised by AWS;
/// DescribeTasks was reported to say MISSING for minutes (aws-sdk-js#1551, boto3#842).
pub const LAG: SignedDuration = SignedDuration::from_mins(5);

/// What AWS has taken is not asked for again before this, however long it takes to show: some things
/// are asked for until they are seen.
const AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// Something that Sluice is about to ask of the world, or has asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Whoever stored it may ask until then. Once it was heard that AWS took it: until when it may
    /// have been asked.
    pub until: Timestamp,
    /// Whether nothing was heard of it yet. Nobody else asks for it before the lease ends.
    pub open: bool,
}

impl Intent {
    /// One that is stored now.
    pub fn at(now: Timestamp) -> Self {
        Self {
            until: after(now, LEASE),
            open: true,
        }
    }

    /// Whether a function may be acting on it at this moment.
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.open && now < self.until
    }

    /// Until when nobody asks for it: another function may be acting on it, or AWS has just taken it.
    /// What failed is tried again when its setback says.
    pub fn rests_until(&self) -> Timestamp {
        if self.open {
            self.until
        } else {
            after(self.until, AGAIN)
        }
    }

    /// From this moment on a look that does not find what was asked for proves that it is not there.
    pub fn absent_after(&self) -> Timestamp {
        after(after(self.until, CALL), LAG)
    }
}

pub(crate) fn after(at: Timestamp, time: SignedDuration) -> Timestamp {
    at.saturating_add(time).unwrap_or(Timestamp::MAX)
}
