//! Slack's own Python SDK reads everything that is sent to Slack, and signs and verifies requests.
//! It is installed into a virtual environment under `target/` by the first run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_slack::{SigningSecrets, sign};

use crate::gather;

const PACKAGES: [&str; 2] = ["slack_sdk==3.47.0", "PyYAML==6.0.3"];
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

#[test]
fn every_message_form_and_page_is_one_that_slack_knows() {
    let seen = gather::everything();
    let messages = seen["messages"].as_array().unwrap().len();
    assert!(messages > 100, "only {messages} messages were seen");
    let told = look("views", &seen);
    assert_eq!(told["messages"], messages);
    assert_eq!(told["views"], 5);
}

#[test]
fn what_the_sdk_signs_is_taken_and_what_it_signs_wrongly_is_not() {
    let now = 1_767_606_600_i64;
    let bodies = [
        "",
        "payload=%7B%7D",
        "{\"type\":\"url_verification\"}",
        "ünïcödé=1&x=%00",
    ];
    let ours: Vec<Value> = bodies
        .iter()
        .map(|body| {
            let timestamp = now.to_string();
            let signature = sign(&SecretString::from(SECRET), &timestamp, body.as_bytes());
            json!({"body": body, "timestamp": timestamp, "signature": signature})
        })
        .collect();
    let asked = json!({"secret": SECRET, "now": now, "bodies": bodies, "ours": ours});
    let told = look("signatures", &asked);
    assert_eq!(told["ours_are_valid"], true, "{told}");
    let secrets = SigningSecrets::read(&SecretString::from(SECRET)).unwrap();
    let signed = told["signed"].as_array().unwrap();
    assert!(signed.len() > bodies.len());
    for request in signed {
        let verified = secrets.verify(
            request["timestamp"].as_str(),
            request["signature"].as_str(),
            request["body"].as_str().unwrap().as_bytes(),
            Timestamp::from_second(now).unwrap(),
        );
        assert_eq!(verified.is_ok(), request["good"] == true, "{request}");
    }
}

/// What the script says about the input.
pub(crate) fn look(what: &str, input: &Value) -> Value {
    let python = installed();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // A file for each test: they run at the same time.
    let test = std::thread::current()
        .name()
        .unwrap_or(what)
        .replace("::", "-");
    let file = folder.join(format!("{test}.json"));
    fs::write(&file, input.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seen/slack_sdk_looks.py");
    let looked = Command::new(python)
        .arg(script)
        .args([what.as_ref(), file.as_os_str()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&looked.stderr);
    assert!(looked.status.success(), "{said}");
    serde_json::from_slice(&looked.stdout).unwrap()
}

/// The Python in which slack_sdk is installed, after seeing to it that it is.
fn installed() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(PACKAGES.join("-").replace("==", "-"));
    fs::create_dir_all(&home).unwrap();
    let (python, done) = (home.join("bin/python"), home.join("installed"));
    // Tests run at the same time: one installs, the others wait.
    let lock = File::create(home.join("lock")).unwrap();
    lock.lock().unwrap();
    if !done.exists() {
        run(Command::new("python3").arg("-m").arg("venv").arg(&home));
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(PACKAGES));
        fs::write(&done, PACKAGES.join("\n")).unwrap();
    }
    python
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let remedy = "python3 with venv and pip is needed (Debian: apt-get install python3-venv)";
    assert!(
        output.status.success(),
        "{command:?} failed: {said}\n{remedy}"
    );
}
