//! `source-push`: events of CodeCommit about branches and pull requests.

mod handler;

pub use handler::{Answer, Ignored, Looked, SourceError, handler};
