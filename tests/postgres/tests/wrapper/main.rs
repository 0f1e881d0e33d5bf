//! The wrapper around Alembic, as a task runs it: on a real PostgreSQL, with each driver.

mod inspect;
mod rehearse;
mod upgrade;

use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use sluice_migrations::wrapper::LockSettings;
use sluice_postgres_tests::{Forks, Output, PASSWORD, Project, Server, python};

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

/// One Python for all tests: it forks for each.
static FORKS: LazyLock<Mutex<Forks>> = LazyLock::new(|| Mutex::new(Forks::start()));

const LOCK: LockSettings = LockSettings {
    wait_s: 60,
    lock_timeout_s: 10,
};

/// What `sluice.toml` has as the migration's command.
fn alembic() -> Vec<String> {
    ["alembic", "upgrade", "head"].map(str::to_owned).into()
}

/// Runs a command of the wrapper in a project. Whatever it prints, it is no password.
fn run(project: &Project, command: &[String], url: &str) -> Output {
    let mut forks = FORKS.lock().unwrap_or_else(|error| error.into_inner());
    let output = forks.run(command, &[("DATABASE_URL", url)], &project.folder);
    assert!(!format!("{output:?}").contains(PASSWORD), "{output:?}");
    output
}

/// Starts a command of the wrapper as a process of its own.
fn start(project: &Project, command: &[String], url: &str) -> Child {
    let mut words = command.iter();
    assert_eq!(words.next().map(String::as_str), Some("python"));
    Command::new(python())
        .args(words)
        .env("DATABASE_URL", url)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(&project.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python can be started")
}
