//! From a line to a command.

use jiff::Timestamp;

use super::error::{Argument, BYTES_MAX, SlashError, shown};
use super::text::{Reason, argument, in_quotes, plain};
use super::verb::Verb;
use super::{Ask, COMMAND, Control, Decision, HOTFIX, Known, Look, Slash, Version, when};
use sluice_core::config::did_you_mean;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{Digest, EnvironmentName};
use sluice_core::tag;

/// Reads what follows `/sluice`, as Slack sends it.
///
/// # Errors
/// It is no command; the error says what to write instead.
pub fn parse(text: &str, known: &[Known], now: Timestamp) -> Result<Slash, SlashError> {
    if text.len() > BYTES_MAX {
        return Err(SlashError::TooLong(text.len()));
    }
    let text = plain(text);
    let mut line = Line {
        words: text.split(' ').filter(|word| !word.is_empty()).collect(),
        known,
        verb: Verb::Help,
    };
    if line.peek().as_deref() == Some(COMMAND) {
        line.skip(1);
    }
    let Some(word) = line.next() else {
        return Ok(Slash::Look(Look::Help(None)));
    };
    line.verb = verb(&word)?;
    let command = command(&mut line, now)?;
    match line.next() {
        None => Ok(command),
        Some(word) => Err(SlashError::TooMuch {
            verb: line.verb,
            word: shown(&word),
        }),
    }
}

fn command(line: &mut Line<'_>, now: Timestamp) -> Result<Slash, SlashError> {
    Ok(match line.verb {
        Verb::Status => Slash::Look(Look::Status(line.optional_place()?)),
        Verb::History => Slash::Look(Look::History(line.optional_place()?)),
        Verb::Metrics => Slash::Look(Look::Metrics(line.optional_place()?)),
        Verb::Parity => {
            let one = line.optional_place()?;
            Slash::Look(Look::Parity([one, line.optional_place()?]))
        }
        Verb::Who => Slash::Look(Look::Who(line.place()?.key.clone())),
        Verb::Help => Slash::Look(Look::Help(match line.next() {
            Some(word) => Some(verb(&word)?),
            None => None,
        })),
        Verb::Approve => Slash::Decision(Decision::Approve(line.optional_place()?)),
        Verb::Reject => Slash::Decision(reject(line)?),
        Verb::Cancel => Slash::Decision(Decision::Cancel(line.place()?.key.clone())),
        Verb::Deploy => {
            let version = line.version()?;
            line.expect("to")?;
            let to = line.place()?.key.clone();
            let hotfix = line.hotfix()?;
            Slash::Ask(Ask::Deploy {
                version,
                to,
                hotfix,
            })
        }
        Verb::Promote => Slash::Ask(Ask::Promote(line.place()?.key.clone())),
        Verb::RollBack => {
            let at = line.place()?.key.clone();
            let to = match line.peek() {
                None => None,
                Some(_) => {
                    line.expect("to")?;
                    Some(line.version()?)
                }
            };
            Slash::Ask(Ask::RollBack { at, to })
        }
        Verb::Restore => Slash::Ask(Ask::Restore(line.place()?.key.clone())),
        Verb::Pause => {
            let at = line.place()?.key.clone();
            let reason = line.optional_reason()?;
            Slash::Control(Control::Pause { at, reason })
        }
        Verb::Hold => {
            let at = line.place()?.key.clone();
            let reason = line.optional_reason()?;
            Slash::Control(Control::Hold { at, reason })
        }
        Verb::Freeze => Slash::Control(freeze(line, now)?),
        Verb::Resume => Slash::Control(Control::Resume(line.place()?.key.clone())),
        Verb::Release => Slash::Control(Control::Release(line.place()?.key.clone())),
        Verb::Thaw => Slash::Control(Control::Thaw(line.place()?.key.clone())),
    })
}

fn reject(line: &mut Line<'_>) -> Result<Decision, SlashError> {
    if in_quotes(&line.words.join(" ")).is_some() {
        let reason = line.reason()?;
        return Ok(Decision::Reject { at: None, reason });
    }
    let Some(first) = line.peek() else {
        return Err(line.missing(Argument::Reason));
    };
    let at = match line.find(&first) {
        Ok(known) => {
            let key = known.key.clone();
            line.skip(1);
            Some(key)
        }
        // A slip in the name must not reject whatever else waits.
        Err(error @ SlashError::UnknownEnvironment { meant: Some(_), .. })
        | Err(error @ SlashError::AmbiguousEnvironment { .. }) => return Err(error),
        Err(_) => None,
    };
    let reason = line.reason()?;
    Ok(Decision::Reject { at, reason })
}

fn freeze(line: &mut Line<'_>, now: Timestamp) -> Result<Control, SlashError> {
    let place = line.place()?.clone();
    let says_until = line
        .peek()
        .is_some_and(|word| word.eq_ignore_ascii_case("until"));
    // A reason in quotes may begin with any word.
    let until = if says_until && !line.words[0].starts_with('"') {
        line.skip(1);
        let (until, used) = when::parse(&line.words, now, place.zone.as_ref())?;
        line.skip(used);
        Some(until)
    } else {
        None
    };
    Ok(Control::Freeze {
        at: place.key,
        until,
        reason: line.optional_reason()?,
    })
}

fn verb(word: &str) -> Result<Verb, SlashError> {
    let word = word.to_lowercase();
    Verb::from_word(&word).ok_or_else(|| SlashError::UnknownCommand {
        meant: did_you_mean(&word, Verb::ALL.map(Verb::word)).and_then(Verb::from_word),
        word: shown(&word),
    })
}

/// What is left of a line.
struct Line<'a> {
    words: Vec<&'a str>,
    known: &'a [Known],
    verb: Verb,
}

impl<'a> Line<'a> {
    fn peek(&self) -> Option<String> {
        self.words.first().map(|word| argument(word))
    }

    fn next(&mut self) -> Option<String> {
        let word = self.peek()?;
        self.skip(1);
        Some(word)
    }

    fn skip(&mut self, words: usize) {
        self.words.drain(..words.min(self.words.len()));
    }

    fn missing(&self, what: Argument) -> SlashError {
        SlashError::Missing {
            verb: self.verb,
            what,
        }
    }

    fn expect(&mut self, expected: &'static str) -> Result<(), SlashError> {
        match self.peek() {
            Some(word) if word.eq_ignore_ascii_case(expected) => {
                self.skip(1);
                Ok(())
            }
            Some(found) => Err(SlashError::Expected {
                verb: self.verb,
                word: expected,
                found: shown(&found),
            }),
            None => Err(self.missing(Argument::Environment)),
        }
    }

    fn place(&mut self) -> Result<&'a Known, SlashError> {
        let word = self
            .next()
            .ok_or_else(|| self.missing(Argument::Environment))?;
        self.find(&word)
    }

    fn optional_place(&mut self) -> Result<Option<EnvironmentKey>, SlashError> {
        match self.next() {
            None => Ok(None),
            Some(word) => Ok(Some(self.find(&word)?.key.clone())),
        }
    }

    /// The environment that `env` or `app/env` names.
    fn find(&self, word: &str) -> Result<&'a Known, SlashError> {
        let name = word.to_lowercase();
        let found: Vec<&'a Known> = self
            .known
            .iter()
            .filter(|known| {
                known.key.environment == EnvironmentName::new(name.as_str())
                    || known.key.to_string() == name
            })
            .collect();
        match found.as_slice() {
            [only] => Ok(only),
            [] => Err(SlashError::UnknownEnvironment {
                verb: self.verb,
                meant: self.nearest(&name),
                word: shown(word),
                known: self.known.iter().map(|known| known.key.clone()).collect(),
            }),
            several => Err(SlashError::AmbiguousEnvironment {
                word: shown(word),
                possible: several.iter().map(|known| known.key.clone()).collect(),
            }),
        }
    }

    fn nearest(&self, name: &str) -> Option<EnvironmentKey> {
        let names: Vec<(String, &EnvironmentKey)> = self
            .known
            .iter()
            .map(|known| match name.contains('/') {
                true => (known.key.to_string(), &known.key),
                false => (known.key.environment.to_string(), &known.key),
            })
            .collect();
        let meant = did_you_mean(name, names.iter().map(|(name, _)| name.as_str()))?;
        let (_, key) = names.iter().find(|(name, _)| name == meant)?;
        Some((*key).clone())
    }

    fn version(&mut self) -> Result<Version, SlashError> {
        let word = self.next().ok_or_else(|| self.missing(Argument::Version))?;
        if let Ok(digest) = Digest::try_from(word.to_lowercase()) {
            return Ok(Version::Digest(digest));
        }
        if let Some(tag) = tag::read(&word) {
            return Ok(Version::Tag(tag));
        }
        Err(SlashError::NotAVersion {
            verb: self.verb,
            word: shown(&word),
        })
    }

    /// The reason of a hotfix, if anything is left. `hotfix: …` is written in a hurry: the colon may
    /// stick to the reason, or be missing.
    fn hotfix(&mut self) -> Result<Option<Reason>, SlashError> {
        let Some(word) = self.peek() else {
            return Ok(None);
        };
        let first = self.words[0];
        let bare = HOTFIX.trim_end_matches(':');
        if word.eq_ignore_ascii_case(HOTFIX) || word.eq_ignore_ascii_case(bare) {
            self.skip(1);
        } else if let Some((start, reason)) = first.split_at_checked(HOTFIX.len())
            && start.eq_ignore_ascii_case(HOTFIX)
        {
            self.words[0] = reason;
        } else {
            let meant = word.split(':').next().unwrap_or_default().to_lowercase();
            return match did_you_mean(&meant, [bare]) {
                Some(_) => Err(SlashError::Expected {
                    verb: self.verb,
                    word: HOTFIX,
                    found: shown(&word),
                }),
                // The rest is too much, and is said to be.
                None => Ok(None),
            };
        }
        self.reason().map(Some)
    }

    /// All that is left.
    fn reason(&mut self) -> Result<Reason, SlashError> {
        if self.words.is_empty() {
            return Err(self.missing(Argument::Reason));
        }
        let text = self.words.join(" ");
        self.words.clear();
        Ok(Reason::of_plain(in_quotes(&text).unwrap_or(&text))?)
    }

    fn optional_reason(&mut self) -> Result<Option<Reason>, SlashError> {
        if self.words.is_empty() {
            Ok(None)
        } else {
            self.reason().map(Some)
        }
    }
}
