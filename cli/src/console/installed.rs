//! An installation, read through `operate` with the caller's credentials, as a source of pages.

use std::sync::Arc;

use async_trait::async_trait;
use sluice_console::{About, Commands, Source, Unseen};
use sluice_words::operate::{LOOK, Order, Outcome};
use sluice_words::overview::{Look, Seen};

use crate::installation::arguments::Installation;
use crate::installation::order::of_command;
use crate::installation::shown::Came;
use crate::installation::terminal::Terminal;

/// After so many seconds a page asks again: each time is a call of `operate`.
const RENEWS: u32 = 10;

/// An installation.
pub struct Installed {
    terminal: Arc<Terminal>,
    at: Installation,
    about: About,
}

impl Installed {
    /// The installation that this terminal asks.
    pub fn new(terminal: Terminal, at: Installation) -> Self {
        let about = About {
            title: title(&at),
            commands: Commands::Terminal {
                options: options(&at),
            },
            renews: Some(RENEWS),
        };
        Self {
            terminal: Arc::new(terminal),
            at,
            about,
        }
    }
}

#[async_trait]
impl Source for Installed {
    fn about(&self) -> &About {
        &self.about
    }

    async fn see(&self, look: &Look) -> Result<Seen, Unseen> {
        let order = Order {
            look: Some(look.clone()),
            ..of_command(LOOK.to_owned(), &self.at)
        };
        let terminal = self.terminal.clone();
        // It waits for the answer in its own way.
        let came = tokio::task::spawn_blocking(move || terminal.asks(&order)).await;
        match came {
            Ok(Came::Answer(answer, _)) => match (answer.outcome, answer.seen) {
                (Outcome::Done, Some(seen)) => Ok(*seen),
                (Outcome::Done, None) => Err(Unseen::Failed(
                    "The installation's answer is of another version: use its `sluice`.".to_owned(),
                )),
                (Outcome::Refused, _) => Err(Unseen::Missing(answer.message.summary)),
                _ => Err(Unseen::Failed(answer.message.summary)),
            },
            Ok(Came::Else(_, words)) => Err(Unseen::Failed(words)),
            Err(error) => Err(Unseen::Failed(format!("Nothing was asked: {error}."))),
        }
    }
}

fn title(at: &Installation) -> String {
    let name = at.installation.as_ref().or(at.url.as_ref());
    name.map_or_else(|| "the installation".to_owned(), ToString::to_string)
}

/// What names the installation in each command that is shown.
fn options(at: &Installation) -> String {
    let given = [
        ("--installation", &at.installation),
        ("--url", &at.url),
        ("--region", &at.region),
        ("--profile", &at.profile),
    ];
    let given = given.into_iter();
    let given = given.filter_map(|(option, value)| Some((option, value.as_ref()?)));
    given
        .map(|(option, value)| format!(" {option} {}", quoted(value)))
        .collect()
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@%+=".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_the_installation_is_one_word_for_a_shell() {
        let at = Installation {
            installation: Some("the company's".to_owned()),
            url: None,
            region: None,
            profile: Some("ops".to_owned()),
            json: false,
            request: None,
        };
        assert_eq!(
            options(&at),
            r" --installation 'the company'\''s' --profile ops"
        );
    }
}
