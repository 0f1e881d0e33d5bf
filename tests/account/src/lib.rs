//! Sluice as processes, for tests and measurements: its Lambda binaries in an account that ministack
//! plays, and `sluice cloud` for all the rest.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "what cannot be set up for a test fails it"
)]

mod account;
mod binaries;
mod counter;
mod http;
mod killer;
mod scene;
mod slack;
mod start;

use std::time::Duration;

pub use binaries::Build;
pub use counter::{Calls, Counts};
pub use killer::Killer;
pub use scene::Scene;
pub use start::{Program, Started};

/// Everything of a story takes no longer, or it hangs.
const PATIENCE: Duration = Duration::from_secs(420);
