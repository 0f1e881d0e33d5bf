//! `source-push`: events of CodeCommit about branches and pull requests, and of
//! CodeBuild about builds.

mod handler;

pub use handler::{Answer, Ignored, Looked, SourceError, handler};
