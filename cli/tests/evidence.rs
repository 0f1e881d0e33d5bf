//! `sluice verify`: what an auditor holds in hand is as it was written, or it is said what is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sluice::evidence::{Evidence, FORM, Head, NoEvidence, Version, Where, Writer, verify};
use sluice_core::event::Event;
use sluice_core::history::{ChainEnd, Checkpoint, Record, RecordedEntry};
use sluice_core::id::{AppName, Hash, UserId};

/// What `sluice export` prints of the demo's deployment to production.
fn deployment() -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["demo", "--json"])
        .output()
        .unwrap();
    let account: Value = serde_json::from_slice(&output.stdout).unwrap();
    let in_production = |summary: &&Value| summary["environment"] == "production";
    let deployments = account["deployments"].as_array().unwrap();
    let one = deployments.iter().find(in_production).unwrap();
    let is_its = |record: &&Value| record["deployment"] == one["id"];
    let history = account["history"].as_array().unwrap();
    let history: Vec<&Value> = history.iter().filter(is_its).collect();
    json!({
        "schema": account["schema"],
        "deployments": [{ "id": one["id"], "chain": one["chain"], "state": one["state"] }],
        "history": history,
    })
}

fn head() -> Head {
    Head {
        form: FORM,
        sluice: "0.1.0".to_owned(),
        since: "2026-01-01T00:00:00Z".parse().unwrap(),
        made_at: "2026-02-01T00:00:00Z".parse().unwrap(),
        environment: None,
    }
}

fn version() -> Version {
    Version {
        app: AppName::new("erp"),
        number: 1,
        by: Some(UserId::new("U024BE7LH")),
        accepted_by: None,
        at: Some("2026-01-02T09:00:00Z".parse().unwrap()),
        reason: Some("a second approver".to_owned()),
        text: include_str!("../../tests/erp/sluice.toml").to_owned(),
    }
}

/// The file, and its SHA-256.
fn written(deployments: impl IntoIterator<Item = Value>) -> (Vec<u8>, String) {
    let mut file = Vec::new();
    let mut writer = Writer::begin(&mut file, head()).unwrap();
    for deployment in deployments {
        writer.deployment(deployment).unwrap();
    }
    writer.configuration(version()).unwrap();
    let sha256 = writer.end().unwrap();
    (file, sha256)
}

fn verified(file: &[u8]) -> Evidence {
    verify(file, &[]).unwrap_or_else(|why| panic!("{why}"))
}

fn problems(file: &[u8]) -> Vec<String> {
    let found = verified(file).problems.into_iter();
    found
        .map(|it| format!("{}: {}", it.line, it.what))
        .collect()
}

#[test]
fn what_was_written_is_whole_and_says_who_approved_what() {
    let (file, sha256) = written([deployment()]);
    let found = verified(&file);
    assert_eq!(found.problems, []);
    assert_eq!((found.lines, &found.sha256), (4, &sha256));
    let [deployed] = &found.deployments[..] else {
        panic!("one deployment");
    };
    assert!(!deployed.differs);
    let plan = &deployed.state.plan.as_ref().unwrap().hash;
    let [yes] = &deployed.approvals[..] else {
        panic!("{:?}", deployed.approvals);
    };
    assert_eq!(&yes.plan, plan);
    assert!(deployed.state.approvals.contains_key(&yes.by));
    assert_eq!(found.versions, [version()]);
}

/// As an auditor without Sluice would: every line but the last.
#[test]
fn its_sha256_is_that_of_all_lines_but_the_last() {
    use sha2::{Digest, Sha256};
    let (file, sha256) = written([deployment()]);
    let text = std::str::from_utf8(&file).unwrap();
    let last = text.trim_end().rfind('\n').unwrap() + 1;
    assert_eq!(hex::encode(Sha256::digest(&file[..last])), sha256);
}

#[test]
fn a_bit_that_was_flipped_anywhere_is_found_on_its_line() {
    let (file, _) = written([deployment()]);
    let line_of = |at: usize| file[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    // Every byte would take minutes: one of so many, and every line break.
    let some = (0..file.len()).step_by(file.len() / 60);
    let breaks = (0..file.len()).filter(|at| file[*at] == b'\n');
    for (number, at) in some.chain(breaks).enumerate() {
        let mut changed = file.clone();
        changed[at] ^= [0x01, 0x40][number % 2];
        let line = line_of(at);
        match verify(&changed[..], &[]) {
            Ok(found) => {
                let lines: Vec<usize> = found.problems.iter().map(|it| it.line).collect();
                assert!(lines.contains(&line), "byte {at} on line {line}: {lines:?}");
            }
            // The first line says what the file is.
            Err(NoEvidence::AnotherFile | NoEvidence::OtherForm(_)) => assert_eq!(line, 1),
            Err(why) => panic!("byte {at}: {why}"),
        }
    }
}

#[test]
fn a_record_that_was_changed_is_named() {
    let (file, _) = written([deployment()]);
    let text = String::from_utf8(file).unwrap();
    // Somebody else approved it.
    let (before, after) = text.split_once(r#""approve":{"by":""#).unwrap();
    let changed = format!(r#"{before}"approve":{{"by":"X{}"#, &after[1..]);
    let found = verified(changed.as_bytes());
    let named = found
        .problems
        .iter()
        .find_map(|problem| match &problem.place {
            Where::Deployment(id, Some(seq)) => Some((id.clone(), *seq, problem.what.clone())),
            _ => None,
        });
    let (id, seq, what) = named.unwrap();
    assert_eq!(id, found.deployments[0].state.id);
    assert!(
        what.contains(&format!("record {seq} was changed")),
        "{what}"
    );
}

#[test]
fn a_state_that_was_changed_before_the_file_was_written_is_found() {
    let mut deployment = deployment();
    deployment["deployments"][0]["state"]["approvals"] = json!({});
    let (file, _) = written([deployment]);
    let found = problems(&file);
    assert!(found[0].contains("its state"), "{found:?}");
}

/// With write access to the table a whole history can be written again, hashes and all. Not what was
/// posted of it.
#[test]
fn a_history_that_was_written_again_is_found_by_its_checkpoint_alone() {
    let genuine = deployment();
    let posted = checkpoint(&genuine);
    let (file, _) = written([genuine.clone()]);
    let found = verify(&file[..], std::slice::from_ref(&posted)).unwrap();
    assert_eq!(found.problems, []);

    let by = approver(&genuine);
    let forged = genuine.to_string().replace(&by, "U0FORGED1");
    let forged = sealed_again(serde_json::from_str(&forged).unwrap());
    let (file, _) = written([forged]);
    assert_eq!(problems(&file), Vec::<String>::new(), "no hash tells");
    let found = verify(&file[..], std::slice::from_ref(&posted)).unwrap();
    let [problem] = &found.problems[..] else {
        panic!("{:?}", found.problems);
    };
    assert_eq!(
        problem.place,
        Where::Deployment(posted.deployment.clone(), None)
    );
    assert!(problem.what.contains(&posted.to_string()), "{problem:?}");

    let (without, _) = written([]);
    let found = verify(&without[..], &[posted]).unwrap();
    assert!(found.problems[0].what.contains("does not have it"));
}

fn approver(export: &Value) -> String {
    let approvals = export["deployments"][0]["state"]["approvals"].as_object();
    approvals.unwrap().keys().next().unwrap().clone()
}

/// As it was posted when the deployment was approved.
fn checkpoint(export: &Value) -> Checkpoint {
    let records: Vec<Record> = serde_json::from_value(export["history"].clone()).unwrap();
    let is_yes =
        |record: &&Record| matches!(&record.entry, RecordedEntry::Event(Event::Approve { .. }));
    let yes = records.iter().find(is_yes).unwrap();
    let end = ChainEnd {
        next_seq: yes.seq + 1,
        hash: yes.hash.clone(),
    };
    Checkpoint::of(&yes.deployment, &end).unwrap()
}

/// Each record with the hash that belongs to what it says now.
fn sealed_again(mut export: Value) -> Value {
    let mut records: Vec<Record> = serde_json::from_value(export["history"].take()).unwrap();
    let mut end = ChainEnd::start();
    for record in &mut records {
        record.previous = end.hash;
        record.hash = Hash::of_json(&(
            &record.deployment,
            record.seq,
            record.at,
            &record.entry,
            &record.phase,
            &record.notes,
            &record.intends,
            &record.previous,
        ));
        end = ChainEnd {
            next_seq: record.seq + 1,
            hash: record.hash.clone(),
        };
    }
    export["history"] = json!(records);
    export["deployments"][0]["chain"] = json!(end);
    export
}

#[test]
fn lines_that_are_missing_added_or_doubled_are_found() {
    let one = deployment();
    let (file, _) = written([one.clone()]);
    let text = String::from_utf8(file).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let cut = problems(lines[..3].concat().as_bytes());
    assert_eq!(
        cut,
        ["4: the last line is missing: the file was cut off here"]
    );
    let without = problems([lines[0], lines[1], lines[3]].concat().as_bytes());
    assert!(
        without.contains(&"3: lines are missing before it: 1".to_owned()),
        "{without:?}"
    );
    let more = problems([&lines[..], &[lines[2]]].concat().concat().as_bytes());
    assert!(more[0].contains("behind the last line"), "{more:?}");
    let (doubled, _) = written([one.clone(), one]);
    assert_eq!(problems(&doubled).len(), 1);
    let of_none = verify(&b"{\"schema\":1}\n"[..], &[]);
    assert!(matches!(of_none, Err(NoEvidence::AnotherFile)));
    assert!(matches!(
        verify(&b""[..], &[]),
        Err(NoEvidence::AnotherFile)
    ));
}

fn sluice(arguments: &[&str], file: &Path) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(arguments)
        .arg(file)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

#[test]
fn people_read_what_was_verified() {
    let (file, sha256) = written([deployment()]);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (whole, changed) = (
        folder.join("whole.evidence"),
        folder.join("changed.evidence"),
    );
    std::fs::write(&whole, &file).unwrap();
    let text = String::from_utf8(file).unwrap();
    std::fs::write(&changed, text.replacen("v1.4.0", "v1.4.1", 1)).unwrap();

    let (code, said) = sluice(&["verify", "--list"], &whole);
    assert_eq!(code, 0, "{said}");
    let said = said.replace(&sha256, "SHA256");
    insta::assert_snapshot!("whole", said);
    let (code, said) = sluice(&["verify"], &changed);
    assert_eq!(code, 1, "{said}");
    let (code, other) = sluice(&["verify", "--sha256", "5f2c"], &whole);
    assert_eq!(code, 1, "{other}");
    assert!(other.contains("5f2c was expected"), "{other}");
    let (code, json) = sluice(&["verify", "--json"], &whole);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, &json["whole"], &json["sha256"]),
        (0, &json!(true), &json!(sha256))
    );
    // The same file is read where a history is read.
    let (code, replayed) = sluice(&["replay"], &whole);
    assert_eq!(code, 0, "{replayed}");
}
