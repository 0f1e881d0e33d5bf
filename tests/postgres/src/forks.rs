//! Python programs, many of them, without waiting for Alembic to be imported each time.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::{Deserialize, Serialize};
use sluice_migrations::report::{self, Report};

/// A process of Python that forks for each program it is told to run.
pub struct Forks {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

#[derive(Serialize)]
struct Request<'a> {
    argv: &'a [String],
    env: BTreeMap<&'a str, &'a str>,
    cwd: &'a Path,
}

/// How a program ended and what it printed.
#[derive(Debug, Deserialize)]
pub struct Output {
    /// Its exit code; negative where a signal ended it.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// The report in it.
    ///
    /// # Panics
    ///
    /// There is none.
    pub fn report(&self) -> Report {
        let report = report::decode(self.stdout.lines());
        let report = report.unwrap_or_else(|why| panic!("{why}\n{self:?}"));
        report.unwrap_or_else(|| panic!("no report: {}\n{}", self.stdout, self.stderr))
    }
}

impl Forks {
    /// Starts it.
    pub fn start() -> Self {
        let mut child = Command::new(crate::python())
            .args(["-c", include_str!("forks.py")])
            // No byte code beside the ERP's sources.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONPATH", crate::erp())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python can be started");
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self {
            child,
            requests,
            answers,
        }
    }

    /// Runs `python -c TEXT …` or `python FILE …` there, and waits for its end.
    pub fn run(&mut self, argv: &[String], env: &[(&str, &str)], cwd: &Path) -> Output {
        let env = env.iter().copied().collect();
        let request = serde_json::to_string(&Request { argv, env, cwd }).expect("it is text");
        let requests = self.requests.as_mut().expect("it is open until the end");
        writeln!(requests, "{request}").expect("Python reads");
        let mut answer = String::new();
        let read = self.answers.read_line(&mut answer).expect("Python answers");
        assert!(read > 0, "Python has ended");
        serde_json::from_str(&answer).expect("the answer is as forks.py writes it")
    }
}

impl Drop for Forks {
    fn drop(&mut self) {
        // It ends when there is nothing more to read.
        self.requests = None;
        drop(self.child.wait());
    }
}
