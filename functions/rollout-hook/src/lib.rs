//! `rollout-hook`: answers the lifecycle hook of ECS.

mod handler;
mod payload;

pub use handler::{Answer, handler};
