//! The source code: which commit may reach which branch, and what is known of a repository.
//!
//! [`examine`] judges by what the repository's host shows: heads of branches, parents of commits, merged pull
//! requests. It asks for what it does not know yet, and its caller answers ([`Question`],
//! [`Known`]). What an event says is never read here: an event only causes a look.

mod back;
mod build;
mod commit;
mod find;
mod gate;
mod known;
mod look;
mod walk;
mod watch;

pub use back::Reminder;
pub use build::{Build, BuildEnd, BuildStatus, BuildTold, Builds, Built, FailedPhase, Newest};
pub use commit::{Doubt, Lack, SourceObservation, examine_commit};
pub use gate::{Gate, GateBuild, GateOrder};
pub use known::{Commit, Known, Merger, NotRead, PullRequest, Question};
pub use look::{LOOK_EVERY, SETTLES_WITHIN, examine, look_again_at};
pub use watch::{Finding, Line, Owed, Suspect, Telling, Watch, What, WhatIsTold, WrongChange};
