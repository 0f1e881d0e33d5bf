//! The wire face as its two kinds of callers find it: Sluice's real adapters, and botocore. What the
//! adapters promise on it stands in `tests/contracts`.

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
