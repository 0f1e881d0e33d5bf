//! Python, with the packages that stand in for AWS in tests.

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

/// botocore has AWS's own service models; moto imitates some of the services.
const PACKAGES: [&str; 2] = ["botocore==1.44.5", "moto[server]==5.2.5"];

/// The Python in which these are installed.
///
/// # Panics
///
/// They cannot be installed: it says what is missing.
pub fn python() -> PathBuf {
    python_with(&PACKAGES)
}

/// The Python in which the packages are installed, after seeing to it that they are. The first call
/// on a machine takes a minute and needs PyPI; tests that call it meanwhile wait.
///
/// # Panics
///
/// They cannot be installed: it says what is missing.
pub fn python_with(packages: &[&str]) -> PathBuf {
    let home = home(packages);
    fs::create_dir_all(&home).expect("a directory can be made under target/");
    let (python, done) = (home.join("bin/python"), home.join("installed"));
    // Tests may run as processes of their own: one installs, the others wait.
    let lock = File::create(home.join("lock")).expect("a file can be made under target/");
    lock.lock().expect("a file under target/ can be locked");
    if !done.exists() {
        run(
            Command::new("python3").arg("-m").arg("venv").arg(&home),
            "install python3 with its venv module (Debian: apt-get install python3-venv)",
        );
        run(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet"])
                .args(packages),
            "install pip (Debian: apt-get install python3-pip), and see that PyPI can be reached",
        );
        fs::write(&done, packages.join("\n")).expect("a file can be written under target/");
    }
    python
}

/// Beside what Cargo gives each integration test (`CARGO_TARGET_TMPDIR`), which unit tests do not
/// have: a test's program is `target/PROFILE/deps/NAME`.
fn home(packages: &[&str]) -> PathBuf {
    let program = env::current_exe().expect("a test knows where its program is");
    let target = program
        .ancestors()
        .nth(3)
        .expect("a test's program is in target/PROFILE/deps");
    let name: Vec<String> = packages
        .iter()
        .map(|package| package.replace("[server]", "").replace("==", "-"))
        .collect();
    target.join("tmp").join(name.join("-"))
}

fn run(command: &mut Command, remedy: &str) {
    let output = command.output();
    let output = output.unwrap_or_else(|why| panic!("{command:?} cannot be run: {why}; {remedy}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?} failed: {said}\n{remedy}"
    );
}
