//! Python, with what the ERP and the wrapper's drivers need.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

/// Beside the ERP's own requirements: the other drivers that the wrapper must get on with.
const DRIVERS: [&str; 3] = [
    "asyncpg==0.32.0",
    "greenlet==3.5.4",
    "psycopg2-binary==2.9.13",
];

/// The Python in which the ERP's requirements and the drivers are installed, after seeing to it that
/// they are. The first call on a machine takes a minute and needs PyPI; tests that call it meanwhile
/// wait.
///
/// # Panics
///
/// They cannot be installed: it says what is missing.
pub fn python() -> PathBuf {
    let requirements = crate::erp().join("requirements");
    let read = |name: &str| fs::read_to_string(requirements.join(name)).expect("it can be read");
    let lines = format!("{}\n{}", read("base.txt"), read("test.txt"));
    let pinned = lines.lines().filter(|line| line.contains("=="));
    let packages: Vec<&str> = pinned.chain(DRIVERS).collect();
    with("erp-python", &packages)
}

/// The oldest Alembic and SQLAlchemy that the wrapper gets on with, as [`python`].
///
/// # Panics
///
/// As [`python`].
pub fn oldest_python() -> PathBuf {
    let oldest = [
        "alembic==1.7.7",
        "psycopg2-binary==2.9.13",
        "sqlalchemy==1.4.54",
    ];
    with("oldest-python", &oldest)
}

fn with(name: &str, packages: &[&str]) -> PathBuf {
    let home = crate::scratch(name);
    let (python, done) = (home.join("bin/python"), home.join("installed"));
    // Tests may run as processes of their own: one installs, the others wait.
    let lock = File::create(home.join("lock")).expect("a file can be made under target/");
    lock.lock().expect("a file under target/ can be locked");
    let wanted = packages.join("\n");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        return python;
    }
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
    fs::write(&done, wanted).expect("a file can be written under target/");
    python
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
