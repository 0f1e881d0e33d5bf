//! `registry-push`: what ECR and Inspector tell of images.

mod handler;

pub use handler::{Answer, Ignored, PushError, TakenPush, handler};
