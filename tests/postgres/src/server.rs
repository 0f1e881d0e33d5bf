//! A PostgreSQL server that lives as long as the test program.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// The password of both users. No output may hold it.
pub const PASSWORD: &str = "marker-of-a-password";

/// Starts the server and ends it when the test program, which holds the other end of its standard
/// input, is gone: however that ended.
const KEEPER: &str = r#"
"$@" >"$LOG" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -INT "$server"
wait "$server"
rm -rf "$HOME_OF_SERVER"
"#;

/// A running server. `postgres` may do all in it, `erp` owns its databases.
pub struct Server {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    binaries: PathBuf,
    /// Holds its standard input.
    _keeper: Child,
}

impl Server {
    /// Starts a server with nothing in it.
    ///
    /// # Panics
    ///
    /// It cannot be started: it says what is missing.
    pub fn start() -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let binaries = binaries();
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let account = Account::find();
        let home = account.home(&format!("postgres-{}-{number}", std::process::id()));
        let data = home.join("data");
        initdb(&binaries, &account, &home, &data);

        let port = free_port();
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]);
        command
            .args(account.prefix())
            .arg(binaries.join("postgres"));
        command.arg("-D").arg(&data);
        for setting in [
            &format!("port={port}"),
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            // It is thrown away: nothing needs to outlive a power cut.
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "autovacuum=off",
            "max_connections=60",
        ] {
            command.args(["-c", setting]);
        }
        let keeper = command
            .env("LOG", home.join("log"))
            .env("HOME_OF_SERVER", &home)
            .current_dir("/")
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell can be started");
        let server = Self {
            port,
            binaries,
            _keeper: keeper,
        };
        server.wait_until_up(&home.join("log"));
        server.query(
            "postgres",
            &format!("CREATE ROLE erp LOGIN PASSWORD '{PASSWORD}'"),
        );
        server
    }

    /// Makes a database that belongs to `erp`, with what is in the template.
    pub fn create(&self, name: &str, template: &str) {
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template} OWNER erp");
        self.query("postgres", &sql);
    }

    /// Removes a database, whoever is connected.
    pub fn drop(&self, name: &str) {
        self.query(
            "postgres",
            &format!("DROP DATABASE IF EXISTS {name} (FORCE)"),
        );
    }

    /// What `erp` uses to connect: as RDS's secret has it.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgresql://erp:{PASSWORD}@127.0.0.1:{}/{database}",
            self.port
        )
    }

    /// Rows as `psql` prints them bare: fields between `|`.
    ///
    /// # Panics
    ///
    /// PostgreSQL refuses it.
    pub fn query(&self, database: &str, sql: &str) -> String {
        let output = self
            .client("psql", "postgres", database)
            .args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .output()
            .expect("psql can be run");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}\n{said}");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// Runs a file of SQL as `erp`.
    ///
    /// # Panics
    ///
    /// PostgreSQL refuses it.
    pub fn run_file(&self, database: &str, path: &Path) {
        let output = self
            .client("psql", "erp", database)
            .args(["-Xq", "-v", "ON_ERROR_STOP=1", "-f"])
            .arg(path)
            .output()
            .expect("psql can be run");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{said}", path.display());
    }

    /// All that is in a database, schema and rows. Sequences' values are left out: no rollback takes
    /// a number back.
    pub fn dump(&self, database: &str) -> String {
        let output = self
            .client("pg_dump", "postgres", database)
            .output()
            .expect("pg_dump can be run");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let dump = String::from_utf8_lossy(&output.stdout);
        // `\restrict KEY` is another key each time.
        let lines = dump.lines().filter(|line| {
            !line.starts_with("SELECT pg_catalog.setval") && !line.contains("restrict ")
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn client(&self, program: &str, user: &str, database: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-U", user, "-d", database])
            .env("PGPASSWORD", PASSWORD)
            .env("PGCLIENTENCODING", "UTF8")
            .stdin(Stdio::null());
        command
    }

    fn wait_until_up(&self, log: &Path) {
        for _ in 0..600 {
            let up = self
                .client("psql", "postgres", "postgres")
                .args(["-XqAtc", "SELECT 1"])
                .output()
                .is_ok_and(|output| output.status.success());
            if up {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        let said = fs::read_to_string(log).unwrap_or_default();
        panic!("PostgreSQL does not start: {said}");
    }
}

fn initdb(binaries: &Path, account: &Account, home: &Path, data: &Path) {
    let password = home.join("password");
    fs::write(&password, PASSWORD).expect("a file can be written there");
    let output = account
        .command(&binaries.join("initdb"))
        .arg("-D")
        .arg(data)
        .args([
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
        ])
        .args(["--locale=C", "--no-sync", "--no-instructions"])
        .arg(format!("--pwfile={}", password.display()))
        .current_dir("/")
        .output()
        .expect("initdb can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "initdb failed: {said}");
}

/// Where `initdb` and `postgres` are: Debian keeps them out of the path.
fn binaries() -> PathBuf {
    let in_path = env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = env::split_paths(&in_path).collect();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<_> = versions.flatten().map(|entry| entry.path()).collect();
        versions.sort();
        places.extend(versions.iter().rev().map(|version| version.join("bin")));
    }
    // All of one version: links in the path may lack some.
    let programs = ["initdb", "postgres", "psql", "pg_dump"];
    let found = places
        .into_iter()
        .find(|place| programs.iter().all(|program| place.join(program).exists()));
    found.unwrap_or_else(|| {
        panic!(
            "PostgreSQL's server is missing: install it (Debian: apt-get install postgresql), or \
             have tests/run install it"
        )
    })
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port can be had");
    listener.local_addr().expect("it has an address").port()
}

/// Who runs the server: PostgreSQL refuses root.
struct Account {
    /// Another user than the one who runs the tests.
    other: Option<String>,
}

impl Account {
    fn find() -> Self {
        let told = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).output().ok()?;
            let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            output.status.success().then_some(text)
        };
        if told("id", &["-u"]).as_deref() != Some("0") {
            return Self { other: None };
        }
        let candidates = ["postgres", "nobody"];
        let other = candidates
            .into_iter()
            .find(|user| told("id", &["-u", user]).is_some());
        assert!(
            other.is_some() && told("setpriv", &["--version"]).is_some(),
            "PostgreSQL does not run as root: run the tests as another user, or install setpriv \
             (Debian: apt-get install util-linux) and have a user `postgres` or `nobody`"
        );
        Self {
            other: other.map(str::to_owned),
        }
    }

    fn prefix(&self) -> Vec<String> {
        let Some(user) = &self.other else {
            return Vec::new();
        };
        let user = format!("--reuid={user}");
        ["setpriv", &user, "--clear-groups", "--"]
            .map(str::to_owned)
            .into()
    }

    fn command(&self, program: &Path) -> Command {
        let mut words = self.prefix();
        words.push(program.display().to_string());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command
    }

    /// An empty directory of the server's own: under `target/`, or where temporary files are if the
    /// server's user gets no further than the home of whoever runs the tests.
    fn home(&self, name: &str) -> PathBuf {
        for parent in [crate::scratch("postgres"), env::temp_dir()] {
            let home = parent.join(name);
            drop(fs::remove_dir_all(&home));
            fs::create_dir_all(&home).expect("a directory can be made there");
            if let Some(user) = &self.other {
                let changed = Command::new("chown").arg(user).arg(&home).status();
                assert!(
                    changed.is_ok_and(|status| status.success()),
                    "chown to {user}"
                );
            }
            let reached = self
                .command(Path::new("test"))
                .arg("-w")
                .arg(&home)
                .current_dir("/")
                .status();
            if reached.is_ok_and(|status| status.success()) {
                return home;
            }
        }
        panic!("there is no directory that PostgreSQL's user can write to");
    }
}
