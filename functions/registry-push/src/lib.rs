//! `registry-push`: events of ECR and Inspector about images.

mod handler;

pub use handler::{Answer, Ignored, PushError, TakenPush, handler};
