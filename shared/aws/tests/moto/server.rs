//! One `moto_server` for all tests of this program.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use sluice_aws::Clients;
use sluice_core::id::Region;

use crate::REGION;

const MOTO: &str = "moto[server]==5.2.5";

/// `moto_server`, with two changes. It serves until its standard input is closed, so that it never
/// outlives the tests. And it takes one request at a time: left alone it runs them in threads, and
/// its transactions are then not atomic.
const SERVE: &str = "
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
moto, one_at_a_time = DomainDispatcherApplication(create_backend_app), threading.Lock()
def serve(environ, start_response):
    with one_at_a_time:
        return moto(environ, start_response)
run_simple('127.0.0.1', int(sys.argv[1]), serve, threaded=True)
";

/// A cold start of Python on a busy machine.
const UP_WITHIN: Duration = Duration::from_secs(90);

static PORT: OnceLock<u16> = OnceLock::new();

/// The address of the server, which is started at the first call.
pub(crate) fn endpoint() -> String {
    format!("http://127.0.0.1:{}", PORT.get_or_init(start))
}

/// The adapters' clients.
pub(crate) async fn clients() -> Arc<Clients> {
    Arc::new(Clients::at_endpoint(&endpoint(), &Region::new(REGION), None).await)
}

/// For the clients with which a test furnishes the account.
pub(crate) async fn config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint())
        .region(aws_config::Region::new(REGION))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .load()
        .await
}

/// Posts JSON to moto's own interface, by which answers can be put into its mouth.
pub(crate) fn post(path: &str, json: &str) {
    let port = PORT.get_or_init(start);
    let mut stream = TcpStream::connect(("127.0.0.1", *port)).unwrap();
    let length = json.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{json}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{path}: {answer}");
}

fn start() -> u16 {
    let python = installed();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let child = Command::new(&python)
        .args(["-c", SERVE, &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|why| panic!("{} cannot be run: {why}", python.display()));
    // Its standard input closes with this process, and ends it.
    std::mem::forget(child);
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            began.elapsed() < UP_WITHIN,
            "moto_server did not come up within {UP_WITHIN:?}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    port
}

/// The Python in which moto is installed, after seeing to it that it is.
fn installed() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moto-5.2.5");
    fs::create_dir_all(&home).unwrap();
    let python = home.join("bin/python");
    let done = home.join("installed");
    // Tests may run as processes of their own: one installs, the others wait.
    let lock = File::create(home.join("lock")).unwrap();
    lock.lock().unwrap();
    if !done.exists() {
        run(
            Command::new("python3").arg("-m").arg("venv").arg(&home),
            "install python3 with its venv module (Debian: apt-get install python3-venv)",
        );
        run(
            Command::new(&python).args(["-m", "pip", "install", "--quiet", MOTO]),
            "install pip (Debian: apt-get install python3-pip), and see that PyPI can be reached",
        );
        fs::write(&done, MOTO).unwrap();
    }
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
