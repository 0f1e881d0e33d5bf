//! `sluice replay`: a recorded history, read again.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use console::Term;

use super::Failure;
use super::ending::print_json;
use crate::arguments::Replay;
use crate::input;
use crate::replay::{self, Exported, Folding, Key, Steps};
use crate::terminal::{Screen, is_lively};

pub(super) fn carry_out(replay: &Replay, screen: &mut Screen) -> Result<ExitCode, Failure> {
    let histories = chosen(replay, read(&replay.file)?)?;
    let foldings: Vec<Folding<'_>> = histories.iter().map(Folding::of).collect();
    let at = at(replay, &foldings)?;
    if replay.json {
        print_json(screen, &replay::printed(&foldings, at))?;
    } else if let Some(index) = at {
        screen.print(&replay::state_after(&foldings[0], index))?;
    } else if replay.step {
        step(replay, &foldings, screen)?;
    } else {
        let told: Vec<String> = foldings.iter().map(replay::timeline).collect();
        screen.print(&told.join("\n\n"))?;
    }
    Ok(if foldings.iter().all(Folding::is_same) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn read(file: &Path) -> Result<Vec<Exported>, Failure> {
    let name = input::name(file);
    let text = input::bytes(file).map_err(|error| {
        Failure::usage(format!(
            "{name} cannot be read: {error}. Nothing was replayed"
        ))
    })?;
    replay::read(&text).map_err(|why| {
        Failure::usage(format!(
            "{name} cannot be read as a history: {why}. Nothing was replayed"
        ))
    })
}

/// The requested deployment, or all.
fn chosen(replay: &Replay, mut histories: Vec<Exported>) -> Result<Vec<Exported>, Failure> {
    let ids: Vec<String> = histories
        .iter()
        .filter_map(|history| history.records.first())
        .map(|record| record.deployment.to_string())
        .collect();
    if let Some(wanted) = &replay.deployment {
        histories.retain(|history| {
            let first = history.records.first();
            first.is_some_and(|record| record.deployment.as_str() == wanted)
        });
        if histories.is_empty() {
            return Err(Failure::usage(format!(
                "there is no deployment `{wanted}` in this file; it has {}",
                ids.join(", ")
            )));
        }
    } else if (replay.step || replay.at.is_some()) && histories.len() > 1 {
        return Err(Failure::usage(format!(
            "this file has {} deployments; choose one with --deployment: {}",
            ids.len(),
            ids.join(", ")
        )));
    }
    Ok(histories)
}

fn at(replay: &Replay, foldings: &[Folding<'_>]) -> Result<Option<usize>, Failure> {
    let Some(at) = replay.at else {
        return Ok(None);
    };
    let records = foldings[0].records.len();
    let index = usize::try_from(at).ok().filter(|index| *index < records);
    let index = index.ok_or_else(|| {
        Failure::usage(format!(
            "there is no record {at}: this history has records 0 to {}",
            records.saturating_sub(1)
        ))
    })?;
    Ok(Some(index))
}

/// Keys at a terminal, lines of a pipe.
fn step(replay: &Replay, foldings: &[Folding<'_>], screen: &mut Screen) -> Result<(), Failure> {
    if replay.file.as_os_str() == "-" {
        return Err(Failure::usage(
            "--step reads keys from standard input, so the history must come from a file",
        ));
    }
    let mut steps = Steps::new(&foldings[0]);
    screen.print(&steps.shown())?;
    let terminal = Term::stdout();
    let by_key = is_lively() && io::stdin().is_terminal();
    let mut lines = io::stdin().lock().lines();
    loop {
        let keys = if by_key {
            vec![pressed(&terminal)?]
        } else {
            match lines.next() {
                Some(line) => typed(&line?),
                None => return Ok(()),
            }
        };
        for key in keys {
            match steps.press(key) {
                None => return Ok(()),
                Some(shown) if shown.is_empty() => {}
                Some(shown) => screen.print(&shown)?,
            }
        }
    }
}

fn pressed(terminal: &Term) -> io::Result<Key> {
    use console::Key as Pressed;
    Ok(match terminal.read_key()? {
        Pressed::Enter => Key::Enter,
        Pressed::ArrowRight | Pressed::ArrowDown | Pressed::PageDown => Key::Next,
        Pressed::ArrowLeft | Pressed::ArrowUp | Pressed::PageUp | Pressed::Backspace => Key::Back,
        Pressed::Home => Key::First,
        Pressed::End => Key::Last,
        Pressed::Escape | Pressed::CtrlC => Key::Quit,
        Pressed::Char(char) => Key::Char(char),
        _ => Key::Other,
    })
}

/// A line of a pipe: each of its characters is a key, and a number or an empty line ends with
/// Enter.
fn typed(line: &str) -> Vec<Key> {
    let mut keys: Vec<Key> = line.trim().chars().map(Key::Char).collect();
    if keys
        .last()
        .is_none_or(|key| matches!(key, Key::Char('0'..='9')))
    {
        keys.push(Key::Enter);
    }
    keys
}
