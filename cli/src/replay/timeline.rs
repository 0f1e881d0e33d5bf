//! A history as people read it.

use anstyle::Style;
use jiff::Timestamp;
use sluice_core::deployment::Deployment;
use sluice_core::event::Event;
use sluice_core::history::{Answer, Difference, Intended, Record, RecordedEntry};
use sluice_core::machine::step;
use sluice_core::quantity;
use sluice_words::replay::sides;
use sluice_words::waits::waits_for;

use super::Folding;
use crate::terminal::{BAD, DIM, GOOD, STRONG, TITLE, WARN, as_text, paint, width, wrap_hanging};

/// Where the words of a record begin.
const INDENT: usize = 8;
/// Differences that are listed at the end; `--json` has all of them.
const LISTED: usize = 10;
/// Characters of one side of a difference.
const SIDE_CHARS: usize = 400;

/// The whole history: what it is of, every record, and the verdict.
pub fn timeline(folding: &Folding<'_>) -> String {
    let mut lines = vec![title(folding), String::new()];
    let mut day = String::new();
    for (index, record) in folding.records.iter().enumerate() {
        let on = record.at.strftime("%Y-%m-%d").to_string();
        if on != day {
            lines.push(paint(TITLE, format!("{on} (all times are UTC)")));
            day = on;
        }
        lines.extend(entry(folding, index));
    }
    lines.push(String::new());
    lines.push(verdict(folding));
    lines.join("\n")
}

/// What it is of, in one line.
fn title(folding: &Folding<'_>) -> String {
    let Some(first) = folding.records.first() else {
        return "a deployment without a record".to_owned();
    };
    let id = plain(first.deployment.as_str());
    let count = quantity::count(folding.records.len(), "record");
    match &first.entry {
        RecordedEntry::Opened(opening) => format!(
            "{} {}: {}  {}",
            paint(STRONG, plain(opening.settings.app.as_str())),
            paint(STRONG, plain(opening.settings.environment.name.as_str())),
            plain(opening.release.tag.as_str()),
            paint(DIM, format!("{id} · {count}"))
        ),
        RecordedEntry::Event(_) => format!("{id}  {}", paint(DIM, count)),
    }
}

/// A record: number, time, phase, what happened, what people saw, what Sluice meant to do, and
/// where today's code differs.
fn entry(folding: &Folding<'_>, index: usize) -> Vec<String> {
    let Some(record) = folding.records.get(index) else {
        return Vec::new();
    };
    let before = index.checked_sub(1).and_then(|at| folding.records.get(at));
    let phase = plain(&record.phase);
    let phase = match before {
        Some(before) if before.phase == record.phase => paint(DIM, format!("{phase:17}")),
        _ => paint(STRONG, format!("{phase:17}")),
    };
    let mut lines = vec![format!(
        "{:>5}  {}  {phase}  {}",
        record.seq,
        paint(DIM, record.at.strftime("%H:%M:%S")),
        happened(&record.entry)
    )];
    let mut add = |mark: &str, text: &str, style| {
        for line in plain(&as_text(text)).lines() {
            let wrapped = wrap_hanging(
                &format!("{:INDENT$}{mark}{line}", ""),
                width(),
                mark.chars().count(),
            );
            lines.extend(wrapped.into_iter().map(|line| paint(style, line)));
        }
    };
    for note in &record.notes {
        add("", note, Style::new());
    }
    for intended in folding.intended_at(index) {
        add("→ ", &meaning(intended), style_of(intended));
    }
    for difference in folding.at(record.seq) {
        let is_decision = difference.differs.is_decision();
        let style = if is_decision { BAD } else { DIM };
        add("≠ ", &difference_words(difference), style);
    }
    if let Some(broken) = &folding.broken
        && u32::try_from(index).is_ok_and(|index| index == broken.seq)
    {
        add("✗ ", &broken.why, BAD);
    }
    lines
}

fn style_of(intended: &Intended) -> Style {
    match intended.answer {
        Answer::Done(_) => DIM,
        Answer::Failed(_) | Answer::Again(_) | Answer::None => WARN,
    }
}

fn meaning(intended: &Intended) -> String {
    let command = &intended.command;
    match intended.answer {
        Answer::Done(record) => format!("means to {command}: done, record {record}"),
        Answer::Failed(record) => format!("means to {command}: failed, record {record}"),
        Answer::Again(record) => format!(
            "means to {command}: no answer is recorded; record {record} means to do it again"
        ),
        Answer::None => format!("means to {command}: no answer is recorded"),
    }
}

/// The event in a few words.
fn happened(entry: &RecordedEntry) -> String {
    let by = |what: &str, who: &dyn std::fmt::Display| plain(&format!("{what} by @{who}"));
    match entry {
        RecordedEntry::Opened(_) => "opened".to_owned(),
        RecordedEntry::Event(event) => match event {
            Event::Wake => "wake-up".to_owned(),
            Event::WasAway { .. } => "it was due, but was not checked".to_owned(),
            Event::Approve { by: who, .. } => by("approved", who),
            Event::Reject { by: who, .. } => by("rejected", who),
            Event::Cancel { by: who, .. } => by("cancelled", who),
            Event::Override { by: who, .. } => by("allowed while closed", who),
            Event::Pause { by: who, .. } => by("paused", who),
            Event::Resume { by: who, .. } => by("resumed", who),
            Event::RollForward { by: who, .. } => by("superseded by a newer release", who),
            Event::Keep { by: who, .. } => by("kept", who),
            Event::GoBack { by: who, .. } => by("rollback requested", who),
            Event::SupersededBy { deployment } => plain(&format!("{deployment} wants its place")),
            Event::Done { command, .. } => plain(&format!("answer to {command}")),
            Event::CommandFailed { command, error } => {
                cut(&plain(&format!("{command} failed: {error}")))
            }
        },
    }
}

fn difference_words(difference: &Difference) -> String {
    let (what, recorded, today) = sides(&difference.differs);
    format!(
        "{what} differs. Recorded: {}. Today: {}",
        cut(&recorded),
        cut(&today)
    )
}

/// The results: the chain, the intents without an answer, what differs.
fn verdict(folding: &Folding<'_>) -> String {
    let mut said = vec![chain(folding)];
    let unanswered: Vec<String> = folding
        .intents
        .iter()
        .filter(|intended| intended.answer == Answer::None)
        .map(|intended| format!("{} (record {})", intended.command, intended.seq))
        .collect();
    if !unanswered.is_empty() {
        let listed = listed(&unanswered);
        let words = format!(
            "No answer is recorded to: {listed}. AWS may have been asked: look at it there."
        );
        said.push((WARN, words));
    }
    said.extend(decisions(folding));
    if !folding.words.is_empty() {
        let count = quantity::count(folding.words.len(), "record");
        let words = format!("In {count} today's code says the same in different words.");
        said.push((DIM, words));
    }
    let lines = said.into_iter().flat_map(|(style, text)| {
        let lines = wrap_hanging(&plain(&text).replace('\n', " "), width(), 2);
        lines.into_iter().map(move |line| paint(style, line))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn chain(folding: &Folding<'_>) -> (Style, String) {
    let found = folding.broken.as_ref().map_or(Ok(()), Err);
    let style = if found.is_ok() { GOOD } else { BAD };
    (style, sluice_words::chain::verdict(folding.records, found))
}

fn decisions(folding: &Folding<'_>) -> Vec<(Style, String)> {
    let compared = quantity::count(folding.folded(), "record");
    if folding.decisions.is_empty() && folding.state.is_empty() {
        return vec![match folding.folded() {
            0 => (WARN, "No record could be replayed.".to_owned()),
            _ => (
                GOOD,
                format!("Today's code decides the same at {compared}."),
            ),
        }];
    }
    let side = |value: &serde_json::Value| cut(&value.to_string());
    let decided = folding.decisions.iter();
    let decided =
        decided.map(|found| format!("  record {}: {}", found.seq, difference_words(found)));
    let stored = folding.state.iter().map(|found| {
        let (recorded, today) = (side(&found.recorded), side(&found.today));
        let at = &found.at;
        format!("  state after the last record, {at}: Recorded: {recorded}. Today: {today}")
    });
    let count = folding.decisions.len() + folding.state.len();
    let first = format!(
        "Today's code DECIDES DIFFERENTLY in {}. The first is the cause to look at: what comes \
         after may \
         follow from it.",
        quantity::count(count, "place")
    );
    let mut lines = vec![(BAD, first)];
    let listed = decided.chain(stored).take(LISTED);
    lines.extend(listed.map(|line| (Style::new(), line)));
    if count > LISTED {
        let more = format!("  and {} more: --json has all of them", count - LISTED);
        lines.push((Style::new(), more));
    }
    lines
}

fn listed(all: &[String]) -> String {
    let mut listed = all[..all.len().min(LISTED)].join(", ");
    if all.len() > LISTED {
        listed.push_str(&format!(" and {} more", all.len() - LISTED));
    }
    listed
}

/// The deployment after a record, and what today's code would do then.
pub fn state_after(folding: &Folding<'_>, index: usize) -> String {
    let mut lines = entry(folding, index);
    lines.push(String::new());
    match (folding.state(index), folding.records.get(index)) {
        (Some(state), Some(record)) => lines.extend(state_lines(&state, record)),
        _ => lines.push(paint(
            BAD,
            "No state can be shown: the hash chain is broken at this record or before it.",
        )),
    }
    lines.join("\n")
}

fn state_lines(d: &Deployment, record: &Record) -> Vec<String> {
    let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let none = || "none".to_owned();
    let mut fields: Vec<(&str, String)> = vec![
        (
            "phase",
            format!("{} since {}", d.phase.name(), time(d.entered_at)),
        ),
        ("waits for", waits_for(d)),
    ];
    let plan = d.plan.as_ref();
    fields.push((
        "plan",
        plan.map_or_else(none, |plan| plan.hash.short().to_owned()),
    ));
    let approvals: Vec<String> = d.approvals.keys().map(|who| format!("@{who}")).collect();
    fields.push(("approvals", or_none(approvals)));
    let touched = &d.touched;
    let snapshot = touched.snapshot.as_ref();
    fields.push(("snapshot", snapshot.map_or_else(none, ToString::to_string)));
    let migration = touched.migration.as_ref();
    fields.push((
        "migration",
        migration.map_or_else(none, |run| match &run.ended {
            Some(_) if run.succeeded() => format!("{} ended with exit code 0", run.task.id()),
            Some(_) => format!("{} did not succeed", run.task.id()),
            None => format!("{} runs", run.task.id()),
        }),
    ));
    let rollouts = touched.rollouts.iter().map(|(service, seen)| match seen {
        Some(seen) => format!("{service} {:?}", seen.status),
        None => format!("{service} requested, not seen yet"),
    });
    fields.push(("rollouts", or_none(rollouts.collect())));
    let open = d.intents.iter().filter(|(_, intent)| intent.open);
    let open = open.map(|(key, intent)| format!("{key} until {}", time(intent.until)));
    fields.push(("no answer yet", or_none(open.collect())));
    let setbacks = d.setbacks.iter();
    let setbacks = setbacks.map(|(key, setback)| format!("{key}: {}", setback.error));
    fields.push(("failing", or_none(setbacks.collect())));
    let woken = step(d, &Event::Wake, record.at);
    let asks = woken.map(|woken| woken.commands).unwrap_or_default();
    let asks = asks.iter().map(|command| command.key().to_string());
    fields.push(("today asks for", or_none(asks.collect())));
    let said = |(name, value): &(&str, String)| {
        let value = cut(&plain(&as_text(value))).replace('\n', " ");
        let line = format!("{:INDENT$}{name:14}  {value}", "");
        wrap_hanging(&line, width(), 16).join("\n")
    };
    fields.iter().map(said).collect()
}

fn or_none(all: Vec<String>) -> String {
    if all.is_empty() {
        return "none".to_owned();
    }
    all.join(", ")
}

/// Text of a file from outside, which must not steer the terminal.
fn plain(text: &str) -> String {
    let safe = |c: char| match c {
        '\n' => '\n',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(safe).collect()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SIDE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
