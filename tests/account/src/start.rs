//! A function as Lambda starts it: from the process's start to its first request for an event, and
//! what it has taken of memory once it has answered one.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::account::{Process, python};

/// What can be started.
pub struct Program {
    /// Its file, and the arguments.
    pub command: Vec<PathBuf>,
    /// Its environment variables.
    pub environment: Value,
    /// The event that it is given.
    pub event: Value,
}

/// How it started.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    /// From the start of the process to the first request for an event.
    pub to_first_next: Duration,
    /// From handing the event over to the answer.
    pub to_answer: Duration,
    /// The most memory it had until then, in KiB (`VmHWM`).
    pub peak_kib: u64,
}

impl Program {
    /// A script in a Python that has these packages.
    pub fn python(packages: &str, script: PathBuf, environment: &Value, event: &Value) -> Self {
        Self {
            command: vec![python(packages), script],
            environment: environment.clone(),
            event: event.clone(),
        }
    }

    /// Starts it, gives it its event, takes its answer, and ends it.
    pub fn start(&self) -> Started {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).stdout(Stdio::null());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in self.environment.as_object().unwrap() {
            command.env(name, value.as_str().unwrap());
        }
        command.envs([
            ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ]);
        let began = Instant::now();
        let process = Process(command.spawn().unwrap());
        let next = request(&listener);
        let to_first_next = began.elapsed();
        assert!(
            next.1.starts_with("GET "),
            "it asked for an event, not {}",
            next.1
        );
        let handed = Instant::now();
        give(next.0, &self.event);
        let answer = request(&listener);
        let to_answer = handed.elapsed();
        assert!(answer.1.contains("/response"), "it answers: {}", answer.1);
        let status = fs::read_to_string(format!("/proc/{}/status", process.0.id())).unwrap();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        Started {
            to_first_next,
            to_answer,
            peak_kib: peak.trim().trim_end_matches(" kB").parse().unwrap(),
        }
    }
}

/// Whoever has not asked by then has died.
const ASKS_WITHIN: Duration = Duration::from_secs(20);

/// The next request: its connection, and its first line.
fn request(listener: &TcpListener) -> (TcpStream, String) {
    let began = Instant::now();
    listener.set_nonblocking(true).unwrap();
    let stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(_) => assert!(
                began.elapsed() < ASKS_WITHIN,
                "it does not ask for an event"
            ),
        }
        std::thread::sleep(Duration::from_micros(100));
    };
    stream.set_nonblocking(false).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    reader.take(length).read_to_end(&mut Vec::new()).unwrap();
    (stream, first)
}

fn give(mut stream: TcpStream, event: &Value) {
    let body = event.to_string();
    let deadline = u128::from(u32::MAX) * 1000;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Lambda-Runtime-Aws-Request-Id: 00000000-0000-4000-8000-000000000001\r\n\
         Lambda-Runtime-Deadline-Ms: {deadline}\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:222222222222:function:m\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
}
