//! What `sluice console` shows, and where it is served.

mod demo;
mod file;
#[cfg(feature = "installation")]
mod installed;
mod server;

pub use demo::{Watcher, of_demo};
pub use file::of_file;
#[cfg(feature = "installation")]
pub use installed::Installed;
pub use server::Server;
