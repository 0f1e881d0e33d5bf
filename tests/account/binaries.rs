//! The binaries, as this source makes them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where `cargo` puts them.
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// The folder with the functions' binaries and `sluice`, built from the source as it is now.
///
/// The command is the one that builds all tests, so that nothing is built twice.
pub(crate) fn folder() -> &'static Path {
    FOLDER.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let built = Command::new(env!("CARGO"))
            .args([
                "test",
                "--workspace",
                "--all-features",
                "--locked",
                "--no-run",
            ])
            .current_dir(root)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(
            built.status.success(),
            "the binaries cannot be built: {said}"
        );
        let test = std::env::current_exe().unwrap();
        test.parent().unwrap().parent().unwrap().to_owned()
    })
}
