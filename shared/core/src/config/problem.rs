//! What is wrong with a `sluice.toml`: all of it at once, each with its place and the way out.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The key with the tables it stands in, such as `environments.staging.account`; empty for a
    /// problem of the file itself.
    pub key: String,
    /// What is wrong. Never holds a value that may be a secret.
    pub message: String,
    /// What to do, such as `write instead: stop_timeout = "30s"`.
    pub help: String,
}

/// Everything that is wrong with a file, in the order of the file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    file: String,
    problems: Vec<Problem>,
    left_out: usize,
}

impl Problems {
    pub(super) fn new(problems: Vec<Problem>, left_out: usize) -> Self {
        Self {
            file: "sluice.toml".to_owned(),
            problems,
            left_out,
        }
    }

    /// The same problems, printed with the name the file really has.
    #[must_use]
    pub fn in_file(self, file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            ..self
        }
    }

    /// The first problems, in the order of the file: a hundred at most.
    pub fn as_slice(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Problem {
            line,
            column,
            key,
            message,
            help,
        } in &self.problems
        {
            let (file, colon) = (&self.file, if key.is_empty() { "" } else { ": " });
            writeln!(f, "{file}:{line}:{column}: {key}{colon}{message}")?;
            writeln!(f, "    {help}")?;
        }
        match self.problems.len() {
            told if self.left_out > 0 => write!(
                f,
                "{} problems in {}, of which the first {told} are told",
                told + self.left_out,
                self.file
            ),
            1 => write!(f, "1 problem in {}", self.file),
            count => write!(f, "{count} problems in {}", self.file),
        }
    }
}

impl std::error::Error for Problems {}
