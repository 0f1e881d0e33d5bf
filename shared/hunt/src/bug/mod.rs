//! Bugs that are planted between Sluice and the world, to see that the hunt finds what it is there to
//! find: one for each invariant, one that leaves a deployment hanging, one that tells nobody.
//!
//! Each is what a mistake in Sluice would look like from outside: the store, the cloud, Slack or the
//! hook hear something else than what was meant.

mod chat;
mod cloud;
mod functions;
mod store;

use std::fmt;
use std::sync::Arc;

use sluice_app::ports::Ports;
use sluice_sim::cloud::SharedCloud;
use sluice_sim::world::{Functions, Invariant};

use crate::play::Found;

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Every deployment that asks for an environment gets it.
    ClaimsWhatIsTaken,
    /// What is over goes on.
    RevivesWhatIsOver,
    /// A deployment is not due any more before it is over.
    ForgetsToLookAgain,
    /// Nobody is waited for who must say yes.
    ApprovesItself,
    /// Freezes and holds are not seen.
    SeesNoFreeze,
    /// A pause is not seen.
    SeesNoPause,
    /// Every snapshot is taken for a good one.
    BelievesEverySnapshot,
    /// The migration's task is run twice.
    MigratesTwice,
    /// The hook lets ECS go on whatever it asks.
    ShiftsUntested,
    /// Every service deployment is taken for successful.
    BelievesEveryRollout,
    /// Beat is replaced as workers are: the new one before the old one stops.
    StartsTwoBeats,
    /// What leads back gives way to releases.
    RollbackGivesWay,
    /// A database is restored to an hour too early.
    RestoresTooEarly,
    /// That it migrated is forgotten at the end.
    ForgetsTheMigration,
    /// "Rolled back" is said as soon as that is wanted.
    RollsBackInWords,
    /// With the oldest snapshot goes the database.
    DeletesTheDatabase,
    /// A message holds the value of a secret.
    TellsASecret,
    /// A record of the history is not what happened.
    RewritesHistory,
    /// Wake-ups are not sent, and the minute looks for nothing.
    LosesWakeUps,
    /// Messages are not brought up to date.
    TellsNobody,
}

impl Bug {
    /// Every one.
    pub const ALL: [Self; 20] = [
        Self::ClaimsWhatIsTaken,
        Self::RevivesWhatIsOver,
        Self::ForgetsToLookAgain,
        Self::ApprovesItself,
        Self::SeesNoFreeze,
        Self::SeesNoPause,
        Self::BelievesEverySnapshot,
        Self::MigratesTwice,
        Self::ShiftsUntested,
        Self::BelievesEveryRollout,
        Self::StartsTwoBeats,
        Self::RollbackGivesWay,
        Self::RestoresTooEarly,
        Self::ForgetsTheMigration,
        Self::RollsBackInWords,
        Self::DeletesTheDatabase,
        Self::TellsASecret,
        Self::RewritesHistory,
        Self::LosesWakeUps,
        Self::TellsNobody,
    ];

    /// The invariant that it breaks; `None` for the two that break none.
    pub fn breaks(self) -> Option<Invariant> {
        Some(match self {
            Self::ClaimsWhatIsTaken => Invariant::OneActive,
            Self::RevivesWhatIsOver => Invariant::OverIsOver,
            Self::ForgetsToLookAgain => Invariant::AlwaysDue,
            Self::ApprovesItself => Invariant::Approved,
            Self::SeesNoFreeze => Invariant::Open,
            Self::SeesNoPause => Invariant::Paused,
            Self::BelievesEverySnapshot => Invariant::BackedUp,
            Self::MigratesTwice => Invariant::MigratedOnce,
            Self::ShiftsUntested => Invariant::Tested,
            Self::BelievesEveryRollout => Invariant::TrueSuccess,
            Self::StartsTwoBeats => Invariant::OneSingleton,
            Self::RollbackGivesWay => Invariant::PlainRollback,
            Self::RestoresTooEarly => Invariant::TrueRestore,
            Self::ForgetsTheMigration => Invariant::NoFalseAccount,
            Self::RollsBackInWords => Invariant::RolledBackIsBack,
            Self::DeletesTheDatabase => Invariant::NoDatabaseDeleted,
            Self::TellsASecret => Invariant::NoSecrets,
            Self::RewritesHistory => Invariant::Replayable,
            Self::LosesWakeUps | Self::TellsNobody => return None,
        })
    }

    /// Whether this is what it was planted for.
    pub fn is_found_by(self, found: &Found) -> bool {
        match (self, found) {
            (Self::LosesWakeUps, Found::Stuck(_)) | (Self::TellsNobody, Found::Untold(_)) => true,
            (_, found) => self.breaks().is_some() && self.breaks() == found.invariant(),
        }
    }

    pub(crate) fn planted_in(self, ports: Ports, cloud: SharedCloud) -> Ports {
        Ports {
            store: Arc::new(store::Buggy::new(self, ports.store)),
            wakeups: Arc::new(functions::Buggy {
                bug: self,
                inner: ports.wakeups,
            }),
            services: Arc::new(cloud::Buggy {
                bug: self,
                inner: ports.services,
                cloud: cloud.clone(),
            }),
            tasks: Arc::new(cloud::Buggy {
                bug: self,
                inner: ports.tasks,
                cloud: cloud.clone(),
            }),
            databases: Arc::new(cloud::Buggy {
                bug: self,
                inner: ports.databases,
                cloud: cloud.clone(),
            }),
            chat: Arc::new(chat::Buggy {
                bug: self,
                inner: ports.chat,
                cloud,
            }),
            ..ports
        }
    }

    pub(crate) fn planted_between(self, inner: Arc<dyn Functions>) -> Arc<dyn Functions> {
        Arc::new(functions::Buggy { bug: self, inner })
    }
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
