//! The migrations of `tests/erp/corpus`, and what their first lines say of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sluice_core::migration::Risk;

/// One migration: a file, or a folder of several revisions whose last is named like the folder.
pub struct Case {
    /// The file's or the folder's name.
    pub name: String,
    /// Its revisions, the last one last.
    pub files: Vec<PathBuf>,
    /// What stands in its first lines.
    pub expected: Expected,
}

/// What a migration says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It runs, or tries to.
    Runs {
        /// What the judge is to find; `none`, or risks.
        risks: BTreeSet<Risk>,
        /// Whether it fails on the rows of `rows.sql`.
        fails: bool,
        /// The pieces of `old_code.py` that fail after it.
        broken: BTreeSet<String>,
        /// Which locks it holds that others wait for: `table Mode`.
        locks: BTreeSet<String>,
        /// What a failure after its last statement leaves: see [`crate::Failure`].
        failure: String,
    },
    /// Alembic does not know where to go.
    SeveralHeads,
}

/// All migrations, by name.
pub fn cases() -> Vec<Case> {
    let folder = crate::erp().join("corpus");
    let entries = fs::read_dir(&folder).expect("the corpus is there");
    let mut cases: Vec<Case> = entries
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|kind| kind == "py"))
        .filter(|path| !path.ends_with("old_code.py") && !path.ends_with("__pycache__"))
        .map(|path| Case::read(&path))
        .collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

impl Case {
    fn read(path: &Path) -> Self {
        let name = path.file_stem().expect("it has a name");
        let name = name.to_str().expect("its name is text").to_owned();
        let mut files = vec![path.to_owned()];
        if path.is_dir() {
            let entries = fs::read_dir(path).expect("it can be read");
            files = entries
                .map(|entry| entry.expect("it can be read").path())
                .collect();
            files.retain(|file| file.extension().is_some_and(|kind| kind == "py"));
            files.sort_by_key(|file| file.file_stem().is_some_and(|stem| stem == &*name));
        }
        let last = files.last().expect("a folder has a file of its name");
        let text = fs::read_to_string(last).expect("it can be read");
        let expected = Expected::read(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        Self {
            name,
            files,
            expected,
        }
    }

    /// Whether it breaks the running version, by what its verdict says.
    pub fn has(&self, risk: Risk) -> bool {
        matches!(&self.expected, Expected::Runs { risks, .. } if risks.contains(&risk))
    }
}

impl Expected {
    fn read(text: &str) -> Result<Self, String> {
        let first_lines = text
            .split("\"\"\"")
            .nth(1)
            .ok_or("it begins with no text")?;
        // A line that begins with spaces goes on with the one before.
        let first_lines = first_lines.replace("\n    ", " ");
        let facts: BTreeMap<&str, &str> = first_lines
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter(|(key, _)| KEYS.contains(key))
            .collect();
        let fact = |key: &str| {
            facts
                .get(key)
                .copied()
                .ok_or(format!("`{key}:` is missing"))
        };
        let verdict = fact("verdict")?;
        if verdict == "several-heads" {
            return Ok(Self::SeveralHeads);
        }
        let risks: BTreeSet<Risk> = words(fact("risks")?, " ")
            .iter()
            .map(|word| risk(word))
            .collect::<Result<_, _>>()?;
        if verdict != worst(&risks) {
            return Err(format!(
                "the verdict is {verdict}, the risks say {}",
                worst(&risks)
            ));
        }
        Ok(Self::Runs {
            risks,
            fails: fact("upgrade")? == "fails",
            broken: words(fact("old code")?, " "),
            locks: words(fact("locks")?, ", "),
            failure: fact("failure")?.to_owned(),
        })
    }
}

const KEYS: [&str; 6] = [
    "verdict", "risks", "upgrade", "old code", "locks", "failure",
];

/// `none` and `works` are no words.
fn words(text: &str, between: &str) -> BTreeSet<String> {
    let words = text.split(between).map(str::to_owned);
    words
        .filter(|word| word != "none" && word != "works")
        .collect()
}

fn risk(word: &str) -> Result<Risk, String> {
    let found = Risk::ALL.into_iter().find(|risk| risk.word() == word);
    found.ok_or(format!("there is no risk `{word}`"))
}

/// What the risks make of it, in one word.
fn worst(risks: &BTreeSet<Risk>) -> &'static str {
    match risks.last() {
        Some(Risk::Breaking) => "breaking",
        Some(Risk::Unjudged) => "unjudged",
        Some(Risk::DataLosing | Risk::Locking | Risk::NotTransactional) | None => "additive",
    }
}
