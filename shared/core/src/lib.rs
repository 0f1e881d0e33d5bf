//! The pure heart of Sluice.
//!
//! [`machine::step`] moves a [`deployment::Deployment`]; everything else here is what it is made
//! of. No clock, no randomness, no environment, no async, no vendor: time, ids and the world come
//! in as arguments, so that whatever happened can be replayed, and whatever might can be simulated.

pub mod calendar;
pub mod command;
pub mod config;
pub mod controls;
pub mod database;
pub mod delivery;
pub mod deployment;
pub mod environment_key;
pub mod event;
pub mod failure;
pub mod health;
pub mod history;
pub mod hook;
pub mod id;
pub mod intake;
pub mod intent;
pub mod machine;
pub mod metrics;
pub mod migration;
pub mod note;
pub mod observation;
pub mod origin;
pub mod parity;
pub mod phase;
pub mod plan;
pub mod planner;
pub mod quantity;
pub mod redact;
pub mod registry;
pub mod release;
pub mod request;
pub mod restorable;
pub mod restore;
pub mod roles;
pub mod rollback;
pub mod scan;
pub mod schema;
pub mod shared;
pub mod signature;
pub mod smoke;
pub mod source;
mod spelling;
pub mod stack;
pub mod summary;
pub mod tag;
pub mod task_definition;
