//! `advance`: carries deployments forward, woken by the queue.

mod handler;

pub use handler::{BatchAnswer, BatchItemFailure, handler};
