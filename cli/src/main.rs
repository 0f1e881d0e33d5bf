//! `sluice`.

use std::process::ExitCode;

use clap::Parser;
use sluice::arguments::Arguments;
use sluice::command;

fn main() -> ExitCode {
    command::carry_out(&Arguments::parse())
}
