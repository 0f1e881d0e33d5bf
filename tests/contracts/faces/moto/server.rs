//! One `moto_server` for all tests of this program, and plain requests to it, with which a test
//! furnishes an account.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use sluice_core::id::AccountId;
use sluice_service_models::python::python;

use super::REGION;

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
pub(crate) fn address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, *PORT.get_or_init(start)))
}

fn start() -> u16 {
    let python = python();
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

/// A call in JSON, of a service that signs as `service`.
pub(crate) fn json(account: &AccountId, service: &str, target: &str, body: &Value) -> Value {
    let answer = post("/", &in_json(account, service, target), &body.to_string());
    serde_json::from_str(&answer).unwrap_or(Value::Null)
}

/// The HTTP status of the answer to such a call.
pub(crate) fn status(account: &AccountId, service: &str, target: &str, body: &Value) -> u16 {
    let headers = in_json(account, service, target);
    let (head, _) = ask("/", &headers, &body.to_string());
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

fn in_json(account: &AccountId, service: &str, target: &str) -> String {
    format!(
        "X-Amz-Target: {target}\r\nContent-Type: application/x-amz-json-1.1\r\n{}",
        of_account(account, service)
    )
}

/// A call in the query protocol; its answer in XML.
pub(crate) fn form(account: &AccountId, service: &str, form: &str) -> String {
    let headers = format!(
        "Content-Type: application/x-www-form-urlencoded\r\n{}",
        of_account(account, service)
    );
    post("/", &headers, form)
}

/// The text of the first element of that name.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let (_, after) = xml.split_once(&format!("<{name}>")).unwrap();
    after.split('<').next().unwrap()
}

/// Puts an answer into moto's mouth, by its own interface.
pub(crate) fn put_into_its_mouth(path: &str, answers: &Value) {
    let headers = "Content-Type: application/json\r\n";
    post(path, headers, &answers.to_string());
}

fn of_account(account: &AccountId, service: &str) -> String {
    format!(
        "x-moto-account-id: {account}\r\nAuthorization: AWS4-HMAC-SHA256 \
         Credential=test/20260105/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n"
    )
}

fn post(path: &str, headers: &str, body: &str) -> String {
    let (head, answer) = ask(path, headers, body);
    assert!(head.starts_with("HTTP/1.1 20"), "{headers}{head}\n{answer}");
    answer
}

/// The head of the answer, and its body.
fn ask(path: &str, headers: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address()).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}
