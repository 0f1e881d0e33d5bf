//! The `sluice` command: plays Sluice on a simulated cloud, and reads its configuration.
//!
//! Knows no AWS SDK: building the demo builds the core, the functions' handlers and the simulation,
//! and nothing else. The SDK comes in with the feature `wire`, and credentials and signatures for a
//! real installation with the feature `installation`. A web server comes in with `console`.

pub mod account;
pub mod arguments;
pub mod command;
#[cfg(feature = "console")]
pub mod console;
pub mod evidence;
mod input;
pub mod installation;
pub mod play;
pub mod preview;
pub mod rehearsal;
pub mod replay;
pub mod sample;
pub mod scenario;
pub mod terminal;
pub mod warnings;
#[cfg(feature = "wire")]
pub mod wire;
pub mod wiring;
