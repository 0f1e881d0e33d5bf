//! The person who types at standard input, if there is one.

use std::io::{self, BufRead, IsTerminal};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// A pipe that has said nothing for so long has no one at its other end.
const PIPE_PATIENCE: Duration = Duration::from_secs(2);

/// What was typed.
pub(super) enum Typed {
    /// A line.
    Line(String),
    /// Nothing: a pipe is open, but says nothing.
    Silence,
    /// The input has ended: Ctrl-D at a terminal, or a closed pipe.
    End,
}

/// Lines from standard input.
pub(super) struct Prompt {
    lines: Receiver<String>,
    is_terminal: bool,
}

impl Prompt {
    /// Begins to read standard input. The thread ends with it, or with the program.
    pub(super) fn stdin() -> Self {
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in io::stdin().lock().lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            lines,
            is_terminal: io::stdin().is_terminal(),
        }
    }

    /// Whether what is typed shows on the screen by itself.
    pub(super) fn echoes(&self) -> bool {
        self.is_terminal
    }

    /// A line that someone at a terminal has typed without being asked. What is in a pipe waits for
    /// its question.
    pub(super) fn has_typed(&mut self) -> Option<String> {
        if !self.is_terminal {
            return None;
        }
        self.lines.try_recv().ok()
    }

    /// The next line. People are waited for, pipes only for a moment.
    pub(super) fn read(&mut self) -> Typed {
        if self.is_terminal {
            return self.lines.recv().map_or(Typed::End, Typed::Line);
        }
        match self.lines.recv_timeout(PIPE_PATIENCE) {
            Ok(line) => Typed::Line(line),
            Err(RecvTimeoutError::Timeout) => Typed::Silence,
            Err(RecvTimeoutError::Disconnected) => Typed::End,
        }
    }
}
