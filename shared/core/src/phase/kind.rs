//! The phases without their data: what tells one from another, how it is written, how it is read.

use serde::{Deserialize, Serialize};

use super::Phase;

macro_rules! kinds {
    ($($kind:ident = $words:literal,)*) => {
        /// A phase without its data.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each is documented as a phase")]
        pub enum PhaseKind {
            $($kind,)*
        }

        impl PhaseKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name: one word in the state, in logs and in JSON. People read
            /// [`Self::in_words`].
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($kind),)*
                }
            }

            /// The phase in words, as in `waiting for approval`.
            pub fn in_words(self) -> &'static str {
                match self {
                    $(Self::$kind => $words,)*
                }
            }
        }

        impl Phase {
            /// Without its data.
            pub fn kind(&self) -> PhaseKind {
                match self {
                    $(Self::$kind { .. } => PhaseKind::$kind,)*
                }
            }
        }
    };
}

kinds! {
    Queued = "queued",
    Planning = "planning",
    Rehearsing = "rehearsing the migration",
    AwaitingApproval = "waiting for approval",
    AwaitingWindow = "waiting for the environment to open",
    Provisioning = "updating the infrastructure",
    BackingUp = "backing up the database",
    Migrating = "migrating the database",
    RollingOut = "starting the new version",
    UpdatingWorkers = "replacing the workers",
    Verifying = "running smoke tests",
    Shifting = "shifting the traffic",
    Baking = "baking",
    CleaningUp = "shutting down the old version",
    Withdrawing = "removing its change set",
    Succeeded = "succeeded",
    Unverified = "live, unverified",
    Superseded = "superseded",
    Rejected = "rejected",
    Expired = "expired",
    Cancelled = "cancelled",
    Failed = "failed",
    AwaitingRestoreDecision = "waiting for a decision",
    RolledForward = "rolled forward",
    RollingBack = "rolling back",
    RolledBack = "rolled back",
    RollbackFailed = "rollback failed",
    Restoring = "restoring the database",
    Restored = "restored",
    RestoreFailed = "restore failed",
}

impl PhaseKind {
    /// The phase of that name; `None` for a name that this version does not know.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_stored_by_its_name_and_has_words_of_its_own() {
        let mut words = Vec::new();
        for kind in PhaseKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(PhaseKind::named(kind.name()), Some(*kind));
            words.push(kind.in_words());
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), PhaseKind::ALL.len());
        assert_eq!(PhaseKind::named("Draining"), None);
    }
}
