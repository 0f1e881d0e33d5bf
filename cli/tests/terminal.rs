//! The demo at a terminal, as somebody sits before it: what is on the screen, and what each key does.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read as _, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::Parser;

/// Nobody waits longer for anything here.
const PATIENCE: Duration = Duration::from_secs(60);
/// Rows that have scrolled away and are looked at all the same.
const SCROLLBACK: usize = 2_000;
const QUESTION: &str = "approve for production?";
const PROMPT: &str = "production>";

/// A terminal of this size with `sluice` in it.
struct Terminal {
    screen: Parser,
    shown: Receiver<Vec<u8>>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    /// Everything that was ever shown, without colours.
    told: String,
}

impl Terminal {
    fn open(columns: u16, rows: u16, arguments: &[&str]) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_sluice"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.cwd(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().unwrap();
        let (sends, shown) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                if sends.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            screen: Parser::new(cells(rows), cells(columns), SCROLLBACK),
            shown,
            keys: pair.master.take_writer().unwrap(),
            child,
            master: pair.master,
            told: String::new(),
        }
    }

    /// The demo, as far as its question.
    fn asked(columns: u16, rows: u16) -> Self {
        let mut terminal = Self::open(columns, rows, &["demo", "--speed", "3000"]);
        terminal.until(QUESTION);
        terminal.until(PROMPT);
        terminal
    }

    /// Waits until this has been shown since the last key.
    fn until(&mut self, text: &str) {
        let began = Instant::now();
        while !self.told.contains(text) {
            assert!(
                began.elapsed() < PATIENCE,
                "`{text}` never came:\n{}",
                self.screen.screen().contents()
            );
            self.take(Duration::from_millis(50));
        }
    }

    fn take(&mut self, wait: Duration) {
        if let Ok(bytes) = self.shown.recv_timeout(wait) {
            self.screen.process(&bytes);
            let text = String::from_utf8_lossy(&bytes);
            self.told
                .push_str(&anstream::adapter::strip_str(&text).to_string());
        }
    }

    fn types(&mut self, keys: &str) {
        self.told.clear();
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn resized(&mut self, columns: u16, rows: u16) {
        self.master.resize(size(columns, rows)).unwrap();
        self.screen
            .screen_mut()
            .set_size(cells(rows), cells(columns));
    }

    /// What stands on the screen now.
    fn rows(&self) -> Vec<String> {
        let (_, columns) = self.screen.screen().size();
        self.screen.screen().rows(0, columns.get()).collect()
    }

    /// No line was longer than the terminal is wide: words are broken by Sluice, not in the middle.
    fn assert_nothing_is_cut(&self) {
        let rows = self.rows();
        for (number, row) in rows.iter().enumerate() {
            let number = u16::try_from(number).unwrap();
            assert!(
                !self.screen.screen().row_wrapped(number),
                "`{row}` goes on below"
            );
        }
    }

    /// How it ended.
    fn code(mut self) -> u32 {
        let began = Instant::now();
        loop {
            self.take(Duration::from_millis(50));
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may be over already.
        let _gone = self.child.kill();
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

#[test]
fn the_question_and_its_answers_are_in_sight_at_80_by_24() {
    let terminal = Terminal::asked(80, 24);
    let rows = terminal.rows();
    for in_sight in [QUESTION, "Rollback", "[ Approve ]", "1 Approve", PROMPT] {
        assert!(
            rows.iter().any(|row| row.contains(in_sight)),
            "`{in_sight}` is not in sight:\n{}",
            rows.join("\n")
        );
    }
    terminal.assert_nothing_is_cut();
}

#[test]
fn lines_are_as_wide_as_the_terminal_at_120_by_40() {
    let mut terminal = Terminal::asked(120, 40);
    terminal.assert_nothing_is_cut();
    terminal.types("t\r");
    terminal.until("Slack, the thread");
    terminal.until(PROMPT);
    terminal.assert_nothing_is_cut();
    assert!(
        terminal.told.contains("1. snapshot erp-production"),
        "{}",
        terminal.told
    );
}

#[test]
fn a_number_or_a_name_decides_and_the_story_goes_on_to_its_end() {
    for key in ["1\r", "approve\r"] {
        let mut terminal = Terminal::asked(80, 24);
        terminal.types(key);
        terminal.until("approved the plan");
        terminal.until("Ended as it should");
        terminal.assert_nothing_is_cut();
        assert_eq!(terminal.code(), 0, "{key}");
    }
}

#[test]
fn ctrl_d_leaves_and_approves_nothing() {
    let mut terminal = Terminal::asked(80, 24);
    terminal.types("\u{4}");
    let began = Instant::now();
    while terminal.child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE, "it stays");
        terminal.take(Duration::from_millis(50));
    }
    terminal.take(Duration::from_millis(200));
    assert!(
        !terminal.told.contains("approved the plan"),
        "{}",
        terminal.told
    );
    assert_eq!(terminal.code(), 0);
}

#[test]
fn a_rejection_asks_why() {
    let mut terminal = Terminal::asked(80, 24);
    terminal.types("2\r");
    terminal.until("Slack, a form");
    terminal.assert_nothing_is_cut();
    terminal.types("it locks orders\r");
    terminal.until("rejected v1.4.0: it locks orders");
}

#[test]
fn commands_show_their_content() {
    let mut terminal = Terminal::asked(80, 24);
    terminal.types("/sluice status production\r");
    terminal.until("no verified release yet");
    terminal.until(PROMPT);
    terminal.assert_nothing_is_cut();
    terminal.types("/sluice history\r");
    terminal.until("What was deployed to erp/staging");
    terminal.types("/sluice help\r");
    terminal.until("/sluice rollback");
}

#[test]
fn step_by_step_stops_before_the_next_step() {
    let mut terminal = Terminal::asked(80, 24);
    terminal.types("s\r");
    terminal.until(PROMPT);
    terminal.types("1\r");
    terminal.until("approved the plan");
    terminal.until(PROMPT);
    terminal.assert_nothing_is_cut();
}

#[test]
fn enter_opens_the_prompt_while_it_works() {
    let mut terminal = Terminal::open(80, 24, &["demo", "--speed", "200"]);
    terminal.until("staging");
    terminal.types("\r");
    terminal.until(">");
    terminal.types("/sluice status staging\r");
    terminal.until("erp/staging");
}

#[test]
fn a_terminal_that_is_made_smaller_is_written_to_as_it_is() {
    let mut terminal = Terminal::asked(120, 40);
    terminal.resized(60, 24);
    terminal.types("t\r");
    terminal.until("Slack, the thread");
    terminal.until(PROMPT);
    terminal.assert_nothing_is_cut();
}
