//! The commands that a task runs: a small wrapper around Alembic, carried in the command itself, so
//! that the image needs nothing of Sluice.
//!
//! `sluice_migrate.py` is the wrapper, `docs/migrate.md` says what it promises, `tests/postgres` runs
//! it against a real PostgreSQL.

use std::io::Write;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::ZlibEncoder;

/// The wrapper, as Python reads it.
pub const SCRIPT: &str = include_str!("sluice_migrate.py");

/// The key of the advisory lock that an upgrade holds while it runs: the letters of `sluice` as one
/// number. Whoever migrates by other means takes it too: `SELECT pg_advisory_lock(126909663503205)`.
pub const LOCK_KEY: i64 = 126_909_663_503_205;

/// The wrapper's exit code where another migration held the lock for too long: `EX_TEMPFAIL` of
/// sysexits.h. Nothing was changed; the same command may be run again.
pub const EXIT_LOCKED: i32 = 75;

/// How long a migration waits for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockSettings {
    /// For another migration of the same database to end, in seconds.
    pub wait_s: u32,
    /// For each lock that a statement needs, in seconds: PostgreSQL's `lock_timeout`. While it waits,
    /// everybody who comes later waits behind it. 0 waits without end.
    pub lock_timeout_s: u32,
}

/// Tools that run a command in a project's own environment.
const RUNNERS: [&str; 4] = ["poetry", "uv", "pipenv", "pdm"];

/// Alembic's options that take a value and stand before its command.
const WITH_VALUE: [&str; 5] = ["-c", "--config", "-n", "--name", "-x"];

/// The command that looks at what `command` would do, and does nothing. `None` if `command` is not
/// recognised as an upgrade by Alembic.
pub fn inspect(command: &[String]) -> Option<Vec<String>> {
    Some(Alembic::read(command)?.wrapped("inspect", ["0", "0", "", ""]))
}

/// The command that does what `command` does, while it holds the advisory lock. `None` as for
/// [`inspect`].
pub fn upgrade(command: &[String], lock: &LockSettings) -> Option<Vec<String>> {
    let (wait, lock_timeout) = (lock.wait_s.to_string(), lock.lock_timeout_s.to_string());
    Some(Alembic::read(command)?.wrapped("upgrade", [&wait, &lock_timeout, "", ""]))
}

/// The command that does what `command` does, on a copy of the database at this host and port.
/// `None` as for [`inspect`].
pub fn rehearse(
    command: &[String],
    lock: &LockSettings,
    host: &str,
    port: u16,
) -> Option<Vec<String>> {
    let (wait, lock_timeout) = (lock.wait_s.to_string(), lock.lock_timeout_s.to_string());
    let parameters = [&wait, &lock_timeout, host, &port.to_string()];
    Some(Alembic::read(command)?.wrapped("rehearse", parameters))
}

/// A command that runs `alembic upgrade`.
struct Alembic<'a> {
    /// What starts Python where this command would start Alembic.
    python: Vec<String>,
    /// What Alembic is called, in its own messages too: it looks for modules in the working directory
    /// only as `python -m alembic`.
    program: &'static str,
    /// What Alembic is told.
    arguments: &'a [String],
}

impl<'a> Alembic<'a> {
    fn read(command: &'a [String]) -> Option<Self> {
        let runner = runner(command);
        let (before, rest) = command.split_at(runner);
        let (start, program, arguments) = console_script(rest).or_else(|| module(rest))?;
        is_upgrade(arguments).then(|| Self {
            python: before.iter().cloned().chain(start).collect(),
            program,
            arguments,
        })
    }

    fn wrapped(self, mode: &str, parameters: [&str; 4]) -> Vec<String> {
        let mut command = self.python;
        command.extend(["-c".to_owned(), PACKED.clone(), mode.to_owned()]);
        command.push(self.program.to_owned());
        command.extend(parameters.map(str::to_owned));
        command.extend_from_slice(self.arguments);
        command
    }
}

/// How many words at the beginning only say where to run the rest: `uv run --no-sync`.
fn runner(command: &[String]) -> usize {
    match command {
        [tool, run, rest @ ..] if RUNNERS.contains(&tool.as_str()) && run == "run" => {
            2 + rest.iter().take_while(|word| word.starts_with('-')).count()
        }
        _ => 0,
    }
}

/// `alembic …`; with a path, the Python beside it is the one that it runs in.
fn console_script(command: &[String]) -> Option<(Vec<String>, &'static str, &[String])> {
    let (first, arguments) = command.split_first()?;
    let folder = first.strip_suffix("alembic")?;
    (folder.is_empty() || folder.ends_with('/'))
        .then(|| (vec![format!("{folder}python")], "alembic", arguments))
}

/// `python -m alembic …`, with whatever options Python has, and whatever Python it is.
fn module(command: &[String]) -> Option<(Vec<String>, &'static str, &[String])> {
    let (first, rest) = command.split_first()?;
    let name = first.rsplit('/').next()?;
    let version = name.strip_prefix("python")?;
    let at = rest.iter().position(|word| word == "-m")?;
    let options = &rest[..at];
    let is_python = version.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_alembic = rest.get(at + 1).is_some_and(|word| word == "alembic");
    (is_python && is_alembic && options.iter().all(|word| word.starts_with('-'))).then(|| {
        let start = std::iter::once(first).chain(options).cloned().collect();
        (start, "python -m alembic", &rest[at + 2..])
    })
}

/// Whether Alembic is told to upgrade a database. `--sql` upgrades none: it prints.
fn is_upgrade(arguments: &[String]) -> bool {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word.as_str()) {
            words.next();
        } else if !word.starts_with('-') {
            return word == "upgrade" && !words.any(|word| word == "--sql");
        }
    }
    false
}

/// The wrapper as one argument of `python -c`: ECS takes 8,192 characters of overrides in all. A
/// module of the user's that is called `base64` must not be taken for Python's, so the working
/// directory is no place to look in until the wrapper says so.
static PACKED: LazyLock<String> = LazyLock::new(|| {
    let lines = SCRIPT.lines().filter(|line| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#')
    });
    let text: Vec<&str> = lines.collect();
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(text.join("\n").as_bytes())
        .expect("a vector takes all that is written");
    let zlib = zlib.finish().expect("a vector takes all that is written");
    let text = BASE64.encode(zlib);
    format!(
        "import sys;sys.path[:]=[p for p in sys.path if p];import base64,zlib;exec(zlib.decompress(base64.b64decode('{text}')))"
    )
});

#[cfg(test)]
mod tests;
