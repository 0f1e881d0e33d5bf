//! What people read is plain English: the worst of the words that Sluice once spoke are refused.
//!
//! Strings of the product's own code and the hand-written documents are checked, and the names of tests
//! and comments are not.

use std::path::{Path, PathBuf};

/// Say what the glossary says instead: healthy, someone, no one, fix, again, roll back, verified, the
/// running version, triggered by an image push.
const REFUSED: [&str; 24] = [
    "whoever",
    "somebody",
    "nobody",
    "anybody",
    "everybody",
    "mend",
    "mended",
    "unwell",
    "is well",
    "not well",
    "anew",
    "leads back",
    "lead back",
    "way back",
    "what ran before",
    "what runs",
    "asked for by",
    "proven",
    "unproven",
    "stands still",
    "stand still",
    "lock free",
    "at a guess",
    "all the same",
];

/// Where one of them stands for something else, and a piece of that line.
const EXCEPTED: [(&str, &str); 9] = [
    ("shared/app/src/authority.rs", "\"nobody\""),
    ("shared/hunt/src/acts.rs", "orders fail for everybody"),
    ("shared/hunt/src/bug/store.rs", "nobody panics with it"),
    ("shared/sim/src/workplace/crash.rs", "nobody panics with it"),
    (
        "shared/sim/src/cloud/ecs/hooks.rs",
        "on the way back {reason}",
    ),
    (
        "shared/sim/src/cloud/ecs/rollback.rs",
        "there is no way back",
    ),
    ("shared/sim/src/world/watch/saves.rs", "asked for by {}"),
    (
        "docs/adr/0006-migrations-are-judged-before-they-run.md",
        "the only way back",
    ),
    ("docs/slack.md", "nobody gets at invoices"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        if path.is_dir() {
            if !["target", "tests", "node_modules"].contains(&name.as_str())
                && !name.starts_with('.')
            {
                files(&path, extension, found);
            }
        } else if path.extension().is_some_and(|found| found == extension) && name != "tests.rs" {
            found.push(path);
        }
    }
}

/// The first refused word of a text, as a word of its own.
fn refused(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-');
    REFUSED.into_iter().find(|word| {
        text.match_indices(word).any(|(at, _)| {
            is_edge(text[..at].chars().next_back())
                && is_edge(text[at + word.len()..].chars().next())
        })
    })
}

/// The string literals of a source, each with what continues it on the next lines. What stands after
/// `reason =` is for developers.
fn literals(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let code = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    let code = code.replace("\\\"", "'");
    let parts: Vec<&str> = code.split('"').collect();
    let quoted = parts.chunks(2).filter(|pair| pair.len() == 2);
    let shown = quoted.filter(|pair| !pair[0].trim_end().ends_with("reason ="));
    shown
        .map(|pair| pair[1].split_whitespace().filter(|word| *word != "\\"))
        .map(|words| words.collect::<Vec<_>>().join(" "))
        .collect()
}

fn is_excepted(path: &str, text: &str) -> bool {
    EXCEPTED
        .iter()
        .any(|(file, piece)| path.ends_with(file) && (text.contains(piece.trim_matches('"'))))
}

#[test]
fn people_read_plain_words() {
    let mut wrong = Vec::new();
    let mut sources = Vec::new();
    for folder in ["shared", "cli/src", "functions"] {
        files(&root().join(folder), "rs", &mut sources);
    }
    assert!(sources.len() > 200, "the sources were not found");
    for path in sources {
        let source = std::fs::read_to_string(&path).expect("it can be read");
        let shown = path.display().to_string();
        for literal in literals(&source) {
            if let Some(word) = refused(&literal).filter(|_| !is_excepted(&shown, &literal)) {
                wrong.push(format!("{shown}: `{word}` in {literal:?}"));
            }
        }
    }
    let mut documents = Vec::new();
    files(&root(), "md", &mut documents);
    assert!(documents.len() > 20, "the documents were not found");
    for path in documents {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        for (number, line) in text.lines().enumerate() {
            // Between backticks stand names: of tests, of what once was said.
            let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
            if let Some(word) = refused(&prose).filter(|_| !is_excepted(&shown, line)) {
                wrong.push(format!("{shown}:{}: `{word}`", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_refused_word_is_found_and_a_part_of_another_is_not() {
    assert_eq!(refused("Whoever may deploy"), Some("whoever"));
    assert_eq!(refused("the release is well, and"), Some("is well"));
    assert_eq!(refused("recommended, commend, this well-known host"), None);
    let literals = literals(
        "let a = \"nobody \\\n    says\"; // \"somebody\"\n#[expect(x, reason = \"mend\")]",
    );
    assert_eq!(literals, ["nobody says", "somebody"]);
}
