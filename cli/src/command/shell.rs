//! `sluice completions` and `sluice man`: what shells and `man` read, made from the command line.

use std::process::ExitCode;

use clap::CommandFactory;

use super::{Failure, probably};
use crate::arguments::{Arguments, Completions, Man};
use crate::terminal::Screen;

pub(super) fn completions(
    completions: &Completions,
    screen: &mut Screen,
) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(completions.shell, &mut command, "sluice", &mut script);
    screen.print(String::from_utf8_lossy(&script).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn man(man: &Man, screen: &mut Screen) -> Result<ExitCode, Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut name = "sluice".to_owned();
    for word in &man.command {
        command = match command.find_subcommand(word) {
            Some(found) => found.clone(),
            None => return Err(unknown(&name, word, &command)),
        };
        name = format!("{name}-{word}");
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .title(name)
        .render(&mut page)?;
    screen.print(String::from_utf8_lossy(&page).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn unknown(name: &str, word: &str, command: &clap::Command) -> Failure {
    let name = name.replace('-', " ");
    let names: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    let known = if names.is_empty() {
        "it has none".to_owned()
    } else {
        format!("it has: {}", names.join(", "))
    };
    let meant =
        probably(word, names).map_or_else(String::new, |meant| format!("did you mean `{meant}`? "));
    Failure::usage(format!("`{name}` has no command `{word}`: {meant}{known}"))
}
