//! Migrations on a real PostgreSQL: the wrapper around Alembic, and what the judge says of a
//! migration against what happens when it runs.
//!
//! For tests. Needs PostgreSQL's server and Python 3 with venv; the Python packages are installed
//! under `target/` by the first test that needs them. Each test program starts a server of its own,
//! which ends with it.

mod case;
mod forks;
mod project;
mod python;
mod reality;
mod server;

pub use case::{Case, Expected, cases};
pub use forks::{Forks, Output};
pub use project::{Driver, Project};
pub use python::{oldest_python, python};
pub use reality::{Failure, Reality, Scene};
pub use server::{PASSWORD, Server};

use std::path::{Path, PathBuf};

/// Where the sample ERP is.
pub fn erp() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate is in tests/")
        .join("erp")
}

/// A directory under `target/` that is there.
fn scratch(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("a test knows where its program is");
    // A test's program is target/PROFILE/deps/NAME.
    let target = program
        .ancestors()
        .nth(3)
        .expect("a test's program is in target/PROFILE/deps");
    let path = target.join("tmp").join(name);
    std::fs::create_dir_all(&path).expect("a directory can be made under target/");
    path
}
