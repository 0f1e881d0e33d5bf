//! Requests, and what AWS's models say of them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::python::python;

/// The checker in Python: a request a line, a verdict a line.
const CHECK: &str = include_str!("check.py");

/// A request to AWS as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Request {
    /// The path of its address.
    pub path: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// What AWS's own model of the service says of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The call, as IAM names it: `ecs:UpdateService`. The path, where the model has no such call.
    pub call: String,
    /// What the model does not know, misses, or has of another type, with the member's path.
    pub problems: Vec<String>,
}

/// Reads the request back by the model of the service that it is signed for: the operation exists,
/// it is in the service's protocol, every member is known and of its type, what is required is
/// there, and every value of an enumeration is one of its values.
///
/// # Panics
///
/// Python cannot be run.
pub fn check(request: &Request) -> Verdict {
    // A test that panicked within leaves the checker between two lines: it asks and answers whole.
    let mut checker = checker().lock().unwrap_or_else(PoisonError::into_inner);
    checker.ask(request)
}

/// Starts what checks, so that the first request need not wait for it.
///
/// # Panics
///
/// Python cannot be run.
pub fn start() {
    checker();
}

fn checker() -> &'static Mutex<Checker> {
    static CHECKER: OnceLock<Mutex<Checker>> = OnceLock::new();
    CHECKER.get_or_init(|| Mutex::new(Checker::start()))
}

/// One for all tests of a program: Python takes a while to start, and loads each model once.
struct Checker {
    requests: ChildStdin,
    verdicts: BufReader<ChildStdout>,
    // Its standard input closes with this process, and ends it.
    _python: Child,
}

impl Checker {
    fn start() -> Self {
        let python = python();
        let mut child = Command::new(&python)
            .args(["-c", CHECK])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|why| panic!("{} cannot be run: {why}", python.display()));
        let requests = child.stdin.take().expect("its standard input is a pipe");
        let verdicts = child.stdout.take().expect("its standard output is a pipe");
        Self {
            requests,
            verdicts: BufReader::new(verdicts),
            _python: child,
        }
    }

    fn ask(&mut self, request: &Request) -> Verdict {
        let line = json!({
            "path": request.path,
            "headers": request.headers,
            "body": BASE64_STANDARD.encode(&request.body),
        });
        writeln!(self.requests, "{line}").expect("the checker reads");
        self.requests.flush().expect("the checker reads");
        let mut answer = String::new();
        self.verdicts
            .read_line(&mut answer)
            .expect("the checker answers in text");
        let answer: Value = serde_json::from_str(&answer)
            .unwrap_or_else(|_| panic!("the checker ended at {request:?}: see its error above"));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let problems = answer["problems"].as_array().into_iter().flatten();
        Verdict {
            call: text(&answer["call"]),
            problems: problems.map(text).collect(),
        }
    }
}
