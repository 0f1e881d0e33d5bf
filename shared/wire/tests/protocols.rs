//! The wire face as its two kinds of callers find it: Sluice's real adapters, and botocore.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up for a test fails it"
)]

#[path = "protocols/adapters.rs"]
mod adapters;
#[path = "protocols/botocore.rs"]
mod botocore;
#[path = "protocols/endpoint.rs"]
mod endpoint;
#[path = "protocols/neighbours.rs"]
mod neighbours;
#[path = "protocols/rollouts.rs"]
mod rollouts;
