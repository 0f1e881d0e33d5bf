//! What each monitor is sent, read back in the shape that its API publishes, and what its answers lead
//! to.

mod cloudwatch;
mod fixture;
mod github;
mod grafana;
mod lines;
mod opsgenie;
mod refusals;
mod repository;
mod sentry;
mod server;
mod signed;
mod sns;
