//! The file as it grows: keys with their notes, and what is asked on the way.

use std::collections::BTreeMap;

use sluice_words::doctor::NotSeen;
use sluice_words::draft::{Note, Question};

/// Where comments are broken.
const WIDTH: usize = 100;

#[derive(Debug, Default)]
pub(crate) struct Page {
    lines: Vec<String>,
    answers: BTreeMap<String, String>,
    pub(crate) questions: Vec<Question>,
    pub(crate) unknown: Vec<NotSeen>,
    pub(crate) credentials: Vec<String>,
}

impl Page {
    pub(crate) fn new(answers: &BTreeMap<String, String>) -> Self {
        Self {
            answers: answers.clone(),
            ..Self::default()
        }
    }

    /// The answer to something that cannot be seen, if it was given. What is asked is written down
    /// either way.
    pub(crate) fn ask(&mut self, key: String, asks: String, default: &str) -> Option<String> {
        let answer = self.answers.get(&key).cloned();
        self.questions.push(Question {
            key,
            asks,
            default: default.to_owned(),
            is_answered: answer.is_some(),
        });
        answer
    }

    /// An answer, or the default with a note that it is to be replaced.
    pub(crate) fn asked(
        &mut self,
        key: String,
        asks: String,
        default: &str,
    ) -> (String, Vec<Note>) {
        let to_do = Note::ToDo(asks.clone());
        match self.ask(key, asks, default) {
            Some(answer) => (answer, Vec::new()),
            None => (default.to_owned(), vec![to_do]),
        }
    }

    pub(crate) fn blank(&mut self) {
        self.lines.push(String::new());
    }

    /// A line across the page, with what comes below it.
    pub(crate) fn chapter(&mut self, title: &str) {
        self.blank();
        self.blank();
        let title = on_one_line(title);
        let rule = "─".repeat(WIDTH.saturating_sub(title.chars().count() + 6));
        self.lines.push(format!("# ── {title} {rule}"));
    }

    pub(crate) fn table(&mut self, name: &str) {
        self.blank();
        self.lines.push(format!("[{name}]"));
    }

    /// What is known of the next line, or of nothing in the file.
    pub(crate) fn note(&mut self, note: &Note) {
        if let Note::Unknown(why) = note
            && !self.unknown.contains(why)
        {
            self.unknown.push(why.clone());
        }
        self.comment(&note.text());
    }

    pub(crate) fn notes(&mut self, notes: &[Note]) {
        for note in notes {
            self.note(note);
        }
    }

    /// Words that are no part of the file. Nothing that AWS answers ends the comment.
    pub(crate) fn comment(&mut self, text: &str) {
        let mut line = String::from("#");
        for word in on_one_line(text).split(' ').filter(|word| !word.is_empty()) {
            if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.lines.push(line);
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        self.lines.push(line);
    }

    pub(crate) fn key(&mut self, key: &str, value: &str) {
        self.lines.push(format!("{} = {value}", bare(key)));
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.key(key, &quoted(value));
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }

    /// A line that does nothing until someone removes its `#`.
    pub(crate) fn off(&mut self, line: &str) {
        self.lines.push(format!("# {}", on_one_line(line)));
    }

    pub(crate) fn off_text(&mut self, key: &str, value: &str) {
        self.off_key(key, &quoted(value));
    }

    pub(crate) fn off_key(&mut self, key: &str, value: &str) {
        self.off(&format!("{} = {value}", bare(key)));
    }

    pub(crate) fn into_text(self) -> String {
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }
}

/// The text without whatever would end a line, or write over it in a terminal.
fn on_one_line(text: &str) -> String {
    let shown = |c: char| if is_unseen(c) { ' ' } else { c };
    text.chars().map(shown).collect()
}

/// Controls, ends of lines, and what changes the direction of writing.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || ('\u{2028}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
}

/// A key with quotes where it needs them.
fn bare(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match !key.is_empty() && key.chars().all(is_bare) {
        true => key.to_owned(),
        false => quoted(key),
    }
}

/// A text as TOML has it, on one line.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_unseen(c) => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of texts.
pub(crate) fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

/// An inline table of texts.
pub(crate) fn inline(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(key, value)| format!("{} = {}", bare(key), quoted(value)));
    format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
}
