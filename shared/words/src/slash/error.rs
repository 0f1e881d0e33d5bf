//! What is wrong with a line, and what to write instead.

use std::fmt;

use super::COMMAND;
use super::text::UnusableReason;
use super::verb::Verb;
use super::when::WhenError;
use sluice_core::environment_key::EnvironmentKey;

/// The most bytes of a command: a reason of 500 characters, however Slack writes them, fits ten times.
pub(super) const BYTES_MAX: usize = 32 * 1024;

/// The most characters of a wrong word that are said back.
const SHOWN_CHARS: usize = 40;

/// Why a line is no command. Everything in it is safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlashError {
    /// It is longer than any command; so many bytes.
    TooLong(usize),
    /// There is no such command.
    UnknownCommand {
        /// What was written.
        word: String,
        /// What was probably meant.
        meant: Option<Verb>,
    },
    /// There is no such environment.
    UnknownEnvironment {
        /// The command.
        verb: Verb,
        /// What was written.
        word: String,
        /// What was probably meant.
        meant: Option<EnvironmentKey>,
        /// Those there are.
        known: Vec<EnvironmentKey>,
    },
    /// Several applications have one of that name.
    AmbiguousEnvironment {
        /// What was written.
        word: String,
        /// What it can mean.
        possible: Vec<EnvironmentKey>,
    },
    /// Something is missing.
    Missing {
        /// The command.
        verb: Verb,
        /// What.
        what: Argument,
    },
    /// Something stands where another word belongs.
    Expected {
        /// The command.
        verb: Verb,
        /// The word that belongs there.
        word: &'static str,
        /// What stands there.
        found: String,
    },
    /// Words are left over.
    TooMuch {
        /// The command.
        verb: Verb,
        /// The first of them.
        word: String,
    },
    /// Neither a tag nor a digest.
    NotAVersion {
        /// The command.
        verb: Verb,
        /// What was written.
        word: String,
    },
    /// A time that cannot be taken.
    When(WhenError),
    /// A reason that cannot be taken.
    Reason(UnusableReason),
}

/// What a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// An environment.
    Environment,
    /// A tag or a digest.
    Version,
    /// A reason.
    Reason,
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "which environment",
            Self::Version => "which version: a tag or a digest",
            Self::Reason => "why: a few words for the others",
        })
    }
}

impl fmt::Display for SlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(bytes) => write!(
                f,
                "this command has {bytes} bytes, and at most {BYTES_MAX} are read. Write it shorter"
            ),
            Self::UnknownCommand { word, meant } => {
                write!(f, "there is no command `{word}`")?;
                match meant {
                    Some(verb) => write!(f, ". Did you mean `{}`?", verb.usage()),
                    None => write!(f, ". `{COMMAND} help` lists all"),
                }
            }
            Self::UnknownEnvironment {
                verb,
                word,
                meant,
                known,
            } => {
                write!(f, "there is no environment `{word}`")?;
                match meant {
                    Some(key) if *verb == Verb::Reject => write!(
                        f,
                        ". Did you mean `{key}`? If it belongs to the reason, put the reason in \
                         quotes"
                    ),
                    Some(key) => write!(f, ". Did you mean `{key}`?"),
                    None => write!(f, ": there is {}", list(known)),
                }
            }
            Self::AmbiguousEnvironment { word, possible } => write!(
                f,
                "several applications have `{word}`: write {}",
                alternatives(possible)
            ),
            Self::Missing { verb, what } => {
                write!(f, "`{verb}` must say {what}. Write `{}`", verb.usage())
            }
            Self::Expected { verb, word, found } => write!(
                f,
                "`{verb}` wants `{word}` where `{found}` stands. Write `{}`",
                verb.usage()
            ),
            Self::TooMuch { verb, word } => write!(
                f,
                "`{verb}` does not know what to do with `{word}`. Write `{}`",
                verb.usage()
            ),
            Self::NotAVersion { verb, word } => write!(
                f,
                "`{word}` is neither an image tag (letters, digits, `.`, `_`, `-`, at most 128) nor \
                 a digest (`sha256:` and 64 digits). Write `{COMMAND} {verb} {}`",
                verb.example()
            ),
            Self::When(error) => error.fmt(f),
            Self::Reason(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SlashError {}

impl From<WhenError> for SlashError {
    fn from(error: WhenError) -> Self {
        Self::When(error)
    }
}

impl From<UnusableReason> for SlashError {
    fn from(error: UnusableReason) -> Self {
        Self::Reason(error)
    }
}

fn list(known: &[EnvironmentKey]) -> String {
    join(known, " and ")
}

fn alternatives(possible: &[EnvironmentKey]) -> String {
    join(possible, " or ")
}

fn join(keys: &[EnvironmentKey], last: &str) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    match keys.split_last() {
        None => "none: sluice.toml names no environment".to_owned(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{}{last}{end}", rest.join(", ")),
    }
}

/// A wrong word, fit to be said back: short, no mention in it, and no end of the code around it.
pub(super) fn shown(word: &str) -> String {
    let mut shown: String = word
        .chars()
        .filter(|c| !matches!(c, '`' | '<' | '>'))
        .take(SHOWN_CHARS)
        .collect();
    if word.chars().count() > SHOWN_CHARS {
        shown.push('…');
    }
    shown
}
