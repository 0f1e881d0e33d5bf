//! The program itself: the demo plays while its pages show it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::http::{page, text};

/// Ends with the test, also where that fails.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn started(arguments: &[&str]) -> (Program, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let program = Program(child);
    let url = lines.find_map(|line| {
        let line = line.unwrap();
        let at = line.find("http://")?;
        Some(line[at..].split(' ').next()?.to_owned())
    });
    // It would stop where no one reads what it says.
    std::thread::spawn(move || lines.for_each(drop));
    (program, url.unwrap())
}

/// Waits until the page says so.
fn until(url: &str, path: &str, says: &str) -> String {
    let began = Instant::now();
    loop {
        let read = text(&page(url, path));
        if read.contains(says) {
            return read;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{says}: {read}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_demo_is_shown_while_it_plays_and_when_it_has_ended() {
    // Slow enough to be seen on a busy machine. What waits for a person is over too soon for that.
    let (_program, url) = started(&["demo", "--headless", "--console=0", "--speed", "500"]);
    until(&url, "/", "Inprogress(1)");
    let over = until(&url, "/", "Succeeded:v1.4.0");
    assert!(over.contains("Waitingforaperson(0)"), "{over}");
    assert!(over.contains("openfordeployments"), "{over}");
}

#[test]
fn a_file_is_shown_and_what_is_none_is_refused() {
    let demo = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["demo", "--headless", "--json"])
        .output()
        .unwrap();
    let file = std::env::temp_dir().join(format!("sluice-console-{}.json", std::process::id()));
    std::fs::write(&file, demo.stdout).unwrap();
    let (_program, url) = started(&["console", file.to_str().unwrap(), "--port", "0"]);
    std::fs::remove_file(&file).unwrap();
    let read = text(&page(&url, "/"));
    assert!(read.contains("Succeeded:v1.4.0"), "{read}");
    assert!(
        read.contains("notrecorded"),
        "whether it was open is in no history: {read}"
    );

    let refused = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["console", "Cargo.toml", "--port", "0"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("cannot be read as a history"), "{said}");
}

#[test]
fn a_port_that_is_taken_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut refused = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["demo", &format!("--console={port}")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    refused
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(refused.wait().unwrap().code(), Some(1));
    assert!(said.contains("is in use: choose another one"), "{said}");
}
