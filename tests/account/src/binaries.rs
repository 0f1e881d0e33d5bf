//! The binaries, as this source makes them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// How the functions are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// As all tests are.
    Tests,
    /// As they go to Lambda, by `infra/build`.
    Lambda,
}

impl Build {
    /// A function's binary, built from the source as it is now.
    pub fn function(self, name: &str) -> PathBuf {
        static LAMBDA: OnceLock<()> = OnceLock::new();
        match self {
            Self::Tests => tests().join(name),
            Self::Lambda => {
                LAMBDA.get_or_init(|| {
                    let script = root().join("infra/build");
                    run(Command::new(script).env("CARGO_TARGET_DIR", target()));
                });
                target().join("lambda").join(name).join("bootstrap")
            }
        }
    }
}

/// The command line's binary.
pub(crate) fn sluice() -> PathBuf {
    tests().join("sluice")
}

/// For whatever is made or installed on the way.
pub(crate) fn scratch() -> PathBuf {
    target().join("tmp")
}

/// Where the binaries of the tests are. The command is the one that builds all tests, so that
/// nothing is built twice.
fn tests() -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let all = [
            "test",
            "--workspace",
            "--all-features",
            "--locked",
            "--no-run",
        ];
        run(Command::new(env!("CARGO")).args(all).current_dir(root()));
    });
    target().join("debug")
}

/// The folder of everything that cargo makes, from where this program is in it.
fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.ancestors().nth(3).unwrap().to_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
}
