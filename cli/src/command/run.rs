//! `sluice run`: payload files through the real functions.

use std::process::ExitCode;

use serde::Serialize;

use super::Failure;
use super::ending::{deployments, print_json};
use super::viewer::Viewer;
use crate::account::Account;
use crate::arguments::Run;
use crate::play::Silence;
use crate::rehearsal::{Answer, Answered, PayloadFile, Rehearsal};
use crate::sample;
use crate::terminal::{BAD, DIM, GOOD, STRONG, Screen, paint};

/// What `--json` prints.
#[derive(Serialize)]
struct RunAccount {
    seed: u64,
    events: Vec<Answered>,
    #[serde(flatten)]
    account: Account,
}

pub(super) fn carry_out(run: &Run, screen: &mut Screen) -> Result<ExitCode, Failure> {
    let config = sample::configuration(run.configuration.config.as_deref())?;
    let read: Vec<_> = run
        .events
        .iter()
        .map(|path| PayloadFile::read(path))
        .collect();
    let files: Vec<PayloadFile> = read.iter().flatten().cloned().collect();
    let config = sample::installed(config, &files);
    let mut rehearsal = Rehearsal::new(&files, &config, run.seed);
    let answered = if run.json {
        rehearsal.run(&mut Silence)?
    } else {
        rehearsal.run(&mut Viewer::new(screen, None, None))?
    };
    let events = in_order(run, read, answered);
    let failed = events
        .iter()
        .filter(|event| matches!(event.answer, Answer::Error(_)))
        .count();
    if run.json {
        let account = Account::of(rehearsal.world());
        print_json(
            screen,
            &RunAccount {
                seed: run.seed,
                events,
                account,
            },
        )?;
    } else {
        screen.print(&answers(&events))?;
        screen.print(&deployments(rehearsal.world()))?;
        screen.print(&ended(&events, failed))?;
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The result of each file, in the order they were given.
fn in_order(
    run: &Run,
    read: Vec<Result<PayloadFile, String>>,
    answered: Vec<Answered>,
) -> Vec<Answered> {
    let mut answered = answered.into_iter();
    let events = run
        .events
        .iter()
        .zip(read)
        .filter_map(|(path, read)| match read {
            // Files are delivered in the order they are given.
            Ok(_) => answered.next(),
            Err(error) => Some(Answered {
                file: path.display().to_string(),
                function: None,
                at: None,
                answer: Answer::Error(error),
            }),
        });
    events.collect()
}

fn answers(events: &[Answered]) -> String {
    let mut lines = vec![format!(
        "\n{}",
        paint(STRONG, "What the functions answered")
    )];
    for event in events {
        let function = event.function.map(|f| format!(" {f}")).unwrap_or_default();
        let at = event
            .at
            .map(|at| format!("  {}", at.strftime("%H:%M:%S")))
            .unwrap_or_default();
        lines.push(format!(
            "  {}{}",
            event.file,
            paint(DIM, format!("{function}{at}"))
        ));
        lines.push(match &event.answer {
            Answer::Answer(answer) => format!("    {answer}"),
            Answer::Error(error) => format!("    {} {error}", paint(BAD, "error:")),
        });
    }
    lines.join("\n")
}

fn ended(events: &[Answered], failed: usize) -> String {
    if failed == 0 {
        format!(
            "\n{}",
            paint(
                GOOD.bold(),
                format!("All {} events were accepted.", events.len())
            )
        )
    } else {
        let words = format!("{failed} of {} events failed; see above.", events.len());
        format!("\n{}", paint(BAD, words))
    }
}
