//! `sluice replay`, as people and scripts meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use jiff::SignedDuration;
use serde_json::{Value, json};
use sluice::account::Account;
use sluice::play::{Play, Silence};
use sluice::replay::{Folding, printed, read, state_after, timeline};
use sluice::{sample, scenario};
use sluice_core::deployment::Deployment;
use sluice_core::event::Event;
use sluice_core::history::{ChainEnd, Record, RecordedEntry, replay};
use sluice_core::id::{GroupId, UserId};
use sluice_core::machine::step;
use sluice_core::phase::Phase;
use sluice_words::replay::sides;

const STORED: &str = "tests/stored/v1-history.json";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn stored() -> Vec<Record> {
    let text = std::fs::read_to_string(root().join(STORED)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The number of its last record.
fn last() -> u32 {
    stored().last().unwrap().seq
}

/// The number of the record that says that beat is requested from ECS.
fn asked_for_beat() -> u32 {
    let beat = |record: &Record| {
        let mut intends = record.intends.iter();
        intends.any(|key| key.to_string() == "start-rollout/beat")
    };
    stored().iter().find(|record| beat(record)).unwrap().seq
}

/// The program with this on standard input.
fn sluice(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // A program that refuses its arguments reads nothing.
    drop(writer.join().unwrap());
    output
}

fn said(output: &Output) -> String {
    let mut said = String::from_utf8(output.stdout.clone()).unwrap();
    if !output.stderr.is_empty() {
        said.push_str("--- standard error\n");
        said.push_str(&String::from_utf8(output.stderr.clone()).unwrap());
    }
    said.push_str(&format!(
        "--- exit code {}\n",
        output.status.code().unwrap()
    ));
    said
}

fn replayed(history: &impl serde::Serialize, more: &[&str]) -> String {
    let text = serde_json::to_string(history).unwrap();
    said(&sluice(&[&["replay", "-"], more].concat(), &text))
}

fn code(said: &str) -> &str {
    said.trim_end().lines().last().unwrap()
}

/// The records as code would have written them that decided otherwise: `change` is told the
/// record's number and may change the deployment after it.
fn written_otherwise(change: impl Fn(u32, &mut Deployment)) -> Vec<Record> {
    let history = stored();
    let mut chain = ChainEnd::start();
    let mut before: Option<Deployment> = None;
    let mut written = Vec::new();
    for (at, record) in history.iter().enumerate() {
        let mut after = replay(&history[..=at]).unwrap();
        change(record.seq, &mut after);
        let entry = record.entry.clone();
        written.push(sluice_words::note::append(
            &mut chain,
            entry,
            record.at,
            before.as_ref(),
            &after,
        ));
        before = Some(after);
    }
    written
}

#[test]
fn a_whole_history_is_told_as_a_timeline() {
    // Of this version, so that today's code has no other words for it than the record.
    let export = exported("failing-smoke-test", 1);
    insta::assert_snapshot!("good", replayed(&export, &[]));
}

#[test]
fn a_record_that_was_changed_is_named() {
    let mut history = stored();
    history[40].notes = vec!["nothing to see here".to_owned()];
    let said = replayed(&history, &[]);
    let end: Vec<&str> = said.lines().rev().take(8).collect();
    let end: Vec<&str> = end.into_iter().rev().collect();
    insta::assert_snapshot!("tampered", end.join("\n"));
    assert!(
        said.contains("✗ record 40 was changed: its hash is not the hash of what it says"),
        "{said}"
    );
}

#[test]
fn whatever_is_done_to_a_history_is_found_at_its_record() {
    let history = stored();
    let found = |history: &[Record]| {
        let exported = read(&serde_json::to_vec(history).unwrap()).unwrap();
        Folding::of(&exported[0])
            .broken
            .map(|broken| (broken.seq, broken.why))
    };
    assert_eq!(found(&history), None);
    for at in (0..history.len()).step_by(7) {
        let seq = u32::try_from(at).unwrap();
        let mut changed = history.clone();
        changed[at].phase = "Succeeded".to_owned();
        changed[at].intends.clear();
        changed[at].notes.push("more".to_owned());
        assert_eq!(found(&changed).unwrap().0, seq);

        let mut moved = history.clone();
        moved[at].at += SignedDuration::from_secs(1);
        assert_eq!(found(&moved).unwrap().0, seq);

        if at + 1 < history.len() {
            let mut shorter = history.clone();
            shorter.remove(at);
            assert_eq!(found(&shorter).unwrap().0, seq);
            let mut swapped = history.clone();
            swapped.swap(at, at + 1);
            assert_eq!(found(&swapped).unwrap().0, seq);
        }
        let mut doubled = history.clone();
        doubled.insert(at, history[at].clone());
        assert_eq!(found(&doubled).unwrap().0, seq + 1);
    }
    // Sealed again, but not what the next one is fastened to.
    let mut spliced = written_otherwise(|seq, after| {
        if seq == 10 {
            after.phase = Phase::Expired;
        }
    });
    spliced.truncate(11);
    spliced.extend_from_slice(&history[11..]);
    assert_eq!(found(&spliced).unwrap().0, 11);
}

/// What the chain alone cannot show: the export says where it ended.
#[test]
fn what_is_cut_off_at_the_end_is_missed() {
    let export = exported("pushed-to-production", 1);
    let mut cut = export.clone();
    let history = cut["history"].as_array_mut().unwrap();
    let last = history.pop().unwrap();
    let said = replayed(&cut, &[]);
    assert_eq!(code(&said), "--- exit code 1");
    let words = format!("record {} is missing, and all after it", last["seq"]);
    assert!(said.contains(&words), "{said}");

    let mut replaced = export;
    replaced["deployments"][1]["chain"]["hash"] = json!("0".repeat(64));
    let said = replayed(&replaced, &[]);
    assert_eq!(code(&said), "--- exit code 1");
    assert!(said.contains("was replaced"), "{said}");
}

#[test]
fn a_decision_that_today_is_another_is_told_with_both_sides() {
    // A version that did not update beat with the worker, and ended otherwise.
    let (asked, last) = (asked_for_beat(), last());
    let other = written_otherwise(|seq, after| {
        if seq == asked {
            after
                .intents
                .retain(|key, _| key.to_string() != "start-rollout/beat");
        }
        if seq == last {
            after.phase = Phase::Cancelled {
                by: UserId::new("U1"),
            };
        }
    });
    let said = replayed(&other, &[]);
    let from = said.find("Today's code DECIDES").unwrap();
    insta::assert_snapshot!("decided-otherwise", &said[from..]);

    let printed = sluice(
        &["replay", "-", "--json"],
        &serde_json::to_string(&other).unwrap(),
    );
    assert_eq!(printed.status.code(), Some(1));
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(printed["same"], false);
    let deployment = &printed["deployments"][0];
    assert_eq!(deployment["chain"]["whole"], true);
    let decisions = json!([
        {"seq": asked, "what": "intends", "recorded": ["start-rollout/worker"],
         "today": ["start-rollout/beat", "start-rollout/worker"]},
        {"seq": asked + 1, "what": "intends", "recorded": ["start-rollout/beat"], "today": []},
        {"seq": last, "what": "phase", "recorded": "Cancelled", "today": "RolledBack"},
    ]);
    assert_eq!(deployment["decisions"], decisions);
}

#[test]
fn an_event_that_today_is_refused_or_changes_nothing_is_told() {
    let history = stored();
    let mut chain = ChainEnd::start();
    let mut written: Vec<Record> = Vec::new();
    let mut before: Option<Deployment> = None;
    for (at, record) in history.iter().enumerate().take(12) {
        let after = replay(&history[..=at]).unwrap();
        let entry = record.entry.clone();
        written.push(sluice_words::note::append(
            &mut chain,
            entry,
            record.at,
            before.as_ref(),
            &after,
        ));
        before = Some(after);
    }
    let d = before.unwrap();
    let at = written.last().unwrap().at;
    let keep = Event::Keep {
        by: UserId::new("U1"),
        groups: [].into(),
    };
    for event in [keep, Event::Wake] {
        written.push(sluice_words::note::append(
            &mut chain,
            RecordedEntry::Event(event),
            at,
            Some(&d),
            &d,
        ));
    }
    let exported = read(&serde_json::to_vec(&written).unwrap()).unwrap();
    let folding = Folding::of(&exported[0]);
    let what: Vec<(u32, &str)> = folding
        .decisions
        .iter()
        .map(|found| (found.seq, sides(&found.differs).0))
        .collect();
    assert_eq!(what, [(12, "event"), (13, "effect")]);
}

#[test]
fn another_stored_state_is_told_where_it_differs() {
    let mut export = exported("pushed-to-production", 1);
    export["deployments"][0]["state"]["looks"] = json!(9);
    let said = replayed(&export, &[]);
    assert_eq!(code(&said), "--- exit code 1");
    let words = "state after the last record, /looks: Recorded: 9. Today: 1";
    assert!(said.contains(words), "{said}");
}

/// What `sluice demo --json` prints of a scenario.
fn exported(name: &str, seed: u64) -> Value {
    let mut play = Play::new(scenario::find(name).unwrap(), seed, &sample::erp());
    play.run(&mut Silence).unwrap().unwrap();
    serde_json::to_value(Account::of(play.world())).unwrap()
}

/// Throttled, crashed, doubled: every recorded decision is made the same again, and what is printed
/// of it holds none of the secrets of the simulated cloud.
#[test]
fn every_scenario_replays_the_same_and_prints_no_secret() {
    for scenario in scenario::all() {
        let name = scenario.name;
        let account = exported(name, 2);
        // Of branches alone nothing is deployed.
        if account["deployments"].as_array().unwrap().is_empty() {
            continue;
        }
        let export = serde_json::to_vec(&account).unwrap();
        let histories = read(&export).unwrap();
        assert!(!histories.is_empty(), "{name}");
        let foldings: Vec<Folding<'_>> = histories.iter().map(Folding::of).collect();
        for folding in &foldings {
            assert!(folding.is_same(), "{name}: {}", timeline(folding));
            assert!(folding.words.is_empty(), "{name}: {}", timeline(folding));
            assert!(!timeline(folding).contains("hunter2"), "{name}");
            let last = folding.records.len() - 1;
            assert!(!state_after(folding, last).contains("hunter2"), "{name}");
        }
        let json = serde_json::to_string(&printed(&foldings, Some(0))).unwrap();
        assert!(!json.contains("hunter2"), "{name}");
    }
}

#[test]
fn the_state_after_a_record_is_shown() {
    let shown = said(&sluice(&["replay", STORED, "--at", "40"], ""));
    insta::assert_snapshot!("at", shown);
    let printed = sluice(&["replay", STORED, "--at", "40", "--json"], "");
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let state: Deployment =
        serde_json::from_value(printed["deployments"][0]["at"]["state"].clone()).unwrap();
    assert_eq!(state, replay(&stored()[..=40]).unwrap());
}

/// Whichever way one gets to a record, the state there is the same.
#[test]
fn every_state_is_the_one_that_its_records_fold_to() {
    let history = stored();
    let exported = read(&serde_json::to_vec(&history).unwrap()).unwrap();
    let folding = Folding::of(&exported[0]);
    for at in (0..history.len()).rev() {
        let expected = replay(&history[..=at]).unwrap();
        assert_eq!(folding.state(at), Some(expected), "{at}");
    }
    assert_eq!(folding.state(history.len()), None);
}

#[test]
fn steps_go_forth_and_back() {
    let keys = format!("n\n\np\np\np\n{}\nn\ng\ni\nd\n999\nx\nG\nq\nn\n", last());
    let shown = said(&sluice(&["replay", STORED, "--step"], &keys));
    let seen: Vec<&str> = shown
        .lines()
        .filter(|line| {
            line.contains(" · Enter, ") || !line.starts_with(' ') && line.contains("record")
        })
        .map(|line| line.split(" · ").next().unwrap())
        .collect();
    insta::assert_snapshot!("steps", seen.join("\n"));
    assert_eq!(code(&shown), "--- exit code 0");
}

/// The keys of a terminal, without Enter behind them. Python, which the tests need anyway, has the
/// terminal.
#[test]
fn keys_are_taken_as_they_are_pressed() {
    let script = r#"
import os, pty, sys, time
keys = [b"n", b"\x1b[C", b"\x1b[D", b"4", b"0", b"\r", b"G", b"g", b"q"]
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], [sys.argv[1], "replay", sys.argv[2], "--step"])
seen = b""
def until(count):
    global seen
    while seen.count(b"q: quit") < count:
        seen += os.read(fd, 65536)
until(1)
shown = 1
for key in keys:
    os.write(fd, key)
    if key not in (b"4", b"0", b"q"):
        shown += 1
        until(shown)
    else:
        time.sleep(0.1)
try:
    while True:
        more = os.read(fd, 65536)
        if not more:
            break
        seen += more
except OSError:
    pass
status = os.waitpid(pid, 0)[1]
sys.stdout.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(status))
"#;
    let output = Command::new("python3")
        .args(["-c", script, env!("CARGO_BIN_EXE_sluice"), STORED])
        .current_dir(root())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let places: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once(" of 0 to ").map(|(place, _)| place))
        .map(|place| place.rsplit_once("record ").unwrap().1)
        .collect();
    let last = last().to_string();
    assert_eq!(places, ["0", "1", "2", "1", "40", &last, "0"], "{text}");
}

#[test]
fn what_the_table_holds_is_read_as_aws_prints_it() {
    let items = std::fs::read_to_string(root().join("tests/stored/v1-table.json")).unwrap();
    let items: Vec<Value> = serde_json::from_str(&items).unwrap();
    let of_deployment: Vec<&Value> = items
        .iter()
        .filter(|item| item["pk"]["S"].as_str().unwrap().starts_with("deployment#"))
        .collect();
    let queried = json!({"Items": of_deployment, "Count": of_deployment.len()});
    let said = replayed(&queried, &[]);
    assert_eq!(code(&said), "--- exit code 0", "{said}");
    let whole = format!("The hash chain is whole: {} records", last() + 1);
    assert!(said.contains(&whole), "{said}");

    let mut shorter = queried;
    let items = shorter["Items"].as_array_mut().unwrap();
    items.retain(|item| item["sk"]["S"] != format!("record#{:010}", last()));
    let said = replayed(&shorter, &[]);
    assert!(
        said.contains(&format!("record {} is missing", last())),
        "{said}"
    );
}

#[test]
fn what_is_no_history_is_refused_in_words() {
    let mut newer = exported("rejected", 1);
    newer["schema"] = json!(2);
    let mut wrong: Value = serde_json::to_value(stored()).unwrap();
    wrong[3]["seq"] = json!("xoxb-1234-a-secret");
    let cases = [
        ("nothing", String::new()),
        ("no JSON", "{\"history\": [".to_owned()),
        ("another form", "{\"deployments\": 3}".to_owned()),
        ("no record", "[]".to_owned()),
        ("a number", "17".to_owned()),
        ("a wrong record", wrong.to_string()),
        ("newer", newer.to_string()),
        ("too deep", "[".repeat(100_000)),
    ];
    let mut all = String::new();
    for (name, text) in cases {
        let output = sluice(&["replay", "-"], &text);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(output.stdout.is_empty(), "{name}");
        all.push_str(&format!(
            "{name}: {}",
            String::from_utf8(output.stderr).unwrap()
        ));
    }
    let missing = sluice(&["replay", "no-such-file.json"], "");
    assert_eq!(missing.status.code(), Some(2));
    all.push_str(&format!(
        "missing: {}",
        String::from_utf8(missing.stderr).unwrap()
    ));
    insta::assert_snapshot!("unreadable", all);
    assert!(!all.contains("xoxb"), "{all}");
}

#[test]
fn wrong_use_is_told() {
    let both = exported("pushed-to-production", 1).to_string();
    let beyond = (last() + 1).to_string();
    let mut all = String::new();
    for arguments in [
        &["replay", "-", "--at", "3"][..],
        &["replay", "-", "--deployment", "dep-0000"],
        &["replay", STORED, "--at", &beyond],
        &[
            "replay",
            "-",
            "--step",
            "--deployment",
            "dep-0c5b02933148ab09",
        ],
    ] {
        let output = sluice(arguments, &both);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        all.push_str(&String::from_utf8(output.stderr).unwrap());
    }
    insta::assert_snapshot!("wrong-use", all);
}

/// A file from outside cannot steer the terminal of the person who reads it.
#[test]
fn a_history_does_not_steer_the_terminal() {
    let mut history = serde_json::to_value(stored()).unwrap();
    history[40]["notes"] = json!(["\u{1b}]0;owned\u{7}\u{1b}[2Jgone"]);
    history[41]["phase"] = json!("\u{1b}[31mred");
    let said = replayed(&history, &[]);
    assert!(said.contains("gone"), "{said}");
    assert!(!said.contains(['\u{1b}', '\u{7}']), "{said:?}");
}

/// Ten thousand records: paused and resumed all day.
#[test]
fn a_long_history_is_replayed() {
    let history = stored();
    let queued = 12;
    let mut written = history[..queued].to_vec();
    let mut d = replay(&written).unwrap();
    let mut chain = sluice_core::history::verify(&written).unwrap();
    let by = UserId::new("U024BE7LH");
    let at = written.last().unwrap().at;
    while written.len() < 10_000 {
        let groups = [GroupId::new("S0604QSJC")].into();
        let by = by.clone();
        let event = match d.paused {
            None => Event::Pause {
                by,
                groups,
                reason: "lunch".to_owned(),
            },
            Some(_) => Event::Resume { by, groups },
        };
        let next = step(&d, &event, at).unwrap().next.unwrap();
        written.push(sluice_words::note::append(
            &mut chain,
            RecordedEntry::Event(event),
            at,
            Some(&d),
            &next,
        ));
        d = next;
    }
    let text = serde_json::to_string(&written).unwrap();
    let output = sluice(&["replay", "-"], &text);
    let said = said(&output);
    assert!(said.contains("decides the same at 10000 records"));
    assert_eq!(code(&said), "--- exit code 0");
}
