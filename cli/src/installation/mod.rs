//! Sluice as it is installed somewhere: what is asked of it, where it is, and what it answers.

pub mod arguments;
pub mod doctor;
pub mod order;
pub mod place;
pub mod shown;
#[cfg(feature = "installation")]
pub mod terminal;
