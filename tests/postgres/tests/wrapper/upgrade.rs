//! Migrating: one at a time, and as Alembic itself would.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use sluice_migrations::report::{Report, Trouble, decode};
use sluice_migrations::wrapper::{self, EXIT_LOCKED, LOCK_KEY, LockSettings};
use sluice_postgres_tests::{Driver, Project};

use super::{LOCK, SERVER, alembic, run, start};

const SAYS_IT_WAITS: &str = "sluice: another migration runs on this database: waiting for it";

fn empty(name: &str, driver: Driver) -> (Project, String) {
    SERVER.create(name, "template0");
    (Project::new(name, driver), driver.url(&SERVER, name))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether somebody holds an advisory lock in a database.
fn is_locked(database: &str, key: i64) -> bool {
    let sql = format!(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
         WHERE locktype = 'advisory' AND datname = '{database}' \
         AND (classid::bigint << 32) + objid::bigint = {key} AND granted"
    );
    SERVER.query("postgres", &sql) != "0"
}

#[track_caller]
fn wait_until_locked(database: &str, key: i64) {
    for _ in 0..600 {
        if is_locked(database, key) {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("nobody takes the lock in {database}");
}

#[test]
fn of_two_at_once_one_migrates_and_the_other_waits_and_finds_nothing_to_do() {
    for driver in Driver::ALL {
        let name = format!("twice_{}", driver.name());
        let (project, url) = empty(&name, driver);
        // A block of its own ends the transaction, and must not end the lock.
        let text = GATED.replace("GATE", &GATE.to_string());
        project.write("migrations/versions/first.py", &text);
        let mut gate = console(
            &name,
            &format!("SELECT pg_advisory_lock({GATE}), pg_sleep(600)"),
        );
        wait_until_locked(&name, GATE);

        let patient = LockSettings {
            wait_s: 600,
            lock_timeout_s: 600,
        };
        let command = wrapper::upgrade(&alembic(), &patient).unwrap();
        let first = start(&project, &command, &url);
        wait_until_locked(&name, LOCK_KEY);
        let mut second = start(&project, &command, &url);
        let mut lines = BufReader::new(second.stderr.take().unwrap()).lines();
        let waits = lines.any(|line| line.unwrap().starts_with(SAYS_IT_WAITS));
        assert!(waits, "the second did not wait");
        // Only now may the first one go on.
        gate.kill().unwrap();
        gate.wait().unwrap();
        SERVER.query("postgres", &end_of(&name));

        let first = first.wait_with_output().unwrap();
        assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
        assert!(!stderr(&first).contains(SAYS_IT_WAITS));
        let rest: Vec<String> = lines.map(Result::unwrap).collect();
        assert_eq!(second.wait().unwrap().code(), Some(0), "{rest:?}");
        let stands = SERVER.query(&name, "SELECT version_num FROM alembic_version");
        assert_eq!(stands, "first");
        assert!(
            !is_locked(&name, LOCK_KEY),
            "the lock outlived the migration"
        );
    }
}

/// A lock that the first migration waits for, so that it ends when the test lets it.
const GATE: i64 = 1;

const GATED: &str = "\
from alembic import op
revision = 'first'
down_revision = None

def upgrade():
    op.execute('CREATE TABLE t AS SELECT 1 AS n')
    with op.get_context().autocommit_block():
        op.execute('CREATE INDEX i ON t (n)')
    op.execute('SELECT pg_advisory_xact_lock(GATE)')
";

/// Ends a console's session, whose client is gone already: it sleeps, and does not notice.
fn end_of(database: &str) -> String {
    format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = '{database}' AND query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()"
    )
}

#[test]
fn whoever_waits_for_too_long_says_so_and_changes_nothing() {
    for driver in Driver::ALL {
        let name = format!("locked_{}", driver.name());
        let (project, url) = empty(&name, driver);
        project.revision("first", None, "CREATE TABLE t (n integer)");
        // By other means than the wrapper: somebody at a console.
        let mut console = console(
            &name,
            &format!("SELECT pg_advisory_lock({LOCK_KEY}), pg_sleep(600)"),
        );
        wait_until_locked(&name, LOCK_KEY);
        let impatient = LockSettings { wait_s: 1, ..LOCK };
        let command = wrapper::upgrade(&alembic(), &impatient).unwrap();
        let output = run(&project, &command, &url);
        assert_eq!(output.code, EXIT_LOCKED, "{output:?}");
        let Report::Failed { trouble, detail } = output.report() else {
            panic!("{output:?}");
        };
        assert_eq!(trouble, Trouble::Locked);
        assert_eq!(
            detail,
            format!("another migration held the advisory lock {LOCK_KEY} for 1 s")
        );
        assert_eq!(SERVER.query(&name, "SELECT to_regclass('t')"), "");
        console.kill().unwrap();
        console.wait().unwrap();
    }
}

fn console(database: &str, sql: &str) -> std::process::Child {
    Command::new("psql")
        .args(["-XqAt", "-c", sql, &SERVER.url(database)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("psql can be started")
}

#[test]
fn a_migration_that_is_killed_lets_go_of_the_lock() {
    let (project, url) = empty("killed", Driver::Psycopg2);
    project.revision("first", None, "SELECT pg_sleep(600)");
    let command = wrapper::upgrade(&alembic(), &LOCK).unwrap();
    let mut first = start(&project, &command, &url);
    wait_until_locked("killed", LOCK_KEY);
    first.kill().unwrap();
    first.wait().unwrap();

    project.revision("first", None, "CREATE TABLE t (n integer)");
    let second = start(&project, &command, &url).wait_with_output().unwrap();
    assert_eq!(second.status.code(), Some(0), "{}", stderr(&second));
    assert_eq!(SERVER.query("killed", "SELECT to_regclass('t')"), "t");
}

#[test]
fn locks_of_tables_are_not_waited_for_without_end() {
    for driver in Driver::ALL {
        let name = format!("patient_{}", driver.name());
        let (project, url) = empty(&name, driver);
        project.revision(
            "first",
            None,
            "CREATE TABLE t AS SELECT current_setting('lock_timeout') AS told",
        );
        let lock = LockSettings {
            lock_timeout_s: 7,
            ..LOCK
        };
        let output = run(
            &project,
            &wrapper::upgrade(&alembic(), &lock).unwrap(),
            &url,
        );
        assert_eq!(output.code, 0, "{output:?}");
        assert_eq!(SERVER.query(&name, "SELECT told FROM t"), "7s");
    }
}

#[test]
fn a_failure_ends_as_alembic_itself_ends() {
    let (project, url) = empty("fails", Driver::Psycopg2);
    project.revision("first", None, "SELECT 1 / 0");
    let command = wrapper::upgrade(&alembic(), &LOCK).unwrap();
    let output = start(&project, &command, &url).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("division by zero"),
        "{}",
        stderr(&output)
    );

    let command = ["alembic", "upgrade", "of-tomorrow"].map(str::to_owned);
    let command = wrapper::upgrade(&command, &LOCK).unwrap();
    let output = start(&project, &command, &url).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(255));
    // Nothing that is taken for a report.
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("FAILED: Can't locate revision"), "{text}");
    assert_eq!(decode(text.lines()).unwrap(), None);
}
