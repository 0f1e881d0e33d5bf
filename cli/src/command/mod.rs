//! The commands: each reads its arguments, does its work through the library, and prints.

mod cloud;
mod config;
mod console;
mod demo;
mod dialogue;
mod doctor;
mod ending;
mod evidence;
mod hunt;
mod init;
mod live_config;
mod operate;
mod plan;
mod prompt;
mod replay;
mod run;
mod shell;
mod summary;
mod viewer;

use std::io;
use std::process::ExitCode;

use crate::arguments::{Arguments, Command};
use crate::terminal::{BAD, Screen, paint};

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    words: String,
    exit_code: u8,
    is_broken_pipe: bool,
}

impl Failure {
    /// A failure that says this and exits with 1.
    pub fn new(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            exit_code: 1,
            is_broken_pipe: false,
        }
    }

    /// A failure that says this and exits with that.
    pub fn exits(words: impl Into<String>, exit_code: u8) -> Self {
        Self {
            exit_code,
            ..Self::new(words)
        }
    }

    /// A wrong use of the command line, which exits with 2 as clap's own errors do.
    pub fn usage(words: impl Into<String>) -> Self {
        Self {
            exit_code: 2,
            ..Self::new(words)
        }
    }
}

/// For someone who has typed `sluice` and nothing else.
const THREE_THINGS: &str = "\
Sluice deploys container images from ECR to ECS. Three things to try:

  sluice demo                               watch a deployment, and approve it; touches no AWS account
  sluice plan events/ecr-push-release.json  show what this push would do
  sluice config check sluice.toml           check your configuration

sluice --help lists all commands.";

/// The one of these names that was probably meant.
fn probably<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.8;
    let alike = |name: &str| strsim::jaro_winkler(name, typed);
    names
        .into_iter()
        .filter(|name| alike(name) >= ALIKE)
        .max_by(|a, b| alike(a).total_cmp(&alike(b)))
}

/// What to do where this build cannot.
#[cfg(not(feature = "wire"))]
fn built_without_wire(arguments: &str) -> Failure {
    Failure::usage(format!(
        "this build of sluice does not include the AWS protocols; build it with them:\n\
         cargo run -p sluice --features wire -- {arguments}"
    ))
}

/// The same for pages.
#[cfg(not(feature = "console"))]
fn built_without_pages(features: &str, arguments: &str) -> Failure {
    Failure::usage(format!(
        "this build of sluice does not include pages; build it with them:\n\
         cargo run -p sluice --features {features} -- {arguments}"
    ))
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self {
            is_broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
            ..Self::new(format!("cannot write to standard output: {error}"))
        }
    }
}

/// Carries out a command line: the exit code.
pub fn carry_out(arguments: &Arguments) -> ExitCode {
    let mut screen = Screen::stdout();
    let Some(command) = &arguments.command else {
        anstream::eprintln!("{THREE_THINGS}");
        return ExitCode::from(2);
    };
    let done = match command {
        Command::Demo(demo) => demo::carry_out(demo, &mut screen),
        Command::Run(run) => run::carry_out(run, &mut screen),
        Command::Plan(plan) => plan::carry_out(plan, &mut screen),
        Command::Replay(replay) => replay::carry_out(replay, &mut screen),
        Command::Verify(verify) => evidence::verify(verify, &mut screen),
        Command::Config(config) => config::carry_out(config, &mut screen),
        Command::Hunt(hunt) => hunt::carry_out(hunt, &mut screen),
        Command::Console(console) => console::carry_out(console, &mut screen),
        Command::Cloud(cloud) => cloud::carry_out(cloud, &mut screen),
        Command::Completions(completions) => shell::completions(completions, &mut screen),
        Command::Operate(operate) => operate::carry_out(operate, &mut screen),
        Command::Init(init) => init::carry_out(init, &mut screen),
        Command::Doctor(doctor) => doctor::carry_out(doctor, &mut screen),
        Command::Man(man) => shell::man(man, &mut screen),
    };
    match done {
        Ok(code) => code,
        // `sluice … | head` has seen enough.
        Err(failure) if failure.is_broken_pipe => ExitCode::SUCCESS,
        // A list of problems begins with their places, which editors read.
        Err(failure) if failure.words.contains('\n') => {
            anstream::eprintln!("{}", failure.words);
            ExitCode::from(failure.exit_code)
        }
        Err(failure) => {
            anstream::eprintln!("{} {}", paint(BAD, "error:"), failure.words);
            ExitCode::from(failure.exit_code)
        }
    }
}
