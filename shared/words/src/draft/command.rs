//! What `sluice init` says at a terminal.

use super::{Question, TO_DO, names};
use crate::doctor::NotSeen;

/// Repositories with the services that run their images.
type Repositories = [(String, Vec<String>)];

/// The file is there already.
pub fn exists(file: &str) -> String {
    format!(
        "{file} exists, and nothing was written. Name another file, `-` to print it, or --force to write over it."
    )
}

/// The file would not be valid.
pub fn invalid(problems: &str) -> String {
    format!(
        "{problems}\nNothing was written: an answer or a name does not fit. Give another with --answer, --app or --cluster ENVIRONMENT=NAME."
    )
}

/// It is written.
pub fn written(file: &str, prints: bool) -> String {
    match prints {
        true => "The file is valid.".into(),
        false => format!("{file} is written, and is valid."),
    }
}

/// What could not be read.
pub fn unknown(why: &NotSeen) -> String {
    let right = why.needs.as_ref();
    let right = right.map_or_else(String::new, |right| format!(" Needs the right {right}."));
    format!("{}{right}", why.why)
}

/// How much is open.
pub fn open(text: &str) -> Option<String> {
    let begins = format!("# {TO_DO}");
    let count = text
        .lines()
        .filter(|line| line.starts_with(&begins))
        .count();
    let places = if count == 1 {
        "1 place".to_owned()
    } else {
        format!("{count} places")
    };
    (count > 0)
        .then(|| format!("To do, {places}: search the file for \"{TO_DO}\". What can be answered:"))
}

/// How a question is answered.
pub fn answer(question: &Question) -> String {
    format!("--answer {}=…   {}", question.key, question.asks)
}

/// Before the next commands.
pub const NEXT: &str = "Next:";

/// The next commands, each with what it is for.
pub fn next(file: &str) -> [(String, &'static str); 3] {
    let file = shell_word(file);
    [
        (
            format!("sluice config check {file}"),
            "after you have edited it",
        ),
        (
            format!("sluice demo --config {file}"),
            "watch it being deployed, in a simulated cloud",
        ),
        (
            format!("infra/build arm64 {file}"),
            "install Sluice: docs/install.md, step 1",
        ),
    ]
}

/// A word as a shell takes it.
pub fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._/=:,@-".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// A question at the terminal.
pub fn prompt(question: &Question) -> String {
    let asks = capital(&question.asks);
    format!(
        "{asks}\nEnter leaves {}, marked as to do.",
        question.default
    )
}

/// An answer that does not fit.
pub fn again(message: &str, help: &str) -> String {
    format!("That does not fit: {message}.\n{help}\nEnter leaves it open.")
}

/// Which repository.
pub fn which_repository(found: &Repositories) -> String {
    format!(
        "The services run images of several repositories, and one file is one image. Which one?\n{}",
        listed(found)
    )
}

fn listed(found: &Repositories) -> String {
    let line = |(name, services): &(String, Vec<String>)| {
        let services: Vec<&str> = services.iter().map(String::as_str).collect();
        format!("  {name}   {}", names(&services))
    };
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Nothing could be read.
pub fn nothing_seen(why: &NotSeen) -> String {
    format!("nothing can be drafted: {}", unknown(why))
}

/// No services.
pub const NO_SERVICES: &str = "there is no service in these clusters, so nothing can be drafted. \
    docs/install.md has a file to copy for an application that does not run yet.";

/// No images in ECR.
pub fn no_ecr(services: &[String]) -> String {
    let services: Vec<&str> = services.iter().map(String::as_str).collect();
    format!(
        "{} run no image of a private ECR registry, and Sluice deploys only those. Push the image to ECR, and let \
         the service run it from there.",
        names(&services)
    )
}

/// No service that Sluice deploys.
pub fn no_image(repository: &str) -> String {
    format!("no service that Sluice can deploy runs an image of {repository}.")
}

/// It must be said which.
pub fn several(found: &Repositories) -> String {
    let first = found.first().map_or("", |(name, _)| name.as_str());
    format!(
        "the services run images of several repositories, and one file is one image. Draft each into a file of its \
         own, such as `--repository {first} {}.toml`:\n{}",
        first.replace('/', "-"),
        listed(found)
    )
}

/// No such repository.
pub fn no_such_repository(name: &str, found: &Repositories) -> String {
    format!(
        "no service runs an image of {name}. There are:\n{}",
        listed(found)
    )
}

/// Two environments of one name.
pub fn same_name(name: &str) -> String {
    format!(
        "two environments would be called {name}: name them with --cluster ENVIRONMENT=CLUSTER."
    )
}

/// A name of an environment that the file does not take.
pub fn bad_environment(name: &str) -> String {
    format!(
        "{name:?} is no name of an environment: lower-case letters, digits and hyphens, a letter first."
    )
}

/// Answers to nothing.
pub fn not_asked(wrong: &[String], asked: &[String]) -> String {
    format!(
        "nothing is asked under {}, but under: {}.",
        wrong.join(", "),
        asked.join(", ")
    )
}
