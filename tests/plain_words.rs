//! What people read is plain English: the worst of the words that Sluice once spoke are refused.
//!
//! Strings of the product's own code and the hand-written documents are checked, and the names of tests
//! and comments are not. Sentences stand in one crate, `shared/words`.

use std::collections::BTreeMap;
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

/// The most words of a label: more than that is a sentence, or a part of one.
const LABEL: usize = 4;

/// Sentences that people read stand in `shared/words`. Where others are in the core and the app, how
/// many, and why they are not data that is put in words there. Where the number is fixed, more are
/// refused, and where there are fewer it goes down. The first place that fits counts.
const SENTENCES: [(&str, Option<usize>, &str); 22] = [
    (
        "shared/app/src/execute/",
        Some(14),
        "what an inspection, a rehearsal or a health check saw, stored as it was seen",
    ),
    (
        "shared/app/src/parity.rs",
        Some(1),
        "what is not known of an environment, stored with the plan's remark",
    ),
    (
        "shared/app/src/",
        Some(14),
        "errors of ports, stored with the deployment and told within the words of `refusal::unsure`",
    ),
    (
        "shared/core/src/config/",
        None,
        "mistakes in sluice.toml, told with their lines by `sluice config check`",
    ),
    (
        "shared/core/src/calendar/",
        None,
        "mistakes in a value of sluice.toml",
    ),
    (
        "shared/core/src/tag.rs",
        None,
        "mistakes in a value of sluice.toml",
    ),
    (
        "shared/core/src/signature/key.rs",
        None,
        "mistakes in a value of sluice.toml",
    ),
    ("shared/core/src/id.rs", Some(1), "errors of parsing"),
    ("shared/core/src/origin", Some(2), "errors of parsing"),
    (
        "shared/core/src/history/checkpoint.rs",
        Some(1),
        "errors of parsing",
    ),
    (
        "shared/core/src/command/key.rs",
        Some(1),
        "errors of parsing",
    ),
    (
        "shared/core/src/planner/",
        Some(50),
        "what prevents a plan, stored as the deployment's cause",
    ),
    (
        "shared/core/src/stack.rs",
        Some(3),
        "words within what prevents a plan and within its lines",
    ),
    (
        "shared/core/src/task_definition.rs",
        Some(4),
        "what prevents a plan, stored as the deployment's cause",
    ),
    (
        "shared/core/src/plan/",
        Some(47),
        "lines of a plan: those that change are stored with the note that says so",
    ),
    (
        "shared/core/src/machine/",
        Some(71),
        "reasons, stored with the phase, the cause or the hold",
    ),
    (
        "shared/core/src/health",
        Some(7),
        "reasons, stored with the samples of a bake",
    ),
    (
        "shared/core/src/smoke.rs",
        Some(3),
        "reasons, stored with the cause",
    ),
    (
        "shared/core/src/failure.rs",
        Some(18),
        "a cause as a sentence, which is part of reasons that are stored",
    ),
    (
        "shared/core/src/metrics/",
        Some(9),
        "part of a cause as a sentence",
    ),
    (
        "shared/core/src/intake.rs",
        Some(2),
        "the name of a kind of artifact",
    ),
    (
        "shared/core/src/phase/kind.rs",
        Some(2),
        "the label of each phase, beside its name",
    ),
];

/// What stands before a string for developers.
const FOR_DEVELOPERS: [&str; 4] = ["expect(", "panic!(", "unreachable!(", "reason ="];

/// The string literals of a source with more words than a label has. What is for developers, logs and
/// tests at the end of the file are left out.
fn sentences(source: &str) -> Vec<String> {
    let tests = source.find("#[cfg(test)]\nmod tests {");
    let mut rest = &source[..tests.unwrap_or(source.len())];
    let (mut code, mut found) = (String::new(), Vec::new());
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if let Some((text, after)) = literal(&code, rest) {
            let words = text.split_whitespace().filter(|word| *word != "\\");
            let words = words.filter(|word| word.contains(|c: char| c.is_ascii_alphabetic()));
            if words.count() > LABEL && !is_for_developers(&code) {
                found.push(text.to_owned());
            }
            code.push_str("\"\"");
            rest = after;
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

/// The literal that a text begins with, and what follows it: of a string what stands in it, of a
/// character nothing. `before` is the code so far.
fn literal<'a>(before: &str, text: &'a str) -> Option<(&'a str, &'a str)> {
    if let Some(inner) = text.strip_prefix('\'') {
        let mut chars = inner.chars();
        let is_escaped = chars.next()? == '\\';
        let skipped = if is_escaped { 2 } else { 1 };
        let after = inner.char_indices().nth(skipped)?.0;
        let end = after + inner[after..].find('\'')?;
        // A lifetime has no quote behind it.
        return (is_escaped || end == after).then(|| ("", &inner[end + 1..]));
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    if let Some(raw) = text
        .strip_prefix('r')
        .filter(|_| !before.ends_with(is_name))
    {
        let inner = raw.trim_start_matches('#');
        let end = format!("\"{}", &raw[..raw.len() - inner.len()]);
        return inner.strip_prefix('"')?.split_once(&end);
    }
    let inner = text.strip_prefix('"')?;
    let mut is_escaped = false;
    let end = inner.find(|c| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    })?;
    Some((&inner[..end], &inner[end + 1..]))
}

/// Whether what follows this code is for developers: why something cannot be, or a line of the log.
fn is_for_developers(code: &str) -> bool {
    let code = code.trim_end();
    let in_log = code.rfind("tracing::").is_some_and(|at| {
        let mut depth = 0_i32;
        !code[at..].chars().any(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == ')' && depth == 0
        })
    });
    in_log || FOR_DEVELOPERS.iter().any(|it| code.ends_with(it))
}

#[test]
fn sentences_for_people_stand_in_the_words() {
    let mut sources = Vec::new();
    for folder in ["shared/core/src", "shared/app/src"] {
        files(&root().join(folder), "rs", &mut sources);
    }
    assert!(sources.len() > 100, "the sources were not found");
    let mut counted = BTreeMap::new();
    let mut wrong = Vec::new();
    for path in sources {
        let source = std::fs::read_to_string(&path).expect("it can be read");
        let within = path.strip_prefix(root()).expect("it is in there");
        let within = within.to_string_lossy().into_owned();
        let is_there = |(place, ..): &&(&str, Option<usize>, &str)| within.starts_with(place);
        let excepted = SENTENCES.iter().find(is_there);
        for sentence in sentences(&source) {
            match excepted {
                Some((place, ..)) => {
                    let all: &mut Vec<String> = counted.entry(*place).or_default();
                    all.push(format!("{within}: {sentence:?}"));
                }
                None => wrong.push(format!("{within}: {sentence:?} belongs into shared/words")),
            }
        }
    }
    for (place, expected, why) in SENTENCES {
        let all = counted.remove(place).unwrap_or_default();
        let fits = expected.map_or(!all.is_empty(), |expected| all.len() == expected);
        if !fits {
            wrong.push(format!(
                "{place}: {} sentences, and {expected:?} are excepted ({why}):\n  {}",
                all.len(),
                all.join("\n  ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sentence_is_found_and_what_is_for_developers_is_not() {
    let source = r##"
        // "a comment that has many words in it"
        fn a(x: &'static str) -> Result<String, char> {
            tracing::warn!(id = %x, "a line of the log is for developers: {}", f(x));
            let name = ".".expect("this is there, as the type of it says");
            if x == '"' { return Err('\''); }
            Ok(format!("{name} is a sentence that \"people\" read, on \
                two lines"))
        }
        const RAW: &str = r#"so is this "one" here"#;
        const LABEL: &str = "waiting for the approval";
        #[cfg(test)]
mod tests {
            const IN_A_TEST: &str = "nothing that anyone reads is in here";
        }
    "##;
    let found = sentences(source);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("{name} is a sentence"), "{found:?}");
    assert!(found[1].starts_with("so is this"), "{found:?}");
}
