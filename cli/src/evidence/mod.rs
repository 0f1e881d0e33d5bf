//! Evidence for an auditor: a file of all deployments of a time, and whether it is as it was written.
//! docs/evidence.md describes the form.
//!
//! A file is lines of JSON: what it is, a line for each deployment, one for each version of
//! `sluice.toml`, and last the SHA-256 of each line and of all of them together.

mod file;
mod report;
mod verify;
mod write;

pub use file::{FORM, Head, Version};
pub use report::{printed, report};
pub use verify::{Approval, Deployed, Evidence, NoEvidence, Problem, Where, verify};
pub use write::Writer;

use sha2::{Digest, Sha256};

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
