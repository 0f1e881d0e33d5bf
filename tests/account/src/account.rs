//! The account: ministack, and what the shipped templates have put into it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::binaries::scratch;
use crate::counter::Made;

const PACKAGES: &str = "awscli==1.46.3 ministack==1.5.33";
/// A cold start of Python on a busy machine.
const UP_WITHIN: Duration = Duration::from_secs(90);

/// A process that ends with the test.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may be over already.
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

/// Waits until somebody listens at the port.
pub(crate) fn wait_for(port: u16, what: &str) {
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let waited = began.elapsed();
        assert!(
            waited < UP_WITHIN,
            "{what} did not come up within {UP_WITHIN:?}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The account's endpoint.
pub(crate) struct Account {
    server: Process,
    pub(crate) url: String,
}

impl Account {
    /// Starts an account; what it says goes to a file of this name.
    pub(crate) fn start(log: &Path) -> Self {
        let port = free_port();
        let log = File::create(log).unwrap();
        let server = Command::new(python(PACKAGES))
            .args([script().as_os_str(), "serve".as_ref()])
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Process(server);
        wait_for(port, "ministack");
        Self {
            server,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    /// The process that starts the functions.
    pub(crate) fn process(&self) -> u32 {
        self.server.0.id()
    }

    /// Deploys the shipped templates. What came of it, as the script says it.
    pub(crate) fn install(&self, settings: &Value) -> Value {
        carry_out("install", &settings.to_string())
    }

    /// Which of these calls the roles of the templates do not allow, in words.
    pub(crate) fn refused(&self, calls: &BTreeSet<Made>) -> Vec<String> {
        let asked = json!({"url": self.url, "calls": calls});
        let refused = carry_out("refused", &asked.to_string());
        serde_json::from_value(refused).unwrap()
    }

    /// How often each function ran (`count`), and for how long (`billed_ms`).
    pub(crate) fn report(&self) -> Value {
        carry_out("report", &self.url)
    }
}

fn carry_out(command: &str, argument: &str) -> Value {
    let ran = Command::new(python(PACKAGES))
        .args([script().as_os_str(), command.as_ref(), argument.as_ref()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "account.py {command} failed: {said}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("account.py")
}

/// The Python in which these packages are installed, after seeing to it that they are.
pub(crate) fn python(packages: &str) -> PathBuf {
    let home = scratch().join(packages.replace("==", "-").replace(' ', "-"));
    fs::create_dir_all(&home).unwrap();
    let (python, done) = (home.join("bin/python"), home.join("installed"));
    // Tests may run as processes of their own: one installs, the others wait.
    let lock = File::create(home.join("lock")).unwrap();
    lock.lock().unwrap();
    if !done.exists() {
        run(Command::new("python3").arg("-m").arg("venv").arg(&home));
        let install = ["-m", "pip", "install", "--quiet"];
        run(Command::new(&python)
            .args(install)
            .args(packages.split(' ')));
        fs::write(&done, packages).unwrap();
    }
    python
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let remedy = "python3 with venv and pip is needed (Debian: apt-get install python3-venv)";
    assert!(
        output.status.success(),
        "{command:?} failed: {said}\n{remedy}"
    );
}
