//! The contracts, one file a port.

pub(crate) mod alarms;
pub(crate) mod builds;
pub(crate) mod configurations;
pub(crate) mod copies;
pub(crate) mod databases;
pub(crate) mod definitions;
pub(crate) mod http;
pub(crate) mod metrics;
pub(crate) mod past;
pub(crate) mod registry;
pub(crate) mod repository;
pub(crate) mod secrets;
pub(crate) mod services;
pub(crate) mod sources;
pub(crate) mod stacks;
pub(crate) mod store;
pub(crate) mod tasks;
pub(crate) mod wakeups;
