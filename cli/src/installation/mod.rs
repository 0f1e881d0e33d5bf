//! Sluice as it is installed somewhere: what is asked of it, where it is, and what it answers.

pub mod arguments;
pub mod console;
pub mod doctor;
pub mod init;
pub mod order;
pub mod place;
pub mod shown;
#[cfg(feature = "installation")]
pub mod terminal;
