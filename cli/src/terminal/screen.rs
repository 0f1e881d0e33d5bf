//! Lines that stay, and below them a few that are redrawn in place.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use console::truncate_str;

use super::width;

/// Clears from the cursor to the end of the screen.
const CLEAR_BELOW: &str = "\x1b[0J";

/// Where the account goes: lines that stay and, on a terminal, status lines below them.
pub struct Screen {
    out: Box<dyn Write>,
    colour: bool,
    live: bool,
    status: Vec<String>,
    drawn: usize,
}

impl Screen {
    /// Standard output: colours where it takes them and `NO_COLOR` is not set, status lines where
    /// it is a terminal.
    pub fn stdout() -> Self {
        let colour = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
        Self::new(Box::new(io::stdout()), colour, is_lively())
    }

    /// Any writer. Without `live` there are no status lines.
    pub fn new(out: Box<dyn Write>, colour: bool, live: bool) -> Self {
        Self {
            out,
            colour,
            live,
            status: Vec::new(),
            drawn: 0,
        }
    }

    /// Whether status lines are shown.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Writes lines that stay.
    ///
    /// # Errors
    /// Standard output is closed.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.erase()?;
        let text = self.coloured(text);
        writeln!(self.out, "{text}")?;
        self.draw()
    }

    /// Writes the beginning of a line, for an answer to be typed behind it.
    ///
    /// # Errors
    /// Standard output is closed.
    pub fn prompt(&mut self, text: &str) -> io::Result<()> {
        self.status(Vec::new())?;
        let text = self.coloured(text);
        write!(self.out, "{text}")?;
        self.out.flush()
    }

    /// Someone pressed Enter below the status lines: they stand one line higher now.
    pub fn line_was_typed(&mut self) {
        if self.drawn > 0 {
            self.drawn += 1;
        }
    }

    /// Replaces the status lines.
    ///
    /// # Errors
    /// Standard output is closed.
    pub fn status(&mut self, lines: Vec<String>) -> io::Result<()> {
        if !self.live || lines == self.status {
            return Ok(());
        }
        self.erase()?;
        self.status = lines;
        self.draw()
    }

    fn erase(&mut self) -> io::Result<()> {
        if self.drawn > 0 {
            write!(self.out, "\x1b[{}A\r{CLEAR_BELOW}", self.drawn)?;
            self.drawn = 0;
        }
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        if self.live && !self.status.is_empty() {
            let lines: String = self
                .status
                .iter()
                .map(|line| truncate_str(line, width() - 1, "…"))
                .map(|line| format!("{}\n", self.coloured(&line)))
                .collect();
            write!(self.out, "{lines}")?;
            self.drawn = self.status.len();
        }
        self.out.flush()
    }

    fn coloured(&self, text: &str) -> String {
        if self.colour {
            text.to_owned()
        } else {
            anstream::adapter::strip_str(text).to_string()
        }
    }
}

/// Whether standard output is a terminal on which lines can be redrawn.
pub fn is_lively() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::terminal::{GOOD, paint};

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(colour: bool, live: bool, act: impl FnOnce(&mut Screen)) -> String {
        let paper = Paper::default();
        act(&mut Screen::new(Box::new(paper.clone()), colour, live));
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn without_a_terminal_there_is_no_escape_and_no_status() {
        let text = written(false, false, |screen| {
            screen.status(vec!["waits".into()]).unwrap();
            screen.print(&paint(GOOD, "well")).unwrap();
        });
        assert_eq!(text, "well\n");
    }

    #[test]
    fn what_is_typed_below_the_status_is_cleared_with_it() {
        let text = written(false, true, |screen| {
            screen.status(vec!["one".into()]).unwrap();
            screen.line_was_typed();
            screen.status(Vec::new()).unwrap();
        });
        let drawn = "one\n";
        assert_eq!(text, format!("{drawn}\x1b[2A\r{CLEAR_BELOW}"));
    }

    #[test]
    fn a_line_goes_above_the_status_which_is_drawn_again() {
        let text = written(false, true, |screen| {
            screen.status(vec!["one".into(), "two".into()]).unwrap();
            screen.print("line").unwrap();
        });
        let drawn = "one\ntwo\n";
        assert_eq!(text, format!("{drawn}\x1b[2A\r{CLEAR_BELOW}line\n{drawn}"));
    }
}
