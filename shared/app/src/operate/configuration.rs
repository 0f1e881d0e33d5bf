//! Changes of a `sluice.toml` while Sluice runs: shown, pushed, accepted, undone.

mod change;

use sluice_core::config::Config;
use sluice_core::failure::PortError;
use sluice_core::id::{AppName, PrincipalArn};
use sluice_words::configuration::{self, FileRefused};
use sluice_words::message::{Block, Message};
use sluice_words::operate::{Answer, FileChange, Order, Outcome, PushedFile, ShownFile};

use super::Failed;
use crate::App;

/// Versions that are listed.
const LISTED: usize = 20;

/// What is asked about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Words<'a> {
    /// The live one, or a version.
    Show(&'a str, Option<u32>),
    History(&'a str),
    Push,
    Accept(&'a str, &'a str),
    RollBack(&'a str, u32),
}

/// Reads the words after `config`; `None` where they ask for nothing there is.
fn words(text: &str) -> Option<Words<'_>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let version = |word: &str| word.parse().ok();
    Some(match *words.strip_prefix(&["config"])? {
        ["show", app] => Words::Show(app, None),
        ["show", app, number] => Words::Show(app, Some(version(number)?)),
        ["history", app] => Words::History(app),
        ["push"] => Words::Push,
        ["accept", app, hash] => Words::Accept(app, hash),
        ["rollback", app, "to", number] => Words::RollBack(app, version(number)?),
        _ => return None,
    })
}

/// Why nothing was done.
enum Stop {
    /// A no, what kind of one, and in words.
    No(Outcome, Message),
    Port(PortError),
}

impl From<FileRefused> for Stop {
    fn from(why: FileRefused) -> Self {
        Self::No(why.outcome(), why.message())
    }
}

impl From<PortError> for Stop {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl App {
    pub(super) async fn configure(
        &self,
        order: &Order,
        by: &PrincipalArn,
    ) -> Result<Answer, Failed> {
        let Some(words) = words(&order.command) else {
            let why = FileRefused::NotACommand;
            return Ok(Answer::new(why.outcome(), why.message()));
        };
        let done = match words {
            Words::Show(app, number) => self.show_file(&AppName::new(app), number).await,
            Words::History(app) => self.list_files(&AppName::new(app)).await,
            Words::Push => self.push(order, by).await,
            Words::Accept(app, hash) => self.accept(&AppName::new(app), hash, order, by).await,
            Words::RollBack(app, number) => self.undo(&AppName::new(app), number, order, by).await,
        };
        match done {
            Ok(answer) => Ok(answer),
            Err(Stop::No(outcome, message)) => Ok(Answer::new(outcome, message)),
            Err(Stop::Port(error)) => Err(error.into()),
        }
    }

    fn file_of(&self, app: &AppName) -> Result<(&Config, u32, &str), Stop> {
        let Some(config) = self.configs.app(app) else {
            let known = self.configs.iter().map(|it| it.app.to_string());
            return Err(Stop::from(FileRefused::UnknownApp {
                app: app.clone(),
                known: known.collect(),
            }));
        };
        Ok(match self.configs.versions.get(app) {
            Some(version) => (config, version.number, &version.text),
            None => (
                config,
                0,
                self.live.packaged(app).map_or("", String::as_str),
            ),
        })
    }

    async fn show_file(&self, app: &AppName, number: Option<u32>) -> Result<Answer, Stop> {
        let (_, live, text) = self.file_of(app)?;
        let number = number.unwrap_or(live);
        let stored = self.ports.configurations.version(app, number).await?;
        let packaged = || self.live.packaged(app).cloned();
        let text = match (&stored, number == live) {
            (Some(stored), _) => stored.text.clone(),
            (None, true) => text.to_owned(),
            (None, false) if number == 0 => packaged().ok_or_else(|| no_version(app, number))?,
            (None, false) => return Err(no_version(app, number)),
        };
        let whose = configuration::whose(number, number == live);
        let mut message = Message::line(format!("sluice.toml of {app}: {whose}"));
        message.blocks.push(Block::Code(text.clone()));
        let file = ShownFile {
            app: app.clone(),
            version: number,
            text,
            change: stored.map(FileChange::from),
        };
        Ok(Answer {
            file: Some(Box::new(file)),
            ..Answer::new(Outcome::Done, message)
        })
    }

    async fn text_of(
        &self,
        app: &AppName,
        number: u32,
        live: u32,
        text: &str,
    ) -> Result<Option<String>, PortError> {
        if number == live {
            return Ok(Some(text.to_owned()));
        }
        if number == 0 {
            return Ok(self.live.packaged(app).cloned());
        }
        let version = self.ports.configurations.version(app, number).await?;
        Ok(version.map(|version| version.text))
    }

    async fn list_files(&self, app: &AppName) -> Result<Answer, Stop> {
        self.file_of(app)?;
        let versions = self.ports.configurations.versions(app, LISTED).await?;
        let message = configuration::history(app, &versions);
        Ok(Answer::new(Outcome::Done, message))
    }

    async fn push(&self, order: &Order, by: &PrincipalArn) -> Result<Answer, Stop> {
        let Some(PushedFile { text, over }) = &order.file else {
            return Err(FileRefused::NoFile.into());
        };
        let app = match Config::parse(text) {
            Ok(config) => config.app,
            Err(problems) => return Err(FileRefused::Invalid(problems.to_string()).into()),
        };
        let changer = self.changer(&app, order, by).await?;
        self.change(&changer, *over, text).await
    }

    async fn undo(
        &self,
        app: &AppName,
        number: u32,
        order: &Order,
        by: &PrincipalArn,
    ) -> Result<Answer, Stop> {
        let changer = self.changer(app, order, by).await?;
        let (_, live, text) = self.file_of(app)?;
        let Some(text) = self.text_of(app, number, live, text).await? else {
            return Err(no_version(app, number));
        };
        self.change(&changer, live, &text).await
    }
}

fn no_version(app: &AppName, number: u32) -> Stop {
    let app = app.clone();
    FileRefused::NoVersion { app, number }.into()
}
